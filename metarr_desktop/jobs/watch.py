"""Ends runs that take too long, and gives up those that do not end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.jobs.attempt import Attempt
    from metarr_desktop.jobs.tasks import Spawn

STUBBORN_S = 5.0
"""A handler that was told to end gets so long."""


class Watch:
    """One timer for all runs: it sleeps until the first of them has to be looked at."""

    def __init__(
        self,
        *,
        clock: Clock,
        spawn: Spawn,
        running: Mapping[int, Attempt],
        abandon: Callable[[Attempt], None],
    ) -> None:
        self._clock = clock
        self._spawn = spawn
        self._running = running
        self._abandon = abandon
        self._task: asyncio.Task[None] | None = None
        self._until = math.inf

    def expect(self, attempt: Attempt) -> None:
        """Look at this run when its time is over."""
        if attempt.look_at < self._until:
            self.stop()
            self._until = attempt.look_at
            self._task = self._spawn(self._look(), name="worker: watch")

    def break_off(self, attempt: Attempt) -> None:
        """Tell a run to end, and look soon whether it does."""
        attempt.task.cancel()
        attempt.look_at = self._clock.monotonic() + STUBBORN_S
        self.expect(attempt)

    def stop(self) -> None:
        """Look at nothing more."""
        if self._task is not None:
            self._task.cancel()
        self._task, self._until = None, math.inf

    async def _look(self) -> None:
        while self._until < math.inf:
            await self._clock.sleep(max(0.0, self._until - self._clock.monotonic()))
            now = self._clock.monotonic()
            for attempt in tuple(self._running.values()):
                if not attempt.over and attempt.look_at <= now:
                    self._end(attempt, now)
            waiting = [each.look_at for each in self._running.values() if not each.over]
            self._until = min(waiting, default=math.inf)
        self._task = None

    def _end(self, attempt: Attempt, now: float) -> None:
        if attempt.cancelled or attempt.timed_out:
            self._abandon(attempt)
        else:
            attempt.timed_out = True
            attempt.task.cancel()
            attempt.look_at = now + STUBBORN_S
