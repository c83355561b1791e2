"""A Radarr, Sonarr or Lidarr that behaves: its interface, its webhooks, and how it mutes us."""

from __future__ import annotations

import asyncio
import copy
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Callable

MASK = "********"
GRACE = timedelta(minutes=5)
STARTING = timedelta(minutes=15)
LEVELS = (0, 60, 300, 900, 1800, 3600)

SWITCHES = {
    "radarr": (
        "onGrab", "onDownload", "onUpgrade", "onRename", "onMovieAdded", "onMovieDelete", "onMovieFileDelete",
        "onMovieFileDeleteForUpgrade", "onHealthIssue", "onHealthRestored", "onApplicationUpdate",
        "onManualInteractionRequired",
    ),
    "sonarr": (
        "onGrab", "onDownload", "onUpgrade", "onImportComplete", "onRename", "onSeriesAdd", "onSeriesDelete",
        "onEpisodeFileDelete", "onEpisodeFileDeleteForUpgrade", "onHealthIssue", "onHealthRestored",
        "onApplicationUpdate", "onManualInteractionRequired",
    ),
    "lidarr": (
        "onGrab", "onReleaseImport", "onUpgrade", "onRename", "onArtistAdd", "onArtistDelete",
        "onAlbumDelete", "onHealthIssue", "onHealthRestored", "onDownloadFailure", "onImportFailure",
        "onTrackRetag", "onApplicationUpdate",
    ),
}  # fmt: skip
IMPORTS = {"radarr": "onDownload", "sonarr": "onDownload", "lidarr": "onReleaseImport"}
IMPORTED = {
    "radarr": "downloadFolderImported",
    "sonarr": "downloadFolderImported",
    "lidarr": "trackFileImported",
}
OWNERS = {
    "radarr": {"includeMovie": "movie"},
    "sonarr": {"includeSeries": "series", "includeEpisode": "episode"},
    "lidarr": {"includeArtist": "artist", "includeAlbum": "album", "includeTrack": "track"},
}
VERSIONS = {"radarr": "v3", "sonarr": "v3", "lidarr": "v1"}


@dataclass
class Mute:
    """How a connection fares: nobody is muted in the first minutes, later longer and longer."""

    level: int = 0
    first_failure: datetime | None = None
    until: datetime | None = None


@dataclass
class FakeArr:
    """``calls`` are the requests it got, ``sent`` the events it delivered, ``skipped`` those it did not.

    Whoever asks what ends in ``held`` waits until ``released``.
    """

    kind: str = "radarr"
    now: Callable[[], datetime] = lambda: datetime.now(tz=UTC)
    version: str = "5.27.5.10198"
    key: str = "a" * 32
    docker: bool = False
    url_base: str = ""
    instance_name: str = ""
    old: bool = False
    entries: dict[int, dict[str, Any]] = field(default_factory=dict)
    mutes: dict[int, Mute] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    movies: list[dict[str, Any]] = field(default_factory=list)
    folders: list[str] = field(default_factory=lambda: ["/movies"])
    labels: dict[int, str] = field(default_factory=dict)
    complaints: list[dict[str, Any]] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    failing: int = 0
    page: str = ""
    pages_only: bool = False
    held: str = ""
    released: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(self) -> str:
        """Listen, as one that has run for long; returns the address."""
        self.title = self.kind.capitalize()
        self.started = self.now() - timedelta(days=1)
        application = web.Application(middlewares=[self._guarded])
        base = f"{self.url_base}/api/{VERSIONS[self.kind]}"
        route = application.router.add_route
        route("GET", f"{base}/system/status", self._status)
        route("GET", f"{base}/notification", self._list)
        route("GET", f"{base}/notification/schema", self._schema)
        route("POST", f"{base}/notification", self._create)
        route("POST", f"{base}/notification/test", self._test)
        route("PUT", f"{base}/notification/{{id}}", self._update)
        route("DELETE", f"{base}/notification/{{id}}", self._delete)
        if not self.pages_only:
            route("GET", f"{base}/history/since", self._since)
        route("GET", f"{base}/history", self._history)
        route("GET", f"{base}/health", self._health)
        route("GET", f"{base}/rootfolder", self._root_folders)
        route("GET", f"{base}/tag", self._tags)
        route("GET", f"{base}/movie", self._movies)
        self._runner = web.AppRunner(application, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", getattr(self, "port", 0))
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self.url

    async def stop(self) -> None:
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.url_base}"

    # What it does

    async def import_film(
        self, number: int, title: str, *, download_id: str = "", tags: tuple[int, ...] = ()
    ) -> None:
        """Import a film, and tell it as far as it does."""
        folder, file = f"/movies/{title} (1999)", f"{title} (1999) Bluray-1080p.mkv"
        facts = {"title": title, "year": 1999, "tmdbId": 600 + number, "imdbId": f"tt{number:07d}"}
        record = self._record(file=f"{folder}/{file}", download_id=download_id, movieId=number)
        record["movie"] = {"id": number, "path": folder, "tags": list(tags), **facts}
        names = [self.labels[each] for each in tags]
        body = {
            "movie": {"id": number, "folderPath": folder, "tags": names, **facts},
            "remoteMovie": facts,
            "movieFile": {
                "id": 1,
                "relativePath": file,
                "path": f"{folder}/{file}",
                "quality": "Bluray-1080p",
            },
            "isUpgrade": False,
            **_download(download_id),
        }
        await self._tell(record, body)

    async def import_episodes(
        self, series: int, season: int, *numbers: int, download_id: str = "", title: str = "Severance"
    ) -> None:
        """Import one file with these episodes."""
        folder = f"/tv/{title}"
        file = f"Season {season:02d}/{title} S{season:02d}E{numbers[0]:02d}.mkv"
        facts = {"title": title, "tvdbId": 371980 + series, "year": 2022}
        ids = [series * 10_000 + season * 100 + number for number in numbers]
        records = []
        for number, episode_id in zip(numbers, ids, strict=True):
            record = self._record(
                file=f"{folder}/{file}", download_id=download_id, seriesId=series, episodeId=episode_id
            )
            record["series"] = {"id": series, "path": folder, "tags": [], **facts}
            record["episode"] = {
                "id": episode_id,
                "seasonNumber": season,
                "episodeNumber": number,
                "title": "X",
            }
            records.append(record)
        body = {
            "series": {"id": series, "path": folder, "tags": [], **facts},
            "episodes": [
                {"id": episode_id, "seasonNumber": season, "episodeNumber": number}
                for number, episode_id in zip(numbers, ids, strict=True)
            ],
            "episodeFile": {
                "id": 1,
                "relativePath": file,
                "path": f"{folder}/{file}",
                "quality": "WEBDL-1080p",
            },
            "isUpgrade": False,
            **_download(download_id),
        }
        self.records.extend(records[1:])
        await self._tell(records[0], body)

    async def import_album(self, number: int, title: str, *, download_id: str = "", tracks: int = 3) -> None:
        """Import an album."""
        folder = "/music/Boards of Canada"
        artist = {"path": folder, "overview": "Two brothers."}
        files = [f"{folder}/{title}/{track:02d}.flac" for track in range(1, tracks + 1)]
        facts = {"title": title, "releaseDate": "2002-02-18T00:00:00Z"}
        records = []
        for track, file in enumerate(files, start=1):
            record = self._record(
                file=file, download_id=download_id, albumId=number, artistId=1, trackId=track
            )
            record["artist"] = {
                "id": 1,
                "artistName": "Boards of Canada",
                "foreignArtistId": "m",
                "tags": [],
                **artist,
            }
            record["album"] = {"id": number, "foreignAlbumId": f"mb-{number}", **facts}
            record["track"] = {"id": track, "title": "X", "trackNumber": str(track)}
            records.append(record)
        body = {
            "artist": {"id": 1, "name": "Boards of Canada", **artist},
            "album": {"id": number, "mbId": f"mb-{number}", **facts},
            "tracks": [
                {"id": track, "title": "X", "trackNumber": str(track)} for track in range(1, tracks + 1)
            ],
            "trackFiles": [
                {"id": track, "path": file, "quality": "FLAC"} for track, file in enumerate(files, start=1)
            ],
            "isUpgrade": False,
            **_download(download_id),
        }
        self.records.extend(records[1:])
        await self._tell(records[0], body)

    async def post_event(self, body: dict[str, Any], *, switch: str = "") -> None:
        """Send a webhook to each connection that wants it, unless that one is muted."""
        told = {**body, "instanceName": self.instance_name or self.title, "applicationUrl": ""}
        for number, entry in list(self.entries.items()):
            if not entry.get(switch or IMPORTS[self.kind]):
                continue
            mute = self.mutes.setdefault(number, Mute())
            if mute.until is not None and mute.until > self.now():
                self.skipped.append(told)
                continue
            problem = await self._call(entry, told)
            self._settle(number, failed=bool(problem))
            (self.skipped if problem else self.sent).append(told)

    def is_muted(self, number: int) -> bool:
        until = self.mutes.setdefault(number, Mute()).until
        return until is not None and until > self.now()

    def mute(self, number: int) -> None:
        """Give up on a connection for an hour."""
        self.mutes[number] = Mute(level=5, first_failure=self.now(), until=self.now() + timedelta(hours=1))

    async def _tell(self, record: dict[str, Any], body: dict[str, Any]) -> None:
        self.records.append(record)
        await self.post_event({**body, "eventType": "Download"})

    def _record(self, *, file: str, download_id: str, **ids: int) -> dict[str, Any]:
        record = {
            "id": len(self.records) + 1,
            **ids,
            "sourceTitle": file.rpartition("/")[2],
            "quality": {"quality": {"id": 7, "name": "Bluray-1080p"}, "revision": {"version": 1}},
            "date": self.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventType": IMPORTED[self.kind],
            "data": {"fileId": "1", "droppedPath": f"/downloads{file}", "importedPath": file, "size": "4000"},
        }
        return {**record, "downloadId": download_id} if download_id else record

    def _settle(self, number: int, *, failed: bool) -> None:
        mute = self.mutes.setdefault(number, Mute())
        if not failed:
            mute.level, mute.until = max(0, mute.level - 1), None
            if mute.level == 0:
                mute.first_failure = None
            return
        now = self.now()
        mute.first_failure = mute.first_failure or now
        if now - mute.first_failure < GRACE:
            return
        if now - self.started >= STARTING:
            mute.level = min(len(LEVELS) - 1, mute.level + 1)
        mute.until = now + timedelta(seconds=LEVELS[max(1, mute.level)])

    async def _call(self, entry: dict[str, Any], body: dict[str, Any]) -> str:
        """Call a webhook; returns what went wrong."""
        fields = {each["name"]: each.get("value") for each in entry["fields"]}
        token = b64encode(f"{fields.get('username') or ''}:{fields.get('password') or ''}".encode("latin-1"))
        headers = {"Authorization": f"Basic {token.decode()}"} if fields.get("username") else {}
        method = {1: "POST", 2: "PUT"}[fields.get("method") or 1]
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
                session.request(method, str(fields["url"]), json=body, headers=headers) as answer,
            ):
                self.statuses.append(answer.status)
                return (
                    "" if answer.status < 400 else f"HTTP request failed: [{answer.status}:{answer.reason}]"
                )
        except aiohttp.ClientError:
            return "Connection refused (127.0.0.1)"

    # Its interface

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.calls.append((request.method, request.path.removeprefix(self.url_base)))
        if self.held and request.path.endswith(self.held):
            await self.released.wait()
        if self.page:
            return web.Response(text=self.page, content_type="text/html")
        if request.headers.get("X-Api-Key") != self.key:
            return web.Response(status=401)
        if self.failing:
            return web.json_response({"message": "database is locked"}, status=self.failing)
        try:
            answer: web.StreamResponse = await handler(request)
        except web.HTTPNotFound:
            return web.Response(text="<!doctype html><html></html>", content_type="text/html")
        answer.headers["Date"] = self.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        return answer

    async def _status(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {
                "appName": self.title,
                "instanceName": self.instance_name or self.title,
                "version": self.version,
                "isDocker": self.docker,
                "urlBase": self.url_base,
            }
        )

    async def _list(self, _request: web.Request) -> web.Response:
        return web.json_response([_masked(entry) for entry in self.entries.values()])

    async def _schema(self, _request: web.Request) -> web.Response:
        return web.json_response([{"implementation": "Email", "fields": []}, self.schema()])

    def schema(self) -> dict[str, Any]:
        names = [each for each in SWITCHES[self.kind] if not (self.old and each == "onHealthRestored")]
        fields = [
            {"name": "url", "type": "url"},
            {"name": "method", "value": 1, "type": "select"},
            {"name": "username", "type": "textbox"},
            {"name": "password", "type": "password"},
        ]
        return {
            **dict.fromkeys(names, False),
            **{f"supports{name[0].upper()}{name[1:]}": True for name in names},
            "includeHealthWarnings": False,
            "name": "",
            "fields": fields
            if self.old
            else [*fields, {"name": "headers", "value": [], "type": "keyValueList"}],
            "implementation": "Webhook",
            "implementationName": "Webhook",
            "configContract": "WebhookSettings",
            "tags": [],
        }

    async def _create(self, request: web.Request) -> web.Response:
        entry = await request.json()
        if problem := self._invalid(entry, number=0) or await self._tested(entry):
            return problem
        number = max(self.entries, default=0) + 1
        self.entries[number] = {**entry, "id": number}
        return web.json_response(_masked(self.entries[number]), status=201)

    async def _update(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        if number not in self.entries:
            return web.json_response({"message": "NotFound"}, status=404)
        entry = _unmasked(await request.json(), self.entries[number])
        if problem := self._invalid(entry, number=number):
            return problem
        if entry != self.entries[number] and (problem := await self._tested(entry)):
            return problem
        self.entries[number] = {**entry, "id": number}
        return web.json_response(_masked(self.entries[number]), status=202)

    async def _delete(self, request: web.Request) -> web.Response:
        self.entries.pop(int(request.match_info["id"]), None)
        return web.json_response({})

    async def _test(self, request: web.Request) -> web.Response:
        entry = await request.json()
        number = entry.get("id", 0)
        if number in self.entries:
            entry = _unmasked(entry, self.entries[number])
        if problem := await self._tested(entry, number=number):
            return problem
        return web.json_response({})

    async def _tested(self, entry: dict[str, Any], *, number: int = 0) -> web.Response | None:
        if not any(entry.get(name) for name in SWITCHES[self.kind]):
            return None
        body = {"eventType": "Test", "instanceName": self.instance_name or self.title}
        problem = await self._call(entry, {**body, "movie": {"id": 1, "title": "Test Title", "year": 1970}})
        if number in self.entries:
            self._settle(number, failed=bool(problem))
        return _refused("Url", f"Unable to send test message: {problem}") if problem else None

    def _invalid(self, entry: dict[str, Any], *, number: int) -> web.Response | None:
        known = {each["name"] for each in self.schema()["fields"]}
        if unknown := {each["name"] for each in entry["fields"]} - known:
            return _refused("Fields", f"Unknown field {min(unknown)}")
        taken = {each["name"].casefold() for other, each in self.entries.items() if other != number}
        if not entry.get("name") or entry["name"].casefold() in taken:
            return _refused("Name", "Should be unique")
        return None

    async def _history(self, request: web.Request) -> web.Response:
        """One page, the newest first; the number 3 is an import."""
        page, size = int(request.query["page"]), int(request.query["pageSize"])
        assert request.query["eventType"] == "3"
        records = sorted(self.records, key=lambda record: str(record["date"]), reverse=True)
        shown = records[(page - 1) * size : page * size]
        return web.json_response(
            {"page": page, "pageSize": size, "totalRecords": len(records), "records": copy.deepcopy(shown)}
        )

    async def _since(self, request: web.Request) -> web.Response:
        since = datetime.fromisoformat(request.query["date"])
        wanted = request.query.get("eventType", "").casefold()
        hidden = {
            part for name, part in OWNERS[self.kind].items() if request.query.get(name, "").lower() != "true"
        }
        found = [
            {name: value for name, value in record.items() if name not in hidden}
            for record in self.records
            if datetime.fromisoformat(record["date"]) >= since
            and (not wanted or record["eventType"].casefold() == wanted)
        ]
        return web.json_response(copy.deepcopy(found))

    async def _health(self, _request: web.Request) -> web.Response:
        names = [entry["name"] for number, entry in self.entries.items() if self.is_muted(number)]
        if not names:
            return web.json_response(self.complaints)
        message = (
            "All notifications are unavailable due to failures"
            if len(names) == len(self.entries)
            else f"Notifications unavailable due to failures: {', '.join(names)}"
        )
        return web.json_response(
            [*self.complaints, {"source": "NotificationStatusCheck", "type": "warning", "message": message}]
        )

    async def _root_folders(self, _request: web.Request) -> web.Response:
        return web.json_response([{"id": n, "path": path} for n, path in enumerate(self.folders, start=1)])

    async def _movies(self, request: web.Request) -> web.Response:
        assert request.query.get("excludeLocalCovers") == "true"
        assert self.kind == "radarr"
        return web.json_response([{"id": number, **each} for number, each in enumerate(self.movies, 1)])

    async def _tags(self, _request: web.Request) -> web.Response:
        return web.json_response([{"id": number, "label": label} for number, label in self.labels.items()])


def field_value(entry: dict[str, Any], name: str) -> Any:
    """Value of a field of a connection."""
    return next(each.get("value") for each in entry["fields"] if each["name"] == name)


def _download(download_id: str) -> dict[str, str]:
    return {"downloadClient": "qbit", "downloadId": download_id} if download_id else {}


def _masked(entry: dict[str, Any]) -> dict[str, Any]:
    fields = [
        {**each, "value": MASK} if each["name"] == "password" and each.get("value") else each
        for each in entry["fields"]
    ]
    return {**entry, "fields": fields}


def _unmasked(entry: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    kept = {each["name"]: each.get("value") for each in stored["fields"]}
    fields = [
        {**each, "value": kept.get(each["name"])} if each.get("value") == MASK else each
        for each in entry["fields"]
    ]
    return {**entry, "fields": fields}


def _refused(name: str, message: str) -> web.Response:
    complaint = {"propertyName": name, "errorMessage": message, "isWarning": False, "severity": "error"}
    return web.json_response([complaint], status=400)
