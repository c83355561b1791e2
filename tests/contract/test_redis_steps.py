"""A queue on Redis: whatever ends between the database and Redis, no job is lost and none done twice."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import NotFound, StorageFailed
from metarr_desktop.domain.jobs import Gathering, JobStatus
from metarr_desktop.domain.outcomes import Cancelled, Deferred, Done
from metarr_desktop.domain.text import Text
from metarr_desktop.storage import outbox
from metarr_desktop.storage.queue_place import name_queue, queue_name, take_home
from metarr_desktop.storage.sql_job_store import SqlJobStore
from tests.contract.dying import Killed, dying
from tests.contract.harness import LEASE, RedisStores
from tests.contract.scenes import (
    LANES,
    added,
    again,
    at,
    claimed,
    nothing,
    notify,
    rejected,
    scan,
    settled,
    take,
    webhook,
)
from tests.fakes import START

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.storage.job_store import JobStore
    from metarr_desktop.storage.redis_job_store import RedisJobStore
    from tests.contract.harness import Stores
    from tests.servers import RedisServer

LONG_AFTER = at(3600)


@pytest.fixture(params=["redis", "redis-postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def redis(stores: Stores) -> RedisStores:
    assert isinstance(stores, RedisStores)
    return stores


@pytest.fixture
def next_start(redis: RedisStores) -> RedisJobStore:
    """Return the store of the program that is started after the one that died."""
    return redis.process("next")


async def drained(store: JobStore) -> list[int]:
    """Do all there is to do; returns the ids in the order in which they were done."""
    done: list[int] = []
    while (job := (await store.claim(LANES, now=LONG_AFTER)).job) is not None:
        await settled(store, job, Done(), now=LONG_AFTER)
        done.append(job.id)
    return done


async def died(step: Coroutine[Any, Any, object]) -> None:
    """Let the process end in the middle of this."""
    with pytest.raises(Killed):
        await step


async def lies_in_redis(store: RedisJobStore) -> list[str]:
    link = store._queue.link
    return sorted({*await link._client.keys(f"{link.prefix}*")} - {f"{link.prefix}here"})


# --- The database first, and then not Redis ---


async def test_a_webhook_redis_was_not_told_of_runs_once(
    redis: RedisStores, next_start: RedisJobStore
) -> None:
    mortal, queue = dying(redis)
    queue.before = "place"
    await died(mortal.store_webhook(webhook(), now=START))
    assert (await next_start.recover(now=at(1))).jobs == ()
    (job,) = await next_start.jobs()
    assert await drained(next_start) == [job.id]
    assert await redis.ran(job.id) == ["done"]


async def test_an_end_redis_was_not_told_of_stands_and_its_children_run_once(
    redis: RedisStores, next_start: RedisJobStore
) -> None:
    mortal, queue = dying(redis)
    job = await claimed(mortal)
    queue.before = "place"
    await died(settled(mortal, job, Done(fan_out=lambda _: (scan(), notify("kodi")))))
    with pytest.raises(NotFound):
        await settled(redis.process("died"), job, Done())
    recovery = await next_start.recover(now=at(1))
    assert (recovery.jobs, recovery.records) == ((), ())
    children = [each.id for each in await next_start.jobs()]
    assert sorted(await drained(next_start)) == sorted(children) == [job.id + 1, job.id + 2]
    assert await redis.ran(job.id) == ["done"]
    assert await lies_in_redis(next_start) == []


async def test_a_retry_redis_was_not_told_of_is_neither_early_nor_a_crash(
    redis: RedisStores, next_start: RedisJobStore
) -> None:
    mortal, queue = dying(redis)
    job = await claimed(mortal)
    queue.before = "place"
    await died(settled(mortal, job, again(60)))
    assert (await next_start.recover(now=at(1))).jobs == ()
    assert await nothing(next_start, at(59)) == at(60)
    again_job = await take(next_start, at(60))
    assert (again_job.retry_count, again_job.starts) == (1, 1)
    await settled(next_start, again_job, Done(), now=at(61))
    assert await redis.ran(job.id) == ["retry", "done"]


async def test_those_that_wait_for_more_wait_as_long_as_the_database_says(
    redis: RedisStores, next_start: RedisJobStore
) -> None:
    mortal, queue = dying(redis)
    gathering = Gathering(quiet=timedelta(seconds=20), at_most=timedelta(seconds=120))
    pack = notify(merge_key="pack", gathering=gathering)
    await added(mortal, pack)
    queue.before = "place"
    await died(added(mortal, pack, now=at(15)))
    await next_start.recover(now=at(16))
    assert await nothing(next_start, at(34)) == at(35)
    assert len((await take(next_start, at(35))).merged) == 1


async def test_a_cancellation_redis_was_not_told_of_stands(
    redis: RedisStores, next_start: RedisJobStore
) -> None:
    mortal, queue = dying(redis)
    (job,) = await added(mortal, notify())
    queue.before = "place"
    await died(mortal.settle(job, Cancelled(), run=None, now=at(1)))
    await next_start.recover(now=at(2))
    assert await drained(next_start) == []
    assert await redis.ran(job.id) == []
    assert (await redis.record(job.id)) is not None


# --- Redis first, and then not the database ---


async def test_what_was_taken_and_never_begun_is_a_crash_and_runs_again(
    redis: RedisStores, next_start: RedisJobStore
) -> None:
    mortal, queue = dying(redis)
    (job,) = await added(mortal, notify())
    queue.after = "claim"
    await died(mortal.claim(LANES, now=START))
    assert [each.id for each in (await next_start.recover(now=at(1))).jobs] == [job.id]
    assert await drained(next_start) == [job.id]
    assert await redis.ran(job.id) == ["crashed", "done"]


async def test_a_job_that_was_only_to_be_ended_waits_as_long_as_before(
    redis: RedisStores, next_start: RedisJobStore
) -> None:
    mortal, queue = dying(redis)
    job = await claimed(mortal)
    later = Deferred(until=at(60), reason=Text("Not yet."))
    waiting = (await settled(mortal, job, later)).job
    queue.after = "seize"
    await died(mortal.settle(waiting, Cancelled(), run=None, now=at(1)))
    await next_start.recover(now=at(2))
    assert await nothing(next_start, at(59)) == at(60)
    assert (await take(next_start, at(60))).starts == 1
    assert await redis.ran(job.id) == ["deferred"]


async def test_redis_knew_and_the_outbox_tells_it_again(
    redis: RedisStores, next_start: RedisJobStore
) -> None:
    mortal, queue = dying(redis)
    job = await claimed(mortal)
    queue.after = "place"
    await died(settled(mortal, job, Done(fan_out=lambda _: (notify(), notify()))))
    queue.after = ""
    child = await take(mortal, at(1))
    await settled(mortal, child, Done(), now=at(1))
    await next_start.recover(now=at(2))
    assert await drained(next_start) == [job.id + 2]
    assert await redis.ran(child.id) == ["done"]
    assert await redis.database.read(outbox.newest) > 0
    await next_start._relayed.finish()
    assert await redis.database.read(outbox.newest) == 0


async def test_a_letter_that_comes_when_its_job_ended_does_not_bring_it_back(
    redis: RedisStores, store: JobStore
) -> None:
    slow, queue = dying(redis)
    (job,) = await added(slow, notify())
    letters = queue.said
    assert await drained(store) == [job.id]
    await queue.place(letters)
    claim = await store.claim(LANES, now=at(1))
    assert (claim.jobs, claim.next_due) == ((), at(1))
    await nothing(store, at(1))
    assert await queue.running() == ()
    assert await redis.ran(job.id) == ["done"]


async def test_an_older_letter_does_not_undo_a_newer_one(redis: RedisStores, store: JobStore) -> None:
    slow, queue = dying(redis)
    (job,) = await added(slow, notify())
    letters = queue.said
    await settled(store, await take(store), again(60))
    await queue.place(letters)
    assert await nothing(store, at(59)) == at(60)
    assert (await take(store, at(60))).id == job.id


# --- Redis itself goes ---


@pytest.mark.expects_errors("The answer was lost")
async def test_jobs_taken_by_a_claim_whose_answer_was_lost_are_found_at_the_next(
    redis: RedisStores, store: JobStore
) -> None:
    (kept,) = await added(store, notify())
    unlucky, queue = dying(redis, "unlucky", lease=LEASE)
    mine = await take(unlucky)
    assert mine.id == kept.id
    jobs = await added(store, notify(dedupe_key="k"), notify())
    queue.unanswered = True
    with pytest.raises(StorageFailed):
        await unlucky.claim(LANES, now=at(1), limit=9)
    claim = await unlucky.claim(LANES, now=at(2), limit=9)
    assert [(job.id, job.starts) for job in claim.jobs] == [(job.id, 1) for job in jobs]
    for job in (mine, *claim.jobs):
        await settled(unlucky, job, Done(), now=at(3))
    assert [await redis.ran(job.id) for job in (mine, *jobs)] == [["done"]] * 3


async def works_again(store: JobStore) -> tuple[Job, ...]:
    """Claim until Redis is heard; what the first call hears is that the connection is gone."""
    for _ in range(3):
        try:
            return (await store.claim(LANES, now=LONG_AFTER, limit=99)).jobs
        except StorageFailed:
            continue
    raise AssertionError


@pytest.mark.expects_errors("Redis server of the queue cannot be used")
async def test_what_comes_while_redis_is_away_is_stored_and_runs_when_it_is_back(
    redis: RedisStores, store: JobStore, redis_server: RedisServer
) -> None:
    running, waiting = await claimed(store), (await added(store, notify()))[0]
    await asyncio.to_thread(redis_server.stop)
    _, job = await store.store_webhook(webhook(), now=at(1))
    with pytest.raises(StorageFailed, match="Webhooks are stored"):
        await store.claim(LANES, now=at(1))
    ended = await settled(store, running, Done(fan_out=lambda _: (notify("kodi"),)), now=at(2))
    assert ended.record is not None
    assert len(await store.jobs()) == 3
    await asyncio.to_thread(redis_server.start)
    jobs = await works_again(store)
    assert {each.id for each in jobs} == {job.id, waiting.id, ended.changed[0].id}
    assert await works_again(store) == ()


async def test_what_redis_forgot_is_told_anew_and_what_runs_is_not_run_twice(
    redis: RedisStores, store: JobStore, redis_server: RedisServer
) -> None:
    running = await claimed(store)
    waiting = await added(store, notify(), notify())
    await asyncio.to_thread(redis_server.kill)
    shutil.rmtree(redis_server.folder / "appendonlydir")
    await asyncio.to_thread(redis_server.start)
    jobs = await works_again(store)
    assert [each.id for each in jobs] == [each.id for each in waiting]
    for job in (running, *jobs):
        await settled(store, job, Done(), now=LONG_AFTER)
    assert await store.jobs() == ()
    assert await redis.ran(running.id) == ["done"]


async def test_a_redis_that_lost_everything_has_all_jobs_after_the_next_start(
    redis: RedisStores, store: JobStore, next_start: RedisJobStore, redis_server: RedisServer
) -> None:
    late = (await settled(store, await claimed(store), again(60))).job
    jobs = await added(store, *(notify() for _ in range(1_200)))
    redis_server.empty()
    await next_start.recover(now=at(1))
    assert len((await next_start.claim({"discord": 9_999}, now=at(2), limit=9_999)).jobs) == len(jobs)
    assert (await next_start.job(late.id) or jobs[0]).run_after == at(60)
    assert await nothing(next_start, at(59), discord=9_999) == at(60)


async def test_a_redis_that_somebody_emptied_is_told_anew_and_what_runs_goes_on(
    redis: RedisStores, store: JobStore, redis_server: RedisServer
) -> None:
    await store.recover(now=START)
    running = await claimed(store)
    waiting = await added(store, notify(), notify())
    redis_server.empty()
    jobs = await works_again(store)
    assert [each.id for each in jobs] == [each.id for each in waiting]
    assert (await store.renew([running.id])).lost == ()
    for job in (running, *jobs):
        await settled(store, job, Done(), now=LONG_AFTER)
    assert await redis.ran(running.id) == ["done"]


@pytest.mark.parametrize("kind", ["redis-postgres"])
async def test_who_empties_redis_takes_no_job_from_the_others(
    redis: RedisStores, store: JobStore, redis_server: RedisServer
) -> None:
    other = redis.process("other")
    for each in (store, other):
        await each.recover(now=START)
    theirs = await claimed(other)
    assert [each.status for each in await store.jobs()] == [JobStatus.PROCESSING]
    redis_server.empty()
    assert await works_again(store) == ()
    assert (await store.recover(now=at(1))).jobs == ()
    assert await works_again(store) == ()
    assert (await other.renew([theirs.id])).lost == ()
    await settled(other, theirs, Done(), now=at(2))
    assert await redis.ran(theirs.id) == ["done"]


@pytest.mark.expects_errors("Redis server of the queue cannot be used")
async def test_a_lane_is_opened_while_redis_is_away(store: JobStore, redis_server: RedisServer) -> None:
    blocked = await settled(store, await claimed(store), rejected())
    await asyncio.to_thread(redis_server.stop)
    await store.open_lane("discord", now=at(1))
    await asyncio.to_thread(redis_server.start)
    assert [each.id for each in await works_again(store)] == [blocked.job.id]


async def test_news_that_reach_nobody_cost_no_job(redis: RedisStores, store: JobStore) -> None:
    (job,) = await added(store, notify())
    mute, queue = dying(redis, "mute", lease=LEASE)

    async def fails(*_: object, **__: object) -> None:
        queue.link.lost_touch = True
        raise StorageFailed("Nobody hears.")

    queue.link.publish = fails  # type: ignore[method-assign]
    mine = await take(mute)
    assert mine.id == job.id
    assert (await mute.claim(LANES, now=at(1))).jobs == ()
    assert (await settled(mute, mine, Done())).record is not None


async def test_work_goes_on_though_webhooks_never_stop_coming_while_redis_is_told(
    redis: RedisStores, store: JobStore
) -> None:
    busy, queue = dying(redis, "busy", lease=LEASE)
    await added(busy, *(notify() for _ in range(3)))

    queue.meanwhile = lambda: store.store_webhook(webhook(), now=START)
    queue.link.lost_touch = True
    assert len((await busy.claim({"discord": 9}, now=at(1), limit=9)).jobs) == 3


# --- Back into the database ---


async def test_the_queue_goes_back_into_the_database_without_a_move(
    redis: RedisStores, store: JobStore
) -> None:
    name = await name_queue(redis.database, now=START)
    assert await queue_name(redis.database) == name
    running = await claimed(store)
    (waiting,) = await added(store, notify())
    assert [job.status for job in await store.jobs()] == [JobStatus.PROCESSING, JobStatus.PENDING]
    await take_home(redis.database)
    assert await queue_name(redis.database) is None
    home = SqlJobStore(redis.database)
    assert [job.id for job in (await home.recover(now=at(1))).jobs] == [running.id]
    assert sorted(await drained(home)) == sorted([running.id, waiting.id])


async def test_what_happened_without_redis_is_known_to_it_after_the_next_start(
    redis: RedisStores, store: JobStore, next_start: RedisJobStore
) -> None:
    if store.shared:
        pytest.skip("a shared queue is taken home by everybody at once, under a new name")
    first, second, third = await added(store, notify(), notify(), notify())
    home = SqlJobStore(redis.database)
    assert await home.recover(now=START) is not None
    await settled(home, await take(home), Done())
    await settled(home, await take(home), again(60))
    (fourth,) = await added(home, notify("kodi", priority=1))
    await next_start.recover(now=at(1))
    claim = await next_start.claim(LANES, now=at(2), limit=9)
    assert ([job.id for job in claim.jobs], claim.next_due) == ([fourth.id, third.id], at(60))
    assert (await take(next_start, at(60))).id == second.id
    assert await redis.ran(first.id) == ["done"]
