"""Which events a service is told, of whom: as the window and the command line read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.domain.events import EventKind
    from metarr_desktop.domain.routing import Route
    from metarr_desktop.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteScope:
    """Whom a route is about: all senders, those of a type, or one; ``source`` names it everywhere.

    ``route`` is None where it has no rules of its own; ``holds`` is what counts then, its own else.
    """

    source: str
    title: Text
    route: Route | None
    holds: Route


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRoutes:
    """The kinds a service can be told, those it is told by itself, and every scope from wide to narrow."""

    service: str
    title: str
    kinds: tuple[tuple[EventKind, Text], ...]
    default: frozenset[EventKind]
    scopes: tuple[RouteScope, ...]

    def scope(self, source: str) -> RouteScope | None:
        """Return one scope; None where it is gone."""
        return next((each for each in self.scopes if each.source == source), None)
