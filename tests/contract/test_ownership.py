from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.jobs import EndStatus, JobStatus, Progress
from metarr_desktop.domain.outcomes import Cancelled, Done, Failed, Interrupted
from metarr_desktop.domain.text import Text
from tests.contract.harness import GONE
from tests.contract.scenes import added, again, at, claimed, limited, notify, run, settled, take, unreachable
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.job_store import JobStore
    from tests.contract.harness import Stores

HALF = Progress(done=1, total=2, note=Text("Reading /films."))


async def test_a_job_that_ended_is_not_settled_again(store: JobStore, stores: Stores) -> None:
    job = await claimed(store)
    await settled(store, job, Done())
    with pytest.raises(NotFound):
        await settled(store, job, Done())
    assert await stores.ran(job.id) == ["done"]


async def test_a_job_that_was_taken_over_is_not_settled_by_who_had_it(
    store: JobStore, stores: Stores
) -> None:
    mine = await claimed(stores.process("died", lease=GONE))
    await store.recover(now=at(1))
    theirs = await take(store, at(1))
    assert theirs.id == mine.id
    with pytest.raises(NotFound):
        await settled(stores.process("died"), mine, limited(60), now=at(2))
    assert await store.job(mine.id) == theirs
    assert await store.lane_stops() == ()
    assert await stores.ran(mine.id) == ["crashed"]


async def test_a_job_that_was_taken_over_in_the_same_moment_is_not_settled_by_who_had_it(
    store: JobStore, stores: Stores
) -> None:
    mine = await claimed(stores.process("died", lease=GONE))
    await store.recover(now=START)
    theirs = await take(store)
    with pytest.raises(NotFound):
        await settled(stores.process("died"), mine, Done())
    assert await store.job(mine.id) == theirs


async def test_a_job_that_was_put_back_is_not_settled_by_who_had_it(store: JobStore, stores: Stores) -> None:
    mine = await claimed(stores.process("died", lease=GONE))
    await store.recover(now=at(1))
    with pytest.raises(NotFound):
        await settled(store, mine, Failed(error=Text("no")), now=at(2))
    assert (await store.jobs())[0].status is JobStatus.PENDING
    assert await stores.ran(mine.id) == ["crashed"]


async def test_an_older_run_of_the_same_worker_does_not_settle_a_newer_one(
    store: JobStore, stores: Stores
) -> None:
    old = await claimed(store)
    await settled(store, old, again(1))
    new = await take(store, at(1))
    assert (new.id, new.worker, new.starts) == (old.id, old.worker, old.starts)
    with pytest.raises(NotFound):
        await settled(store, old, Done(), now=at(2))
    assert await store.report_progress(old, HALF, now=at(2)) is None
    assert await store.job(old.id) == new
    assert (await settled(store, new, Done(), now=at(3))).record is not None
    assert await stores.ran(old.id) == ["retry", "done"]


async def test_a_settlement_that_is_dropped_leaves_no_trace_in_its_lane(
    store: JobStore, stores: Stores
) -> None:
    jobs = [await claimed(store) for _ in range(5)]
    for job in jobs[:4]:
        await settled(store, job, unreachable(3600))
    await settled(store, jobs[4], Interrupted())
    with pytest.raises(NotFound):
        await settled(store, jobs[4], unreachable(3600))
    assert await store.lane_stops() == ()


async def test_a_lost_merged_job_drops_the_whole_settlement(store: JobStore, stores: Stores) -> None:
    await added(store, notify(merge_key="/a"), notify(merge_key="/a"))
    leader = await take(store)
    (follower,) = leader.merged
    await store.settle(follower, Cancelled(), run=None, now=START)
    with pytest.raises(NotFound):
        await settled(store, leader, Done())
    assert (await store.job(leader.id) or follower).status is JobStatus.PROCESSING
    assert await stores.ran(leader.id) == []


async def test_a_waiting_job_is_cancelled_at_once_and_without_an_attempt(
    store: JobStore, stores: Stores
) -> None:
    (job,) = await added(store, notify())
    record = (await store.settle(job, Cancelled(), run=None, now=at(1))).record
    assert record is not None
    assert (record.status, record.started_at, record.attempts) == (EndStatus.CANCELLED, None, 0)
    assert await stores.record(job.id) == record
    assert (await store.jobs(), await stores.ran(job.id)) == ((), [])


async def test_a_job_claimed_meanwhile_is_not_cancelled_as_waiting(store: JobStore) -> None:
    (job,) = await added(store, notify())
    await take(store)
    with pytest.raises(Refused, match="running"):
        await store.settle(job, Cancelled(), run=None, now=START)
    assert (await store.jobs())[0].status is JobStatus.PROCESSING


async def test_a_job_that_ended_meanwhile_is_not_cancelled(store: JobStore) -> None:
    (job,) = await added(store, notify())
    await settled(store, await take(store), Done())
    with pytest.raises(NotFound):
        await store.settle(job, Cancelled(), run=None, now=START)


async def test_a_running_job_is_cancelled_with_its_attempt(store: JobStore, stores: Stores) -> None:
    job = await claimed(store)
    assert (await settled(store, job, Cancelled())).record is not None
    assert await stores.ran(job.id) == ["cancelled"]


async def test_where_no_other_process_could_run_a_job_nobody_is_asked_to_cancel_it(store: JobStore) -> None:
    if store.shared:
        pytest.skip("others share this store")
    job = await claimed(store)
    with pytest.raises(Refused):
        await store.request_cancel(job.id, now=START)


async def test_progress_is_kept_while_a_job_runs(store: JobStore) -> None:
    job = await claimed(store)
    told = await store.report_progress(job, HALF, now=at(1))
    assert told is not None
    assert (told.id, told.progress, told.updated_at) == (job.id, HALF, at(1))
    assert await store.job(job.id) == told


@pytest.mark.parametrize("outcome", [again(1), Interrupted()])
async def test_progress_is_gone_when_the_job_waits_again(store: JobStore, outcome: Outcome) -> None:
    job = await claimed(store)
    await store.report_progress(job, HALF, now=START)
    assert (await settled(store, job, outcome)).job.progress is None
    assert (await take(store, at(1))).progress is None
    assert await store.report_progress(job, HALF, now=at(1)) is None


async def test_a_crash_leaves_no_progress_behind(store: JobStore, stores: Stores) -> None:
    died = stores.process("died", lease=GONE)
    job = await claimed(died)
    await died.report_progress(job, HALF, now=START)
    assert [each.progress for each in (await store.recover(now=at(1))).jobs] == [None]


async def test_progress_is_refused_of_a_job_that_waits_ended_or_is_run_by_another(
    store: JobStore, stores: Stores
) -> None:
    (waiting,) = await added(store, notify())
    assert await store.report_progress(waiting, HALF, now=START) is None
    job = await take(store)
    ended = await settled(store, job, Done())
    assert ended.record is not None
    assert await store.report_progress(job, HALF, now=START) is None
    mine = await claimed(stores.process("died", lease=GONE))
    await store.recover(now=at(1))
    theirs = await take(store, at(1))
    assert await store.report_progress(mine, HALF, now=at(2)) is None
    assert await store.job(mine.id) == theirs
    assert run().started_at == START
