from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.jobs.attempt import DEFAULT_LIMIT, Attempt
from metarr_desktop.jobs.handlers import JobType
from tests.fakes import START, FakeClock, no_report

if TYPE_CHECKING:
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


def attempt_of(clock: FakeClock, kind: JobType | None = None) -> Attempt:
    report: ProgressReport = no_report  # type: ignore[assignment]
    return Attempt(job=JOB, kind=kind, report=report, clock=clock)


def test_a_run_lasts_as_long_as_time_passed_though_the_clock_was_set() -> None:
    clock = FakeClock()
    attempt = attempt_of(clock)
    clock.advance(2.5)
    clock.jump(timedelta(hours=-1))
    run = attempt.run()
    assert (run.started_at, run.duration) == (START, timedelta(seconds=2.5))


def test_a_run_has_to_end_within_the_time_of_its_kind() -> None:
    clock = FakeClock()
    clock.advance(100)
    kind = JobType(type="notify-x", handler=work, lane="x", timeout=timedelta(seconds=60))
    assert attempt_of(clock, kind).look_at == 160
    assert attempt_of(clock).look_at == 100 + DEFAULT_LIMIT.total_seconds()


async def test_a_task_goes_on_after_a_cancellation_meant_for_its_handler() -> None:
    attempt = attempt_of(FakeClock())

    async def run() -> int:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            attempt.forget_cancel()
        await asyncio.sleep(0)
        return attempt.task.cancelling()

    task = asyncio.ensure_future(run())
    attempt.task = task  # type: ignore[assignment]
    await asyncio.sleep(0)
    task.cancel()
    task.cancel()
    assert await task == 0
