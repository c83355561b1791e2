"""Which events a service is told: by kind, by the sender's tags and by path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import EventKind, MediaEvent
from metarr_desktop.domain.paths import is_inside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Event

EVERY_SOURCE = ""
"""Stands for all sources that have no route of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChoice:
    """What a service declares: the kinds it can be told, and those it is told until a person chooses."""

    takes: frozenset[EventKind]
    default: frozenset[EventKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What one service is told of one source; ``events`` None means the service's own default.

    Tags compare without case. An event passes where one of the included tags or folders fits, or none is
    asked for, and none of the excluded does. What has no folder passes folders that are only excluded.
    """

    events: frozenset[EventKind] | None = None
    include_tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()
    include_paths: tuple[str, ...] = ()
    exclude_paths: tuple[str, ...] = ()

    def passes(self, event: Event, *, default: frozenset[EventKind]) -> bool:
        """Whether the service is told of this event."""
        wanted = default if self.events is None else self.events
        return event.event_kind in wanted and self._tags_pass(event) and self._paths_pass(event)

    def _tags_pass(self, event: Event) -> bool:
        tags = {tag.casefold() for tag in event.tags}
        included = {tag.casefold() for tag in self.include_tags}
        excluded = {tag.casefold() for tag in self.exclude_tags}
        return not tags & excluded and (not included or bool(tags & included))

    def _paths_pass(self, event: Event) -> bool:
        folder = event.folder if isinstance(event, MediaEvent) else ""
        if any(is_inside(folder, path) for path in self.exclude_paths):
            return False
        return not self.include_paths or any(is_inside(folder, path) for path in self.include_paths)

    def to_json(self) -> dict[str, Any]:
        """Return the stored and public form; what does not restrict is left out."""
        lists = {
            "include_tags": self.include_tags,
            "exclude_tags": self.exclude_tags,
            "include_paths": self.include_paths,
            "exclude_paths": self.exclude_paths,
        }
        told = {name: list(values) for name, values in lists.items() if values}
        if self.events is not None:
            return {"events": [kind.value for kind in EventKind if kind in self.events], **told}
        return dict(told)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Route:
        """Read the stored form back; what a person damaged by hand does not restrict."""
        events = stored.get("events")
        known = {kind.value: kind for kind in EventKind}
        return cls(
            events=frozenset(known[each] for each in events if isinstance(each, str) and each in known)
            if isinstance(events, list)
            else None,
            include_tags=_words(stored.get("include_tags")),
            exclude_tags=_words(stored.get("exclude_tags")),
            include_paths=_words(stored.get("include_paths")),
            exclude_paths=_words(stored.get("exclude_paths")),
        )


OPEN_ROUTE = Route()


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Every route by service and source, where a source is a sender's name, its type, or all of them."""

    stored: Mapping[tuple[str, str], Route] = field(default_factory=dict)

    def passes(self, event: Event, *, service: str, choice: EventChoice) -> bool:
        """Whether a service is told of this event: the route of its sender counts, else that of its type."""
        if event.event_kind not in choice.takes:
            return False
        for source in (event.instance, event.source, EVERY_SOURCE):
            route = self.stored.get((service, source.casefold()))
            if route is not None:
                return route.passes(event, default=choice.default)
        return OPEN_ROUTE.passes(event, default=choice.default)


def _words(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
