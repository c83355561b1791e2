"""Lanes that come while the program runs: those of groups, ``kodi`` and ``kodi/kids``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.jobs import NewJob
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.outcomes import Done
from tests.contract.scenes import added, at, limited, rejected, settled
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.storage.job_store import JobStore

FIRST, KIDS = "kodi", "kodi/kids"


def refresh(lane: str, *, folder: str = "/films/Up") -> NewJob:
    return NewJob(type="notify-kodi", lane=lane, priority=5, merge_key=folder)


async def claimed(store: JobStore, *lanes: str, second: float = 0) -> list[Job]:
    claim = await store.claim(dict.fromkeys(lanes, 1), now=at(second), limit=8)
    return list(claim.jobs)


async def test_groups_run_beside_each_other_and_each_one_at_a_time(store: JobStore) -> None:
    await added(store, refresh(FIRST), refresh(KIDS), refresh(FIRST, folder="/b"), refresh(KIDS, folder="/b"))
    assert [job.lane for job in await claimed(store, FIRST, KIDS)] == [FIRST, KIDS]
    assert await claimed(store, FIRST, KIDS) == []


async def test_one_folder_is_merged_within_a_group_only(store: JobStore) -> None:
    await added(store, refresh(FIRST), refresh(KIDS), refresh(KIDS))
    first, kids = await claimed(store, FIRST, KIDS)
    assert (len(first.merged), len(kids.merged)) == (0, 1)


async def test_a_lane_that_nobody_serves_yet_waits_and_is_served_once_it_is_known(store: JobStore) -> None:
    await added(store, refresh(KIDS))
    assert await claimed(store, FIRST) == []
    (job,) = await claimed(store, FIRST, KIDS, second=1)
    assert job.lane == KIDS


async def test_a_group_that_stopped_holds_up_no_other_and_opens_alone(store: JobStore) -> None:
    await added(store, refresh(FIRST), refresh(KIDS))
    first, kids = await claimed(store, FIRST, KIDS)
    await settled(store, kids, rejected())
    await settled(store, first, rejected())
    assert {stop.lane for stop in await store.lane_stops()} == {FIRST, KIDS}
    assert (await store.open_lane(KIDS, now=START))[1] == 1
    assert [(stop.lane, stop.state) for stop in await store.lane_stops()] == [(FIRST, LaneState.BLOCKED)]
    (again,) = await claimed(store, FIRST, KIDS, second=1)
    assert again.id == kids.id
    settlement = await settled(store, again, Done(detail=None))
    assert settlement.record is not None
    assert settlement.record.lane == KIDS


async def test_a_rate_limit_is_of_one_group(store: JobStore) -> None:
    await added(store, refresh(KIDS))
    (job,) = await claimed(store, FIRST, KIDS)
    await settled(store, job, limited(60))
    await added(store, refresh(FIRST), refresh(KIDS))
    assert [each.lane for each in await claimed(store, FIRST, KIDS, second=1)] == [FIRST]


async def test_what_failed_in_a_group_is_tried_again_in_its_lane(store: JobStore) -> None:
    await added(store, refresh(KIDS))
    (job,) = await claimed(store, FIRST, KIDS)
    settlement = await settled(store, job, Done(detail=None))
    assert settlement.record is not None
    again, is_new = await store.retry(settlement.record.job_id, max_retries=3, now=at(60))
    assert (again.lane, is_new) == (KIDS, True)
