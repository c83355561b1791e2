"""What a preview is filled in with: the last event of a kind that came, else an invented one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.events import Action, EventKind, Ignored, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.jobs.drill import is_drill
from metarr_desktop.webhooks.body import read_object

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.events import Event
    from metarr_desktop.storage.event_store import EventStore, StoredEvent
    from metarr_desktop.webhooks.sources.declaration import Source

LOOKED_THROUGH = 60
"""So many webhooks are read to find one of a kind."""
LARGEST = 256 * 1024
SAMPLE = MediaEvent(
    source="radarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="The Matrix",
    year=1999,
    folder="/movies/The Matrix (1999)",
    instance="Radarr",
    files=("The Matrix (1999) Bluray-1080p.mkv",),
    tmdb_id=603,
    imdb_id="tt0133093",
    quality="Bluray-1080p",
    overview="A hacker learns what the world he lives in really is.",
    tags=("favourite",),
)
NOTICES = {
    EventKind.INTERACTION: (NoticeKind.INTERACTION, "The Matrix (1999)", "The file has no audio tracks."),
    EventKind.FAILED: (NoticeKind.FAILURE, "The Matrix (1999)", "The download failed in SABnzbd."),
    EventKind.HEALTH: (NoticeKind.HEALTH, "", "No indexers are available."),
    EventKind.UPDATED: (NoticeKind.UPDATED, "", "5.26.2 -> 5.27.5"),
    EventKind.REQUESTS: (NoticeKind.REQUEST, "The Matrix (1999)", "Requested by Trinity."),
    EventKind.UNDELIVERED: (
        NoticeKind.UNDELIVERED,
        "Kodi: a delivery failed",
        "The Matrix (1999): No connection to 192.168.1.40:8080.",
    ),
}


def sample_of(kind: EventKind) -> Event:
    """Return an invented event of a kind."""
    if kind in NOTICES:
        notice, subject, message = NOTICES[kind]
        return Notice(
            source="radarr", kind=notice, message=message, instance="Radarr", level="warning", subject=subject
        )
    action = Action.IMPORTED if kind is EventKind.DOWNLOADED else Action(kind.value)
    return replace(SAMPLE, action=action)


class ExampleEvents:
    """Finds the last event of each kind among the webhooks; asked again it knows those it read before."""

    def __init__(self, *, events: EventStore, sources: Sequence[Source]) -> None:
        self._events = events
        self._sources = {source.key: source for source in sources}
        self._read: dict[int, Event | None] = {}

    async def last(self, kind: EventKind) -> Event | None:
        """Return the last event of a kind, or None where none came lately."""
        stored = await self._events.newest(limit=LOOKED_THROUGH)
        self._read = {each.id: self._read[each.id] for each in stored if each.id in self._read}
        for each in stored:
            if each.id not in self._read:
                self._read[each.id] = await self._meaning(each)
            event = self._read[each.id]
            if event is not None and event.event_kind is kind:
                return event
        return None

    async def _meaning(self, stored: StoredEvent) -> Event | None:
        source = self._sources.get(stored.source)
        if source is None:
            return None
        try:
            body = (await self._events.body(stored.id)).body
            found = source.parse(read_object(body)) if len(body) <= LARGEST else None
        except MetarrError:
            return None  # what has no meaning, or is no longer stored, is no example
        if found is None or isinstance(found, Ignored) or is_drill(found):
            return None
        return replace(found, instance=found.instance or stored.instance or source.title)
