"""Jellyfin, Emby and Plex as their specifications describe them, on this computer.

A request that a real server would misunderstand is noted in ``wrong``, and leaving the server fails the test.
What lies on disk gets into the library only after a refresh of its folder, ``delay`` seconds later.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import unquote
from zlib import crc32

from tests.fakes_http import FakeServer, Recorded, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp import web

JELLYFIN_KEY = "0123456789abcdef0123456789abcdef"
EMBY_KEY = "fedcba9876543210fedcba9876543210"
PLEX_TOKEN = "plex-Token_20chars.."
JELLYFIN_ID = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
MACHINE = "4f1d3a9c5e7b8d2f6a0c1e3b5d7f9a2c4e6b8d0f"
ITEM_PARAMETERS = frozenset(
    {
        "recursive",
        "includeItemTypes",
        "fields",
        "years",
        "sortBy",
        "sortOrder",
        "startIndex",
        "limit",
        "parentId",
        "searchTerm",
        "enableUserData",
        "enableImages",
    }
)
PLEX_TYPES = {1: "movie", 2: "show", 4: "episode", 8: "artist", 9: "album", 10: "track"}
SECTION_OF = {"movie": "movie", "show": "show", "episode": "show", "artist": "artist", "track": "artist"}
_numbers = itertools.count(1)


@dataclass(kw_only=True)
class Title:
    """A film (``video`` in a library of mixed content), an episode or a track; ``ids`` are by their givers.

    ``series`` and ``album`` name what an episode or a track belongs to; ``artist`` is whose album it is. The
    ids of an episode are its series'.
    """

    kind: str = "movie"
    name: str
    files: list[str]
    year: int | None = None
    ids: dict[str, str] = field(default_factory=dict)
    series: str = ""
    season: int = 0
    episode: int = 0
    artist: str = ""
    album: str = ""
    number: int = field(default_factory=lambda: next(_numbers))


def film(name: str, file: str, *, year: int | None = None, **ids: str) -> Title:
    """Return a film in one file."""
    return Title(name=name, files=[file], year=year, ids=ids)


def episode(series: str, file: str, *, season: int, number: int, **ids: str) -> Title:
    """Return an episode in one file."""
    return Title(
        kind="episode",
        name=f"Episode {number}",
        files=[file],
        series=series,
        season=season,
        episode=number,
        ids=ids,
    )


def track(artist: str, album: str, file: str) -> Title:
    """Return a track of an album."""
    return Title(kind="track", name=PurePosixPath(file).stem, files=[file], artist=artist, album=album)


@dataclass(kw_only=True)
class Library:
    """A library of one kind: ``movie``, ``show`` or ``artist``."""

    name: str
    kind: str
    locations: list[str]
    key: str = field(default_factory=lambda: str(next(_numbers)))


class FakeMediaServer(FakeServer):
    """What the three have in common."""

    def __init__(self, *, key: str, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(self._respond)
        self.key = key
        self.is_admin = True
        self.starting = False
        self.delay = 0.0
        self.pause = 0.0
        """So many seconds every answer takes."""
        self.libraries = [
            Library(name="Films", kind="movie", locations=["/movies"]),
            Library(name="Series", kind="show", locations=["/tv"]),
            Library(name="Music", kind="artist", locations=["/music"]),
        ]
        self.on_disk: list[Title] = []
        self.known: list[Title] = []
        self.refreshed: list[str] = []
        """The folders it was told to look at, in order."""
        self.wrong: list[str] = []
        self._now = now
        self._coming: list[tuple[float, str]] = []

    async def __aexit__(self, *error: object) -> None:
        await super().__aexit__(*error)
        if error[0] is None:
            assert not self.wrong, self.wrong

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        return self

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self.pause:
            await asyncio.sleep(self.pause)
        return await super()._handle(request)

    def _respond(self, request: Recorded) -> Reply:
        self._catch_up()
        try:
            return self.reply_to(request)
        except AssertionError as error:
            self.wrong.append(f"{request.method} {request.path}: {error}")
            return Reply(status=500, body=b"wrong request")

    def reply_to(self, request: Recorded) -> Reply:
        """Answer one request; an AssertionError says what is wrong with it."""
        raise NotImplementedError

    def _look_at(self, folder: str) -> None:
        """Take in what lies below a folder, and forget what no longer does, when the time has come."""
        self.refreshed.append(folder)
        self._coming.append((self._now() + self.delay, folder))

    def _catch_up(self) -> None:
        for due, folder in [each for each in self._coming if each[0] <= self._now()]:
            self._coming.remove((due, folder))
            if self._library_of(folder) is None:
                continue
            self.known = [each for each in self.known if not _lies_in(each, folder)]
            self.known += [each for each in self.on_disk if _lies_in(each, folder)]

    def _library_of(self, folder: str) -> Library | None:
        for library in self.libraries:
            if any(PurePosixPath(folder).is_relative_to(place) for place in library.locations):
                return library
        return None


class FakeJellyfin(FakeMediaServer):
    """A Jellyfin 12, which takes nothing but the ``MediaBrowser`` scheme."""

    product: ClassVar[str | None] = "Jellyfin Server"
    types: ClassVar[Mapping[str, str]] = {"movie": "movies", "show": "tvshows", "artist": "music"}

    def __init__(self, *, key: str = JELLYFIN_KEY, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(key=key, now=now)
        self.version = "12.0.0"
        self.name = "Living room"
        self.devices: set[str] = set()

    def reply_to(self, request: Recorded) -> Reply:
        if self.starting:
            return Reply.of_html("<p>Starting</p>", status=503, headers={"Retry-After": "005"})
        if (request.method, request.path) == ("GET", "/System/Info/Public"):
            assert not self._token(request), "a key goes where nobody asked for it"
            return Reply.of_json(self._info())
        if self._token(request) != self.key:
            return Reply(status=401)
        match request.method, request.path:
            case "GET", "/System/Info":
                return Reply.of_json({**self._info(), "HasPendingRestart": False})
            case "GET", "/Library/VirtualFolders":
                return Reply.of_json(self._folders()) if self.is_admin else Reply(status=403)
            case "POST", "/Library/Media/Updated":
                return self._updated(request)
            case "GET", "/Items":
                return self._items(self._parameters(request))
        assert request.path in {"/System/Info", "/Items"}, "no such address"
        return Reply(status=404)

    def _token(self, request: Recorded) -> str:
        for name in ("X-Emby-Token", "X-MediaBrowser-Token", "X-Emby-Authorization"):
            assert name not in request.headers, f"{name} is a legacy header"
        assert not {name.lower() for name in request.query} & {"api_key", "apikey"}, "a key in the address"
        value = request.headers.get("Authorization")
        if value is None:
            return ""
        scheme, _, rest = value.partition(" ")
        assert scheme == "MediaBrowser", f"the scheme {scheme}"
        pairs = re.findall(r'(\w+)="([^"]*)"', rest)
        assert ", ".join(f'{name}="{word}"' for name, word in pairs) == rest, f"malformed: {rest}"
        assert all(re.fullmatch(r"(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+", word) for _, word in pairs), rest
        parts = {name: unquote(word, errors="strict") for name, word in pairs}
        assert set(parts) == {"Client", "Device", "DeviceId", "Version", "Token"}, sorted(parts)
        assert re.fullmatch(r"[0-9a-f-]{36}", parts["DeviceId"]), parts["DeviceId"]
        self.devices.add(parts["DeviceId"])
        return parts["Token"]

    def _info(self) -> dict[str, Any]:
        info: dict[str, Any] = {
            "LocalAddress": self.url,
            "ServerName": self.name,
            "Version": self.version,
            "Id": JELLYFIN_ID,
        }
        if self.product is not None:
            info |= {"ProductName": self.product, "StartupWizardCompleted": True}
        return info

    def _folders(self) -> list[dict[str, Any]]:
        return [
            {
                "Name": library.name,
                "Locations": library.locations,
                "CollectionType": self.types[library.kind],
                "ItemId": f"{int(library.key):032x}",
            }
            for library in self.libraries
        ]

    def _updated(self, request: Recorded) -> Reply:
        assert request.headers.get("Content-Type") == "application/json", "its content type"
        assert not request.query, "a query"
        body = request.json
        assert isinstance(body, dict), "no object"
        assert set(body) == {"Updates"}, sorted(body)
        assert isinstance(body["Updates"], list), "no list"
        assert 0 < len(body["Updates"]) <= 100, len(body["Updates"])
        for update in body["Updates"]:
            assert set(update) == {"Path", "UpdateType"}, sorted(update)
            assert update["UpdateType"] in {"Created", "Modified", "Deleted"}, update["UpdateType"]
            if not update["Path"]:
                return Reply(status=400, body=b"Error processing request.")
            if re.match(r"[A-Za-z]:\\", update["Path"]):
                return Reply(status=400, body=b"Error processing request.")
        for update in body["Updates"]:
            self._look_at(update["Path"])
        return Reply(status=204)

    def _parameters(self, request: Recorded) -> dict[str, str]:
        assert set(request.query) <= ITEM_PARAMETERS, sorted(set(request.query) - ITEM_PARAMETERS)
        return dict(request.query)

    def _items(self, asked: dict[str, str]) -> Reply:
        assert asked.get("recursive") == "true", "only the first level"
        assert set(asked["fields"].split(",")) <= {"Path", "ProviderIds", "MediaSources"}, asked["fields"]
        kinds = set(asked["includeItemTypes"].split(","))
        assert kinds <= {"Movie", "Video", "Episode", "Series", "MusicAlbum", "Audio"}, kinds
        found = [each for each in self._all() if each["Type"] in kinds]
        if "years" in asked:
            years = {int(year) for year in asked["years"].split(",")}
            found = [each for each in found if each.get("ProductionYear") in years]
        if "parentId" in asked:
            found = [each for each in found if asked["parentId"] in each["_above"]]
        if "searchTerm" in asked:
            found = [each for each in found if asked["searchTerm"].casefold() in each["Name"].casefold()]
        if "sortBy" in asked:
            assert (asked["sortBy"], asked["sortOrder"]) == ("DateCreated", "Descending"), asked["sortBy"]
            found.reverse()
        start, limit = int(asked.get("startIndex", 0)), int(asked["limit"])
        assert 0 < limit <= 1000, limit
        fields = asked["fields"].split(",")
        hidden = {"_above"} | ({"Path", "ProviderIds", "MediaSources"} - set(fields))
        page = [{k: v for k, v in each.items() if k not in hidden} for each in found[start : start + limit]]
        return Reply.of_json({"Items": page, "TotalRecordCount": len(found), "StartIndex": start})

    def _all(self) -> list[dict[str, Any]]:
        items: dict[str, dict[str, Any]] = {}
        for each in self.known:
            if each.kind == "episode":
                above = str(PurePosixPath(each.files[0]).parents[1])
                parent = self._item("Series", each.series, above, ids=each.ids)
                items.setdefault(parent["Id"], parent)
                made = self._item("Episode", each.name, each.files[0], above=(parent["Id"],))
                made |= {
                    "ParentIndexNumber": each.season,
                    "IndexNumber": each.episode,
                    "SeriesId": parent["Id"],
                    "SeriesName": each.series,
                }
            elif each.kind == "track":
                parent = self._item("MusicAlbum", each.album, str(PurePosixPath(each.files[0]).parent))
                parent["AlbumArtist"] = each.artist
                items.setdefault(parent["Id"], parent)
                made = self._item("Audio", each.name, each.files[0], above=(parent["Id"],))
                made |= {"Album": each.album, "AlbumId": parent["Id"]}
            else:
                type_ = "Video" if each.kind == "video" else "Movie"
                made = self._item(type_, each.name, each.files[0], ids=each.ids)
                made |= {"ProductionYear": each.year} if each.year else {}
            made["MediaSources"] = [{"Path": file} for file in each.files]
            items[made["Id"]] = made
        return list(items.values())

    def _item(
        self,
        kind: str,
        name: str,
        path: str,
        *,
        ids: Mapping[str, str] | None = None,
        above: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        number = f"{abs(hash((kind, path))):032x}"[-32:]
        return {
            "Id": number,
            "Type": kind,
            "Name": name,
            "ServerId": JELLYFIN_ID,
            "Path": path,
            "ProviderIds": {key.capitalize(): value for key, value in (ids or {}).items()},
            "_above": above,
        }


class FakeEmby(FakeJellyfin):
    """An Emby: its key comes in a header of its own, and its parameters in capitals."""

    product = None

    def __init__(self, *, key: str = EMBY_KEY, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(key=key, now=now)
        self.version = "4.9.1.90"

    def reply_to(self, request: Recorded) -> Reply:
        if self._token(request) not in {"", self.key}:
            return Reply(status=401, body=b"Access token is invalid or expired.")
        return super().reply_to(request)

    def _token(self, request: Recorded) -> str:
        assert "Authorization" not in request.headers, "a key of Jellyfin's form"
        assert not {name.lower() for name in request.query} & {"api_key", "apikey"}, "a key in the address"
        return request.headers.get("X-Emby-Token", "")

    def _parameters(self, request: Recorded) -> dict[str, str]:
        named = {name[:1].lower() + name[1:]: value for name, value in request.query.items()}
        assert all(name[:1].isupper() for name in request.query), sorted(request.query)
        assert set(named) <= ITEM_PARAMETERS, sorted(set(named) - ITEM_PARAMETERS)
        return named


class FakePlex(FakeMediaServer):
    """A Plex Media Server that answers in JSON, since it is asked for it; its errors are HTML."""

    def __init__(self, *, key: str = PLEX_TOKEN, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(key=key, now=now)
        self.version = "1.41.3.9314-a0bfb8370"
        self.scanning_looks = 0
        """So many times more the sections say that they are being scanned."""
        self.analyzed: list[str] = []
        self.emptied: list[str] = []
        self.scanned: list[tuple[str, str | None]] = []
        """Section and folder of each scan; no folder is the whole section."""
        self.clients: set[str] = set()

    def reply_to(self, request: Recorded) -> Reply:
        if self.starting:
            title = {"MediaContainer": {"size": 0, "title": "Maintenance"}}
            return Reply.of_json(title, status=503)
        assert request.headers.get("Accept") == "application/json", "it would answer in XML"
        assert not any(name.startswith("X-Plex") for name in request.query), "a token in the address"
        self._check_client(request)
        if (request.method, request.path) == ("GET", "/identity"):
            assert "X-Plex-Token" not in request.headers, "a token goes where nobody asked for it"
            return self._container(claimed=True, machineIdentifier=MACHINE, version=self.version)
        if request.headers.get("X-Plex-Token") != self.key:
            return Reply.of_html("<html><body><h1>401 Unauthorized</h1></body></html>", status=401)
        if not self.is_admin:
            return Reply.of_html("<html><body><h1>403 Forbidden</h1></body></html>", status=403)
        return self._library(request)

    def _check_client(self, request: Recorded) -> None:
        for name in ("Product", "Version", "Platform", "Device-Name"):
            assert request.headers.get(f"X-Plex-{name}"), f"no X-Plex-{name}"
        client = request.headers.get("X-Plex-Client-Identifier", "")
        assert re.fullmatch(r"[0-9a-f-]{36}", client), f"the client {client!r}"
        self.clients.add(client)

    def _library(self, request: Recorded) -> Reply:
        if (request.method, request.path) == ("GET", "/library/sections"):
            self.scanning_looks = max(0, self.scanning_looks - 1)
            return self._container(Directory=[self._section(each) for each in self.libraries])
        below = re.fullmatch(r"/library/sections/(\d+)/(refresh|all|analyze|emptyTrash)", request.path)
        if below:
            library = next((each for each in self.libraries if each.key == below[1]), None)
            if library is None:
                return Reply.of_html("<html><body><h1>404 Not Found</h1></body></html>", status=404)
            return self._of_section(request, library, below[2])
        leaves = re.fullmatch(r"/library/metadata/(\w+)/allLeaves", request.path)
        assert leaves, "no such address"
        assert request.method == "GET", "its method"
        found = [each for each in self._all() if each.get("grandparentRatingKey") == leaves[1]]
        return self._page(request, found)

    def _of_section(self, request: Recorded, library: Library, what: str) -> Reply:
        expected = {"refresh": "GET", "all": "GET", "analyze": "PUT", "emptyTrash": "PUT"}[what]
        assert request.method == expected, f"{what} by {request.method}"
        match what:
            case "refresh":
                return self._refresh(request, library)
            case "all":
                return self._listing(request, library)
            case "analyze":
                self.analyzed.append(library.key)
            case _:
                self.emptied.append(library.key)
        return Reply()

    def _refresh(self, request: Recorded, library: Library) -> Reply:
        assert set(request.query) <= {"path"}, sorted(request.query)
        path = request.query.get("path")
        self.scanned.append((library.key, path))
        if path is None:
            for place in library.locations:
                self._look_at(place)
            return Reply()
        assert path.startswith("/"), f"not a whole path: {path}"
        assert not re.search(r"%[0-9A-Fa-f]{2}", path), f"encoded twice: {path}"
        assert not re.search(r"\.(mkv|mp4|avi|flac|mp3)$", path), f"not a directory: {path}"
        # A folder of another section is taken, too, and nothing happens.
        if self._library_of(path) is not None:
            self._look_at(path)
        return Reply()

    def _listing(self, request: Recorded, library: Library) -> Reply:
        asked = request.query
        assert set(asked) <= {"type", "includeGuids", "sort", "year"}, sorted(asked)
        kind = PLEX_TYPES[int(asked["type"])]
        assert SECTION_OF[kind] == library.kind, f"{kind} in a section of {library.kind}"
        found = [each for each in self._all() if each["type"] == kind]
        places = library.locations
        found = [each for each in found if any(each["_lies"].startswith(place + "/") for place in places)]
        if "year" in asked:
            found = [each for each in found if str(each.get("year")) in asked["year"].split(",")]
        if "sort" in asked:
            assert asked["sort"] == "addedAt:desc", asked["sort"]
            found.reverse()
        guids = asked.get("includeGuids") == "1"
        return self._page(request, [each if guids else _without(each, "Guid") for each in found])

    def _page(self, request: Recorded, found: list[dict[str, Any]]) -> Reply:
        start = int(request.headers["X-Plex-Container-Start"])
        size = int(request.headers["X-Plex-Container-Size"])
        assert 0 < size <= 1000, size
        page = [_without(each, "_lies") for each in found[start : start + size]]
        return self._container(totalSize=len(found), offset=start, Metadata=page)

    def _section(self, library: Library) -> dict[str, Any]:
        return {
            "key": library.key,
            "type": library.kind,
            "title": library.name,
            "refreshing": self.scanning_looks > 0,
            "Location": [{"id": number, "path": path} for number, path in enumerate(library.locations, 1)],
        }

    def _all(self) -> list[dict[str, Any]]:
        items: dict[str, dict[str, Any]] = {}
        for each in self.known:
            made: dict[str, Any] = {
                "ratingKey": str(1000 + each.number),
                "type": each.kind,
                "title": each.name,
                "_lies": each.files[0],
                "Media": [{"id": 1, "Part": [{"id": 1, "file": file}]} for file in each.files],
            }
            if each.kind == "movie":
                made["Guid"] = [{"id": f"{key}://{value}"} for key, value in each.ids.items()]
                made |= {"year": each.year} if each.year else {}
            else:
                above = self._above(each)
                items.setdefault(above["ratingKey"], above)
                made |= {"grandparentRatingKey": above["ratingKey"], "grandparentTitle": above["title"]}
                if each.kind == "episode":
                    made |= {"parentIndex": each.season, "index": each.episode}
                else:
                    made["parentTitle"] = each.album
            items[made["ratingKey"]] = made
        return list(items.values())

    def _above(self, each: Title) -> dict[str, Any]:
        name = each.series or each.artist
        return {
            "ratingKey": str(10**9 + crc32(name.encode())),
            "type": "show" if each.kind == "episode" else "artist",
            "title": name,
            "_lies": each.files[0],
            "Guid": [{"id": f"{key}://{value}"} for key, value in each.ids.items()],
        }

    def _container(self, **content: Any) -> Reply:
        lists = [value for value in content.values() if isinstance(value, list)]
        return Reply.of_json({"MediaContainer": {"size": len(lists[0]) if lists else 0, **content}})


def _lies_in(title: Title, folder: str) -> bool:
    return any(PurePosixPath(file).is_relative_to(folder) for file in title.files)


def _without(item: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in names}
