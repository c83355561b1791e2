"""Looks for what came in the libraries of a Plex Media Server, and lists its films."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from metarr_desktop.domain.events import MediaEvent, MediaKind
from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.domain.text import text
from metarr_desktop.services.library_folder import above
from metarr_desktop.services.notifier import Sighting
from metarr_desktop.services.plex_calls import ARTIST, EPISODE, MOST_ITEMS, MOVIE, SHOW, TRACK, rating_key
from metarr_desktop.services.plex_sections import holding, of_kind
from metarr_desktop.services.shape import number, records, word
from metarr_desktop.services.wanted import Wanted
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.services.plex_calls import PlexCalls
    from metarr_desktop.services.plex_sections import Section

NEWEST = 200
MOST_CONTAINERS = 5
_PARTS = {MediaKind.MOVIE: MOVIE, MediaKind.EPISODE: EPISODE, MediaKind.ALBUM: TRACK}


class PlexSearch:
    """One look for what an event brought into a folder."""

    def __init__(self, *, calls: PlexCalls, event: MediaEvent, folder: str) -> None:
        self._calls = calls
        self._event = event
        self._folder = folder
        self._wanted = Wanted(event, folder=folder)

    async def run(self) -> Sighting | None:
        """Look among the newest first, and then where it has to be; None while it is not there."""
        of_type = of_kind(await self._calls.sections(), self._event.kind)
        holding_it = holding(of_type, self._folder)
        # Where a library holds the folder, the same film elsewhere is but a copy, such as the one in 4K.
        may_lie_elsewhere = self._event.kind is MediaKind.MOVIE and not holding_it
        first: dict[str, Any] | None = None
        for section in holding_it or of_type:
            async for item in self._candidates(section):
                if self._takes(item):
                    first = first or item
                if first is not None and self._wanted.complete:
                    return await self._sighting(first)
                if may_lie_elsewhere and self._is_same_elsewhere(item):
                    return await self._sighting(item, elsewhere=True)
        return None

    async def _candidates(self, section: Section) -> AsyncIterator[dict[str, Any]]:
        kind = _PARTS[self._event.kind]
        async for item in self._calls.listed(section, kind, query={"sort": "addedAt:desc"}, most=NEWEST):
            yield item
        if self._event.kind is MediaKind.MOVIE:
            year = self._event.year
            # Of the year sender and server may differ by one.
            near = {"year": ",".join(str(each) for each in (year - 1, year, year + 1))} if year else {}
            async for item in self._calls.listed(section, kind, query=near):
                yield item
            return
        for container in await self._containers(section):
            async for item in self._calls.leaves(container):
                yield item

    async def _containers(self, section: Section) -> list[dict[str, Any]]:
        """Return the series or artists in question: Plex lists them without a folder."""
        kind = SHOW if self._event.kind is MediaKind.EPISODE else ARTIST
        found: list[dict[str, Any]] = []
        async for item in self._calls.listed(section, kind):
            if rating_key(item) and (self._same_ids(item) or self._same_title(item)):
                found.append(item)
            if len(found) == MOST_CONTAINERS:
                break
        return found

    def _takes(self, item: dict[str, Any]) -> bool:
        index = number(item, "index")
        return self._wanted.take(
            files_of(item),
            season=number(item, "parentIndex"),
            numbers=() if index is None else (index,),
            album=word(item, "parentTitle"),
        )

    def _is_same_elsewhere(self, item: dict[str, Any]) -> bool:
        """Whether it is the film by its ids, and its file the new one by its name, or hidden from us.

        So a missing path mapping is told from a missing film, and an older copy is no proof.
        """
        files = files_of(item)
        return self._same_ids(item) and (not files or any(self._wanted.same_names(file) for file in files))

    def _same_ids(self, item: dict[str, Any]) -> bool:
        event, ids = self._event, ids_of(item)
        wanted = (("tmdb", event.tmdb_id), ("imdb", event.imdb_id), ("tvdb", event.tvdb_id))
        return any(value and ids.get(name) == str(value) for name, value in wanted)

    def _same_title(self, item: dict[str, Any]) -> bool:
        return word(item, "title").casefold() == self._event.title.casefold()

    async def _sighting(self, item: dict[str, Any], *, elsewhere: bool = False) -> Sighting:
        title = cut(clean(word(item, "title") or self._event.display_title), 200)
        files = files_of(item)
        detail = text("Plex has {title}.", title=title)
        if elsewhere and files:
            detail = text(
                "Plex has {title}, but as {path}. Add a path mapping for plex.",
                title=title,
                path=cut(clean(files[0]), 300),
            )
        return Sighting(detail=detail, link=await self._link(item))

    async def _link(self, item: dict[str, Any]) -> str | None:
        """Return the page of the item, or of several episodes of the series, of tracks of the album."""
        series = rating_key(item, "grandparentRatingKey") if self._wanted.several else ""
        album = rating_key(item, "parentRatingKey") if self._event.kind is MediaKind.ALBUM else ""
        shown = album or series or rating_key(item)
        machine, _ = await self._calls.identity()
        page = f"/server/{quote(machine, safe='')}/details?key=%2Flibrary%2Fmetadata%2F{shown}"
        return f"https://app.plex.tv/desktop/#!{page}" if shown else None


async def known_films(calls: PlexCalls) -> tuple[KnownFilm, ...]:
    """Return its films with their folders; at most 20,000 of all its libraries together."""
    films: list[KnownFilm] = []
    for section in of_kind(await calls.sections(), MediaKind.MOVIE):
        async for item in calls.listed(section, MOVIE, most=MOST_ITEMS - len(films)):
            ids = ids_of(item)
            tmdb = ids.get("tmdb", "")
            films.extend(
                KnownFilm(
                    folder=folder,
                    tmdb_id=int(tmdb) if tmdb.isascii() and tmdb.isdigit() and len(tmdb) < 19 else None,  # noqa: PLR2004 - what fits
                    imdb_id=ids.get("imdb") or None,
                )
                # A film that lies in several libraries, as in 4K too, may be one with several versions.
                for folder in dict.fromkeys(map(above, files_of(item)))
                if folder
            )
    return tuple(films[:MOST_ITEMS])


def files_of(item: dict[str, Any]) -> list[str]:
    """Return the files of an item, in all its versions."""
    pieces = [piece for version in records(item.get("Media")) for piece in records(version.get("Part"))]
    return [file for piece in pieces if (file := word(piece, "file"))]


def ids_of(item: dict[str, Any]) -> dict[str, str]:
    """Return the ids of an item by who gave them: ``tmdb://603`` is ``{"tmdb": "603"}``."""
    told = [word(each, "id").partition("://") for each in records(item.get("Guid"))]
    return {name.casefold(): value for name, found, value in told if found}
