from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.outcomes import Done
from tests.contract.scenes import (
    LANES,
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

WEEK = timedelta(days=7)


async def test_a_timer_makes_a_waiting_job_due_whatever_the_clock_says(store: JobStore) -> None:
    job = (await through(store, notify(), again(5))).job
    (due,) = await store.make_due({job.id: at(5)}, now=at(-3600))
    assert (due.id, due.run_after) == (job.id, at(-3600))
    assert (await take(store, at(-3600))).id == job.id


async def test_a_timer_leaves_alone_what_waits_for_another_instant_by_now(store: JobStore) -> None:
    job = (await through(store, notify(), again(5))).job
    assert await store.make_due({job.id: at(4)}, now=START) == ()
    await store.run_now(job.id, now=START)
    assert await store.make_due({job.id: at(5)}, now=START) == ()
    running = await take(store)
    assert await store.make_due({job.id: at(5)}, now=START) == ()
    await settled(store, running, Done())
    assert await store.make_due({job.id: at(5), 999_999_999: at(5)}, now=START) == ()


async def test_the_next_instant_is_the_earliest_of_all_waits(store: JobStore) -> None:
    assert await nothing(store, START) is None
    await through(store, notify("kodi"), again(50))
    assert await nothing(store, START) == at(50)
    await through(store, notify("discord"), limited(40))
    assert await nothing(store, START) == at(40)
    await added(store, notify(expires_after=timedelta(seconds=30)))
    assert await nothing(store, START) == at(30)


async def test_what_waits_too_long_fails_whether_it_was_tried_or_not(store: JobStore, stores: Stores) -> None:
    await through(store, notify(expires_after=WEEK), again(3600 * 24 * 8))
    (fresh,) = await added(store, notify("kodi", expires_after=WEEK))
    assert (await store.claim({}, now=START + WEEK - timedelta(milliseconds=1))).expired == ()
    expired = (await store.claim({}, now=START + WEEK)).expired
    assert [record.status for record in expired] == [EndStatus.FAILED, EndStatus.FAILED]
    errors = {record.job_id: str(record.error) for record in expired}
    assert "too long" in errors.pop(fresh.id)
    assert list(errors.values()) == ["Server error."]
    assert await stores.record(fresh.id) in expired
    assert await store.jobs() == ()


async def test_jobs_of_a_stopped_lane_expire_and_the_lane_stays_stopped(store: JobStore) -> None:
    await through(store, notify(expires_after=WEEK), rejected())
    claim = await store.claim(LANES, now=START + WEEK)
    assert (len(claim.expired), claim.job) == (1, None)
    assert len(await store.lane_stops()) == 1


async def test_a_running_job_does_not_expire_but_does_when_it_waits_again(store: JobStore) -> None:
    job = await claimed(store, notify(expires_after=timedelta(seconds=10)))
    assert (await store.claim(LANES, now=at(11))).expired == ()
    await settled(store, job, again(5), now=at(12))
    assert len((await store.claim(LANES, now=at(12))).expired) == 1


async def test_a_job_that_expires_leaves_its_place_in_the_lane_to_the_next(store: JobStore) -> None:
    await added(store, notify(expires_after=timedelta(seconds=1)))
    (job,) = await added(store, notify())
    claim = await store.claim({"discord": 1}, now=at(1))
    assert (len(claim.expired), [each.id for each in claim.jobs]) == (1, [job.id])


async def test_many_expire_over_several_claims(store: JobStore) -> None:
    await added(store, *(notify(expires_after=timedelta(seconds=1)) for _ in range(60)))
    ended = 0
    for _ in range(3):
        ended += len((await store.claim({}, now=at(1))).expired)
    assert ended == 60


async def test_run_now_makes_a_waiting_job_due(store: JobStore) -> None:
    job = (await through(store, notify(), again(3600))).job
    due = await store.run_now(job.id, now=at(1))
    assert (due.run_after, due.retry_count) == (at(1), 1)
    assert (await take(store, at(1))).id == job.id


async def test_a_running_job_cannot_be_run_now(store: JobStore) -> None:
    job = await claimed(store)
    with pytest.raises(Refused):
        await store.run_now(job.id, now=START)
    with pytest.raises(NotFound):
        await store.run_now(999_999_999, now=START)
    await nothing(store, START)


async def test_run_now_does_not_open_a_stopped_lane(store: JobStore) -> None:
    job = (await through(store, notify(), rejected())).job
    await store.run_now(job.id, now=at(1))
    await nothing(store, at(1))
