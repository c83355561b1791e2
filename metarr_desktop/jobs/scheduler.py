"""Adds the jobs of recurring work when they are due, also after the computer slept or its clock was set."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotFound, StorageFailed
from metarr_desktop.domain.jobs import LOW, NewJob
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from datetime import datetime, tzinfo

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.schedules import Rule, Schedule
    from metarr_desktop.jobs.tasks import Spawn
    from metarr_desktop.storage.schedule_store import ScheduleRow, ScheduleStore

logger = logging.getLogger(__name__)

LONGEST_NAP = timedelta(seconds=60)
"""Waits are cut to this: a clock may be set, and a computer may sleep, without a word to us."""
STORAGE_PAUSE = timedelta(seconds=30)
"""How long a failing database is left alone."""


class Scheduler:
    """The schedules this program runs; ``added`` is called with each job after its commit.

    What was missed runs once and goes on in its rhythm from there. ``zone`` is where local times are read;
    None is that of this computer. Where ``wanted`` says no, the time passes without a job.
    """

    def __init__(
        self,
        *,
        store: ScheduleStore,
        schedules: Iterable[Schedule],
        clock: Clock,
        spawn: Spawn,
        added: Callable[[Job], None],
        wanted: Mapping[str, Callable[[], Awaitable[bool]]] | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self._store = store
        self._schedules = {schedule.name: schedule for schedule in schedules}
        self._clock = clock
        self._spawn = spawn
        self._added = added
        self._wanted = wanted or {}
        self._zone = zone
        self._wake = asyncio.Event()
        self._stopping = False
        self._looking: asyncio.Task[object] | None = None

    async def run(self) -> None:
        """Look and sleep until ``stop``; nothing that goes wrong in between ends it."""
        self._looking = asyncio.current_task()
        while not self._stopping:
            self._wake.clear()
            try:
                wait = await self._look()
            except StorageFailed:
                wait = STORAGE_PAUSE
            except Exception:
                logger.exception("The schedules could not be looked at")
                wait = LONGEST_NAP
            await self._nap(wait)

    async def stop(self) -> None:
        """Add nothing more; a job that is being added is."""
        self._stopping = True
        self._wake.set()
        if self._looking is not None:
            await asyncio.wait({self._looking}, timeout=1.0)

    async def run_now(self, name: str) -> int:
        """Add the job of a schedule; returns its id, or that of the one that waits already.

        The schedule itself stays as it is. Raises NotFound or StorageFailed.
        """
        schedule = self._schedule(name)
        now = self._clock.now()
        # Where the program never served yet, nobody has looked at the schedules.
        await self._store.seed(name, schedule.default, next_at=schedule.default.next_after(now, self._zone))
        firing = await self._store.run_now(name, _job_of(schedule), now=now)
        if firing.job is not None:
            self._added(firing.job)
        return firing.job_id

    async def set_rule(self, name: str, rule: Rule) -> None:
        """Give a schedule another rule, which counts from now. Raises NotFound or StorageFailed."""
        self._schedule(name)
        await self._store.set_rule(name, rule, next_at=rule.next_after(self._clock.now(), self._zone))
        self._wake.set()

    async def _look(self) -> timedelta:
        """Fire what is due; returns how long nothing else will be."""
        rows = await self._store.rows()
        now = self._clock.now()
        times = [
            await self._look_at(schedule, rows.get(name), now) for name, schedule in self._schedules.items()
        ]
        return max(min(times, default=now + LONGEST_NAP) - now, timedelta(milliseconds=1))

    async def _look_at(self, schedule: Schedule, row: ScheduleRow | None, now: datetime) -> datetime:
        """Do what this schedule needs now; returns when it is due next."""
        if row is None:
            next_at = schedule.default.next_after(now, self._zone)
            await self._store.seed(schedule.name, schedule.default, next_at=next_at)
            return next_at
        rule = row.rule or schedule.default
        if row.next_at <= now:
            next_at = rule.next_after(now, self._zone)
            if await self._is_wanted(schedule):
                await self._fire(schedule, row, next_at=next_at, now=now)
            else:
                await self._store.move(row, next_at=next_at)
            return next_at
        at_latest = rule.at_latest(now, last_at=row.last_at, zone=self._zone)
        if row.next_at > at_latest:  # the clock was set back, or the computer was carried to another zone
            await self._store.move(row, next_at=at_latest)
        return min(row.next_at, at_latest)

    async def _is_wanted(self, schedule: Schedule) -> bool:
        wanted = self._wanted.get(schedule.name)
        return wanted is None or await wanted()

    async def _fire(self, schedule: Schedule, row: ScheduleRow, *, next_at: datetime, now: datetime) -> None:
        firing = await self._store.fire(row, _job_of(schedule), next_at=next_at, now=now)
        if firing is not None and firing.job is not None:
            logger.info("%s is due: job %d", schedule.title, firing.job_id)
            self._added(firing.job)

    async def _nap(self, wait: timedelta) -> None:
        """Sleep until woken, or for this long."""
        if self._wake.is_set():
            return
        woken = self._spawn(self._wake.wait(), name="scheduler: wake")
        seconds = min(wait, LONGEST_NAP).total_seconds()
        timer = self._spawn(self._clock.sleep(seconds), name="scheduler: timer")
        await asyncio.wait({woken, timer}, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        timer.cancel()

    def _schedule(self, name: str) -> Schedule:
        if name not in self._schedules:
            known = ", ".join(self._schedules)
            raise NotFound(
                text("There is no schedule called {name}. Known are: {known}.", name=name, known=known)
            )
        return self._schedules[name]


def _job_of(schedule: Schedule) -> NewJob:
    return NewJob(type=schedule.name, lane=schedule.lane, priority=LOW, dedupe_key=schedule.name)
