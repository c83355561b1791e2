"""Rules of one service as a person changes them: every scope at once, saved or thrown away together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from metarr_desktop.domain.routing import EVERY_SOURCE, OPEN_ROUTE, Route

if TYPE_CHECKING:
    from collections.abc import Collection

    from metarr_desktop.app.route_views import ServiceRoutes
    from metarr_desktop.domain.events import EventKind


class RouteDrafts:
    """What stands in the window for each scope; None is a scope without rules of its own."""

    def __init__(self, stored: ServiceRoutes) -> None:
        self.stored = stored
        self._drafts = {scope.source: _plain(scope.source, scope.route) for scope in stored.scopes}
        self._before = dict(self._drafts)

    def own(self, source: str) -> Route | None:
        """Return the rules of a scope itself."""
        return self._drafts[source]

    def holds(self, source: str) -> tuple[str, Route]:
        """Return what counts for a scope, and the scope it comes from."""
        for scope in dict.fromkeys((source, source.partition("/")[0], EVERY_SOURCE)):
            route = self._drafts.get(scope)
            if route is not None:
                return scope, route
        return EVERY_SOURCE, OPEN_ROUTE

    def events(self, source: str) -> frozenset[EventKind]:
        """Return the kinds that count for a scope."""
        _, route = self.holds(source)
        return self.stored.default if route.events is None else route.events

    def use_own(self, source: str, *, own: bool) -> None:
        """Begin rules of a scope's own with those that hold there, or give them up."""
        self._drafts[source] = self.holds(source)[1] if own else None

    def choose(self, source: str, kinds: Collection[EventKind]) -> None:
        """Choose the kinds of a scope; those of the default follow it from then on."""
        chosen = frozenset(kinds)
        events = None if chosen == self.stored.default else chosen
        self.put(source, replace(self.holds(source)[1], events=events))

    def put(self, source: str, route: Route) -> None:
        """Set the rules of a scope."""
        self._drafts[source] = _plain(source, route)

    def restore_defaults(self) -> None:
        """No scope has rules of its own."""
        self._drafts = dict.fromkeys(self._drafts)

    def differ_from_defaults(self) -> bool:
        """Whether a scope has rules of its own."""
        return any(route is not None for route in self._drafts.values())

    def changes(self) -> dict[str, Route | None]:
        """Return the scopes whose rules are to be set, or with None taken away."""
        return {source: route for source, route in self._drafts.items() if route != self._before[source]}


def _plain(source: str, route: Route | None) -> Route | None:
    """For all senders rules that restrict nothing are none."""
    return None if source == EVERY_SOURCE and route == OPEN_ROUTE else route
