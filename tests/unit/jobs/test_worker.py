from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain import errors
from metarr_desktop.domain.changes import JobChanged, JobEnded, LaneChanged, PauseChanged
from metarr_desktop.domain.jobs import Job, JobStatus, NewJob
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.jobs.handlers import JobType
from metarr_desktop.storage import sqlite as database_module
from metarr_desktop.storage.job_store import Leases, Recovery
from tests.fakes import START, until
from tests.memory.store import MemoryJobStore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from metarr_desktop.jobs.handlers import Report
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


class Stubborn:
    """A handler that does not end when it is told to, only when the test lets it."""

    def __init__(self) -> None:
        self.jobs: list[int] = []
        self.told = 0
        self.end = asyncio.Event()

    async def __call__(self, job: Job, _report: object = None) -> Done:
        self.jobs.append(job.id)
        while len(self.jobs) == 1 and not self.end.is_set():
            try:
                await self.end.wait()
            except asyncio.CancelledError:
                self.told += 1
                if self.told > 2:  # the end of the test
                    raise
        return Done()


async def test_a_handler_that_ignores_being_cancelled_is_given_up_and_its_lane_goes_on(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    stubborn = Stubborn()
    worker = engine.start(kind(stubborn))
    first, second = await engine.queue.add([new(), new()])
    await until(lambda: stubborn.jobs)
    assert worker.cancel(first.id)
    await until(lambda: stubborn.told)
    engine.clock.advance(4.9)
    await until(lambda: engine.clock.sleeping)
    assert (ended(), stubborn.jobs) == ([], [first.id])
    engine.clock.advance(0.1)
    await until(lambda: len(ended()) == 2)
    assert stubborn.jobs == [first.id, second.id]
    assert ended() == ["cancelled", "completed"]
    stubborn.end.set()
    await until(lambda: not worker._tasks)
    assert await engine.store.jobs() == ()
    assert len((await engine.history.attempts([first.id]))[first.id]) == 1


async def test_a_handler_that_ignores_its_time_limit_is_tried_again(engine: Engine) -> None:
    stubborn = Stubborn()
    engine.start(kind(stubborn, timeout=timedelta(seconds=60)))
    (job,) = await engine.queue.add([new()])
    await until(lambda: stubborn.jobs)
    engine.clock.advance(60)
    await until(lambda: stubborn.told)
    await until(lambda: engine.clock.sleeping)
    engine.clock.advance(5)
    await until(lambda: any(isinstance(c, JobChanged) and c.job.retry_count for c in engine.changes))
    row = await engine.store.job(job.id)
    assert row is not None
    assert (row.status, str(row.error)) == (JobStatus.PENDING, "Took longer than 60 s.")
    stubborn.end.set()


async def test_stopping_puts_back_a_job_whose_handler_does_not_end(engine: Engine) -> None:
    stubborn = Stubborn()
    worker = engine.start(kind(stubborn))
    await engine.queue.add([new()])
    await until(lambda: stubborn.jobs)
    await worker.stop(grace=0.01)
    (job,) = await engine.store.jobs()
    assert (job.status, job.starts, job.retry_count) == (JobStatus.PENDING, 0, 0)
    stubborn.end.set()


async def test_a_retry_comes_in_its_time_though_the_clock_was_set_back_an_hour(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    handler = Handler(errors.Transient("No answer."))
    engine.start(kind(handler))
    await engine.queue.add([new()])
    await until(lambda: any(isinstance(c, JobChanged) and c.job.retry_count for c in engine.changes))
    await until(lambda: engine.clock.sleeping)
    engine.clock.jump(timedelta(hours=-1))
    engine.clock.advance(6.1)
    await until(ended)
    assert len(handler.jobs) == 2


async def test_a_clock_set_forward_a_day_ends_no_run_and_no_rate_limit(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    gate = Gate()
    limited = Handler(errors.RateLimited("Slow down.", retry_after=timedelta(seconds=60)))
    engine.start(kind(gate), kind(limited, "y"))
    await engine.queue.add([new(), new("y")])
    await until(lambda: gate.running and engine.clock.sleeping)
    engine.clock.jump(timedelta(days=1))
    engine.queue.wake.set()
    await until(lambda: not engine.queue.wake.is_set() and engine.clock.sleeping)
    engine.clock.advance(59)
    await until(lambda: engine.clock.sleeping)
    assert (gate.running, len(limited.jobs), ended()) == (1, 1, [])
    engine.clock.advance(1)
    await until(ended)
    assert (gate.running, len(limited.jobs)) == (1, 2)
    gate.open.set()


async def test_jobs_of_one_place_go_as_one_and_end_as_one(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    handler = Handler()
    await engine.queue.add([new(merge_key="/a", payload={"n": n}) for n in range(3)])
    engine.start(kind(handler, merge_window=timedelta(seconds=15)))
    await until(lambda: len(ended()) == 3)
    (leader,) = handler.jobs
    assert [job.payload["n"] for job in (leader, *leader.merged)] == [0, 1, 2]
    assert ended() == ["completed"] * 3
    await engine.queue.add([new(merge_key="/a"), new(merge_key="/a")])
    await until(lambda: engine.clock.sleeping)
    assert len(handler.jobs) == 1
    engine.clock.advance(15)
    await until(lambda: len(ended()) == 5)
    assert len(handler.jobs) == 2


async def test_each_job_that_went_along_has_its_own_retries(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    await engine.queue.add([new(merge_key="/a", max_retries=1), new(merge_key="/a", max_retries=0)])
    engine.start(kind(Handler(errors.Transient("No answer."))))
    await until(ended)
    assert ended() == ["failed"]
    (job,) = await engine.store.jobs()
    assert (job.max_retries, job.retry_count) == (1, 1)


async def test_cancelling_a_job_lets_those_merged_into_it_go_without_it(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    gate = Gate()
    leader, follower = await engine.queue.add([new(merge_key="/a"), new(merge_key="/a")])
    worker = engine.start(kind(gate))
    await until(lambda: gate.running)
    assert worker.cancel(leader.id)
    await until(ended)
    assert ended() == ["cancelled"]
    await until(lambda: gate.running)
    gate.open.set()
    await until(lambda: len(ended()) == 2)
    assert ended() == ["cancelled", "completed"]
    attempts = (await engine.history.attempts([follower.id]))[follower.id]
    assert [each.outcome.value for each in attempts] == ["deferred", "done"]


async def test_progress_is_stored_once_a_second_with_the_last_word(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    end = asyncio.Event()

    async def tell_much(job: Job, report: Report) -> Done:
        for step in range(100):
            report(step, 100)
        await end.wait()
        return Done()

    engine.start(kind(tell_much))
    await engine.queue.add([new()])

    def stored() -> list[int]:
        jobs = [change.job for change in engine.changes if isinstance(change, JobChanged)]
        return [job.progress.done for job in jobs if job.progress is not None]

    await until(lambda: stored() and engine.clock.sleeping)
    assert stored() == [99]
    end.set()
    await until(ended)
    assert stored() == [99]


async def test_what_may_run_beside_one_another_is_claimed_at_once(engine: Engine) -> None:
    gate, claim = Gate(), engine.store.claim
    taken: list[int] = []

    async def count(*args: object, **named: object) -> object:
        found = await claim(*args, **named)  # type: ignore[arg-type]
        taken.append(len(found.jobs))
        return found

    engine.store.claim = count  # type: ignore[method-assign, assignment]
    await engine.queue.add([new() for _ in range(5)])
    engine.start(kind(gate, concurrency=3))
    await until(lambda: gate.running == 3)
    assert taken[0] == 3
    gate.open.set()
    await until(lambda: sum(taken) == 5)


async def test_a_job_that_ended_the_program_three_times_fails_and_does_not_run(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    (job,) = await engine.queue.add([new()])
    for _ in range(3):
        assert (await engine.store.claim({"x": 1}, now=NOW)).job is not None
        assert await engine.queue.recover() == 1
    handler = Handler()
    engine.start(kind(handler))
    await until(lambda: not engine.queue.wake.is_set())
    assert (ended(), handler.jobs) == (["failed"], [])
    attempts = (await engine.history.attempts([job.id]))[job.id]
    assert [each.outcome.value for each in attempts] == ["crashed"] * 3


async def test_a_job_that_was_settled_does_not_count_its_former_crashes(
    engine: Engine, ended: Callable[[], list[str]]
) -> None:
    await engine.queue.add([new()])
    for _ in range(2):
        await engine.store.claim({"x": 1}, now=NOW)
        await engine.queue.recover()
    handler = Handler(errors.NotNow("Playing.", until=NOW))
    engine.start(kind(handler))
    await until(ended)
    assert (ended(), [job.starts for job in handler.jobs]) == (["completed"], [3, 1])


async def test_a_locked_keyring_is_asked_once_for_all_jobs_of_a_lane(engine: Engine) -> None:
    handler = Handler(errors.SecretsUnavailable("The keyring is locked."))
    await engine.queue.add([new() for _ in range(3)])
    engine.start(kind(handler))
    await until(lambda: LaneChanged("x") in engine.changes)
    await until(lambda: not engine.queue.wake.is_set())
    assert len(handler.jobs) == 1


async def test_an_older_run_that_ends_late_does_not_hide_the_newer_one(engine: Engine) -> None:
    gates = [asyncio.Event(), asyncio.Event()]
    runs: list[int] = []

    async def wait(job: Job, _report: object) -> Done:
        runs.append(job.starts)
        await gates[len(runs) - 1].wait()
        return Done()

    worker = engine.start(kind(wait, concurrency=2))
    (job,) = await engine.queue.add([new()])
    await until(lambda: runs == [1])
    engine.clock.advance(1)
    await engine.queue.recover()
    await until(lambda: runs == [1, 2])
    gates[0].set()
    await until(lambda: len(worker._tasks) == 1)
    assert worker.cancel(job.id)
    await until(lambda: not worker._tasks)


class SharedStore(MemoryJobStore):
    """A store that other processes seem to share; a test says what a heartbeat finds."""

    shared = True

    def __init__(self) -> None:
        super().__init__()
        self.beats: list[tuple[int, ...]] = []
        self.found: list[Leases | Exception] = []

    async def renew(self, job_ids: Collection[int]) -> Leases:
        self.beats.append(tuple(job_ids))
        found = self.found.pop(0) if self.found else Leases()
        if isinstance(found, Exception):
            raise found
        return found

    async def recover(self, *, now: datetime, running: Collection[int] = ()) -> Recovery:
        return Recovery()


@pytest.fixture
async def sharing(engine: Engine) -> SharedStore:
    store = SharedStore()
    engine.queue._store = store
    return store


async def test_every_job_that_runs_and_those_merged_into_it_are_held_on_to(
    engine: Engine, sharing: SharedStore
) -> None:
    gate = Gate()
    jobs = await engine.queue.add([new(merge_key="/a"), new(merge_key="/a")])
    worker = engine.start(kind(gate))
    await until(lambda: gate.running)
    await until(lambda: sharing.beats and engine.clock.sleeping)
    engine.clock.advance(20)
    await until(lambda: len(sharing.beats) == 2)
    assert sharing.beats[-1] == tuple(job.id for job in jobs)
    worker.look_after()
    await until(lambda: len(sharing.beats) == 3)
    gate.open.set()


@pytest.mark.expects_errors("could not be held on to")
async def test_a_heartbeat_that_goes_wrong_is_not_the_last_one(engine: Engine, sharing: SharedStore) -> None:
    sharing.found = [errors.StorageFailed("Busy."), ValueError("damaged row")]
    engine.start(kind(Handler()))
    for beats in (1, 2, 3):
        await until(lambda: len(sharing.beats) == beats and engine.clock.sleeping)  # noqa: B023 - at once
        engine.clock.advance(20)


async def test_a_job_whose_lease_was_lost_or_that_a_person_cancels_elsewhere_is_broken_off(
    engine: Engine, sharing: SharedStore, ended: Callable[[], list[str]]
) -> None:
    gate = Gate()
    worker = engine.start(kind(gate, concurrency=2))
    mine, theirs = await engine.queue.add([new(), new()])
    await until(lambda: gate.running == 2)
    other = MemoryJobStore(sharing.memory, worker="there")
    await other.recover(now=engine.clock.now(), running=[mine.id])
    taken = (await other.claim({"x": 9}, now=engine.clock.now())).job
    sharing.found = [Leases(lost=(theirs.id,), cancelled=(mine.id,))]
    worker.look_after()
    await until(lambda: not worker._tasks)
    assert ended() == ["cancelled"]
    assert await sharing.jobs() == (taken,)


async def test_nothing_is_begun_while_a_sender_waits_for_its_answer_but_not_for_long(engine: Engine) -> None:
    handler = Handler()
    engine.queue.quiet.clear()  # as while a webhook is being stored
    await engine.queue.add([new()])
    engine.start(kind(handler))
    await until(lambda: engine.clock.sleeping)
    engine.clock.advance(0.09)
    await asyncio.sleep(0)
    assert not handler.jobs
    engine.clock.advance(0.02)
    await until(lambda: handler.jobs)


async def test_work_begins_as_soon_as_the_last_sender_has_its_answer(engine: Engine) -> None:
    handler = Handler()
    engine.queue.quiet.clear()
    await engine.queue.add([new()])
    engine.start(kind(handler))
    await until(lambda: engine.clock.sleeping)
    engine.queue.quiet.set()
    await until(lambda: handler.jobs)
