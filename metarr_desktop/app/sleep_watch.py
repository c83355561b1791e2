"""Tells that the computer slept, by what the clocks show afterwards; no system has to say so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.domain.clock import Clock

LONGEST_DELAY = timedelta(seconds=60)
"""A busy computer wakes us late, and its clock is set by some seconds; a sleep is longer than both."""


class SleepWatch:
    """Naps on a clock, and knows afterwards whether more than the nap went by, or than the work before it.

    On most systems the elapsed time stands still during a sleep, and the wall clock is ahead of it; on some
    it goes on, and the nap itself was too long.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wall, self._elapsed = clock.now(), clock.monotonic()

    async def nap(self, seconds: float) -> bool:
        """Wait, and return whether the computer slept meanwhile, or since the last nap."""
        began = self._clock.monotonic()
        await self._clock.sleep(seconds)
        wall, elapsed = self._clock.now(), self._clock.monotonic()
        ahead = (wall - self._wall) - timedelta(seconds=elapsed - self._elapsed)
        late = timedelta(seconds=elapsed - began - seconds)
        self._wall, self._elapsed = wall, elapsed
        return max(ahead, late) > LONGEST_DELAY
