from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain import errors
from metarr_desktop.domain.changes import JobChanged, JobEnded, PauseChanged
from metarr_desktop.domain.jobs import Job, JobStatus, NewJob
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.jobs.handlers import JobType
from metarr_desktop.storage import sqlite as database_module
from tests.fakes import START, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.jobs.conftest import Engine

NOW = START
JOB = Job(
    id=1,
    type="notify-x",
    lane="x",
    priority=5,
    status=JobStatus.PROCESSING,
    payload={},
    created_at=NOW,
    updated_at=NOW,
    run_after=NOW,
    root_id=1,
)


def new(lane: str = "x", **changes: object) -> NewJob:
    return NewJob(**{"type": f"notify-{lane}", "lane": lane, "priority": 5, **changes})  # type: ignore[arg-type]


class Handler:
    """Runs what a test scripted: an error is raised, anything else is returned."""

    def __init__(self, *script: Exception | Done) -> None:
        self.script = list(script)
        self.jobs: list[Job] = []

    async def __call__(self, job: Job, _report: object = None) -> Done:
        self.jobs.append(job)
        step = self.script.pop(0) if self.script else Done()
        if isinstance(step, Exception):
            raise step
        return step


class Gate:
    """A handler that waits until the test opens it."""

    def __init__(self) -> None:
        self.running = 0
        self.most = 0
        self.open = asyncio.Event()

    async def __call__(self, job: Job, _report: object = None) -> Done:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.open.wait()
        finally:
            self.running -= 1
        return Done()


def kind(handler: object, lane: str = "x", **changes: object) -> JobType:
    return JobType(**{"type": f"notify-{lane}", "lane": lane, "handler": handler, **changes})  # type: ignore[arg-type]


async def test_a_new_job_runs_without_polling(engine: Engine, ended: Callable[[], list[str]]) -> None:
    handler = Handler()
    engine.start(kind(handler))
    await until(lambda: not engine.queue.wake.is_set())
    assert engine.clock.sleeping == 0
    await engine.queue.add([new()])
    await until(ended)
    assert ended() == ["completed"]
    assert engine.clock.sleeping == 0


async def test_a_failing_job_is_tried_as_often_as_it_may_be_and_then_fails(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    handler = Handler(*(errors.Transient(f"No answer {n}.") for n in range(4)))
    engine.start(kind(handler))
    await engine.queue.add([new(max_retries=3)])
    for runs, wait in ((1, 6), (2, 36), (3, 144)):
        await until(lambda: len(handler.jobs) == runs and engine.clock.sleeping)  # noqa: B023 - called at once
        engine.clock.advance(timedelta(seconds=wait / 1.5 - 0.1))
        engine.clock.advance(timedelta(seconds=wait))
        engine.queue.wake.set()
    await until(ended)
    assert ended() == ["failed"]
    (record,) = [change.record for change in engine.changes if isinstance(change, JobEnded)]
    assert (str(record.error), record.retry_count, record.attempts) == ("No answer 3.", 3, 4)
    attempts = (await engine.history.attempts([record.job_id]))[record.job_id]
    assert [attempt.outcome.value for attempt in attempts] == ["retry", "retry", "retry", "failed"]


async def test_one_dead_service_does_not_hold_up_another(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    gate = Gate()
    engine.start(kind(gate, "dead"), kind(Handler(), "x"))
    await engine.queue.add([new("dead"), new("x")])
    await until(ended)
    assert ended() == ["completed"]
    assert gate.running == 1


async def test_a_lane_runs_no_more_jobs_at_once_than_it_may(engine: Engine) -> None:
    gate = Gate()
    engine.start(kind(gate, concurrency=2))
    await engine.queue.add([new() for _ in range(5)])
    await until(lambda: gate.running == 2)
    waiting = [job for job in await engine.store.jobs() if job.status is JobStatus.PENDING]
    assert len(waiting) == 3
    gate.open.set()
    await until(lambda: sum(isinstance(change, JobEnded) for change in engine.changes) == 5)
    assert gate.most == 2


async def test_paused_deliveries_wait_and_receiving_goes_on(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    delivery, intake = Handler(), Handler()
    engine.queue.set_pause(paused=True, until=NOW + timedelta(minutes=5))
    engine.start(kind(delivery, "x", delivers=True), kind(intake, "intake"))
    await engine.queue.add([new("x"), new("intake")])
    await until(ended)
    assert (len(delivery.jobs), len(intake.jobs)) == (0, 1)
    await until(lambda: engine.clock.sleeping)
    engine.clock.advance(timedelta(minutes=5))
    await until(lambda: len(ended()) == 2)
    assert engine.queue.pause() == (False, None)
    assert engine.changes.count(PauseChanged()) == 2


async def test_a_running_job_can_be_cancelled(engine: Engine, ended: Callable[[], list[str]]) -> None:
    gate = Gate()
    worker = engine.start(kind(gate))
    (job,) = await engine.queue.add([new()])
    await until(lambda: gate.running)
    assert worker.cancel(job.id)
    await until(ended)
    assert ended() == ["cancelled"]
    assert not worker.cancel(job.id)


async def test_stopping_puts_a_running_job_back_as_it_was(engine: Engine) -> None:
    gate = Gate()
    worker = engine.start(kind(gate))
    await engine.queue.add([new()])
    await until(lambda: gate.running)
    await worker.stop(grace=0.01)
    (job,) = await engine.store.jobs()
    assert (job.status, job.retry_count, job.starts) == (JobStatus.PENDING, 0, 0)
    (attempt,) = (await engine.history.attempts([job.id]))[job.id]
    assert attempt.outcome.value == "cancelled"


async def test_stopping_lets_a_job_finish_that_needs_only_a_moment(engine: Engine) -> None:
    gate = Gate()
    worker = engine.start(kind(gate))
    await engine.queue.add([new()])
    await until(lambda: gate.running)
    stopping = asyncio.ensure_future(worker.stop(grace=5))
    gate.open.set()
    await stopping
    assert await engine.store.jobs() == ()


@pytest.mark.expects_errors(r"jobs\.worker: Job 1 .* failed on an error of our own")
async def test_a_mistake_of_ours_fails_one_job_and_is_logged(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    engine.start(kind(Handler(ZeroDivisionError("oops"))))
    await engine.queue.add([new(), new()])
    await until(lambda: len(ended()) == 2)
    assert ended() == ["failed", "completed"]
    (record, _) = [change.record for change in engine.changes if isinstance(change, JobEnded)]
    assert "oops" not in str(record.error)


async def test_a_handler_that_takes_too_long_is_tried_again(engine: Engine) -> None:
    gate = Gate()
    engine.start(kind(gate, timeout=timedelta(seconds=90)))
    await engine.queue.add([new()])
    await until(lambda: gate.running)
    engine.clock.advance(89.9)
    await asyncio.sleep(0)
    assert gate.running
    engine.clock.advance(0.1)
    await until(lambda: any(isinstance(c, JobChanged) and c.job.retry_count == 1 for c in engine.changes))
    (job,) = await engine.store.jobs()
    assert "Took longer" in str(job.error)


async def test_a_job_nobody_can_run_fails_in_plain_words(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    engine.start(kind(Handler()))
    await engine.queue.add([NewJob(type="made-by-hand", lane="x", priority=5)])
    await until(ended)
    assert ended() == ["failed"]


@pytest.mark.expects_errors("The database is busy")
async def test_what_was_done_is_recorded_once_the_database_is_free_again(
    engine: Engine, ended: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 20)
    gate = Gate()
    engine.start(kind(gate))
    await engine.queue.add([new()])
    await until(lambda: gate.running)
    with closing(sqlite3.connect(engine.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        gate.open.set()
        await until(lambda: engine.database.problem is not None)
        other.execute("ROLLBACK")

    def turn() -> bool:
        engine.clock.advance(1)
        return bool(ended())

    await until(turn)
    assert ended() == ["completed"]


async def test_work_that_breaks_off_by_itself_is_tried_again_and_frees_its_lane(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    async def break_off(job: Job, _report: object) -> Done:
        if job.id == 1:
            raise asyncio.CancelledError
        return Done()

    engine.start(kind(break_off))
    await engine.queue.add([new(), new()])
    await until(ended)
    assert ended() == ["completed"]
    (job,) = await engine.store.jobs()
    assert (job.id, job.status, job.retry_count) == (1, JobStatus.PENDING, 1)


@pytest.mark.expects_errors(r"Job 1 .* could not be recorded as it ended")
async def test_an_end_that_cannot_be_recorded_is_recorded_as_failed(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    engine.start(kind(Handler(Done(result={"not": object()}))))
    await engine.queue.add([new(), new()])
    await until(lambda: len(ended()) == 2)
    assert ended() == ["failed", "completed"]


@pytest.mark.expects_errors("The next job could not be taken")
async def test_a_claim_that_goes_wrong_does_not_end_the_worker(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    claim, failures = engine.store.claim, [TypeError("damaged row")]

    async def claim_or_fail(*args: object, **named: object) -> object:
        if failures:
            raise failures.pop()
        return await claim(*args, **named)  # type: ignore[arg-type]

    engine.store.claim = claim_or_fail  # type: ignore[method-assign, assignment]
    engine.start(kind(Handler()))
    await until(lambda: engine.clock.sleeping)
    engine.clock.advance(5)
    await engine.queue.add([new()])
    await until(ended)
    assert ended() == ["completed"]


async def test_the_longest_waiting_job_runs_in_every_tenth_turn(engine: Engine) -> None:
    order: list[int] = []

    async def note(job: Job, _report: object) -> Done:
        order.append(job.priority)
        return Done()

    await engine.queue.add([new(priority=8)])
    engine.clock.advance(1)
    await engine.queue.add([new(priority=1) for _ in range(20)])
    engine.start(kind(note))
    await until(lambda: len(order) == 21)
    assert order.index(8) == 9


async def test_a_job_claimed_while_stopping_goes_back_unrun(engine: Engine) -> None:
    handler = Handler()
    worker = engine.start(kind(handler))
    await until(lambda: not engine.queue.wake.is_set())
    adding = asyncio.ensure_future(engine.queue.add([new()]))
    await asyncio.sleep(0)
    await worker.stop(grace=0.1)
    await adding
    jobs = await engine.store.jobs()
    assert len(jobs) + len(handler.jobs) >= 1
    assert all(job.status is JobStatus.PENDING for job in jobs)
