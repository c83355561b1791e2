"""Tells that the computer slept, by what the clocks show afterwards; no system has to say so."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.domain.clock import Clock

LONGEST_DELAY = timedelta(seconds=60)
"""A busy computer wakes us late, and its clock is set by some seconds; a sleep is longer than both."""


class SleepWatch:
    """Naps on a clock, and knows afterwards whether more than the nap went by.

    On most systems the elapsed time stands still during a sleep, and the wall clock is ahead of it; on some
    it goes on, and the nap itself was too long.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def nap(self, seconds: float) -> bool:
        """Wait, and return whether the computer slept meanwhile."""
        wall, elapsed = self._clock.now(), self._clock.monotonic()
        await self._clock.sleep(seconds)
        by_wall = self._clock.now() - wall
        by_elapsed = timedelta(seconds=self._clock.monotonic() - elapsed)
        return max(by_wall - by_elapsed, by_elapsed - timedelta(seconds=seconds)) > LONGEST_DELAY
