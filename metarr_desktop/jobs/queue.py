"""The queue as the program uses it: every write, and the news of it after the commit."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from typing import TYPE_CHECKING

from metarr_desktop.domain.changes import EventStored, JobChanged, JobEnded, LaneChanged, PauseChanged
from metarr_desktop.domain.errors import NotFound, Refused, StorageFailed
from metarr_desktop.domain.jobs import Job, JobRecord, JobStatus
from metarr_desktop.domain.lanes import BlockCause, LaneState
from metarr_desktop.domain.outcomes import Blocked, Cancelled
from metarr_desktop.domain.text import text
from metarr_desktop.jobs.waits import Moment, Waits, this_moment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.events import IncomingWebhook, StoredWebhook
    from metarr_desktop.domain.jobs import NewJob, Progress
    from metarr_desktop.domain.lanes import LaneStop
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.job_store import Claim, JobStore, Leases, Run, Settlement


class JobQueue:
    """Durable jobs, their lanes and the pause.

    ``wake`` is set whenever a worker may find work, ``quiet`` while no webhook is being stored.
    """

    def __init__(self, *, store: JobStore, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._paused = False
        self._paused_until: datetime | None = None
        self._job_waits: Waits[int] = Waits(clock)
        self._lane_waits: Waits[str] = Waits(clock)
        self._local_stops: dict[str, LaneStop] = {}
        self._mended: dict[str, float] = {}
        self._all_mended = -math.inf
        self._closing: Counter[str] = Counter()
        self._receiving = 0
        self.wake = asyncio.Event()
        self.quiet = asyncio.Event()
        self.quiet.set()

    @property
    def shared(self) -> bool:
        """Whether other processes may work on the same jobs."""
        return self._store.shared

    async def store(self, webhook: IncomingWebhook) -> StoredWebhook:
        """Store a webhook with its job, in one transaction. Raises StorageFailed, or Refused (``once``)."""
        self._receiving += 1
        self.quiet.clear()
        try:
            stored, job = await self._store.store_webhook(webhook, now=self._clock.now())
        finally:
            self._receiving -= 1
            if not self._receiving:
                self.quiet.set()
        self.wake.set()
        self._bus.publish(EventStored(stored.event_id, webhook.source, webhook.event_type, webhook.instance))
        self._bus.publish(JobChanged(job))
        return stored

    async def add(self, jobs: Collection[NewJob]) -> tuple[Job, ...]:
        """Insert jobs; one that joins a waiting twin is not returned."""
        moment = this_moment(self._clock)
        added = await self._store.add(jobs, now=moment.wall)
        for job in (*added.jobs, *added.moved):
            self._put_off(job, moment)
        self.tell((*added.jobs, *added.moved), added.joined)
        return added.jobs

    async def claim(self, lanes: Mapping[str, int], *, turn: int = 0, limit: int = 1) -> Claim:
        """Take the next jobs of these lanes, each with how many may run at once. Raises StorageFailed."""
        await self._end_short_waits()
        open_lanes = {
            lane: most
            for lane, most in lanes.items()
            if lane not in self._local_stops
            and not self._closing[lane]
            and not self._lane_waits.waiting(lane)
        }
        moment = this_moment(self._clock)
        claim = await self._store.claim(open_lanes, now=moment.wall, turn=turn, limit=limit)
        for lane in claim.reopened:
            self._bus.publish(LaneChanged(lane))
        for job in claim.jobs:
            if job.probe:
                self._bus.publish(LaneChanged(job.lane))
        self._publish([each for job in claim.jobs for each in (job, *job.merged)], claim.expired)
        for job in claim.held:
            self._put_off(job, moment)
        self._publish(claim.held)
        return claim

    async def settle(
        self,
        job: Job,
        outcome: Outcome,
        *,
        run: Run | None,
        merged: Sequence[Outcome] = (),
        merge_window: timedelta | None = None,
    ) -> Settlement:
        """End an attempt. Raises StorageFailed, or NotFound where the job is not ours any more."""
        # The next claim is made before the store answers.
        closing = isinstance(outcome, Blocked) and outcome.cause is not BlockCause.KEY_REJECTED
        # What is put off is put off from now on, even if the clock is set before the store answers.
        moment = this_moment(self._clock)
        self._closing[job.lane] += closing
        try:
            settled = await self._store.settle(
                job, outcome, run=run, now=moment.wall, merged=merged, merge_window=merge_window
            )
        finally:
            self._closing[job.lane] -= closing
        stop = settled.stopped
        if settled.opened:
            self._lane_waits.discard(job.lane)
        if settled.opened or closing:
            self.wake.set()
        if stop is not None:
            if not settled.kept:
                self._stop_here(stop, began=moment.elapsed - (run.duration.total_seconds() if run else 0.0))
            elif stop.until is not None:
                self._lane_waits.add(stop.lane, stop.until, since=moment)
        if stop is not None or settled.opened:
            self._bus.publish(LaneChanged(job.lane))
        for record in settled.records:
            self._job_waits.discard(record.job_id)
        if settled.record is None:
            self._put_off(settled.job, moment)
            self._bus.publish(JobChanged(settled.job))
        for changed in settled.changed:
            self._put_off(changed, moment)
        self.tell(settled.changed, settled.records)
        return settled

    def _stop_here(self, stop: LaneStop, *, began: float) -> None:
        """Stop a lane in this process, unless a person mended what was missing since the run began."""
        if began >= max(self._all_mended, self._mended.get(stop.lane, -math.inf)):
            self._local_stops[stop.lane] = stop

    def _put_off(self, job: Job, moment: Moment) -> None:
        if job.status is JobStatus.PENDING:
            self._job_waits.add(job.id, job.run_after, since=moment)

    async def _end_short_waits(self) -> None:
        """Let go by elapsed time what a clock that was set back would keep waiting."""
        now = self._clock.now()
        lanes, jobs = self._lane_waits.take_due(), self._job_waits.take_due()
        late = {job_id: until for job_id, until in jobs.items() if until > now}
        try:
            for lane, until in lanes.items():
                if until > now and await self._store.end_stop(lane, until=until):
                    self._bus.publish(LaneChanged(lane))
            if late:
                self.tell(await self._store.make_due(late, now=now))
        except StorageFailed:
            self._lane_waits.put_back(lanes)
            self._job_waits.put_back(late)
            raise

    def try_here_again(self) -> None:
        """Forget what stopped in this process only: settings were saved, here or on another computer."""
        self._all_mended = self._clock.monotonic()
        lanes, self._local_stops = tuple(self._local_stops), {}
        for lane in lanes:
            self._bus.publish(LaneChanged(lane))
        self.wake.set()

    def next_short_wait(self) -> float | None:
        """Seconds until a short wait is over, by elapsed time."""
        times = [each for each in (self._job_waits.next_in(), self._lane_waits.next_in()) if each is not None]
        return min(times, default=None)

    async def report_progress(self, job: Job, progress: Progress) -> None:
        """Store how far a running job is, and tell. Raises StorageFailed."""
        changed = await self._store.report_progress(job, progress, now=self._clock.now())
        if changed is not None:
            self._bus.publish(JobChanged(changed))

    async def recover(self, running: Collection[int] = ()) -> int:
        """Put back what was running when a process died; returns how many jobs."""
        recovered = await self._store.recover(now=self._clock.now(), running=running)
        self.tell(recovered.jobs, recovered.records)
        return len(recovered.jobs) + len(recovered.records)

    async def renew(self, job_ids: Collection[int]) -> Leases:
        """Go on holding these jobs; a heartbeat. Raises StorageFailed."""
        return await self._store.renew(job_ids)

    async def leave(self) -> None:
        """Tell other processes that this one runs nothing more."""
        await self._store.leave()

    async def retry(self, job_id: int, *, max_retries: int, expires_after: timedelta | None = None) -> int:
        """Try an ended job again as a new job, or make its active one due; returns that job's id."""
        job, _ = await self._store.retry(
            job_id, max_retries=max_retries, expires_after=expires_after, now=self._clock.now()
        )
        self.tell((job,))
        return job.id

    async def replay(self, event_id: int) -> int:
        """Let a stored webhook run once more; returns the id of its new root job."""
        job = await self._store.replay(event_id, now=self._clock.now())
        self.tell((job,))
        return job.id

    async def run_now(self, job_id: int) -> None:
        """Make a waiting job due. Raises NotFound or Refused."""
        self.tell((await self._store.run_now(job_id, now=self._clock.now()),))

    async def cancel(self, job_id: int) -> None:
        """End a waiting job as cancelled, or ask the process that runs it to. Raises NotFound or Refused."""
        job = await self._store.job(job_id)
        if job is None:
            raise NotFound(text("Job {id} is not in the queue.", id=job_id))
        if job.merged_into is not None:
            raise Refused(
                text(
                    "Job {id} runs as one with job {leader}. Cancel that one.",
                    id=job_id,
                    leader=job.merged_into,
                )
            )
        if job.status is JobStatus.PROCESSING:
            await self._store.request_cancel(job_id, now=self._clock.now())
            return
        await self.settle(job, Cancelled(), run=None)
        self.wake.set()

    async def open_lane(self, lane: str) -> int:
        """End a lane's block or breaker; returns how many jobs waited for it."""
        self._mended[lane] = self._clock.monotonic()
        local = self._local_stops.pop(lane, None) is not None
        released, waiting = await self._store.open_lane(lane, now=self._clock.now(), local=local)
        if lane not in {stop.lane for stop in await self._store.lane_stops()}:
            self._lane_waits.discard(lane)
        self.tell(released)
        self._bus.publish(LaneChanged(lane))
        self.wake.set()
        return waiting

    async def lane_stops(self) -> tuple[LaneStop, ...]:
        """Return the lanes that take no jobs now, those included that stop in this process only."""
        now = self._clock.now()
        stops = {
            stop.lane: stop
            for stop in await self._store.lane_stops()
            if stop.until is None or stop.until > now or stop.state is LaneState.PROBING
        }
        return tuple({**stops, **self._local_stops}.values())

    def set_pause(self, *, paused: bool, until: datetime | None = None) -> None:
        """Stop or go on delivering; receiving is never stopped."""
        self._paused, self._paused_until = paused, until
        self.wake.set()
        self._bus.publish(PauseChanged())

    def end_pause_in_time(self) -> None:
        """Go on delivering where the pause is over, and tell so."""
        if self._paused and not self.pause()[0]:
            self.set_pause(paused=False)

    def pause(self) -> tuple[bool, datetime | None]:
        """Whether deliveries are paused now, and until when."""
        if self._paused and self._paused_until is not None and self._clock.now() >= self._paused_until:
            return False, None
        return self._paused, self._paused_until

    def tell(self, jobs: Collection[Job] = (), records: Collection[JobRecord] = ()) -> None:
        """Publish what changed in the database, by this process or another."""
        self._publish(jobs, records)
        if jobs:
            self.wake.set()

    def _publish(self, jobs: Collection[Job], records: Collection[JobRecord] = ()) -> None:
        for job in jobs:
            self._bus.publish(JobChanged(job))
        for record in records:
            self._bus.publish(JobEnded(record))
