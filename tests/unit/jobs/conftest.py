"""A real queue on a fresh database, a clock to turn by hand, and a worker that tests start."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.bus import Bus
from metarr_desktop.jobs.queue import JobQueue
from metarr_desktop.jobs.worker import Worker
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.history_store import HistoryStore
from metarr_desktop.storage.schema import prepare
from metarr_desktop.storage.sql_job_store import SqlJobStore
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from metarr_desktop.domain.changes import Change
    from metarr_desktop.jobs.handlers import JobType


class Engine:
    """Queue, worker and what they said."""

    def __init__(self, path: Path) -> None:
        prepare(path)
        self.path = path
        self.database = SqliteDatabase(path)
        self.store = SqlJobStore(self.database)
        self.history = HistoryStore(self.database)
        self.clock = FakeClock()
        self.bus = Bus()
        self.changes: list[Change] = []
        self.bus.subscribe(self.changes.append)
        self.tasks = TaskSupervisor()
        self.queue = JobQueue(store=self.store, bus=self.bus, clock=self.clock)
        self.worker: Worker | None = None

    def start(self, *types: JobType) -> Worker:
        self.worker = Worker(
            queue=self.queue, types=types, clock=self.clock, spawn=self.tasks.spawn, rng=random.Random(1)
        )
        self.tasks.spawn(self.worker.run(), name="worker")
        return self.worker

    async def close(self) -> None:
        if self.worker is not None:
            await self.worker.stop(grace=0.1)
        await self.tasks.close()
        await self.database.close()


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    engine = Engine(tmp_path / "metarr.db")
    yield engine
    await engine.close()


@pytest.fixture
def ended(engine: Engine) -> Callable[[], list[str]]:
    """Return the statuses of the jobs that ended so far, in order."""

    def statuses() -> list[str]:
        return [change.record.status.value for change in engine.changes if hasattr(change, "record")]

    return statuses
