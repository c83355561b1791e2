"""Runs jobs: claims them, times them, and alone turns what happened into an outcome."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain import errors
from metarr_desktop.domain.outcomes import Cancelled, Done, Failed, Interrupted, Outcome
from metarr_desktop.domain.text import Text, text
from metarr_desktop.jobs.outcome import outcome_of
from metarr_desktop.storage.job_store import Run

if TYPE_CHECKING:
    import random
    from collections.abc import Coroutine, Iterable
    from datetime import datetime
    from typing import Any, Protocol, TypeVar

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.jobs.handlers import JobType
    from metarr_desktop.jobs.queue import JobQueue

    Result = TypeVar("Result")

    class Spawn(Protocol):
        """Starts a task that somebody watches."""

        def __call__(self, work: Coroutine[Any, Any, Result], /, *, name: str) -> asyncio.Task[Result]:
            """Start it."""


logger = logging.getLogger(__name__)

LONGEST_NAP = timedelta(seconds=60)
"""Waits are cut to this, since monotonic time may stand still while the computer sleeps."""
OUT_OF_TURN = 10
"""Every so many claims takes the job that has waited longest."""
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
    ) -> None:
        self._queue = queue
        self._types = {kind.type: kind for kind in types}
        self._clock = clock
        self._spawn = spawn
        self._rng = rng
        self._stopping = asyncio.Event()
        self._taken = 0
        self._running: dict[int, asyncio.Task[Outcome]] = {}
        self._cancelled: set[int] = set()
        self._in_lane: Counter[str] = Counter()
        self._attempts: set[asyncio.Task[None]] = set()
        self._claiming: asyncio.Task[Any] | None = None

    async def run(self) -> None:
        """Claim and run jobs until ``stop``; nothing that goes wrong in between ends it."""
        self._claiming = asyncio.current_task()
        failures = 0
        while not self._stopping.is_set():
            self._queue.end_pause_in_time()
            self._queue.wake.clear()
            try:
                claim = await self._queue.claim(
                    self._open_lanes(), longest=self._taken % OUT_OF_TURN == OUT_OF_TURN - 1
                )
            except Exception as error:
                if not isinstance(error, errors.StorageFailed):
                    logger.exception("The next job could not be taken")
                await self._nap(_pause(failures))
                failures += 1
                continue
            failures = 0
            if claim.job is None:
                await self._nap(self._seconds_until(claim.next_due))
            elif self._stopping.is_set():
                await self._settle(claim.job, Interrupted(), None)
            else:
                self._taken += 1
                self._begin(claim.job)

    def cancel(self, job_id: int) -> bool:
        """Cancel a running job; False where it is not running here."""
        task = self._running.get(job_id)
        if task is None:
            return False
        self._cancelled.add(job_id)
        task.cancel()
        return True

    async def stop(self, *, grace: float = 2.5) -> None:
        """Claim nothing more; what still runs after ``grace`` seconds goes back to the queue."""
        self._stopping.set()
        self._queue.wake.set()
        if self._claiming is not None:
            await asyncio.wait({self._claiming}, timeout=1.0)
        if self._attempts:
            await asyncio.wait(set(self._attempts), timeout=grace)
        for task in self._running.values():
            task.cancel()
        if self._attempts:
            await asyncio.wait(set(self._attempts), timeout=1.0)

    def _open_lanes(self) -> tuple[str, ...]:
        paused, _ = self._queue.pause()
        return tuple(
            {
                kind.lane: None
                for kind in self._types.values()
                if self._in_lane[kind.lane] < kind.concurrency and not (paused and kind.delivers)
            }
        )

    def _seconds_until(self, due: datetime | None) -> float | None:
        paused, until = self._queue.pause()
        times = [instant for instant in (due, until if paused else None) if instant is not None]
        if not times:
            return None
        wait = min(min(times) - self._clock.now(), LONGEST_NAP)
        return max(wait.total_seconds(), 0.001)

    async def _nap(self, seconds: float | None) -> None:
        """Wait until woken, or for this long."""
        await self._until(self._queue.wake, seconds=seconds)

    async def _until(self, event: asyncio.Event, *, seconds: float | None) -> None:
        """Wait for an event, at most for this long."""
        if event.is_set():
            return
        if seconds is None:
            await event.wait()
            return
        woken = self._spawn(event.wait(), name="worker: wake")
        timer = self._spawn(self._clock.sleep(seconds), name="worker: timer")
        await asyncio.wait({woken, timer}, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        timer.cancel()

    def _begin(self, job: Job) -> None:
        self._in_lane[job.lane] += 1
        self._running[job.id] = self._spawn(self._run(job), name=f"handler {job.id}")
        attempt = self._spawn(self._attempt(job, self._running[job.id]), name=f"job {job.id} {job.type}")
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)

    async def _attempt(self, job: Job, handler: asyncio.Task[Outcome]) -> None:
        started, began = self._clock.now(), self._clock.monotonic()
        try:
            outcome = await self._outcome(job, handler)
            lasted = timedelta(seconds=self._clock.monotonic() - began)
            await self._settle(job, outcome, Run(started_at=started, duration=lasted))
        finally:
            self._running.pop(job.id, None)
            self._cancelled.discard(job.id)
            self._in_lane[job.lane] -= 1
            self._queue.wake.set()

    async def _outcome(self, job: Job, handler: asyncio.Task[Outcome]) -> Outcome:
        await asyncio.wait({handler})
        if not handler.cancelled():
            return handler.result()
        if job.id in self._cancelled:
            return Cancelled()
        if self._stopping.is_set():
            return Interrupted()
        error = errors.Transient("The work was broken off.")
        policy = self._types[job.type].retry
        return outcome_of(error, job=job, policy=policy, now=self._clock.now(), rng=self._rng)

    async def _run(self, job: Job) -> Outcome:
        """Run the handler; what it raises becomes an outcome here and nowhere else."""
        kind = self._types.get(job.type)
        if kind is None:
            return Failed(error=text("This version of Metarr Desktop cannot run {type} jobs.", type=job.type))
        try:
            return await _in_time(kind, job)
        except errors.MetarrError as error:
            return outcome_of(error, job=job, policy=kind.retry, now=self._clock.now(), rng=self._rng)
        except Exception:
            logger.exception("Job %d (%s) failed on an error of our own", job.id, job.type)
            return Failed(error=OUR_FAULT)

    async def _settle(self, job: Job, outcome: Outcome, run: Run | None) -> None:
        """Settle, and while the database fails, try again: the work is done and must be recorded."""
        failures = 0
        while True:
            last = self._stopping.is_set()
            try:
                await self._queue.settle(job, outcome, run=run)
            except errors.StorageFailed:
                if last:
                    return
                await self._until(self._stopping, seconds=_pause(failures))
                failures += 1
            except errors.NotFound:
                logger.warning("Job %d was removed from the queue while it ran", job.id)
                return
            except Exception:
                logger.exception("Job %d (%s) could not be recorded as it ended", job.id, job.type)
                if isinstance(outcome, Failed):
                    return
                outcome = Failed(error=OUR_FAULT)
            else:
                return


def _pause(failures: int) -> float:
    return STORAGE_PAUSES[min(failures, len(STORAGE_PAUSES) - 1)]


async def _in_time(kind: JobType, job: Job) -> Done:
    limit = kind.timeout.total_seconds()
    deadline = asyncio.timeout(limit)
    try:
        async with deadline:
            return await kind.handler(job)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise errors.Transient(text("Took longer than {seconds} s.", seconds=int(limit))) from error
