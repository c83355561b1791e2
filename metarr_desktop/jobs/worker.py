"""Runs jobs: claims them, times them, and alone turns what happened into an outcome."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain import errors
from metarr_desktop.domain.clock import iso
from metarr_desktop.domain.jobs import (
    BlockCause,
    Blocked,
    Cancelled,
    Deferred,
    Done,
    Failed,
    Interrupted,
    Job,
    Outcome,
    Retry,
    Skipped,
)
from metarr_desktop.domain.retry import RATE_LIMIT_CAP, RetryPolicy
from metarr_desktop.domain.text import text
from metarr_desktop.storage.job_store import Run

if TYPE_CHECKING:
    import random
    from collections.abc import Coroutine, Iterable
    from datetime import datetime
    from typing import Any, Protocol, TypeVar

    from metarr_desktop.domain.clock import Clock
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
        self._stopping = False
        self._claims = 0
        self._running: dict[int, asyncio.Task[Outcome]] = {}
        self._cancelled: set[int] = set()
        self._in_lane: Counter[str] = Counter()
        self._attempts: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Claim and run jobs until ``stop``."""
        failures = 0
        while not self._stopping:
            self._queue.wake.clear()
            self._claims += 1
            try:
                claim = await self._queue.claim(self._open_lanes(), longest=self._claims % OUT_OF_TURN == 0)
            except errors.StorageFailed:
                await self._nap(STORAGE_PAUSES[min(failures, len(STORAGE_PAUSES) - 1)])
                failures += 1
                continue
            failures = 0
            if claim.job is not None:
                self._begin(claim.job)
            else:
                await self._nap(self._seconds_until(claim.next_due))

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
        self._stopping = True
        self._queue.wake.set()
        if self._attempts:
            await asyncio.wait(set(self._attempts), timeout=grace)
        for task in self._running.values():
            task.cancel()
        if self._attempts:
            await asyncio.wait(set(self._attempts), timeout=1.5)

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
        if self._queue.wake.is_set() or self._stopping:
            return
        if seconds is None:
            await self._queue.wake.wait()
            return
        woken = self._spawn(self._queue.wake.wait(), name="worker: wake")
        timer = self._spawn(self._clock.sleep(seconds), name="worker: timer")
        await asyncio.wait({woken, timer}, return_when=asyncio.FIRST_COMPLETED)
        woken.cancel()
        timer.cancel()

    def _begin(self, job: Job) -> None:
        self._in_lane[job.lane] += 1
        attempt = self._spawn(self._attempt(job), name=f"job {job.id} {job.type}")
        self._attempts.add(attempt)
        attempt.add_done_callback(self._attempts.discard)

    async def _attempt(self, job: Job) -> None:
        started, began = self._clock.now(), self._clock.monotonic()
        try:
            outcome = await self._outcome(job)
        finally:
            self._running.pop(job.id, None)
            self._cancelled.discard(job.id)
        run = Run(started_at=started, duration=timedelta(seconds=self._clock.monotonic() - began))
        try:
            await self._settle(job, outcome, run)
        finally:
            self._in_lane[job.lane] -= 1
            self._queue.wake.set()

    async def _outcome(self, job: Job) -> Outcome:
        task = self._spawn(self._run(job), name=f"handler {job.id}")
        self._running[job.id] = task
        try:
            return await task
        except asyncio.CancelledError:
            if job.id in self._cancelled:
                return Cancelled()
            if self._stopping:
                return Interrupted()
            raise

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
            return Failed(error=text("Metarr Desktop failed on this job. The log has the details."))

    async def _settle(self, job: Job, outcome: Outcome, run: Run) -> None:
        """Settle, and while the database fails, try again: the work is done and must be recorded."""
        failures = 0
        while True:
            try:
                await self._queue.settle(job, outcome, run=run)
            except errors.StorageFailed:
                if self._stopping:
                    return
                await self._clock.sleep(STORAGE_PAUSES[min(failures, len(STORAGE_PAUSES) - 1)])
                failures += 1
            except errors.NotFound:
                logger.warning("Job %d was removed from the queue while it ran", job.id)
                return
            else:
                return


async def _in_time(kind: JobType, job: Job) -> Done:
    limit = kind.timeout.total_seconds()
    try:
        async with asyncio.timeout(limit):
            return await kind.handler(job)
    except TimeoutError as error:
        raise errors.Transient(text("Took longer than {seconds} s.", seconds=int(limit))) from error


def outcome_of(
    error: errors.MetarrError, *, job: Job, policy: RetryPolicy, now: datetime, rng: random.Random
) -> Outcome:
    """Decide what an error means for its job: the one table from errors to outcomes."""
    match error:
        case errors.RateLimited():
            return _rate_limited(error, job=job, policy=policy, now=now)
        case errors.Transient() | errors.StorageFailed():
            if job.retry_count >= job.max_retries:
                return Failed(error=error.text)
            return Retry(error=error.text, delay=policy.backoff(job.retry_count + 1, rng=rng))
        case errors.NotNow():
            return Deferred(reason=error.text, until=error.until)
        case errors.AuthFailed():
            return Blocked(reason=error.text, cause=BlockCause.KEY_REJECTED)
        case errors.NotSetUp():
            return Blocked(reason=error.text, cause=BlockCause.NOT_SET_UP)
        case errors.SecretsUnavailable():
            return Blocked(reason=error.text, cause=BlockCause.KEYRING)
        case errors.NothingToDo():
            return Skipped(reason=error.text, event_title=error.event_title)
        case _:
            return Failed(error=error.text)


def _rate_limited(error: errors.RateLimited, *, job: Job, policy: RetryPolicy, now: datetime) -> Outcome:
    if error.retry_after > policy.retry_after_cap:
        until = iso(now + error.retry_after) or ""
        return Failed(
            error=text(
                "{error} It asked to wait until {time}, which is too long.", error=str(error), time=until
            )
        )
    if job.rate_limits + 1 >= RATE_LIMIT_CAP:
        return Failed(error=text("{error} It asked to wait {n} times.", error=str(error), n=RATE_LIMIT_CAP))
    return Retry(error=error.text, delay=error.retry_after, rate_limited=True)
