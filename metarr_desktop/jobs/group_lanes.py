"""The lanes of services whose jobs run group by group; people add groups while the program runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class LaneSource(Protocol):
    """Knows the groups there are, and were."""

    async def lanes(self) -> Mapping[str, tuple[str, ...]]:
        """Return the lanes of each service's groups, those included that were removed."""


class GroupLanes:
    """The lanes of all groups as they were read last; ``changed`` is called when there are others."""

    def __init__(self, source: LaneSource, *, changed: Callable[[], None]) -> None:
        self._source = source
        self._changed = changed
        self._lanes: Mapping[str, tuple[str, ...]] = {}

    def of(self, service: str) -> tuple[str, ...]:
        """Return the lanes of a service: its own, and one for each other group."""
        return tuple(dict.fromkeys((service, *self._lanes.get(service, ()))))

    async def refresh(self) -> None:
        """Read anew which groups there are."""
        lanes = await self._source.lanes()
        if lanes != self._lanes:
            self._lanes = lanes
            self._changed()
