"""Short waits by elapsed time, so that a clock that is set wrong, or right, makes nobody wait longer."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from metarr_desktop.domain.clock import from_ms, to_ms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from metarr_desktop.domain.clock import Clock

Key = TypeVar("Key")

JUST_NOW = timedelta(milliseconds=1)
JUST_NOW_S = JUST_NOW.total_seconds()
LONGEST = timedelta(minutes=10)
"""Longer waits go by the clock on the wall: a computer may sleep through them."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment, on the wall and by elapsed time: what was planned then is told by both."""

    wall: datetime
    elapsed: float


def this_moment(clock: Clock) -> Moment:
    """Return what both say now."""
    return Moment(clock.now(), clock.monotonic())


class Waits(Generic[Key]):
    """What this process put off for a short time, by its key, and until when."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: list[tuple[float, int, Key]] = []
        self._until: dict[Key, tuple[float, datetime]] = {}
        self._count = 0

    def add(self, key: Key, until: datetime, *, since: Moment | None = None) -> None:
        """Remember that something waits until this instant, if that is soon."""
        since = since or this_moment(self._clock)
        wait = until - since.wall
        self._until.pop(key, None)
        if not timedelta(0) < wait < LONGEST:
            return
        at = since.elapsed + wait.total_seconds()
        self._until[key] = (at, from_ms(to_ms(until)))
        self._count += 1
        heapq.heappush(self._due, (at, self._count, key))

    def discard(self, key: Key) -> None:
        """Forget a wait."""
        self._until.pop(key, None)

    def waiting(self, key: Key) -> bool:
        """Whether the time of this wait is not over."""
        at, _ = self._until.get(key, (0.0, None))
        return at > self._clock.monotonic()

    def take_due(self) -> dict[Key, datetime]:
        """Take the waits that are over, with the instants they were to last until."""
        now = self._clock.monotonic()
        due: dict[Key, datetime] = {}
        while self._due and self._due[0][0] <= now:
            at, _, key = heapq.heappop(self._due)
            if key in self._until and self._until[key][0] == at:
                due[key] = self._until.pop(key)[1]
        return due

    def put_back(self, due: Mapping[Key, datetime]) -> None:
        """Have these waits taken once more: what follows from them could not be done."""
        for key, until in due.items():
            self.add(key, until, since=Moment(until - JUST_NOW, self._clock.monotonic() - JUST_NOW_S))

    def next_in(self) -> float | None:
        """Seconds until the next wait is over; None where there is none."""
        while self._due and self._due[0][2] not in self._until:
            heapq.heappop(self._due)
        return None if not self._due else max(0.0, self._due[0][0] - self._clock.monotonic())
