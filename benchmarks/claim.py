"""A claim beside 100,000 jobs that wait in another lane, of a claim on an otherwise empty queue."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from harness import folder, goal, report

from metarr_desktop.domain.jobs import NewJob
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.storage.claiming import claim
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.holder import this_process
from metarr_desktop.storage.job_store import Run
from metarr_desktop.storage.schema import prepare
from metarr_desktop.storage.sql_job_store import SqlJobStore

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

ROUNDS, CLAIMS, BACKLOG = 7, 200, 100_000
LANES = {"intake": 1, "scan": 1, "kodi": 1, "pushover": 2}
STOPPED = "discord"
BLOCKED = "INSERT INTO lanes (lane, state, cause, reason, since) VALUES (?, 'blocked', 'key_rejected', '', 0)"
SOON = "UPDATE job_queue SET ready = 0, run_after = ? WHERE lane = ?"


class Queue:
    """One database, and the time that claims on it take."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = this_process()
        self._store = SqlJobStore(database, holder=self._holder)

    async def fill(self, *, sleeping: bool) -> None:
        """Let jobs wait in a blocked lane, or until tomorrow in one that is open."""
        jobs = [NewJob(type=f"notify-{STOPPED}", lane=STOPPED, priority=5)] * 1_000
        for _ in range(BACKLOG // len(jobs)):
            await self._store.add(jobs, now=datetime.now(UTC))
        if sleeping:
            tomorrow = datetime.now(UTC) + timedelta(days=1)
            await self._database.run(_execute, SOON, (int(tomorrow.timestamp() * 1000), STOPPED))
        else:
            await self._database.run(_execute, BLOCKED, (STOPPED,))

    async def claim(self, *, turn: int) -> float:
        """Insert one job, take it, end it; returns the seconds of the taking, without its commit."""
        await self._store.add([NewJob(type="nothing", lane="pushover", priority=5)], now=datetime.now(UTC))
        job, seconds = await self._database.run(self._timed, turn)
        run = Run(started_at=job.started_at or job.created_at, duration=timedelta(0))
        await self._store.settle(job, Done(), run=run, now=datetime.now(UTC))
        return seconds

    def _timed(self, db: Sql, turn: int) -> tuple[Job, float]:
        now = datetime.now(UTC)
        began = time.perf_counter()
        claimed = claim(db, self._holder, {**LANES, STOPPED: 1}, now, turn, 32)
        seconds = time.perf_counter() - began
        (job,) = claimed.jobs
        assert job.lane == "pushover"
        return job, seconds


def _execute(db: Sql, sql: str, values: tuple[object, ...]) -> None:
    db.execute(sql, values)


async def measure(path: Path) -> None:
    """Alternate claims on three queues."""
    async with AsyncExitStack() as stack:

        async def opened(name: str) -> Queue:
            file = path / f"{name}.db"
            await asyncio.to_thread(prepare, file)
            database = SqliteDatabase(file)
            stack.push_async_callback(database.close)
            return Queue(database)

        empty, blocked, sleeping = [await opened(name) for name in ("empty", "blocked", "sleeping")]
        await blocked.fill(sleeping=False)
        await sleeping.fill(sleeping=True)
        beside_blocked, beside_sleeping, alone = [], [], []
        for _ in range(ROUNDS):
            times: dict[Queue, list[float]] = {empty: [], blocked: [], sleeping: []}
            for turn in range(CLAIMS):
                for queue, taken in times.items():
                    taken.append(await queue.claim(turn=turn))
            floor = statistics.median(times[empty])
            alone.append(floor)
            beside_blocked.append(statistics.median(times[blocked]) / floor)
            beside_sleeping.append(statistics.median(times[sleeping]) / floor)
    report(
        goal("Claim beside 100,000 jobs of a blocked lane, of alone", beside_blocked, bar=1.5),
        goal("Claim beside 100,000 jobs that wait for tomorrow, of alone", beside_sleeping, bar=1.5),
        alone_ms=round(statistics.median(alone) * 1000, 3),
    )


def main() -> None:
    """Measure on a disk."""
    with folder() as path:
        asyncio.run(measure(path))


if __name__ == "__main__":
    main()
