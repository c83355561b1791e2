"""Looks for what came in the library of a Jellyfin or Emby, and lists its films."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from metarr_desktop.domain.errors import AuthFailed, Permanent
from metarr_desktop.domain.events import MediaEvent, MediaKind
from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.domain.paths import composed, is_inside
from metarr_desktop.domain.text import text
from metarr_desktop.services.library_folder import above
from metarr_desktop.services.notifier import Sighting
from metarr_desktop.services.shape import number, part, records, word
from metarr_desktop.services.wanted import Wanted
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.services.emby_calls import EmbyCalls

NEWEST = 200
MOST_CONTAINERS = 5
WITH_FILES = "Path,ProviderIds,MediaSources"
_BY_DATE = {"sortBy": "DateCreated", "sortOrder": "Descending"}
# In a library of mixed content a film is but a video.
_PARTS = {MediaKind.MOVIE: "Movie,Video", MediaKind.EPISODE: "Episode", MediaKind.ALBUM: "Audio"}


class ItemSearch:
    """One look for what an event brought into a folder."""

    def __init__(self, *, calls: EmbyCalls, event: MediaEvent, folder: str) -> None:
        self._calls = calls
        self._event = event
        self._folder = folder
        self._wanted = Wanted(event, folder=folder)
        self._unknown_place: bool | None = None

    async def run(self) -> Sighting | None:
        """Look among the newest first, and then where it has to be; None while it is not there."""
        if self._event.kind is MediaKind.BOOK:
            return None
        first: dict[str, Any] | None = None
        async for item in self._candidates():
            if self._takes(item):
                first = first or item
            if first is not None and self._wanted.complete:
                return self._sighting(first)
            if self._is_same_elsewhere(item) and await self._is_unknown_place():
                return self._sighting(item, elsewhere=True)
        return None

    async def _candidates(self) -> AsyncIterator[dict[str, Any]]:
        kind = _PARTS[self._event.kind]
        async for item in self._calls.items(kind, query=_BY_DATE, fields=WITH_FILES, most=NEWEST):
            yield item
        if self._event.kind is MediaKind.MOVIE:
            async for item in self._calls.items(kind, query=self._film_query(), fields=WITH_FILES):
                yield item
            return
        for container in await self._containers():
            async for item in self._calls.items(kind, query={"parentId": container}, fields=WITH_FILES):
                yield item

    def _film_query(self) -> dict[str, str]:
        """Narrow the films down: by year, of which sender and server may differ by one; else by title."""
        year = self._event.year
        if year:
            return {"years": ",".join(str(each) for each in (year - 1, year, year + 1))}
        return {"searchTerm": self._event.title}

    async def _containers(self) -> list[str]:
        """Return the ids of the series or albums in question."""
        if self._event.kind is MediaKind.EPISODE:
            listed = self._calls.items("Series")
        else:
            listed = self._calls.items(
                "MusicAlbum", query={"searchTerm": self._event.album or self._event.title}
            )
        found: list[str] = []
        async for item in listed:
            if word(item, "Id") and self._may_hold(item):
                found.append(word(item, "Id"))
            if len(found) == MOST_CONTAINERS:
                break
        return found

    def _may_hold(self, item: dict[str, Any]) -> bool:
        path, folder = composed(word(item, "Path")), composed(self._folder)
        return not path or is_inside(path, folder) or is_inside(folder, path)

    def _takes(self, item: dict[str, Any]) -> bool:
        first, last = number(item, "IndexNumber"), number(item, "IndexNumberEnd")
        numbers = () if first is None else range(first, min(last or first, first + 100) + 1)
        return self._wanted.take(
            files_of(item),
            season=number(item, "ParentIndexNumber"),
            numbers=numbers,
            album=word(item, "Album"),
        )

    def _is_same_elsewhere(self, item: dict[str, Any]) -> bool:
        """Whether it is the film by its ids, and its file the new one by its name, or hidden from us.

        So a missing path mapping is told from a missing film, and an older copy is no proof.
        """
        if self._event.kind is not MediaKind.MOVIE:
            return False
        ids = _ids(item)
        wanted = (("tmdb", self._event.tmdb_id), ("imdb", self._event.imdb_id))
        if not any(value and ids.get(name) == str(value) for name, value in wanted):
            return False
        files = files_of(item)
        return not files or any(self._wanted.same_names(file) for file in files)

    async def _is_unknown_place(self) -> bool:
        """Whether the folder is in no library of the server, so that another name for it is to be expected.

        Where it is in one, the same film elsewhere is but a copy, such as the one in 4K.
        """
        if self._unknown_place is None:
            try:
                libraries = await self._calls.libraries()
            except (AuthFailed, Permanent):  # a person's token may look, but not read the folders
                libraries = []
            places = [place for _, folders in libraries for place in folders]
            self._unknown_place = not any(
                is_inside(composed(self._folder), composed(each)) for each in places
            )
        return self._unknown_place

    def _sighting(self, item: dict[str, Any], *, elsewhere: bool = False) -> Sighting:
        flavour = self._calls.flavour
        title = cut(clean(word(item, "Name") or self._event.display_title), 200)
        series = word(item, "SeriesId") if self._wanted.several else ""
        shown = series or word(item, "AlbumId") or word(item, "Id")
        link = flavour.link.format(
            base=self._calls.server.base,
            id=quote(shown, safe=""),
            server=quote(word(item, "ServerId"), safe=""),
        )
        detail = text("{server} has {title}.", server=flavour.title, title=title)
        if elsewhere and files_of(item):
            detail = text(
                "{server} has {title}, but as {path}. Add a path mapping for {key}.",
                server=flavour.title,
                title=title,
                path=cut(clean(files_of(item)[0]), 300),
                key=flavour.key,
            )
        return Sighting(detail=detail, link=link if shown else None)


async def known_films(calls: EmbyCalls) -> tuple[KnownFilm, ...]:
    """Return its films with their folders."""
    films = []
    async for item in calls.items("Movie"):
        path = word(item, "Path")
        # A copy of a disc is a folder itself.
        folder = path if word(item, "VideoType") in {"Dvd", "BluRay"} else above(path)
        if folder:
            ids = _ids(item)
            tmdb = ids.get("tmdb", "")
            films.append(
                KnownFilm(
                    folder=folder,
                    tmdb_id=int(tmdb) if tmdb.isascii() and tmdb.isdigit() and len(tmdb) < 19 else None,  # noqa: PLR2004 - what fits
                    imdb_id=ids.get("imdb") or None,
                )
            )
    return tuple(films)


def files_of(item: dict[str, Any]) -> list[str]:
    """Return the files of an item: its own, and those of its other versions."""
    sources = [word(each, "Path") for each in records(part(item, "MediaSources"))]
    return [file for file in (word(item, "Path"), *sources) if file]


def _ids(item: dict[str, Any]) -> dict[str, str]:
    told = item.get("ProviderIds")
    ids = told if isinstance(told, dict) else {}
    return {str(name).casefold(): str(value) for name, value in ids.items() if isinstance(value, str)}
