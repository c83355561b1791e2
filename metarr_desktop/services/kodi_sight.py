"""What a Kodi has: whether something arrived, the folders it looks into, and its films."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import MediaKind
from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.domain.paths import last_part
from metarr_desktop.domain.text import text
from metarr_desktop.services.kodi_library import Shelf, event_ids, ids_of, lies_in, names
from metarr_desktop.services.kodi_listing import parent
from metarr_desktop.services.kodi_rpc import entries
from metarr_desktop.services.notifier import Sighting
from metarr_desktop.services.redact import redact
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.services.kodi_library import Row
    from metarr_desktop.services.kodi_player import Player

PAGE, MOST_FILMS = 1_000, 20_000
_LONGEST_QUESTION = 9_000
"""In bytes; a name may double when it is escaped, and old versions take 20,000."""
_LONGEST_ID = 20


async def sighting(player: Player, event: MediaEvent, *, folder: str) -> Sighting | None:
    """Look for what an event brought: at its place first, and then by its file's name and its numbers."""
    if event.kind is MediaKind.ALBUM:
        there = await _has_songs(player, event, folder=folder)
        by_place = True
    else:
        shelf = Shelf(rpc=player.rpc, kind=event.kind)
        by_place = there = _is_complete(event, await shelf.rows(folder))
        if not there:
            there = await _is_elsewhere(shelf, event)
    if not there:
        return None
    title = cut(clean(event.display_title), 200)
    if by_place:
        return Sighting(
            detail=text("{title} is in the library of {player}.", title=title, player=player.name)
        )
    return Sighting(
        detail=text(
            "{title} is in the library of {player}, in a folder written in another way.",
            title=title,
            player=player.name,
        )
    )


async def locations(player: Player) -> tuple[str, ...]:
    """Return the folders its video and music sources are made of, without their passwords."""
    found: list[str] = []
    for media in ("video", "music"):
        reply = await player.rpc.call("Files.GetSources", media=media)
        found += [
            str(each["file"]) for each in entries(reply, "sources") if isinstance(each.get("file"), str)
        ]
    return tuple(dict.fromkeys(redact(file, secrets=()) for file in found if file))


async def films(player: Player) -> Sequence[KnownFilm]:
    """Return its films with their numbers, a page at a time."""
    found: list[KnownFilm] = []
    for start in range(0, MOST_FILMS, PAGE):
        reply = await player.rpc.call(
            "VideoLibrary.GetMovies",
            slow=True,
            properties=["file", "uniqueid", "imdbnumber"],
            limits={"start": start, "end": start + PAGE},
            sort={"method": "none", "order": "ascending"},
        )
        page = entries(reply, "movies")
        found += [film for each in page if (film := _film(each)) is not None]
        if len(page) < PAGE:
            break
    return found


def _is_complete(event: MediaEvent, rows: Sequence[Row]) -> bool:
    """Whether all is there: every file where its name is known, else every episode, or any film."""
    if event.files:
        # A stack or a disc image holds the names of its parts.
        have = names(row.file for row in rows) | {row.file.casefold() for row in rows}
        return all(any(wanted in file for file in have) for wanted in names(event.files))
    if event.kind is MediaKind.EPISODE and event.season is not None and event.episodes:
        numbers = {(row.season, row.episode) for row in rows}
        return all((event.season, number) in numbers for number in event.episodes)
    return bool(rows)


async def _is_elsewhere(shelf: Shelf, event: MediaEvent) -> bool:
    """Look by the names of the files, and see by the numbers that it is this film or this episode."""
    wanted = _bare_names(event)
    if wanted:
        rules = [{"field": "filename", "operator": "is", "value": name} for name in wanted]
    elif event.kind is MediaKind.MOVIE and event.title and event_ids(event):
        rules = [{"field": "title", "operator": "is", "value": event.title}]
    else:
        return False
    rows = await shelf.find({"or": rules})
    told = event_ids(event)
    if event.kind is MediaKind.MOVIE:
        fitting = [row for row in rows if any(told.get(name) == value for name, value in row.ids.items())]
    else:
        fitting = [row for row in rows if row.season == event.season and row.episode in event.episodes]
    return bool(fitting) and _is_complete(event, fitting)


def _bare_names(event: MediaEvent) -> list[str]:
    """Names of the files that came, as many as one question may hold."""
    room, fitting = _LONGEST_QUESTION, list[str]()
    for name in sorted({last_part(file.replace("\\", "/")) for file in event.files} - {""}):
        room -= len(name.encode("utf-8", "replace")) + 60
        if room < 0:
            break
        fitting.append(name)
    return fitting


async def _has_songs(player: Player, event: MediaEvent, *, folder: str) -> bool:
    reply = await player.rpc.call(
        "AudioLibrary.GetSongs",
        slow=True,
        properties=["file"],
        filter={"field": "path", "operator": "startswith", "value": folder},
        limits={"start": 0, "end": 5_000},
    )
    files = [file for each in entries(reply, "songs") if lies_in(file := str(each.get("file", "")), folder)]
    return names(event.files) <= names(files) if event.files else bool(files)


def _film(told: dict[str, Any]) -> KnownFilm | None:
    file = told.get("file")
    if not isinstance(file, str) or not (folder := parent(file)) or file.startswith("stack://"):
        return None
    ids = ids_of(told)
    tmdb = ids.get("tmdb", "")
    number = int(tmdb) if tmdb.isascii() and tmdb.isdigit() and len(tmdb) < _LONGEST_ID else None
    return KnownFilm(folder=redact(folder, secrets=()), tmdb_id=number, imdb_id=ids.get("imdb"))
