from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.jobs import JobStatus
from tests.contract.scenes import added, again, at, claimed, notify, settled, take, through

if TYPE_CHECKING:
    from metarr_desktop.storage.job_store import JobStore


async def test_counts_name_the_job_that_is_really_the_oldest(store: JobStore) -> None:
    oldest = await claimed(store, notify("kodi"), now=at(-60))
    await settled(store, oldest, again(3600), now=at(0))
    await added(store, notify(priority=1), now=at(1))
    await take(store, at(2))
    await added(store, notify(), now=at(5))
    counts = await store.counts()
    assert (counts.pending, counts.processing, counts.oldest_pending_at) == (2, 1, at(-60))


async def test_an_empty_queue_has_no_oldest_job(store: JobStore) -> None:
    counts = await store.counts()
    assert (counts.pending, counts.processing, counts.oldest_pending_at) == (0, 0, None)
    assert (await store.jobs(), await store.job(1)) == ((), None)
    assert dict(await store.waiting()) == {}


async def test_the_queue_lists_every_row_by_priority_due_time_and_id(store: JobStore) -> None:
    await added(store, notify(priority=8), notify(priority=3), now=at(1))
    await added(store, notify(priority=3), notify(priority=5))
    running = await take(store, at(1))
    jobs = await store.jobs()
    assert [(job.priority, job.run_after) for job in jobs] == [(3, at(0)), (3, at(1)), (5, at(0)), (8, at(1))]
    assert [job.status for job in jobs] == [JobStatus.PROCESSING, *[JobStatus.PENDING] * 3]
    assert await store.job(running.id) == running


async def test_waiting_jobs_are_summed_up_by_type_with_the_reason_of_one(store: JobStore) -> None:
    await through(store, notify(), again(3600))
    await added(store, notify(), notify("kodi"))
    waiting = await store.waiting()
    assert {kind: (each.count, str(each.error)) for kind, each in waiting.items()} == {
        "notify-discord": (2, "Server error."),
        "notify-kodi": (1, "None"),
    }


async def test_the_queue_is_read_in_parts_each_after_the_one_before(store: JobStore) -> None:
    for number in range(5):
        await added(store, notify(priority=9 - number), now=at(number))
    whole = await store.jobs()
    first = await store.jobs(limit=3)
    rest = await store.jobs(after=first[-1], limit=3)
    assert (first + rest, len(rest)) == (whole, 2)
