from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.jobs import JobStatus
from metarr_desktop.domain.lanes import BlockCause, LaneState
from metarr_desktop.domain.outcomes import Blocked, Deferred, Done, Failed
from metarr_desktop.domain.text import Text
from tests.contract.scenes import (
    added,
    again,
    at,
    claimed,
    limited,
    nothing,
    notify,
    rejected,
    settled,
    take,
    through,
)
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.storage.job_store import JobStore
    from tests.contract.harness import Stores


async def test_a_rate_limit_stops_the_lane_exactly_until_its_time(store: JobStore) -> None:
    job = await claimed(store)
    await added(store, notify())
    settlement = await settled(store, job, limited(42))
    assert (settlement.job.retry_count, settlement.job.rate_limits) == (0, 1)
    (stop,) = await store.lane_stops()
    assert settlement.stopped == stop
    assert (stop.lane, stop.state, stop.until, str(stop.reason)) == (
        "discord",
        LaneState.RATE_LIMITED,
        at(42),
        "Slow down.",
    )
    assert await nothing(store, at(41.999)) == at(42)
    opened = await store.claim({"discord": 2}, now=at(42), limit=2)
    assert (len(opened.jobs), opened.reopened) == (2, ("discord",))
    assert await store.lane_stops() == ()


async def test_a_job_that_is_given_up_over_a_rate_limit_stops_its_lane_all_the_same(store: JobStore) -> None:
    given_up = Failed(error=Text("Asked to wait too long."), stop_for=timedelta(hours=1))
    settlement = await settled(store, await claimed(store), given_up)
    assert settlement.record is not None
    await added(store, notify())
    assert await nothing(store, at(3599)) == at(3600)
    await take(store, at(3600))


async def test_a_stopped_lane_holds_up_no_other(store: JobStore) -> None:
    await settled(store, await claimed(store), limited(42))
    assert (await claimed(store, notify("kodi"))).lane == "kodi"


async def test_the_longer_of_two_rate_limits_counts_whichever_comes_first(store: JobStore) -> None:
    jobs = [await claimed(store) for _ in range(3)]
    for job, seconds in zip(jobs, (300, 2, 900), strict=True):
        settlement = await settled(store, job, limited(seconds))
        assert (settlement.stopped is None) == (seconds == 2)
    (stop,) = await store.lane_stops()
    assert stop.until == at(900)


async def test_a_rate_limit_is_obeyed_though_settings_were_saved_meanwhile(
    store: JobStore, stores: Stores
) -> None:
    job = await claimed(store)
    await stores.save_settings("discord", now=at(1))
    await settled(store, job, limited(60), now=at(2))
    (stop,) = await store.lane_stops()
    assert stop.state is LaneState.RATE_LIMITED


@pytest.mark.parametrize("cause", [BlockCause.KEY_REJECTED, BlockCause.NOT_SET_UP])
async def test_a_blocked_lane_makes_no_second_request_until_a_person_acts(
    store: JobStore, stores: Stores, cause: BlockCause
) -> None:
    if store.shared and cause is BlockCause.NOT_SET_UP:
        pytest.skip("others who share this store may be set up")
    job = await claimed(store)
    await added(store, notify())
    blocked = Blocked(reason=Text("Key rejected."), cause=cause)
    settlement = await settled(store, job, blocked)
    assert (settlement.job.status, settlement.job.retry_count) == (JobStatus.PENDING, 0)
    assert str(settlement.job.reason) == "Key rejected."
    assert settlement.kept
    assert await nothing(store, START + timedelta(days=3)) is None
    (stop,) = await store.lane_stops()
    assert (stop.state, stop.cause, stop.until) == (LaneState.BLOCKED, cause, None)
    (released,), waiting = await store.open_lane("discord", now=at(1))
    assert (released.id, released.reason, waiting) == (job.id, None, 2)
    assert await store.lane_stops() == ()
    assert (await take(store, at(1))).id == job.id
    assert await stores.ran(job.id) == ["blocked"]


async def test_a_block_holds_for_every_process_and_after_a_restart(store: JobStore, stores: Stores) -> None:
    await settled(store, await claimed(store), rejected())
    there = stores.process("there")
    await nothing(there, at(1))
    (stop,) = await there.lane_stops()
    assert (stop.cause, stop.since) == (BlockCause.KEY_REJECTED, START)


async def test_a_keyring_that_does_not_answer_stops_no_other_process(store: JobStore, stores: Stores) -> None:
    locked = Blocked(reason=Text("The keyring is locked."), cause=BlockCause.KEYRING)
    settlement = await settled(store, await claimed(store), locked)
    assert settlement.stopped is not None
    assert (settlement.stopped.cause, settlement.kept) == (BlockCause.KEYRING, False)
    assert await store.lane_stops() == ()
    assert (await take(stores.process("there"))).lane == "discord"


async def test_opening_a_lane_that_stopped_here_only_lets_its_jobs_say_nothing_more(store: JobStore) -> None:
    locked = Blocked(reason=Text("The keyring is locked."), cause=BlockCause.KEYRING)
    job = await claimed(store)
    await settled(store, job, locked)
    assert await store.open_lane("discord", now=at(1)) == ((), 0)
    (released,), waiting = await store.open_lane("discord", now=at(1), local=True)
    assert (released.id, released.reason, waiting) == (job.id, None, 1)


async def test_a_rate_limit_does_not_replace_a_stop_that_needs_a_person(store: JobStore) -> None:
    first, second = await claimed(store), await claimed(store)
    await settled(store, first, rejected())
    await settled(store, second, limited(1))
    (stop,) = await store.lane_stops()
    assert stop.cause is BlockCause.KEY_REJECTED
    await nothing(store, at(2))


async def test_a_stop_that_needs_a_person_replaces_a_rate_limit(store: JobStore) -> None:
    first, second = await claimed(store), await claimed(store)
    await settled(store, first, limited(1))
    await settled(store, second, rejected())
    assert await nothing(store, at(2)) is None
    (stop,) = await store.lane_stops()
    assert stop.state is LaneState.BLOCKED


async def test_a_key_rejected_after_it_was_mended_stops_nothing(store: JobStore, stores: Stores) -> None:
    job = await claimed(store)
    await stores.save_settings("discord", now=at(1))
    assert (await settled(store, job, rejected(), now=at(1))).stopped is None
    assert await store.lane_stops() == ()
    assert (await take(store, at(1))).id == job.id


async def test_a_key_of_a_player_rejected_after_it_was_mended_stops_nothing(
    store: JobStore, stores: Stores
) -> None:
    job = await claimed(store)
    await stores.save_player("discord", now=at(1))
    assert (await settled(store, job, rejected(), now=at(1))).stopped is None
    assert await store.lane_stops() == ()


async def test_a_key_of_a_player_mended_before_the_run_began_may_be_rejected(
    store: JobStore, stores: Stores
) -> None:
    await stores.save_player("discord", now=START)
    job = await claimed(store, now=at(1))
    await settled(store, job, rejected(), now=at(1))
    assert len(await store.lane_stops()) == 1


async def test_a_key_mended_before_the_run_began_may_be_rejected(store: JobStore, stores: Stores) -> None:
    await stores.save_settings("discord", now=START)
    job = await claimed(store, now=at(1))
    await settled(store, job, rejected(), now=at(1))
    assert len(await store.lane_stops()) == 1


async def test_opening_a_lane_leaves_a_rate_limit_and_other_waits_alone(store: JobStore) -> None:
    first, second = await claimed(store), await claimed(store)
    await settled(store, first, limited(900))
    await settled(store, second, Deferred(reason=Text("Playing."), until=at(3600)))
    assert await store.open_lane("discord", now=at(1)) == ((), 0)
    (stop,) = await store.lane_stops()
    assert stop.until == at(900)
    assert {job.run_after for job in await store.jobs()} == {at(900), at(3600)}


async def test_opening_a_lane_that_is_open_does_nothing(store: JobStore) -> None:
    await through(store, notify(), again(60))
    assert await store.open_lane("discord", now=at(1)) == ((), 0)
    assert await nothing(store, at(1)) == at(60)


async def test_a_stop_is_ended_early_only_where_it_is_the_one_meant(store: JobStore) -> None:
    await settled(store, await claimed(store), limited(42))
    assert not await store.end_stop("discord", until=at(41))
    assert not await store.end_stop("kodi", until=at(42))
    assert await store.end_stop("discord", until=at(42))
    claim = await store.claim({"discord": 1}, now=at(1))
    assert claim.reopened == ("discord",)
    assert not await store.end_stop("discord", until=at(42))


async def test_a_lane_that_works_leaves_nothing_behind(store: JobStore) -> None:
    settlement = await through(store, notify(), Done())
    assert (settlement.stopped, settlement.opened) == (None, False)
    assert await store.lane_stops() == ()
