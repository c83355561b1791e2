from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import EventStored, JobChanged, JobEnded, LaneChanged, PauseChanged
from metarr_desktop.domain.errors import NotFound, Refused, StorageFailed
from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.domain.jobs import Gathering, JobStatus, NewJob, Progress
from metarr_desktop.domain.lanes import BlockCause, LaneState
from metarr_desktop.domain.outcomes import Blocked, Done, Failed, Retry
from metarr_desktop.domain.text import Text
from metarr_desktop.jobs.queue import JobQueue
from metarr_desktop.storage.job_store import Run
from tests.fakes import START, FakeClock
from tests.memory.store import MemoryJobStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.changes import Change
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.job_store import Claim, Settlement

LANES = {"x": 3, "scan": 1}
HOUR = timedelta(hours=1)
LOCKED = Blocked(reason=Text("The keyring is locked."), cause=BlockCause.KEYRING)
REJECTED = Blocked(reason=Text("Key rejected."), cause=BlockCause.KEY_REJECTED)


class Desk:
    """A queue on a store in memory, with a clock to turn by hand, and what it told."""

    def __init__(self) -> None:
        self.store = MemoryJobStore()
        self.clock = FakeClock()
        self.bus = Bus()
        self.changes: list[Change] = []
        self.bus.subscribe(self.changes.append)
        self.queue = JobQueue(store=self.store, bus=self.bus, clock=self.clock)

    async def add(self, **changes: object) -> Job:
        new = NewJob(**{"type": "notify-x", "lane": "x", "priority": 5, **changes})  # type: ignore[arg-type]
        (job,) = await self.queue.add([new])
        return job

    async def claimed(self, **changes: object) -> Job:
        await self.add(**changes)
        return await self.take()

    async def take(self) -> Job:
        job = (await self.queue.claim(LANES)).job
        assert job is not None
        return job

    async def is_idle(self) -> bool:
        return (await self.queue.claim(LANES)).jobs == ()

    async def settle(self, job: Job, outcome: Outcome, *, window: timedelta | None = None) -> Settlement:
        run = Run(started_at=self.clock.now(), duration=timedelta(seconds=1))
        return await self.queue.settle(job, outcome, run=run, merge_window=window)

    def told(self, kind: type[Change]) -> list[Change]:
        found = [change for change in self.changes if isinstance(change, kind)]
        self.changes.clear()
        return found


@pytest.fixture
def desk() -> Desk:
    return Desk()


def again(seconds: float, **more: bool) -> Retry:
    return Retry(error=Text("No answer."), delay=timedelta(seconds=seconds), **more)


async def test_a_webhook_is_told_with_its_job_and_wakes_the_worker(desk: Desk) -> None:
    webhook = IncomingWebhook(source="radarr", event_type="x", instance="", body=b"{}", remote_address="")
    stored = await desk.queue.store(webhook)
    assert EventStored(stored.event_id, "radarr", "x", "") in desk.changes
    assert [change.job.id for change in desk.changes if isinstance(change, JobChanged)] == [stored.job_id]
    assert desk.queue.wake.is_set()


async def test_each_change_is_told_after_it_is_stored(desk: Desk) -> None:
    job = await desk.add()
    assert desk.told(JobChanged) == [JobChanged(job)]
    running = await desk.take()
    assert desk.told(JobChanged) == [JobChanged(running)]
    record = (await desk.settle(running, Done())).record
    assert record is not None
    assert desk.told(JobEnded) == [JobEnded(record)]


async def test_a_job_that_joins_a_twin_is_told_as_ended(desk: Desk) -> None:
    await desk.add(dedupe_key="k")
    desk.changes.clear()
    twin = NewJob(type="notify-x", lane="x", priority=5, dedupe_key="k")
    assert await desk.queue.add([twin]) == ()
    (told,) = desk.told(JobEnded)
    assert isinstance(told, JobEnded)
    assert "Joined" in str(told.record.error)


async def test_every_merged_job_is_told_when_it_starts_and_when_it_ends(desk: Desk) -> None:
    for _ in range(3):
        await desk.add(merge_key="/a")
    desk.changes.clear()
    leader = await desk.take()
    assert len(desk.told(JobChanged)) == 3
    await desk.settle(leader, Done())
    assert len(desk.told(JobEnded)) == 3


async def test_expired_and_held_jobs_are_told(desk: Desk) -> None:
    await desk.settle(await desk.claimed(merge_key="/a"), Done(), window=timedelta(seconds=15))
    await desk.add(merge_key="/a")
    await desk.add(lane="y", expires_after=timedelta(0))
    desk.changes.clear()
    await desk.is_idle()
    assert len([change for change in desk.changes if isinstance(change, JobEnded)]) == 1
    (held,) = desk.told(JobChanged)
    assert isinstance(held, JobChanged)
    assert "together" in str(held.job.reason)


async def test_a_claim_does_not_wake_the_worker_by_what_it_claimed(desk: Desk) -> None:
    await desk.add()
    desk.queue.wake.clear()
    await desk.take()
    assert not desk.queue.wake.is_set()


async def test_what_another_process_changed_is_told_and_wakes_the_worker(desk: Desk) -> None:
    job = await desk.add()
    desk.queue.wake.clear()
    desk.queue.tell((), ())
    assert not desk.queue.wake.is_set()
    desk.queue.tell((job,))
    assert desk.queue.wake.is_set()


# Waits by elapsed time


async def test_a_short_wait_ends_in_its_time_though_the_clock_was_set_back(desk: Desk) -> None:
    job = await desk.claimed()
    await desk.settle(job, again(30))
    desk.clock.jump(-HOUR)
    desk.clock.advance(29.9)
    assert await desk.is_idle()
    assert desk.queue.next_short_wait() == pytest.approx(0.1)
    desk.clock.advance(0.1)
    assert (await desk.take()).id == job.id


async def test_a_long_wait_goes_by_the_clock_on_the_wall(desk: Desk) -> None:
    job = await desk.claimed()
    await desk.settle(job, again(3600))
    assert desk.queue.next_short_wait() is None
    desk.clock.jump(HOUR)
    assert (await desk.take()).id == job.id


async def test_a_rate_limit_ends_in_its_time_though_the_clock_was_set_back(desk: Desk) -> None:
    await desk.settle(await desk.claimed(), again(60, rate_limited=True))
    desk.clock.jump(-HOUR)
    desk.clock.advance(59.9)
    assert await desk.is_idle()
    desk.changes.clear()
    desk.clock.advance(0.1)
    await desk.take()
    assert LaneChanged("x") in desk.changes


async def test_a_rate_limit_is_not_cut_short_by_a_clock_set_forward_a_day(desk: Desk) -> None:
    await desk.settle(await desk.claimed(), again(60, rate_limited=True))
    desk.clock.jump(timedelta(days=1))
    assert await desk.is_idle()
    desk.clock.advance(60)
    await desk.take()


async def test_the_longer_of_two_rate_limits_is_not_forgotten_for_the_shorter(desk: Desk) -> None:
    first, second = await desk.claimed(), await desk.claimed()
    await desk.settle(first, again(300, rate_limited=True))
    await desk.settle(second, again(2, rate_limited=True))
    desk.clock.jump(timedelta(days=1))
    desk.clock.advance(299)
    assert await desk.is_idle()


async def test_a_pause_of_a_breaker_ends_in_its_time_though_the_clock_was_set_back(desk: Desk) -> None:
    for _ in range(5):
        await desk.settle(await desk.claimed(), again(3600, connection=True))
    await desk.add()
    desk.clock.jump(-HOUR)
    desk.clock.advance(59)
    assert await desk.is_idle()
    desk.clock.advance(1)
    assert (await desk.take()).probe


async def test_held_jobs_go_in_their_time_though_the_clock_was_set_back(desk: Desk) -> None:
    await desk.settle(await desk.claimed(merge_key="/a"), Done(), window=timedelta(seconds=15))
    job = await desk.add(merge_key="/a")
    assert await desk.is_idle()
    desk.clock.jump(timedelta(minutes=-2))
    desk.clock.advance(15)
    assert (await desk.take()).id == job.id


async def test_who_waits_for_a_sibling_goes_in_its_time_though_the_clock_was_set_back(desk: Desk) -> None:
    scan = NewJob(type="scan-movie", lane="scan", priority=3)
    player = NewJob(
        type="notify-x", lane="x", priority=5, waits_for="scan-movie", waits_at_most=timedelta(seconds=60)
    )
    await desk.queue.add([scan, player])
    assert (await desk.take()).type == "scan-movie"
    desk.clock.jump(-HOUR)
    desk.clock.advance(59)
    assert await desk.is_idle()
    desk.clock.advance(1)
    assert (await desk.take()).type == "notify-x"


async def test_a_job_made_due_by_hand_is_not_made_due_again_by_its_timer(desk: Desk) -> None:
    job = await desk.claimed()
    await desk.settle(job, again(30))
    await desk.queue.run_now(job.id)
    await desk.settle(await desk.take(), again(120))
    desk.clock.jump(-HOUR)
    desk.clock.advance(60)
    assert await desk.is_idle()
    desk.clock.advance(60)
    await desk.take()


# Lanes


async def test_a_locked_keyring_stops_the_lane_here_until_it_is_opened(desk: Desk) -> None:
    job = await desk.claimed()
    await desk.settle(job, LOCKED)
    assert await desk.store.lane_stops() == ()
    (stop,) = await desk.queue.lane_stops()
    assert stop.cause is BlockCause.KEYRING
    assert await desk.is_idle()
    desk.changes.clear()
    desk.queue.wake.clear()
    assert await desk.queue.open_lane("x") == 1
    assert LaneChanged("x") in desk.changes
    assert desk.queue.wake.is_set()
    assert (await desk.take()).id == job.id


@pytest.mark.parametrize("cause", [BlockCause.KEYRING, BlockCause.NOT_SET_UP])
async def test_a_claim_that_overtakes_the_news_of_what_is_missing_here_takes_nothing(
    desk: Desk, cause: BlockCause
) -> None:
    job = await desk.claimed()
    await desk.add()
    settled, settle = asyncio.Event(), desk.store.settle

    async def slowly(*args: object, **named: object) -> Settlement:
        settlement = await settle(*args, **named)  # type: ignore[arg-type]
        await settled.wait()
        return settlement

    desk.store.settle = slowly  # type: ignore[method-assign]
    asked, claim = list[set[str]](), desk.store.claim

    async def noting(lanes: Mapping[str, int], **named: Any) -> Claim:
        asked.append(set(lanes))
        return await claim(lanes, **named)

    desk.store.claim = noting  # type: ignore[method-assign]
    settling = asyncio.ensure_future(desk.settle(job, Blocked(reason=Text("Missing."), cause=cause)))
    await asyncio.sleep(0)
    assert await desk.is_idle()
    assert asked == [{"scan"}]
    settled.set()
    await settling
    assert await desk.is_idle()


async def test_a_short_wait_is_not_forgotten_while_the_database_fails(desk: Desk) -> None:
    job = await desk.claimed()
    await desk.settle(job, Retry(error=Text("No answer."), delay=timedelta(seconds=5)))
    desk.clock.jump(timedelta(hours=-1))
    desk.clock.advance(5)
    make_due = desk.store.make_due

    async def fail(*_args: object, **_named: object) -> tuple[Job, ...]:
        raise StorageFailed("Busy.")

    desk.store.make_due = fail  # type: ignore[method-assign]
    with pytest.raises(StorageFailed):
        await desk.queue.claim({"x": 1})
    desk.store.make_due = make_due  # type: ignore[method-assign]
    assert [each.id for each in (await desk.queue.claim({"x": 1})).jobs] == [job.id]


async def test_what_stopped_here_only_is_tried_again_when_settings_were_saved(desk: Desk) -> None:
    await desk.settle(await desk.claimed(), LOCKED)
    assert (await desk.queue.claim({"x": 1})).jobs == ()
    desk.queue.try_here_again()
    assert await desk.queue.lane_stops() == ()
    assert len((await desk.queue.claim({"x": 1})).jobs) == 1


@pytest.mark.parametrize("mended", ["here", "lane"])
async def test_a_run_that_began_before_its_keyring_was_opened_stops_nothing(desk: Desk, mended: str) -> None:
    job = await desk.claimed()
    began = desk.clock.now()
    desk.clock.advance(1)
    if mended == "here":
        desk.queue.try_here_again()
    else:
        await desk.queue.open_lane("x")
    desk.clock.advance(1)
    desk.queue.wake.clear()
    run = Run(started_at=began, duration=timedelta(seconds=2))
    await desk.queue.settle(job, LOCKED, run=run)
    assert await desk.queue.lane_stops() == ()
    assert desk.queue.wake.is_set()
    desk.clock.advance(1)
    await desk.settle(await desk.take(), LOCKED)
    assert len(await desk.queue.lane_stops()) == 1


async def test_a_stop_that_could_not_be_stored_stops_nothing(desk: Desk) -> None:
    job = await desk.claimed()
    await desk.add()

    async def fail(*_args: object, **_named: object) -> Settlement:
        raise StorageFailed("Busy.")

    desk.store.settle = fail  # type: ignore[method-assign]
    with pytest.raises(StorageFailed):
        await desk.settle(job, LOCKED)
    assert await desk.queue.lane_stops() == ()
    await desk.take()


async def test_a_rejected_key_stops_the_lane_for_all(desk: Desk) -> None:
    await desk.settle(await desk.claimed(), REJECTED)
    assert await desk.queue.lane_stops() == await desk.store.lane_stops() != ()


async def test_a_success_that_opens_a_paused_lane_opens_it_here_at_once(desk: Desk) -> None:
    straggler = await desk.claimed()
    for _ in range(5):
        await desk.settle(await desk.claimed(), again(3600, connection=True))
    await desk.add()
    assert await desk.is_idle()
    desk.changes.clear()
    desk.queue.wake.clear()
    await desk.settle(straggler, Done())
    assert desk.queue.wake.is_set()
    assert LaneChanged("x") in desk.changes
    await desk.take()


async def test_a_lane_whose_probe_runs_is_shown_as_stopped(desk: Desk) -> None:
    for _ in range(5):
        await desk.settle(await desk.claimed(), again(3600, connection=True))
    (stop,) = await desk.queue.lane_stops()
    assert stop.state is LaneState.BREAKER
    await desk.add()
    desk.clock.advance(60)
    assert await desk.queue.lane_stops() == ()
    desk.changes.clear()
    assert (await desk.take()).probe
    assert LaneChanged("x") in desk.changes
    desk.clock.advance(1)
    (stop,) = await desk.queue.lane_stops()
    assert stop.state is LaneState.PROBING


async def test_a_person_opens_a_paused_lane_before_its_time(desk: Desk) -> None:
    for _ in range(5):
        await desk.settle(await desk.claimed(), again(3600, connection=True))
    assert await desk.queue.open_lane("x") == 5
    await desk.take()


async def test_a_person_does_not_cut_a_rate_limit_short(desk: Desk) -> None:
    await desk.settle(await desk.claimed(), again(60, rate_limited=True))
    assert await desk.queue.open_lane("x") == 0
    assert await desk.is_idle()
    desk.clock.jump(timedelta(days=1))
    assert await desk.is_idle()


# What a person asks for


async def test_a_waiting_job_is_cancelled_and_told(desk: Desk) -> None:
    job = await desk.add()
    await desk.queue.cancel(job.id)
    (told,) = desk.told(JobEnded)
    assert isinstance(told, JobEnded)
    assert told.record.status.value == "cancelled"
    with pytest.raises(NotFound):
        await desk.queue.cancel(job.id)


async def test_a_job_that_runs_as_one_with_another_is_cancelled_by_that_one(desk: Desk) -> None:
    await desk.add(merge_key="/a")
    leader = await desk.claimed(merge_key="/a")
    (follower,) = leader.merged
    with pytest.raises(Refused, match=f"Job {follower.id} runs as one with job {leader.id}"):
        await desk.queue.cancel(follower.id)


async def test_a_job_that_nobody_else_could_run_is_not_cancelled_elsewhere(desk: Desk) -> None:
    job = await desk.claimed()
    with pytest.raises(Refused):
        await desk.queue.cancel(job.id)


async def test_retry_and_replay_are_told_and_wake_the_worker(desk: Desk) -> None:
    job = await desk.claimed()
    await desk.settle(job, Failed(error=Text("no")))
    desk.changes.clear()
    desk.queue.wake.clear()
    again_id = await desk.queue.retry(job.id, max_retries=3)
    assert again_id != job.id
    assert len(desk.told(JobChanged)) == 1
    assert desk.queue.wake.is_set()


async def test_progress_is_told_while_the_job_is_ours_only(desk: Desk) -> None:
    job = await desk.claimed()
    half = Progress(done=1, total=2)
    desk.changes.clear()
    await desk.queue.report_progress(job, half)
    (told,) = desk.told(JobChanged)
    assert isinstance(told, JobChanged)
    assert told.job.progress == half
    await desk.settle(job, Done())
    desk.changes.clear()
    await desk.queue.report_progress(job, half)
    assert desk.changes == []


async def test_recovery_is_told_and_counted(desk: Desk) -> None:
    await desk.claimed()
    desk.changes.clear()
    assert await desk.queue.recover() == 1
    (told,) = desk.told(JobChanged)
    assert isinstance(told, JobChanged)
    assert told.job.status is JobStatus.PENDING


async def test_a_pause_ends_by_itself_and_is_told_once(desk: Desk) -> None:
    desk.queue.set_pause(paused=True, until=START + timedelta(minutes=5))
    assert desk.queue.pause() == (True, START + timedelta(minutes=5))
    desk.queue.end_pause_in_time()
    desk.clock.advance(300)
    assert desk.queue.pause() == (False, None)
    desk.queue.end_pause_in_time()
    desk.queue.end_pause_in_time()
    assert desk.told(PauseChanged) == [PauseChanged(), PauseChanged()]


WAIT = Gathering(quiet=timedelta(seconds=20), at_most=timedelta(seconds=120))


async def test_those_that_wait_longer_because_more_came_are_told(desk: Desk) -> None:
    first = await desk.add(merge_key="pack", gathering=WAIT)
    desk.clock.advance(10)
    desk.changes.clear()
    second = await desk.add(merge_key="pack", gathering=WAIT)
    told = desk.told(JobChanged)
    assert [change.job.id for change in told if isinstance(change, JobChanged)] == [second.id, first.id]
    assert {change.job.run_after for change in told if isinstance(change, JobChanged)} == {
        START + timedelta(seconds=30)
    }


async def test_a_pack_goes_in_its_time_though_the_clock_was_set_back(desk: Desk) -> None:
    await desk.add(merge_key="pack", gathering=WAIT)
    desk.clock.advance(10)
    await desk.add(merge_key="pack", gathering=WAIT)
    desk.clock.jump(-HOUR)
    desk.clock.advance(19.9)
    assert await desk.is_idle()
    desk.clock.advance(0.2)
    assert len((await desk.take()).merged) == 1


async def test_those_a_settlement_moved_wait_by_elapsed_time_too(desk: Desk) -> None:
    await desk.add(merge_key="pack", gathering=WAIT)
    parent = await desk.claimed(type="webhook-received")
    child = NewJob(type="notify-x", lane="x", priority=5, merge_key="pack", gathering=WAIT)
    desk.clock.advance(10)
    await desk.settle(parent, Done(fan_out=lambda _: (child,)))
    desk.clock.jump(-HOUR)
    desk.clock.advance(10.1)
    assert await desk.is_idle()
    desk.clock.advance(10)
    assert len((await desk.take()).merged) == 1
