from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain import errors
from metarr_desktop.domain.jobs import AttemptOutcome, EndStatus, JobStatus
from metarr_desktop.domain.outcomes import Cancelled, Deferred, Done, Failed, Interrupted, Retry, Skipped
from metarr_desktop.domain.retry import RATE_LIMIT_CAP, RetryPolicy
from metarr_desktop.domain.text import Text
from metarr_desktop.jobs.outcome import outcome_of
from tests.contract.scenes import (
    LASTED,
    again,
    at,
    claimed,
    limited,
    nothing,
    notify,
    run,
    settled,
    take,
    webhook,
)
from tests.fakes import START

if TYPE_CHECKING:
    import random

    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.job_store import JobStore
    from tests.contract.harness import Stores


@pytest.mark.parametrize(
    ("outcome", "status", "ran", "error"),
    [
        (Done(result={"message_id": "7"}), EndStatus.COMPLETED, "done", None),
        (Skipped(reason=Text("Discord is off.")), EndStatus.SKIPPED, "skipped", "Discord is off."),
        (Failed(error=Text("Message is blank.")), EndStatus.FAILED, "failed", "Message is blank."),
        (Cancelled(), EndStatus.CANCELLED, "cancelled", None),
    ],
)
async def test_an_ended_job_moves_to_the_history_with_its_attempt(
    store: JobStore, stores: Stores, outcome: Outcome, status: EndStatus, ran: str, error: str | None
) -> None:
    job = await claimed(store, notify(payload={"event": {"title": "Ä {x}"}}))
    ended = await settled(store, job, outcome, now=at(1))
    assert ended.record == await stores.record(job.id)
    record = ended.record
    assert record is not None
    assert (record.status, record.payload, record.duration) == (status, job.payload, LASTED)
    assert (record.completed_at, record.started_at, record.attempts) == (at(1), START, 1)
    assert (None if record.error is None else str(record.error)) == error
    assert await store.jobs() == ()
    assert await stores.ran(job.id) == [ran]


async def test_a_retry_counts_and_waits_until_it_is_due(store: JobStore, stores: Stores) -> None:
    job = await claimed(store)
    waiting = (await settled(store, job, again(5), now=at(1))).job
    assert (waiting.retry_count, waiting.status, str(waiting.error)) == (
        1,
        JobStatus.PENDING,
        "Server error.",
    )
    assert (waiting.run_after, waiting.started_at, waiting.worker) == (at(6), None, None)
    assert await store.job(job.id) == waiting
    assert await nothing(store, at(5.999)) == at(6)
    due = await take(store, at(6))
    assert (due.id, due.attempts) == (job.id, 2)
    (attempt,) = await stores.attempts(job.id)
    assert (attempt.outcome, attempt.duration) == (AttemptOutcome.RETRY, LASTED)
    assert str(attempt.detail) == "Server error."


async def test_attempts_are_numbered_over_all_runs_of_a_job(store: JobStore, stores: Stores) -> None:
    job = await claimed(store)
    outcomes: list[Outcome] = [again(1), Interrupted(), again(1), Done()]
    for second, outcome in enumerate(outcomes, start=1):
        await settled(store, job, outcome, now=at(second))
        if not isinstance(outcome, Done):
            job = await take(store, at(second + 1))
    assert await stores.ran(job.id) == ["retry", "cancelled", "retry", "done"]
    record = await stores.record(job.id)
    assert record is not None
    assert (record.retry_count, record.attempts) == (2, 3)


async def test_a_deferred_job_uses_no_retry_and_says_why_it_waits(store: JobStore, stores: Stores) -> None:
    job = await claimed(store)
    playing = Deferred(reason=Text("Kodi is playing."), until=at(600))
    waiting = (await settled(store, job, playing)).job
    assert (waiting.retry_count, waiting.deferrals, str(waiting.reason)) == (0, 1, "Kodi is playing.")
    assert waiting.error is None
    assert await nothing(store, at(599)) == at(600)
    due = await take(store, at(600))
    assert (due.reason, due.deferrals) == (None, 1)
    assert await stores.ran(job.id) == ["deferred"]


async def test_an_interrupted_job_goes_back_as_it_was(store: JobStore, stores: Stores) -> None:
    job = await claimed(store)
    back = (await settled(store, job, Interrupted(), now=at(1))).job
    assert (back.status, back.retry_count, back.deferrals, back.starts) == (JobStatus.PENDING, 0, 0, 0)
    assert (await take(store, at(1))).id == job.id
    assert await stores.ran(job.id) == ["cancelled"]


async def test_a_job_that_was_claimed_and_never_ran_has_no_attempt(store: JobStore, stores: Stores) -> None:
    job = await claimed(store)
    await store.settle(job, Interrupted(), run=None, now=START)
    assert await stores.ran(job.id) == []
    assert (await take(store)).starts == 1


async def test_the_tenth_rate_limit_of_a_job_fails_it(
    store: JobStore, stores: Stores, rng: random.Random
) -> None:
    error = errors.RateLimited("Slow down.", retry_after=timedelta(seconds=1))
    job, now = await claimed(store), START
    for limits in range(RATE_LIMIT_CAP):
        assert (job.rate_limits, job.retry_count) == (limits, 0)
        outcome = outcome_of(error, job=job, policy=RetryPolicy(), now=now, rng=rng)
        await settled(store, job, outcome, now=now)
        now += timedelta(seconds=1)
        if limits < RATE_LIMIT_CAP - 1:
            assert isinstance(outcome, Retry)
            job = await take(store, now)
    record = await stores.record(job.id)
    assert record is not None
    assert record.status is EndStatus.FAILED
    assert "10 times" in str(record.error)
    assert await stores.ran(job.id) == ["retry"] * 9 + ["failed"]


async def test_a_rate_limit_uses_no_retry_though_none_is_left(store: JobStore, rng: random.Random) -> None:
    job = await claimed(store, notify(max_retries=0))
    error = errors.RateLimited("Slow down.", retry_after=timedelta(seconds=1))
    outcome = outcome_of(error, job=job, policy=RetryPolicy(), now=START, rng=rng)
    waiting = (await settled(store, job, outcome)).job
    assert (waiting.status, waiting.rate_limits, waiting.retry_count) == (JobStatus.PENDING, 1, 0)


async def test_a_retry_keeps_what_it_counted_of_other_waits(store: JobStore) -> None:
    job = await claimed(store)
    await settled(store, job, Deferred(reason=Text("Playing."), until=at(1)))
    await settled(store, await take(store, at(1)), limited(1), now=at(1))
    last = (await settled(store, await take(store, at(2)), again(1), now=at(2))).job
    assert (last.deferrals, last.rate_limits, last.retry_count) == (1, 1, 1)


async def test_the_run_of_a_clock_that_was_set_back_lasted_no_negative_time(
    store: JobStore, stores: Stores
) -> None:
    job = await claimed(store)
    back = run().__class__(started_at=START, duration=timedelta(seconds=-3600))
    await store.settle(job, again(), run=back, now=at(-3600))
    (attempt,) = await stores.attempts(job.id)
    assert attempt.duration == timedelta(0)


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        (Done(event_title="Dune (2021)"), ("done", "Dune (2021)")),
        (Skipped(reason=Text("A test."), event_title="Test"), ("skipped", "Test")),
        (Failed(error=Text("No JSON.")), ("failed", None)),
        (Cancelled(), ("cancelled", None)),
    ],
)
async def test_a_webhook_is_named_by_the_end_of_its_job(
    store: JobStore, stores: Stores, outcome: Outcome, end: tuple[str, str | None]
) -> None:
    stored, _ = await store.store_webhook(webhook(), now=START)
    await settled(store, await take(store), outcome)
    assert await stores.webhook_end(stored.event_id) == end
