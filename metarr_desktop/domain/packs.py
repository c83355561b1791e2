"""Several imports of one download, told as one: a season, a few seasons, some albums."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from metarr_desktop.domain.episode_code import code_of_pack
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Value = TypeVar("Value")

MOST_SEASONS = 6
"""So many seasons are named one by one."""
LONGEST_NAMES = 120
"""So many letters the names of albums may take; what is left is counted."""
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def combined(events: Sequence[MediaEvent]) -> MediaEvent:
    """Return one event that says what all of them share; of what was sent twice it is the first.

    Title and numbers of single episodes are left out of a pack, for which ``title_of`` speaks.
    """
    distinct = _distinct(events)
    first = replace(
        distinct[0],
        action=_shared((each.action for each in events), otherwise=Action.IMPORTED),
        quality=_shared((each.quality for each in events), otherwise=""),
    )
    if len(distinct) == 1:
        return first
    season = _shared((each.season for each in distinct), otherwise=None)
    numbers = {number for each in distinct for number in each.episodes}
    return replace(
        first,
        files=tuple(dict.fromkeys(file for each in distinct for file in each.files)),
        season=season,
        episodes=() if season is None else tuple(sorted(numbers)),
        episode_title="",
        overview="",
        album="",
        year=first.year if first.kind is MediaKind.EPISODE else None,
        musicbrainz_id=_shared((each.musicbrainz_id for each in distinct), otherwise=None),
        poster_url=next((each.poster_url for each in distinct if each.poster_url), None),
    )


def title_of(events: Sequence[MediaEvent]) -> str:
    """Name all of them: ``Severance S02E01-08 (8)``, ``Boards of Canada - 2 albums: Geogaddi, Twoism``."""
    distinct = _distinct(events)
    first = distinct[0]
    if len(distinct) > 1 and first.kind is MediaKind.EPISODE:
        return f"{first.title} {_seasons(distinct)}".strip()
    if len(distinct) > 1 and first.kind is MediaKind.ALBUM:
        return f"{first.title} - {_albums(distinct)}"
    return first.display_title


def _distinct(events: Sequence[MediaEvent]) -> list[MediaEvent]:
    """Leave out what was sent twice: the same episodes, or the same album."""
    kept: dict[object, MediaEvent] = {}
    for event in events:
        kept.setdefault(_identity(event), event)
    return list(kept.values())


def _identity(event: MediaEvent) -> object:
    if event.kind is MediaKind.ALBUM:
        return event.album.casefold(), event.musicbrainz_id if not event.album else None
    if event.episodes and event.season is not None:
        return event.season, tuple(sorted(set(event.episodes)))
    return event.season, event.episode_title, tuple(sorted(event.files))


def _seasons(events: Sequence[MediaEvent]) -> str:
    """Codes of all seasons in order, and how many more there are whose numbers nobody told."""
    numbers: dict[int, set[int]] = {}
    for event in events:
        if event.season is not None and event.episodes:
            numbers.setdefault(event.season, set()).update(event.episodes)
    codes = [code_of_pack(season, numbers[season]) for season in sorted(numbers)]
    if len(codes) > MOST_SEASONS:
        total = sum(len(each) for each in numbers.values())
        codes = [*codes[:MOST_SEASONS], f"{ELLIPSIS} ({total} in {len(codes)} seasons)"]
    unnumbered = _unnumbered(events)
    if unnumbered:
        codes.append(f"{unnumbered} more" if codes else _alone(events, unnumbered))
    return ", ".join(codes)


def _alone(events: Sequence[MediaEvent], count: int) -> str:
    """What a pack is called of which no number is known."""
    if count == 1:
        return events[0].episode_code
    season = _shared((each.season for each in events), otherwise=None)
    return f"({count})" if season is None else f"S{season:02d} ({count})"


def _unnumbered(events: Sequence[MediaEvent]) -> int:
    """How many episodes came without a number: a file each, where files are told that nobody else named."""
    numbered = {file for each in events if each.episodes and each.season is not None for file in each.files}
    without = [each for each in events if not each.episodes or each.season is None]
    files = {file for each in without for file in each.files}
    return len(files - numbered) + sum(not each.files for each in without)


def _albums(events: Sequence[MediaEvent]) -> str:
    """Say how many albums there are, with as many of their names as have room."""
    names = [each.album for each in events if each.album]
    count = f"{len(events)} albums"
    if not names:
        return count
    room, shown = LONGEST_NAMES, list[str]()
    for name in names:
        room -= len(name) + len(", ")
        if shown and room < 0:
            break
        shown.append(name if len(name) <= LONGEST_NAMES else name[: LONGEST_NAMES - 1].rstrip() + ELLIPSIS)
    more = len(events) - len(shown)
    return f"{count}: {', '.join(shown)}" + (f" and {more} more" if more else "")


def _shared(values: Iterable[Value], *, otherwise: Value) -> Value:
    """Return the value that all have, or something else."""
    found = set(values)
    return found.pop() if len(found) == 1 else otherwise
