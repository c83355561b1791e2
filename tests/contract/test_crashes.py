from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.jobs import AttemptOutcome, EndStatus, JobStatus
from metarr_desktop.domain.outcomes import Deferred, Done, Interrupted
from metarr_desktop.domain.text import Text
from metarr_desktop.storage.job_store import POISONED_AT
from tests.contract.harness import GONE
from tests.contract.scenes import added, again, at, claimed, notify, settled, take, webhook
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.job_store import JobStore
    from tests.contract.harness import Stores


@pytest.fixture
def died(stores: Stores) -> JobStore:
    """Return the store of a process whose end is noticed at once."""
    return stores.process("died", lease=GONE)


async def test_what_ran_goes_back_with_a_crashed_attempt(
    store: JobStore, died: JobStore, stores: Stores
) -> None:
    job = await claimed(died)
    (other,) = await added(store, notify())
    recovery = await store.recover(now=at(1))
    (back,) = recovery.jobs
    assert (back.id, back.status, back.starts, back.retry_count) == (job.id, JobStatus.PENDING, 1, 0)
    assert (back.worker, back.started_at, back.run_after) == (None, None, at(1))
    assert recovery.records == ()
    (attempt,) = await stores.attempts(job.id)
    assert (attempt.outcome, attempt.duration) == (AttemptOutcome.CRASHED, timedelta(seconds=1))
    assert (attempt.started_at, attempt.number) == (START, 1)
    assert await stores.ran(other.id) == []
    assert (await take(store, at(1), discord=1)).id in {job.id, other.id}


async def test_a_second_start_is_counted_after_a_crash(store: JobStore, died: JobStore) -> None:
    job = await claimed(died)
    await store.recover(now=at(1))
    again_started = await take(store, at(1))
    assert (again_started.id, again_started.starts) == (job.id, 2)


async def test_recovery_finds_nothing_twice(store: JobStore, died: JobStore, stores: Stores) -> None:
    job = await claimed(died)
    await store.recover(now=at(1))
    recovery = await store.recover(now=at(2))
    assert (recovery.jobs, recovery.records) == ((), ())
    assert await stores.ran(job.id) == ["crashed"]


async def test_a_process_never_takes_back_what_it_runs(store: JobStore, died: JobStore) -> None:
    job, other = await claimed(died), await claimed(died)
    recovery = await store.recover(now=at(1), running=[job.id])
    assert [each.id for each in recovery.jobs] == [other.id]
    assert (await store.job(job.id) or other).status is JobStatus.PROCESSING


async def test_a_clock_set_back_during_a_crash_makes_no_negative_time(
    store: JobStore, died: JobStore, stores: Stores
) -> None:
    job = await claimed(died)
    await store.recover(now=at(-3600))
    (attempt,) = await stores.attempts(job.id)
    assert attempt.duration == timedelta(0)


async def test_the_third_crash_in_a_row_fails_a_job(store: JobStore, died: JobStore, stores: Stores) -> None:
    job = await claimed(died)
    for crash in range(1, POISONED_AT):
        assert len((await store.recover(now=at(crash))).jobs) == 1
        assert (await take(died, at(crash))).starts == crash + 1
    recovery = await store.recover(now=at(9))
    (record,) = recovery.records
    assert recovery.jobs == ()
    assert (record.job_id, record.status, record.completed_at) == (job.id, EndStatus.FAILED, at(9))
    assert "3 times" in str(record.error)
    assert await stores.record(job.id) == record
    assert await stores.ran(job.id) == ["crashed"] * 3
    assert await store.jobs() == ()


@pytest.mark.parametrize("outcome", [again(0), Interrupted(), Deferred(reason=Text("Playing."), until=START)])
async def test_any_settlement_sets_the_count_of_crashes_back(
    store: JobStore, died: JobStore, outcome: Outcome
) -> None:
    job = await claimed(died)
    for _ in range(POISONED_AT - 1):
        await store.recover(now=at(1))
        job = await take(died, at(1))
    assert job.starts == POISONED_AT
    assert (await settled(died, job, outcome, now=at(2))).job.starts == 0
    job = await take(died, at(2))
    assert job.starts == 1
    assert len((await store.recover(now=at(3))).jobs) == 1


async def test_a_webhook_whose_job_is_given_up_is_named_failed(
    store: JobStore, died: JobStore, stores: Stores
) -> None:
    stored, _ = await store.store_webhook(webhook(), now=START)
    for _ in range(POISONED_AT):
        await take(died)
        await store.recover(now=START)
    assert await stores.webhook_end(stored.event_id) == ("failed", None)


async def test_merged_jobs_crash_each_for_themselves_and_go_as_one_again(
    store: JobStore, died: JobStore, stores: Stores
) -> None:
    await added(store, notify(merge_key="/a"), notify(merge_key="/a"))
    leader = await take(died)
    recovery = await store.recover(now=at(1))
    assert {(job.merged_into, job.starts) for job in recovery.jobs} == {(None, 1)}
    assert len(recovery.jobs) == 2
    assert await stores.ran(leader.merged[0].id) == ["crashed"]
    job = await take(store, at(1))
    assert len(job.merged) == 1
    await settled(store, job, Done(), now=at(2))
    assert await stores.ran(leader.merged[0].id) == ["crashed", "done"]
