from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.jobs import JobStatus
from metarr_desktop.domain.outcomes import Done
from tests.contract.scenes import LANES, added, at, claimed, family, nothing, notify, settled, take, webhook
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.storage.job_store import JobStore
    from tests.contract.harness import Stores


async def test_a_webhook_and_its_job_are_stored_together(store: JobStore, stores: Stores) -> None:
    stored, job = await store.store_webhook(webhook(), now=START)
    assert (job.id, job.event_id, job.type, job.priority, job.root_id) == (
        stored.job_id,
        stored.event_id,
        "webhook-received",
        1,
        stored.job_id,
    )
    assert await store.jobs() == (job,)
    assert await stores.body(stored.event_id) == webhook().body


async def test_claims_go_by_priority_then_due_time_then_id(store: JobStore) -> None:
    late = await added(store, notify("kodi", priority=3), notify("discord", priority=5), now=at(1))
    early = await added(store, notify("kodi", priority=8), notify("discord"), notify("discord"))
    order = [(await take(store, at(2))).id for _ in range(5)]
    assert order == [late[0].id, early[1].id, early[2].id, late[1].id, early[0].id]
    assert await nothing(store, at(2)) is None


async def test_a_claimed_job_runs_and_counts_its_start(store: JobStore) -> None:
    (new,) = await added(store, notify(payload={"title": "Ä {x}"}))
    job = await take(store, at(1))
    assert (job.id, job.status, job.starts, job.attempts) == (new.id, JobStatus.PROCESSING, 1, 1)
    assert (job.started_at, job.worker, job.payload) == (at(1), "here", {"title": "Ä {x}"})
    assert await store.jobs() == (job,)
    assert await nothing(store, at(2)) is None


async def test_several_jobs_are_taken_in_one_claim_in_order_and_no_more_than_asked(store: JobStore) -> None:
    jobs = await added(store, *(notify(priority=priority) for priority in (5, 1, 8, 3)))
    claim = await store.claim(LANES, now=START, limit=3)
    assert [job.id for job in claim.jobs] == [jobs[1].id, jobs[3].id, jobs[0].id]
    assert (await take(store)).id == jobs[2].id


async def test_every_tenth_claim_takes_the_job_that_waited_longest(store: JobStore) -> None:
    (old,) = await added(store, notify("kodi", priority=8))
    await added(store, *(notify(priority=1) for _ in range(20)), now=at(1))
    claim = await store.claim(LANES, now=at(1), turn=7, limit=5)
    assert [job.priority for job in claim.jobs] == [1, 1, 8, 1, 1]
    assert claim.jobs[2].id == old.id
    assert "longest" in str(claim.jobs[2].reason)
    assert claim.jobs[1].reason is None


async def test_the_tenth_turn_is_counted_over_claims(store: JobStore) -> None:
    await added(store, notify("kodi", priority=8))
    await added(store, *(notify(priority=1) for _ in range(3)), now=at(1))
    for turn, priority in ((8, 1), (10, 1), (19, 8)):
        job = (await store.claim(LANES, now=at(1), turn=turn)).job
        assert job is not None
        assert job.priority == priority


async def test_the_reason_of_a_turn_is_gone_when_the_job_waits_again(store: JobStore) -> None:
    await added(store, notify())
    job = (await store.claim(LANES, now=START, turn=9)).job
    assert job is not None
    assert (await settled(store, job, Done())).record is not None


async def test_lanes_that_are_not_asked_for_are_left_alone(store: JobStore) -> None:
    await added(store, notify("kodi"))
    await nothing(store, START, discord=100)
    assert (await take(store, kodi=100)).lane == "kodi"


async def test_a_lane_runs_no_more_than_its_number_however_it_is_claimed(store: JobStore) -> None:
    await added(store, *(notify() for _ in range(4)), notify("kodi"), notify("kodi"))
    first = await store.claim({"discord": 2, "kodi": 1}, now=START, limit=32)
    assert sorted(job.lane for job in first.jobs) == ["discord", "discord", "kodi"]
    assert (await store.claim({"discord": 2, "kodi": 1}, now=START, limit=32)).jobs == ()
    await settled(store, first.jobs[0], Done())
    more = await store.claim({"discord": 2, "kodi": 1}, now=START, limit=32)
    assert [job.lane for job in more.jobs] == ["discord"]


async def test_a_full_lane_holds_up_no_other(store: JobStore) -> None:
    await added(store, notify("kodi", priority=1), notify("kodi", priority=1), notify("discord", priority=8))
    jobs = (await store.claim({"kodi": 1, "discord": 1}, now=START, limit=32)).jobs
    assert [job.lane for job in jobs] == ["kodi", "discord"]


async def test_an_id_is_never_used_twice(store: JobStore) -> None:
    job = await claimed(store)
    await settled(store, job, Done())
    (then,) = await added(store, notify())
    assert then.id > job.id


async def test_ids_of_one_insertion_are_in_its_order(store: JobStore) -> None:
    first = await added(store, *(notify(priority=priority) for priority in (5, 1, 3)))
    second = await added(store, notify())
    ids = [job.id for job in (*first, *second)]
    assert ids == sorted(set(ids))


async def test_nothing_is_added_where_nothing_is_given(store: JobStore) -> None:
    assert await added(store) == ()
    _, plan = await family(store)
    assert plan.changed == ()
