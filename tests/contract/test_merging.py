from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.jobs import EndStatus, JobStatus
from metarr_desktop.domain.outcomes import Cancelled, Deferred, Done, Failed, Interrupted, Skipped
from metarr_desktop.domain.text import Text
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
    from metarr_desktop.domain.jobs import Job, NewJob
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.job_store import JobStore
    from tests.contract.harness import Stores

FOLDER = "/series/Dark"
WINDOW = timedelta(seconds=15)


def refresh(folder: str = FOLDER, **changes: object) -> NewJob:
    return notify("kodi", merge_key=folder, **changes)


async def leader_of(store: JobStore, count: int) -> Job:
    await added(store, *(refresh(payload={"n": n}) for n in range(count)))
    job = await take(store)
    assert len(job.merged) == count - 1
    return job


async def test_the_first_request_goes_at_once(store: JobStore) -> None:
    (first,) = await added(store, refresh())
    job = await take(store)
    assert (job.id, job.merged, job.merged_into) == (first.id, (), None)


async def test_what_waits_for_the_same_place_is_claimed_as_one(store: JobStore) -> None:
    jobs = await added(store, refresh(), refresh("/films"), refresh(), notify("kodi"), refresh())
    other_lane = notify("discord", merge_key=FOLDER)
    await added(store, other_lane)
    claim = await store.claim({"kodi": 100}, now=START, limit=1)
    (leader,) = claim.jobs
    assert leader.id == jobs[0].id
    assert [job.id for job in leader.merged] == [jobs[2].id, jobs[4].id]
    assert {(job.status, job.merged_into, job.starts) for job in leader.merged} == {
        (JobStatus.PROCESSING, leader.id, 1)
    }
    rest = await store.claim(LANES, now=START, limit=32)
    assert {job.id for job in rest.jobs} == {jobs[1].id, jobs[3].id, jobs[4].id + 1}


async def test_jobs_that_go_as_one_use_one_place_of_their_lane(store: JobStore) -> None:
    await added(store, refresh(), refresh(), refresh("/films"), refresh("/music"))
    claim = await store.claim({"kodi": 2}, now=START, limit=32)
    assert [len(job.merged) for job in claim.jobs] == [1, 0]
    await nothing(store, START, kodi=2)
    assert (await take(store, START, kodi=3)).merge_key == "/music"


async def test_each_merged_job_has_a_history_row_and_an_attempt_of_its_own(
    store: JobStore, stores: Stores
) -> None:
    leader = await leader_of(store, 3)
    settlement = await settled(store, leader, Done(result={"id": 7}), now=at(1))
    assert [record.job_id for record in settlement.records] == [leader.id, *(j.id for j in leader.merged)]
    assert {record.status for record in settlement.records} == {EndStatus.COMPLETED}
    assert [record.result for record in settlement.records] == [
        {"id": 7},
        {"merged_into": leader.id},
        {"merged_into": leader.id},
    ]
    assert [record.payload for record in settlement.records] == [{"n": 0}, {"n": 1}, {"n": 2}]
    for record in settlement.records:
        assert await stores.record(record.job_id) == record
        assert await stores.ran(record.job_id) == ["done"]
    (attempt,) = await stores.attempts(leader.merged[0].id)
    assert str(attempt.detail) == f"Done together with job {leader.id}."
    assert await store.jobs() == ()


@pytest.mark.parametrize("outcome", [Skipped(reason=Text("Off.")), Failed(error=Text("No."))])
async def test_merged_jobs_end_as_their_leader_does(store: JobStore, outcome: Outcome) -> None:
    settlement = await settled(store, await leader_of(store, 2), outcome)
    assert len({(record.status, str(record.error)) for record in settlement.records}) == 1
    assert len(settlement.records) == 2


async def test_each_merged_job_goes_back_with_its_own_count_of_retries(store: JobStore) -> None:
    old = (await through(store, refresh(max_retries=1), again(60))).job
    await added(store, refresh(), now=at(1))
    leader = await take(store, at(1))
    assert [job.id for job in leader.merged] == [old.id]
    outcomes = [Failed(error=Text("No answer."))]
    settlement = await settled(store, leader, again(60), now=at(1), merged=outcomes)
    assert (settlement.job.id, settlement.job.retry_count) == (leader.id, 1)
    (record,) = settlement.records
    assert (record.job_id, record.retry_count, record.status) == (old.id, 1, EndStatus.FAILED)


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [
        (again(5), (1, 0, 0)),
        (limited(5), (0, 1, 0)),
        (Deferred(reason=Text("Playing."), until=at(5)), (0, 0, 1)),
        (Interrupted(), (0, 0, 0)),
        (rejected(), (0, 0, 0)),
    ],
)
async def test_merged_jobs_wait_again_as_their_leader_does(
    store: JobStore, stores: Stores, outcome: Outcome, counts: tuple[int, int, int]
) -> None:
    leader = await leader_of(store, 2)
    settlement = await settled(store, leader, outcome)
    assert [job.id for job in settlement.changed] == [leader.merged[0].id]
    for job in (settlement.job, *settlement.changed):
        assert await store.job(job.id) == job
        assert (job.status, job.merged_into, job.starts) == (JobStatus.PENDING, None, 0)
        assert (job.retry_count, job.rate_limits, job.deferrals) == counts
        assert len(await stores.ran(job.id)) == 1
    await store.open_lane("kodi", now=at(5))
    assert len((await take(store, at(5))).merged) == 1


async def test_what_comes_while_one_runs_goes_as_one_after_the_window(store: JobStore) -> None:
    running = await claimed(store, refresh())
    late = await added(store, refresh(), refresh(), now=at(1))
    claim = await store.claim(LANES, now=at(2))
    assert claim.jobs == ()
    assert [job.id for job in claim.held] == [job.id for job in late]
    assert claim.held == await same(store, claim.held)
    assert "together" in str(claim.held[0].reason)
    await settled(store, running, Done(), now=at(4), merge_window=WINDOW)
    for second in (5, 10, 18.9):
        await nothing(store, at(second))
    then = await take(store, at(19))
    assert [then.id, *(job.id for job in then.merged)] == [job.id for job in late]
    assert (then.reason, then.run_after <= at(19)) == (None, True)


async def same(store: JobStore, jobs: tuple[Job, ...]) -> tuple[Job | None, ...]:
    return tuple([await store.job(job.id) for job in jobs])


async def test_a_person_who_says_run_now_waits_for_no_window(store: JobStore) -> None:
    await settled(store, await claimed(store, refresh()), Done(), now=START, merge_window=WINDOW)
    (job,) = await added(store, refresh(), now=at(2))
    await nothing(store, at(2))
    await store.run_now(job.id, now=at(3))
    assert (await take(store, at(3))).id == job.id


async def test_what_comes_inside_the_window_goes_as_one_when_it_ends(store: JobStore) -> None:
    await settled(store, await claimed(store, refresh()), Done(), now=START, merge_window=WINDOW)
    await added(store, refresh(), now=at(2))
    assert await nothing(store, at(2)) == at(15)
    await added(store, refresh(), now=at(14))
    assert await nothing(store, at(14)) == at(15)
    assert len((await take(store, at(15))).merged) == 1


async def test_what_comes_after_the_window_goes_at_once(store: JobStore) -> None:
    await settled(store, await claimed(store, refresh()), Done(), now=START, merge_window=WINDOW)
    assert (await claimed(store, refresh(), now=at(15))).merged == ()


async def test_the_window_holds_up_no_other_place_and_no_other_lane(store: JobStore) -> None:
    await settled(store, await claimed(store, refresh()), Done(), now=START, merge_window=WINDOW)
    await added(store, refresh(priority=1), refresh("/films"), notify("discord", merge_key=FOLDER), now=at(1))
    claim = await store.claim(LANES, now=at(1), limit=32)
    assert [(job.lane, job.merge_key) for job in claim.jobs] == [("kodi", "/films"), ("discord", FOLDER)]
    assert len(claim.held) == 1


async def test_a_success_without_a_window_holds_nobody_up(store: JobStore) -> None:
    await through(store, refresh(), Done())
    await claimed(store, refresh())


@pytest.mark.parametrize("outcome", [Failed(error=Text("No.")), Skipped(reason=Text("Off.")), Cancelled()])
async def test_only_a_success_opens_a_window(store: JobStore, outcome: Outcome) -> None:
    await settled(store, await claimed(store, refresh()), outcome, merge_window=WINDOW)
    await claimed(store, refresh())


async def test_a_clock_set_back_an_hour_keeps_nobody_waiting_in_a_window(store: JobStore) -> None:
    await settled(store, await claimed(store, refresh()), Done(), now=START, merge_window=WINDOW)
    await claimed(store, refresh(), now=at(-3600))


async def test_a_timer_ends_the_window_of_a_clock_that_was_set_back_a_little(store: JobStore) -> None:
    await settled(store, await claimed(store, refresh()), Done(), now=START, merge_window=WINDOW)
    (job,) = await added(store, refresh(), now=at(1))
    (held,) = (await store.claim(LANES, now=at(1))).held
    assert (held.id, held.run_after) == (job.id, at(15))
    (due,) = await store.make_due({job.id: at(15)}, now=at(-105))
    assert (due.id, due.run_after) == (job.id, at(-105))
    assert (await take(store, at(-105))).id == job.id


async def test_a_job_that_waits_for_a_sibling_is_not_merged_before_its_time(store: JobStore) -> None:
    await added(store, notify(type="first"), refresh(waits_for="first", waits_at_most=timedelta(seconds=60)))
    await added(store, refresh())
    assert (await take(store, START, kodi=1)).merged == ()


async def test_the_lane_of_merged_jobs_is_stopped_once(store: JobStore) -> None:
    leader = await leader_of(store, 3)
    settlement = await settled(store, leader, rejected())
    assert settlement.stopped is not None
    assert len(await store.lane_stops()) == 1
    released, waiting = await store.open_lane("kodi", now=at(1))
    assert (len(released), waiting) == (3, 3)


async def test_what_is_put_off_under_one_key_runs_as_one_when_its_time_has_come(
    store: JobStore, stores: Stores
) -> None:
    until_morning = Deferred(reason=Text("Quiet hours."), until=at(600), merge_key="digest")
    put_off = [
        (await through(store, notify(merge_key=key, payload={"n": n}), until_morning)).job
        for n, key in enumerate((None, "pack", None))
    ]
    assert {job.merge_key for job in put_off} == {"digest"}
    plain = Deferred(reason=Text("Later."), until=at(600))
    other = (await through(store, notify(merge_key="pack"), plain)).job
    assert other.merge_key == "pack"
    later = (await added(store, notify(), now=at(500)))[0]
    assert (await take(store, at(500))).id == later.id
    claim = await store.claim({"discord": 9}, now=at(600), limit=9)
    first = next(job for job in claim.jobs if job.merge_key == "digest")
    assert [each.id for each in (first, *first.merged)] == [job.id for job in put_off]
    assert {job.id for job in claim.jobs} == {first.id, other.id}
    # What has to wait once more stays together, and each has a history of its own.
    settlement = await settled(store, first, again(60), now=at(600))
    assert {each.merge_key for each in (settlement.job, *settlement.changed)} == {"digest"}
    leader = await take(store, at(660))
    assert len(leader.merged) == 2
    records = (await settled(store, leader, Done(), now=at(661))).records
    assert [record.payload for record in records] == [{"n": 0}, {"n": 1}, {"n": 2}]
    assert await stores.ran(put_off[1].id) == ["deferred", "retry", "done"]
