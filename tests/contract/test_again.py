from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import NotFound
from metarr_desktop.domain.jobs import JobStatus
from metarr_desktop.domain.outcomes import Done, Failed
from metarr_desktop.domain.text import Text
from tests.contract.scenes import again, at, claimed, family, notify, settled, take, through, webhook
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.storage.job_store import JobStore
    from tests.contract.harness import Stores

NO = Failed(error=Text("no"))


async def test_a_retry_of_an_ended_job_is_a_new_job_of_the_same_family(
    store: JobStore, stores: Stores
) -> None:
    parent, plan = await family(store, notify(payload={"event": {"title": "Dune"}}, merge_key="/a"))
    (child,) = plan.changed
    await settled(store, await take(store), NO)
    job, new = await store.retry(child.id, max_retries=9, expires_after=timedelta(days=7), now=at(1))
    assert new
    assert job.id > child.id
    assert (job.retry_of, job.parent_id, job.root_id, job.event_id) == (
        child.id,
        parent.id,
        parent.id,
        parent.event_id,
    )
    assert (job.payload, job.lane, job.type, job.priority) == (
        child.payload,
        child.lane,
        child.type,
        child.priority,
    )
    assert (job.max_retries, job.retry_count, job.merge_key) == (9, 0, "/a")
    assert (job.created_at, job.expires_at) == (at(1), at(1) + timedelta(days=7))
    assert await stores.record(child.id) is not None
    assert (await take(store, at(1))).id == job.id


async def test_a_second_retry_returns_the_active_job_and_makes_it_due(store: JobStore) -> None:
    old = (await through(store, notify(), NO)).job
    job, _ = await store.retry(old.id, max_retries=3, now=at(1))
    await settled(store, await take(store, at(1)), again(3600), now=at(1))
    same, new = await store.retry(old.id, max_retries=3, now=at(2))
    assert (same.id, new, same.run_after) == (job.id, False, at(2))
    running = await take(store, at(2))
    same, new = await store.retry(old.id, max_retries=3, now=at(3))
    assert (same.id, new, same.status) == (running.id, False, JobStatus.PROCESSING)
    assert len(await store.jobs()) == 1


async def test_a_retry_of_any_link_of_a_chain_returns_its_active_job(store: JobStore) -> None:
    first = (await through(store, notify(), NO)).job
    await store.retry(first.id, max_retries=3, now=START)
    second = await take(store)
    await settled(store, second, NO)
    third, _ = await store.retry(second.id, max_retries=3, now=START)
    for link in (first, second, third):
        job, new = await store.retry(link.id, max_retries=3, now=START)
        assert (job.id, new) == (third.id, False)


async def test_a_chain_that_ended_can_be_tried_again_from_any_link(store: JobStore) -> None:
    first = (await through(store, notify(), NO)).job
    await store.retry(first.id, max_retries=3, now=START)
    await settled(store, await take(store), Done())
    job, new = await store.retry(first.id, max_retries=3, now=START)
    assert (new, job.retry_of) == (True, first.id)


async def test_a_retry_of_a_waiting_job_makes_it_due(store: JobStore) -> None:
    job = (await through(store, notify(), again(3600))).job
    due, new = await store.retry(job.id, max_retries=3, now=at(1))
    assert (due.id, due.run_after, new) == (job.id, at(1), False)
    assert (await take(store, at(1))).id == job.id


async def test_a_retry_of_a_job_that_never_was_tells_so(store: JobStore) -> None:
    with pytest.raises(NotFound):
        await store.retry(999_999_999, max_retries=3, now=START)


async def test_a_replay_is_a_new_root_of_the_same_webhook(store: JobStore) -> None:
    stored, root = await store.store_webhook(webhook(), now=START)
    job = await store.replay(stored.event_id, now=at(1))
    assert (job.event_id, job.root_id, job.type, job.payload) == (
        stored.event_id,
        job.id,
        root.type,
        {**root.payload, "replayed": True},
    )
    assert job.id != root.id
    assert (job.retry_of, job.parent_id) == (None, None)
    with pytest.raises(NotFound):
        await store.replay(999_999_999, now=at(1))


async def test_a_job_that_runs_is_not_tried_twice_by_a_retry(store: JobStore) -> None:
    job = await claimed(store)
    same, new = await store.retry(job.id, max_retries=3, now=at(1))
    assert (same.id, new) == (job.id, False)
    assert len(await store.jobs()) == 1
