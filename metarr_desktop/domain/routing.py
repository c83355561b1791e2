"""Which events a service is told: by kind, by the sender's tags and by path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import EventKind, MediaEvent
from metarr_desktop.domain.paths import is_inside
from metarr_desktop.domain.senders import slug

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import Event

EVERY_SOURCE = ""
"""Stands for all sources that have no route of their own."""


def sender_scope(source: str, name: str) -> str:
    """Return what a sender's own route is kept under: ``radarr/radarr-4k``.

    The type stands before it, for a sender may be called just as its type, or as another one.
    """
    return f"{source}/{slug(name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChoice:
    """What a service declares: the kinds it can be told, and those it is told until a person chooses."""

    takes: frozenset[EventKind]
    default: frozenset[EventKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What one service is told of one source; ``events`` None means the service's own default.

    Tags compare without case, folders are the sender's own, by whole components. An event passes where one of
    the included tags or folders fits, or none is asked for, and none of the excluded does. What has no folder
    passes folders that are only excluded. What a sender says of itself, such as its health, is about nothing
    that has tags or a folder: its kind alone counts.
    """

    events: frozenset[EventKind] | None = None
    include_tags: tuple[str, ...] = ()
    exclude_tags: tuple[str, ...] = ()
    include_paths: tuple[str, ...] = ()
    exclude_paths: tuple[str, ...] = ()

    def passes(self, event: Event, *, default: frozenset[EventKind]) -> bool:
        """Whether the service is told of this event."""
        wanted = default if self.events is None else self.events
        if event.event_kind not in wanted:
            return False
        return _is_of_itself(event) or (self._tags_pass(event) and self._paths_pass(event))

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
    """Every route by service and scope: a sender's (``sender_scope``), its type's, or that of all."""

    stored: Mapping[tuple[str, str], Route] = field(default_factory=dict)

    def passes(self, event: Event, *, service: str, choice: EventChoice) -> bool:
        """Whether a service is told of this event: the route of its sender counts, else that of its type."""
        if event.event_kind not in choice.takes:
            return False
        route = self.route_for(service, source=event.source, sender=event.instance)
        return route.passes(event, default=choice.default)

    def ask_for(self, kind: EventKind) -> bool:
        """Whether anybody chose to be told this kind."""
        return any(route.events is not None and kind in route.events for route in self.stored.values())

    def route_for(self, service: str, *, source: str, sender: str = "") -> Route:
        """Return what holds for a sender, or for a type where none is named."""
        scopes = (sender_scope(source, sender), source, EVERY_SOURCE) if sender else (source, EVERY_SOURCE)
        found = (self.stored.get((service, scope)) for scope in scopes)
        return next((route for route in found if route is not None), OPEN_ROUTE)


def _is_of_itself(event: Event) -> bool:
    """Whether it is about nothing that could have tags or a folder, such as a download of no known film."""
    return not isinstance(event, MediaEvent) and (event.unmatched or not event.subject)


def _words(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
