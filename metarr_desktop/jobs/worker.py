"""Runs jobs: claims them, times them, and alone turns what happened into an outcome."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain import errors
from metarr_desktop.domain.outcomes import Cancelled, Deferred, Failed, Interrupted, Outcome
from metarr_desktop.domain.text import Text, text
from metarr_desktop.jobs.attempt import Attempt
from metarr_desktop.jobs.outcome import outcome_of
from metarr_desktop.jobs.progress import ProgressReport
from metarr_desktop.jobs.watch import Watch

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from typing import Any

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.jobs.handlers import JobType
    from metarr_desktop.jobs.queue import JobQueue
    from metarr_desktop.jobs.tasks import Spawn
    from metarr_desktop.storage.job_store import Run

logger = logging.getLogger(__name__)

LONGEST_NAP = timedelta(seconds=60)
"""Waits are cut to this, since monotonic time may stand still while the computer sleeps."""
CLAIM_AT_ONCE = 32
LONGEST_COURTESY_S = 0.1
HEARTBEAT_S = 20.0
OUR_FAULT = Text("Metarr Desktop failed on this job. The log has the details.")
STORAGE_PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Seconds between tries while the database fails."""


class Worker:
    """Claims jobs lane by lane and runs them beside one another, each lane within its concurrency."""

    def __init__(
        self,
        *,
        queue: JobQueue,
        types: Iterable[JobType],
        clock: Clock,
        spawn: Spawn,
        rng: random.Random,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._queue = queue
        self._types = {kind.type: kind for kind in types}
        self._clock = clock
        self._spawn = spawn
        self._rng = rng
        self._heartbeat_s = heartbeat_s
        self._beat = asyncio.Event()
        self._stopping = asyncio.Event()
        self._taken = 0
        self._running: dict[int, Attempt] = {}
        self._watch = Watch(clock=clock, spawn=spawn, running=self._running, abandon=self._abandon)
        self._tasks: set[asyncio.Task[None]] = set()
        self._claiming: asyncio.Task[Any] | None = None

    async def run(self) -> None:
        """Claim and run jobs until ``stop``; nothing that goes wrong in between ends it."""
        self._claiming = asyncio.current_task()
        if self._queue.shared:
            self._spawn(self._hold_on(), name="worker: heartbeat")
        failures = 0
        while not self._stopping.is_set():
            self._queue.end_pause_in_time()
            await self._let_webhooks_in()
            self._queue.wake.clear()
            try:
                claim = await self._queue.claim(self._open_lanes(), turn=self._taken, limit=CLAIM_AT_ONCE)
            except Exception as error:
                if not isinstance(error, errors.StorageFailed):
                    logger.exception("The next job could not be taken")
                await self._nap(_pause(failures))
                failures += 1
                continue
            failures = 0
            for job in claim.jobs:
                if self._stopping.is_set():
                    await self._settle(job, Interrupted(), None)
                else:
                    self._taken += 1
                    self._begin(job)
            if len(claim.jobs) < CLAIM_AT_ONCE:
                await self._nap(self._seconds_until(claim.next_due))

    def cancel(self, job_id: int) -> bool:
        """Cancel a running job; False where it is not running here, or over."""
        attempt = self._running.get(job_id)
        if attempt is None or attempt.over:
            return False
        attempt.cancelled = True
        self._watch.break_off(attempt)
        return True

    def look_after(self) -> None:
        """Look now for jobs that a person cancelled elsewhere, instead of at the next heartbeat."""
        self._beat.set()

    async def stop(self, *, grace: float = 2.5) -> None:
        """Claim nothing more; what still runs after ``grace`` seconds goes back to the queue."""
        self._stopping.set()
        self._beat.set()
        self._queue.wake.set()
        if self._claiming is not None:
            await asyncio.wait({self._claiming}, timeout=1.0)
        await self._wait_for_tasks(grace)
        for attempt in self._running.values():
            if not attempt.over:
                attempt.task.cancel()
        await self._wait_for_tasks(1.0)
        for attempt in tuple(self._running.values()):
            if not attempt.over:
                self._abandon(attempt)
        await self._wait_for_tasks(1.0)
        self._watch.stop()
        if self._queue.shared:
            try:
                await self._queue.leave()
            except errors.StorageFailed:
                logger.warning("The other computers could not be told that this one stops")

    async def _wait_for_tasks(self, seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)

    def _open_lanes(self) -> dict[str, int]:
        """Lanes this worker serves now, each with how many of its jobs may run at once."""
        paused, _ = self._queue.pause()
        lanes: dict[str, int] = {}
        for kind in self._types.values():
            if not (paused and kind.delivers):
                for lane in kind.all_lanes():
                    lanes[lane] = max(kind.concurrency, lanes.get(lane, 1))
        return lanes

    def _seconds_until(self, due: datetime | None) -> float | None:
        paused, until = self._queue.pause()
        times = [instant for instant in (due, until if paused else None) if instant is not None]
        waits = [(min(times) - self._clock.now()).total_seconds()] if times else []
        if (short := self._queue.next_short_wait()) is not None:
            waits.append(short)
        if not waits:
            return None
        return max(min(*waits, LONGEST_NAP.total_seconds()), 0.001)

    async def _let_webhooks_in(self) -> None:
        """Begin nothing new while senders wait for an answer, but not for long: work is why they call."""
        if self._queue.quiet.is_set() or self._stopping.is_set():
            return
        timer = self._spawn(self._clock.sleep(LONGEST_COURTESY_S), name="worker: courtesy")
        quiet = self._spawn(self._queue.quiet.wait(), name="worker: quiet")
        await asyncio.wait({timer, quiet}, return_when=asyncio.FIRST_COMPLETED)
        timer.cancel()
        quiet.cancel()

    async def _nap(self, seconds: float | None) -> None:
        """Wait until woken, or for this long."""
        if self._queue.wake.is_set():
            return
        timer = None
        if seconds is not None:
            timer = self._spawn(self._ring(seconds), name="worker: timer")
        try:
            await self._queue.wake.wait()
        finally:
            if timer is not None:
                timer.cancel()

    async def _ring(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._queue.wake.set()

    def _begin(self, job: Job) -> None:
        kind = self._types.get(job.type)
        report = ProgressReport(job, queue=self._queue, clock=self._clock, spawn=self._spawn)
        attempt = Attempt(job=job, kind=kind, report=report, clock=self._clock)
        self._running[job.id] = attempt
        attempt.task = self._spawn(self._attempt(attempt), name=f"job {job.id} {job.type}")
        self._tasks.add(attempt.task)
        attempt.task.add_done_callback(self._tasks.discard)
        self._watch.expect(attempt)

    async def _attempt(self, attempt: Attempt) -> None:
        outcomes = await self._run(attempt)
        attempt.over = True
        attempt.report.end()
        if attempt.abandoned:
            return
        # The next claim goes to the database right behind this settlement, and shares its commit.
        asyncio.get_running_loop().call_soon(self._queue.wake.set)
        try:
            await self._settle(attempt.job, outcomes[0], attempt.run(), merged=outcomes[1:])
        finally:
            self._forget(attempt)

    async def _run(self, attempt: Attempt) -> Sequence[Outcome]:
        """Run the handler; what it raises becomes an outcome here and nowhere else, for each job it leads."""
        job = attempt.job
        if attempt.kind is None:
            error = text("This version of Metarr Desktop cannot run {type} jobs.", type=job.type)
            return (Failed(error=error),)
        try:
            return (await attempt.kind.handler(job, attempt.report),)
        except asyncio.CancelledError:
            attempt.forget_cancel()
            return self._broken_off(attempt)
        except errors.MetarrError as error:
            return self._outcomes(attempt, error)
        except Exception:
            logger.exception("Job %d (%s) failed on an error of our own", job.id, job.type)
            return (Failed(error=OUR_FAULT),)

    def _broken_off(self, attempt: Attempt) -> Sequence[Outcome]:
        if attempt.cancelled:
            reason = text("It went together with job {id}, which was cancelled.", id=attempt.job.id)
            again = Deferred(reason=reason, until=self._clock.now())
            return (Cancelled(), *[again] * len(attempt.job.merged))
        if attempt.timed_out:
            sentence = text("Took longer than {seconds} s.", seconds=int(attempt.limit_s))
            return self._outcomes(attempt, errors.Transient(sentence))
        if self._stopping.is_set():
            return (Interrupted(),)
        return self._outcomes(attempt, errors.Transient("The work was broken off."))

    def _outcomes(self, attempt: Attempt, error: errors.MetarrError) -> Sequence[Outcome]:
        now, kind = self._clock.now(), attempt.kind
        assert kind is not None  # noqa: S101 - only a handler raises
        members = (attempt.job, *attempt.job.merged)
        return [outcome_of(error, job=each, policy=kind.retry, now=now, rng=self._rng) for each in members]

    def _abandon(self, attempt: Attempt) -> None:
        """Settle a job whose handler does not end though it was told to."""
        job = attempt.job
        logger.warning("Job %d (%s) does not stop; it is given up and may still be at work", job.id, job.type)
        attempt.abandoned = attempt.over = True
        attempt.report.end()
        self._forget(attempt)
        outcomes = self._broken_off(attempt)
        task = self._spawn(
            self._settle(job, outcomes[0], attempt.run(), merged=outcomes[1:]), name=f"job {job.id} given up"
        )
        self._tasks.discard(attempt.task)
        self._tasks.add(task)
        asyncio.get_running_loop().call_soon(self._queue.wake.set)
        task.add_done_callback(self._tasks.discard)

    def _forget(self, attempt: Attempt) -> None:
        """Let a job be no longer ours, unless a newer run of it is."""
        if self._running.get(attempt.job.id) is attempt:
            del self._running[attempt.job.id]

    async def _settle(
        self, job: Job, outcome: Outcome, run: Run | None, *, merged: Sequence[Outcome] = ()
    ) -> None:
        """Settle, and while the database fails, try again: the work is done and must be recorded."""
        failures = 0
        kind = self._types.get(job.type)
        window = None if kind is None else kind.merge_window
        while True:
            last = self._stopping.is_set()
            try:
                await self._queue.settle(job, outcome, run=run, merged=merged, merge_window=window)
            except errors.StorageFailed:
                if last:
                    return
                await self._wait_for_stop(_pause(failures))
                failures += 1
            except errors.NotFound:
                logger.warning("Job %d was taken out of our hands while it ran", job.id)
                return
            except Exception:
                logger.exception("Job %d (%s) could not be recorded as it ended", job.id, job.type)
                if isinstance(outcome, Failed):
                    return
                outcome, merged = Failed(error=OUR_FAULT), ()
            else:
                if failures or isinstance(outcome, Failed):
                    self._queue.wake.set()
                return

    async def _wait_for_stop(self, seconds: float) -> None:
        timer = self._spawn(self._clock.sleep(seconds), name="worker: storage pause")
        stopping = self._spawn(self._stopping.wait(), name="worker: stop")
        await asyncio.wait({timer, stopping}, return_when=asyncio.FIRST_COMPLETED)
        timer.cancel()
        stopping.cancel()

    async def _hold_on(self) -> None:
        """Renew the leases of what runs here, and take over what others held and lost."""
        while not self._stopping.is_set():
            self._beat.clear()
            held = [each.id for run in self._running.values() for each in (run.job, *run.job.merged)]
            try:
                leases = await self._queue.renew(held)
                for job_id in (*leases.lost, *leases.cancelled):
                    self.cancel(job_id)
                await self._queue.recover(held)
            except errors.StorageFailed:
                pass  # told by the database itself; the leases outlast some missed beats
            except Exception:
                logger.exception("The jobs that run here could not be held on to")
            timer = self._spawn(self._next_beat(), name="worker: next heartbeat")
            await self._beat.wait()
            timer.cancel()

    async def _next_beat(self) -> None:
        await self._clock.sleep(self._heartbeat_s)
        self._beat.set()


def _pause(failures: int) -> float:
    return STORAGE_PAUSES[min(failures, len(STORAGE_PAUSES) - 1)]
