from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.jobs.attempt import Attempt
from metarr_desktop.jobs.handlers import JobType
from metarr_desktop.jobs.watch import Watch
from tests.fakes import START, FakeClock, no_report, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.jobs.handlers import Report
    from metarr_desktop.jobs.progress import ProgressReport

JOB = Job(
    id=1,
    type="notify-x",
    lane="x",
    priority=5,
    status=JobStatus.PROCESSING,
    payload={},
    created_at=START,
    updated_at=START,
    run_after=START,
    root_id=1,
)


async def work(_job: Job, _report: Report) -> Done:
    return Done()


class Runs:
    """Runs under watch: each notes how often it was told to end, and ends when the test says so."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.tasks = TaskSupervisor()
        self.running: dict[int, Attempt] = {}
        self.told: list[int] = []
        self.given_up: list[int] = []
        self.end = asyncio.Event()
        self.watch = Watch(
            clock=self.clock, spawn=self.tasks.spawn, running=self.running, abandon=self._abandon
        )

    def _abandon(self, attempt: Attempt) -> None:
        attempt.over = True
        self.given_up.append(attempt.job.id)

    async def begin(self, limit_s: float) -> Attempt:
        job = replace(JOB, id=len(self.running) + 1)
        kind = JobType(type="notify-x", handler=work, lane="x", timeout=timedelta(seconds=limit_s))
        report: ProgressReport = no_report  # type: ignore[assignment]
        attempt = Attempt(job=job, kind=kind, report=report, clock=self.clock)
        self.running[job.id] = attempt

        async def run() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                await self.end.wait()
                return
            self.told.append(job.id)
            await self.end.wait()

        attempt.task = self.tasks.spawn(run(), name=f"job {job.id}")
        self.watch.expect(attempt)
        await self.settle_down()
        return attempt

    async def settle_down(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.settle_down()


@pytest.fixture
async def runs() -> AsyncIterator[Runs]:
    runs = Runs()
    yield runs
    runs.end.set()
    runs.watch.stop()
    await runs.tasks.close()


async def test_a_run_is_told_to_end_when_its_time_is_over_and_given_up_five_seconds_later(
    runs: Runs,
) -> None:
    attempt = await runs.begin(60)
    await runs.advance(59.5)
    assert runs.told == []
    await runs.advance(0.5)
    assert (runs.told, attempt.timed_out) == ([1], True)
    await runs.advance(4.5)
    assert runs.given_up == []
    await runs.advance(0.5)
    assert runs.given_up == [1]
    await runs.advance(600)
    assert (runs.told, runs.given_up) == ([1], [1])


async def test_the_first_run_to_end_is_looked_at_first_whichever_began_first(runs: Runs) -> None:
    await runs.begin(90)
    await runs.begin(30)
    await runs.begin(60)
    for seconds, told in ((30, [2]), (30, [2, 3]), (30, [2, 3, 1])):
        await runs.advance(seconds)
        assert runs.told == told


async def test_a_run_that_ended_in_time_is_left_alone(runs: Runs) -> None:
    attempt = await runs.begin(60)
    attempt.over = True
    await runs.advance(600)
    assert (runs.told, runs.given_up) == ([], [])


async def test_a_cancelled_run_that_does_not_end_is_given_up_five_seconds_later(runs: Runs) -> None:
    attempt = await runs.begin(60)
    attempt.cancelled = True
    runs.watch.break_off(attempt)
    await runs.settle_down()
    assert runs.told == [1]
    await runs.advance(4.5)
    assert runs.given_up == []
    await runs.advance(0.5)
    assert runs.given_up == [1]


async def test_a_clock_set_forward_ends_no_run(runs: Runs) -> None:
    await runs.begin(60)
    runs.clock.jump(timedelta(days=1))
    await runs.advance(59)
    assert runs.told == []


async def test_the_watch_goes_on_with_a_run_that_begins_when_none_was_left(runs: Runs) -> None:
    (await runs.begin(10)).over = True
    await runs.advance(10)
    await runs.begin(10)
    await runs.advance(10)
    assert runs.told == [2]


async def test_a_stopped_watch_looks_at_nothing_more(runs: Runs) -> None:
    await runs.begin(10)
    runs.watch.stop()
    await runs.advance(600)
    assert runs.told == []
    await until(lambda: runs.clock.sleeping == 0)
