from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.domain.text import Text
from metarr_desktop.jobs.progress import ProgressReport
from tests.fakes import START, FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.domain.jobs import Progress
    from metarr_desktop.jobs.queue import JobQueue

JOB = Job(
    id=1,
    type="library-scan",
    lane="scan",
    priority=8,
    status=JobStatus.PROCESSING,
    payload={},
    created_at=START,
    updated_at=START,
    run_after=START,
    root_id=1,
)


class Told:
    """A queue that takes progress, and a report that tells it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.tasks = TaskSupervisor()
        self.stored: list[Progress] = []
        self.failures: list[StorageFailed] = []
        queue = cast("JobQueue", self)
        self.report = ProgressReport(JOB, queue=queue, clock=self.clock, spawn=self.tasks.spawn)

    async def report_progress(self, _job: Job, progress: Progress) -> None:
        if self.failures:
            raise self.failures.pop()
        self.stored.append(progress)

    def steps(self) -> list[int]:
        return [progress.done for progress in self.stored]

    async def go(self, seconds: float = 0) -> None:
        if seconds:
            self.clock.advance(seconds)
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    told = Told()
    yield told
    told.report.end()
    await told.tasks.close()


async def test_the_first_word_is_stored_at_once(told: Told) -> None:
    told.report(1, 10, Text("Reading /films."))
    await told.go()
    (progress,) = told.stored
    assert (progress.done, progress.total, str(progress.note)) == (1, 10, "Reading /films.")


async def test_of_many_words_the_last_is_stored_once_a_second(told: Told) -> None:
    for second in range(3):
        for step in range(100):
            told.report(100 * second + step, 300)
            await asyncio.sleep(0)
        await told.go(0.5)
        await told.go(0.5)
    assert len(told.steps()) == 4
    assert told.steps()[1:] == [99, 199, 299]
    await told.go(10)
    assert len(told.steps()) == 4


async def test_the_last_word_is_stored_though_no_other_follows(told: Told) -> None:
    told.report(1, 2)
    await told.go()
    told.report(2, 2)
    await told.go(0.9)
    assert told.steps() == [1]
    await told.go(0.1)
    assert told.steps() == [1, 2]


async def test_a_word_after_a_quiet_time_is_stored_at_once(told: Told) -> None:
    told.report(1, 2)
    await told.go(1)
    await told.go(5)
    told.report(2, 2)
    await told.go()
    assert told.steps() == [1, 2]


async def test_nothing_is_stored_of_a_job_that_ended(told: Told) -> None:
    told.report(1, 2)
    await told.go()
    told.report(2, 2)
    told.report.end()
    told.report(3, 3)
    await told.go(5)
    assert told.steps() == [1]


async def test_a_database_that_fails_ends_no_job_and_the_next_word_is_stored(told: Told) -> None:
    told.failures.append(StorageFailed("Busy."))
    told.report(1, 2)
    await told.go()
    told.report(2, 2)
    await told.go(1)
    assert told.steps() == [2]
