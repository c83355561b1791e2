"""The queue as the program uses it: every write, and the news of it after the commit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from metarr_desktop.domain.changes import EventStored, JobChanged, JobEnded, LaneChanged, PauseChanged
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.domain.outcomes import Cancelled
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.events import IncomingWebhook, StoredWebhook
    from metarr_desktop.domain.jobs import NewJob
    from metarr_desktop.domain.lanes import LaneStop
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.job_store import Claim, JobStore, Run, Settlement


class JobQueue:
    """Durable jobs, their lanes and the pause; ``wake`` is set whenever a worker may find work."""

    def __init__(self, *, store: JobStore, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._paused = False
        self._paused_until: datetime | None = None
        self.wake = asyncio.Event()

    async def store(self, webhook: IncomingWebhook) -> StoredWebhook:
        """Store a webhook with its job, in one transaction. Raises StorageFailed."""
        stored, job = await self._store.store_webhook(webhook, now=self._clock.now())
        self.wake.set()
        self._bus.publish(EventStored(stored.event_id, webhook.source))
        self._bus.publish(JobChanged(job))
        return stored

    async def add(self, jobs: Collection[NewJob]) -> tuple[Job, ...]:
        """Insert jobs that are due at once. Raises StorageFailed."""
        added = await self._store.add(jobs, now=self._clock.now())
        self._tell(added)
        return added

    async def claim(self, lanes: Collection[str], *, longest: bool = False) -> Claim:
        """Take the next job of these lanes. Raises StorageFailed."""
        claim = await self._store.claim(lanes, now=self._clock.now(), longest=longest)
        for lane in claim.reopened:
            self._bus.publish(LaneChanged(lane))
        if claim.job is not None:
            self._bus.publish(JobChanged(claim.job))
        return claim

    async def settle(self, job: Job, outcome: Outcome, *, run: Run | None) -> Settlement:
        """End an attempt. Raises StorageFailed, or NotFound where the job is gone."""
        settled = await self._store.settle(job, outcome, run=run, now=self._clock.now())
        if settled.stopped is not None:
            self._bus.publish(LaneChanged(settled.stopped.lane))
        if settled.record is not None:
            self._bus.publish(JobEnded(settled.record))
        else:
            self._bus.publish(JobChanged(settled.job))
        self._tell(settled.changed)
        self.wake.set()
        return settled

    async def recover(self) -> int:
        """Put back what was running when the process died; returns how many jobs."""
        recovered = await self._store.recover(now=self._clock.now())
        self._tell(recovered)
        return len(recovered)

    async def retry(self, job_id: int, *, max_retries: int) -> int:
        """Try an ended job again as a new job, or make its active one due; returns that job's id."""
        job, _ = await self._store.retry(job_id, max_retries=max_retries, now=self._clock.now())
        self._tell((job,))
        return job.id

    async def replay(self, event_id: int) -> int:
        """Let a stored webhook run once more; returns the id of its new root job."""
        job = await self._store.replay(event_id, now=self._clock.now())
        self._tell((job,))
        return job.id

    async def run_now(self, job_id: int) -> None:
        """Make a waiting job due. Raises NotFound or Refused."""
        self._tell((await self._store.run_now(job_id, now=self._clock.now()),))

    async def cancel_waiting(self, job_id: int) -> None:
        """End a waiting job as cancelled. Raises NotFound, or Refused where it is running."""
        job = await self._store.job(job_id)
        if job is None:
            raise NotFound(text("Job {id} is not in the queue.", id=job_id))
        if job.status is JobStatus.PROCESSING:
            raise Refused(text("Job {id} is running.", id=job_id))
        await self.settle(job, Cancelled(), run=None)

    async def open_lane(self, lane: str) -> int:
        """End a lane's block; returns how many jobs waited for it."""
        released, waiting = await self._store.open_lane(lane, now=self._clock.now())
        self._tell(released)
        self._bus.publish(LaneChanged(lane))
        self.wake.set()
        return waiting

    async def lane_stops(self) -> tuple[LaneStop, ...]:
        """Return the lanes that take no jobs now."""
        now = self._clock.now()
        return tuple(
            stop for stop in await self._store.lane_stops() if stop.until is None or stop.until > now
        )

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

    def _tell(self, jobs: Collection[Job]) -> None:
        for job in jobs:
            self._bus.publish(JobChanged(job))
        if jobs:
            self.wake.set()
