"""Rules of stores that several processes share: leases, lanes over all of them, and work left to others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import NotFound
from metarr_desktop.domain.jobs import EndStatus, JobStatus
from metarr_desktop.domain.lanes import BlockCause, LaneState
from metarr_desktop.domain.outcomes import Blocked, Done, Failed
from metarr_desktop.domain.text import Text
from tests.contract.harness import GONE
from tests.contract.scenes import (
    LANES,
    added,
    at,
    claimed,
    nothing,
    notify,
    settled,
    take,
    through,
    unreachable,
)
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.storage.job_store import JobStore
    from tests.contract.harness import Stores

NOT_HERE = Failed(error=Text("The folder is not on this computer."), elsewhere=True)


@pytest.fixture(autouse=True)
def _only_shared(store: JobStore) -> None:
    if not store.shared:
        pytest.skip("one process at a time works on this store")


@pytest.fixture
def there(stores: Stores) -> JobStore:
    """Return the store of a second process."""
    return stores.process("there")


async def test_two_processes_never_run_one_job(store: JobStore, there: JobStore) -> None:
    await added(store, *(notify() for _ in range(40)))
    taken: list[int] = []

    async def work(process: JobStore) -> None:
        while len(taken) < 40:
            taken.extend(job.id for job in (await process.claim(LANES, now=START, limit=3)).jobs)

    await asyncio.gather(work(store), work(there), work(store), work(there))
    assert sorted(taken) == sorted(job.id for job in await store.jobs())


async def test_a_lane_runs_no_more_than_its_number_in_all_processes_together(
    store: JobStore, there: JobStore
) -> None:
    await added(store, *(notify() for _ in range(4)))
    assert len((await store.claim({"discord": 2}, now=START, limit=1)).jobs) == 1
    assert len((await there.claim({"discord": 2}, now=START, limit=9)).jobs) == 1
    await nothing(store, START, discord=2)
    await nothing(there, START, discord=2)


async def test_a_job_that_is_held_is_not_taken_over(store: JobStore, there: JobStore) -> None:
    job = await claimed(store)
    recovery = await there.recover(now=at(3600 * 24))
    assert (recovery.jobs, recovery.records) == ((), ())
    assert (await settled(store, job, Done())).record is not None


async def test_a_program_takes_back_at_once_what_the_last_one_of_its_data_folder_held(stores: Stores) -> None:
    before = stores.process("nas-1-abc.1")
    other = stores.process("nas-2-def.1")
    await before.renew([])
    await other.renew([])
    job, theirs = await claimed(before), await claimed(other)
    after = stores.process("nas-3-abc.2")
    own = await claimed(after)
    assert [each.id for each in (await after.recover(now=at(1))).jobs] == [job.id]
    leases = await after.renew([own.id])
    assert leases.lost == ()
    assert (await other.renew([theirs.id])).lost == ()


async def test_leases_go_by_the_clock_of_the_server_and_a_heartbeat_renews_them(
    store: JobStore, there: JobStore, stores: Stores
) -> None:
    await store.recover(now=START)  # as each program begins
    job = await claimed(stores.process("here", lease=GONE))
    assert (await store.renew([job.id])).lost == ()
    assert (await there.recover(now=at(3600 * 24))).jobs == ()


async def test_a_lost_lease_is_told_and_drops_the_settlement(
    store: JobStore, there: JobStore, stores: Stores
) -> None:
    await store.recover(now=START)
    job, kept = await claimed(stores.process("here", lease=GONE)), await claimed(store)
    (back,) = (await there.recover(now=at(1))).jobs
    assert back.id == job.id
    assert (await take(there, at(1))).id == job.id
    leases = await store.renew([job.id, kept.id])
    assert (leases.lost, leases.cancelled) == ((job.id,), ())
    with pytest.raises(NotFound):
        await settled(store, job, Done())
    assert (await store.job(job.id) or job).status is JobStatus.PROCESSING


async def test_a_job_of_ours_whose_lease_is_over_is_not_taken_back_by_ourselves(stores: Stores) -> None:
    slow = stores.process("here", lease=GONE)
    job = await claimed(slow)
    assert (await slow.recover(now=at(1), running=[job.id])).jobs == ()
    assert len((await slow.recover(now=at(1))).jobs) == 1


async def test_a_probe_whose_lease_is_lost_frees_its_lane(
    store: JobStore, there: JobStore, stores: Stores
) -> None:
    for _ in range(5):
        await through(store, notify(), unreachable(3600))
    await added(store, notify(), now=at(1))
    assert (await take(stores.process("died", lease=GONE), at(60))).probe
    await nothing(there, at(61))
    await there.recover(now=at(61))
    assert [stop.state for stop in await there.lane_stops()] == [LaneState.BREAKER]
    assert (await take(there, at(61))).probe


async def test_what_is_not_here_is_left_to_another_process_that_lives(
    store: JobStore, there: JobStore, stores: Stores
) -> None:
    await store.renew([])
    await there.renew([])
    job = await claimed(store)
    settlement = await settled(store, job, NOT_HERE)
    assert (settlement.record, settlement.job.status) == (None, JobStatus.PENDING)
    assert str(settlement.job.reason) == "The folder is not on this computer."
    assert await stores.ran(job.id) == ["deferred"]
    await nothing(store, at(1))
    theirs = await take(there, at(1))
    record = (await settled(there, theirs, NOT_HERE, now=at(1))).record
    assert record is not None
    assert record.status is EndStatus.FAILED


async def test_what_was_left_to_a_process_that_is_gone_since_is_looked_at_again(
    store: JobStore, there: JobStore
) -> None:
    await store.renew([])
    await there.renew([])
    job = await claimed(store)
    await settled(store, job, NOT_HERE)
    assert (await store.recover(now=at(1))).jobs == ()
    await nothing(store, at(1))
    await there.leave()
    (offered,) = (await store.recover(now=at(2))).jobs
    assert offered.id == job.id
    record = (await settled(store, await take(store, at(2)), NOT_HERE, now=at(2))).record
    assert record is not None
    assert record.status is EndStatus.FAILED


async def test_settings_missing_on_one_computer_stop_no_other(store: JobStore, there: JobStore) -> None:
    missing = Blocked(reason=Text("Token is missing."), cause=BlockCause.NOT_SET_UP)
    settlement = await through(store, notify(), missing)
    assert (settlement.kept, await store.lane_stops()) == (False, ())
    await take(there, at(1))


async def test_what_is_nowhere_fails_where_nobody_else_lives(store: JobStore, there: JobStore) -> None:
    await store.renew([])
    await there.renew([])
    await there.leave()
    record = (await through(store, notify(), NOT_HERE)).record
    assert record is not None
    assert str(record.error) == "The folder is not on this computer."


async def test_what_was_left_to_others_is_not_merged_back_into_a_job_of_ours(
    store: JobStore, there: JobStore
) -> None:
    await there.renew([])
    await through(store, notify(merge_key="/a"), NOT_HERE)
    assert (await claimed(store, notify(merge_key="/a", priority=1), now=at(1))).merged == ()


async def test_a_person_cancels_what_another_process_runs(store: JobStore, there: JobStore) -> None:
    job, other = await claimed(there), await claimed(there)
    assert (await store.request_cancel(job.id, now=START)).id == job.id
    leases = await there.renew([job.id, other.id])
    assert (leases.cancelled, leases.lost) == ((job.id,), ())
    with pytest.raises(NotFound):
        await store.request_cancel(999_999_999, now=START)


async def test_the_wish_to_cancel_is_forgotten_with_the_run_it_meant(
    store: JobStore, there: JobStore, stores: Stores
) -> None:
    job = await claimed(stores.process("died", lease=GONE))
    await store.request_cancel(job.id, now=START)
    await store.recover(now=at(1))
    await take(there, at(1))
    assert (await there.renew([job.id])).cancelled == ()


async def test_twins_added_at_the_same_time_by_two_processes_become_one(
    store: JobStore, there: JobStore
) -> None:
    insertions = await asyncio.gather(
        *(process.add([notify(dedupe_key="k")], now=START) for process in (store, there) * 5)
    )
    assert sum(len(each.jobs) for each in insertions) == 1
    assert sum(len(each.joined) for each in insertions) == 9


async def test_twins_added_while_one_is_claimed_are_neither_lost_nor_doubled(
    store: JobStore, there: JobStore
) -> None:
    async def add() -> None:
        for _ in range(20):
            await store.add([notify(dedupe_key="k")], now=START)

    async def work() -> int:
        done = 0
        for _ in range(40):
            job = (await there.claim(LANES, now=START)).job
            if job is not None:
                done += len((await settled(there, job, Done())).records)
        return done

    _, done = await asyncio.gather(add(), work())
    assert done >= 1
    assert (await store.counts()).pending <= 1
