"""What several events, told by one refresh, left behind: what a media server should show now."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.events import Action, MediaEvent
from metarr_desktop.domain.packs import combined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from metarr_desktop.domain.events import Event

BRINGS = frozenset({Action.IMPORTED, Action.UPGRADED})
"""What puts a file there of which one can say whether it arrived; a scanned folder may hold anything."""
LOOKS = tuple(timedelta(seconds=each) for each in (2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300))
"""When a server is looked at, counted from its refresh; after that once a minute, where it gets longer."""
MOST_GROUPS = 20


def brings(event: Event) -> bool:
    """Whether an event puts something there that can be looked for; a drill does not."""
    if not isinstance(event, MediaEvent) or event.drill:
        return False
    return event.action in BRINGS and bool(event.folder)


def brought(events: Sequence[Event]) -> tuple[MediaEvent, ...]:
    """Return what should be there after all these events of one folder, in as few as can be looked for.

    What was replaced, renamed or deleted again is none of it. Episodes of one season are one, and so are the
    files of one album.
    """
    left: list[MediaEvent] = []
    for event in events:
        if not isinstance(event, MediaEvent) or event.files_kept:
            continue
        if event.action is Action.DELETED and not event.old_files:
            left.clear()
        left = _without(left, frozenset(event.old_files))
        if brings(event):
            left.append(event)
    groups: dict[object, list[MediaEvent]] = {}
    for event in left:
        groups.setdefault((event.kind, event.folder, event.season, event.album.casefold()), []).append(event)
    return tuple(replace(_as_one(group), overview="") for group in groups.values())[:MOST_GROUPS]


def next_look(elapsed: timedelta, *, within: timedelta) -> timedelta | None:
    """Return when to look again, counted from the refresh; None where the time is over."""
    if elapsed >= within:
        return None
    return min(next((each for each in LOOKS if each > elapsed), elapsed + timedelta(minutes=1)), within)


def _without(events: Iterable[MediaEvent], gone: frozenset[str]) -> list[MediaEvent]:
    """Leave out the files that are gone, and what had no others; what names no files stays."""
    if not gone:
        return list(events)
    kept = []
    for event in events:
        files = tuple(file for file in event.files if file not in gone)
        if files or not event.files:
            kept.append(replace(event, files=files))
    return kept


def _as_one(group: Sequence[MediaEvent]) -> MediaEvent:
    if len(group) == 1:
        return group[0]
    files = tuple(dict.fromkeys(file for each in group for file in each.files))
    return replace(combined(group), files=files)
