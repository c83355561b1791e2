"""The queue in Redis. The database says which jobs there are, Redis which runs next and who runs it.

docs/decisions/0009-the-queue-on-redis.md tells why. Every change of a job is a transaction of the database
first, with the job in the outbox, and then one script in Redis; whatever ends between the two is made up for
by ``recover``, or as soon as Redis answers again.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import from_ms, to_ms
from metarr_desktop.domain.errors import NotFound, Refused, StorageFailed
from metarr_desktop.domain.jobs import JobStatus
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage import mirror, redis_taking
from metarr_desktop.storage.claiming import LATEST_MS
from metarr_desktop.storage.job_store import Claim, Leases
from metarr_desktop.storage.rows import read_job, write_progress
from metarr_desktop.storage.sql_job_store import SqlJobStore

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from metarr_desktop.domain.jobs import Job, JobRecord, Progress
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.job_store import Recovery, Run, Settlement
    from metarr_desktop.storage.redis_queue import RedisQueue, Taken
    from metarr_desktop.storage.relayed import RelayedDatabase


RESTARTED = Text("The Redis server of the queue was restarted. What waits goes on in a moment.")


class RedisJobStore(SqlJobStore):
    """``JobStore`` on a database and Redis: what the database does is ``SqlJobStore``'s."""

    def __init__(self, database: RelayedDatabase) -> None:
        super().__init__(database, holder=database.queue.holder)
        self._relayed = database
        self._queue: RedisQueue = database.queue
        self._held: dict[int, tuple[Taken, int]] = {}
        self._claiming = asyncio.Lock()
        self._settling: set[asyncio.Future[None]] = set()
        self._first_look = True

    async def claim(self, lanes: Mapping[str, int], *, now: datetime, turn: int = 0, limit: int = 1) -> Claim:
        """Take at most ``limit`` jobs of these lanes, of each lane no more than run at once."""
        async with self._claiming:
            if self._settling:  # whoever settles asks at once for more, and must find the lane free
                await asyncio.wait(self._settling)
            try:
                await self._agree()
                await self._relayed.works()
                return await self._claim(lanes, now=now, turn=turn, limit=limit)
            except StorageFailed as error:
                if self._queue.link.lost_touch:
                    self._relayed.fails(error)
                raise

    async def _agree(self) -> None:
        """After a lost answer or connection: find out what Redis did and forgot, before it is asked again."""
        await self._queue.link.look()
        if not self._queue.link.lost_touch:
            return
        self._queue.link.lost_touch = False  # from here on, what is stored is told at once again
        try:
            await self._relayed.mend()
            freed = await self._queue.agree(self._held.values())
            if freed:
                await self._relayed.write_aside(mirror.unmark, freed, self._holder.worker)
        except BaseException:
            self._queue.link.lost_touch = True
            raise

    async def _claim(self, lanes: Mapping[str, int], *, now: datetime, turn: int, limit: int) -> Claim:
        stamp = to_ms(now)
        view = await self._relayed.read_aside(redis_taking.look, stamp)
        if view.lanes.over:
            await self._relayed.write_aside(redis_taking.end_stops, stamp)
        open_lanes = [
            (lane, most, lane in view.lanes.probing)
            for lane, most in lanes.items()
            if lane not in view.lanes.stopped
        ]
        connections = self._queue.link.connections
        found = await self._queue.claim(open_lanes, view.windows, now=stamp, turn=turn, limit=limit)
        if self._queue.link.connections != connections:
            raise StorageFailed(RESTARTED)  # it may have forgotten what runs: nothing of this counts
        self._relayed.touch(now=stamp)
        taken = tuple(each for job in found.jobs for each in (job, *job.merged))
        try:
            told = await redis_taking.tell_database(self._relayed, found, stamp=stamp)
            expired: tuple[JobRecord, ...] = ()
            if found.expired:
                expired = await self._relayed.run(redis_taking.end_expired, found.expired, now)
        except BaseException:
            self._queue.link.lost_touch = True  # what was taken waits again as soon as Redis is asked
            raise
        wrong = {each.id for each in taken} - set(told.rows) | told.lost
        if wrong:
            wrong |= {each.id for job in found.jobs if job.id in wrong for each in job.merged}
            await self._queue.let_go(wrong)
            await self._relayed.resend(wrong)
        jobs = tuple(
            redis_taking.as_job(job, told.rows, now=now, worker=self._holder.worker, without=wrong)
            for job in found.jobs
            if job.id not in wrong
        )
        await self._relayed.tell(*(each.id for each in taken), *(["lanes"] if view.lanes.over else []))
        # Nothing may fail from here on: what is held counts as run by this process.
        self._held.update({each.id: (each, stamp) for each in taken if each.id not in wrong})
        times = [*view.lanes.ends, *([found.next_due] if found.next_due is not None else [])]
        return Claim(
            jobs=jobs,
            next_due=now if wrong else from_ms(min(*times, LATEST_MS)) if times else None,
            reopened=tuple(view.lanes.over),
            expired=expired,
            held=tuple(read_job(row) for row in told.held),
        )

    async def settle(
        self,
        job: Job,
        outcome: Outcome,
        *,
        run: Run | None,
        now: datetime,
        merged: Sequence[Outcome] = (),
        merge_window: timedelta | None = None,
    ) -> Settlement:
        """Record an attempt and end the job or put it back; raises NotFound where it is not ours any more."""
        over = asyncio.get_running_loop().create_future()
        self._settling.add(over)
        try:
            return await self._settle(job, outcome, run, now, tuple(merged), merge_window)
        finally:
            self._settling.discard(over)
            over.set_result(None)

    async def _settle(
        self,
        job: Job,
        outcome: Outcome,
        run: Run | None,
        now: datetime,
        merged: tuple[Outcome, ...],
        merge_window: timedelta | None,
    ) -> Settlement:
        members = (job, *job.merged)
        if job.status is JobStatus.PENDING:
            runs: tuple[int, ...] = (await self._seize(job),)
        else:
            runs = await self._runs_of(members)
        try:
            settlement = await self._relayed.run(
                redis_taking.settle, runs, self._holder, job, outcome, run, now, merged, merge_window
            )
        except BaseException:
            if job.status is JobStatus.PENDING:
                await self._queue.let_go([job.id])
            raise
        for each in members:
            self._held.pop(each.id, None)
        self._relayed.touch(now=0)
        return settlement

    async def _seize(self, job: Job) -> int:
        found = await self._queue.seize(job.id)
        if found == "running":
            raise Refused(text("Job {id} is running.", id=job.id))
        if isinstance(found, str):
            raise NotFound(text("Job {id} is not in the queue any more.", id=job.id))
        return found

    async def _runs_of(self, members: Sequence[Job]) -> tuple[int, ...]:
        """Numbers of these runs; what this process took itself it knows, and the database checks them."""
        known = [self._held.get(each.id) for each in members]
        runs = [
            None
            if held is None or (held[0].starts, from_ms(held[1])) != (each.starts, each.started_at)
            else held[0].runs
            for held, each in zip(known, members, strict=True)
        ]
        if None in runs or any(each.worker != self._holder.worker for each in members):
            runs = list(await self._queue.runs_of(members))
        for number, each in zip(runs, members, strict=True):
            if number is None:
                raise NotFound(text("Job {id} is not in the queue any more.", id=each.id))
        return tuple(number for number in runs if number is not None)

    async def renew(self, job_ids: Collection[int]) -> Leases:
        """Go on holding these jobs, where jobs are held for a time; a heartbeat."""
        if not self.shared:
            return Leases()
        await self._relayed.write_aside(redis_taking.show_life, self._holder)
        async with self._claiming:
            await self._agree()
        return await self._queue.renew(tuple(job_ids))

    async def recover(self, *, now: datetime, running: Collection[int] = ()) -> Recovery:
        """Put back what ran when its process died; each such run is a ``crashed`` attempt."""
        said = await self._relayed.read_aside(mirror.said_to_run)
        found = await self._queue.running()
        lost = tuple(
            each
            for each in found
            if each.id not in running
            and not (self.shared and each.held and not self._holder.came_after(each.worker))
        )
        for each in lost:
            if each.seized:
                await self._queue.let_go([each.id], worker=each.worker)
        held = {each.id for each in found} | set(running)
        unknown = tuple(row for row in said if row[0] not in held)
        self._relayed.touch(now=0)
        recovery = await self._relayed.run(
            redis_taking.take_back, self._holder, lost, unknown, now, tuple(running)
        )
        if self._first_look and not self.shared and not running:
            self._held.clear()
            await self._queue.link.forget_all()
        if self._first_look:
            await self._relayed.mend(anew=True)
            self._first_look = False
        else:
            await self._relayed.catch_up()
            await self._relayed.resend([each.id for each in lost])
        return recovery

    async def leave(self) -> None:
        """Tell other processes that this one runs nothing more."""
        async with self._claiming:
            await self._agree()
        await super().leave()

    async def report_progress(self, job: Job, progress: Progress, *, now: datetime) -> Job | None:
        """Store how far a running job is; None where it is not ours any more."""
        if job.status is JobStatus.PENDING:
            return None
        if not await self._queue.note_progress(job, write_progress(progress), now=to_ms(now)):
            return None
        self._relayed.touch(now=0)
        await self._relayed.tell(job.id)
        return replace(job, progress=progress, updated_at=now, merged=(), probe=False)

    async def make_due(self, waits: Mapping[int, datetime], *, now: datetime) -> tuple[Job, ...]:
        """Make waiting jobs due, by id, that still wait for the instant given."""
        await self._relayed.mirror(now=to_ms(now))
        return await super().make_due(waits, now=now)

    async def request_cancel(self, job_id: int, *, now: datetime) -> Job:  # noqa: ARG002 - the contract's
        """Ask the process that runs a job to cancel it."""
        if not self.shared:
            raise Refused(text("Job {id} cannot be cancelled any more.", id=job_id))
        job = await self.job(job_id) if await self._queue.cancel(job_id) else None
        if job is None:
            raise NotFound(text("Job {id} is not in the queue.", id=job_id))
        await self._relayed.tell(job_id, "cancel")
        return job

    async def retry(
        self, job_id: int, *, max_retries: int, expires_after: timedelta | None = None, now: datetime
    ) -> tuple[Job, bool]:
        """Insert a new job for an ended one, or return the active one (False)."""
        await self._relayed.mirror(now=to_ms(now))
        return await super().retry(job_id, max_retries=max_retries, expires_after=expires_after, now=now)

    async def run_now(self, job_id: int, *, now: datetime) -> Job:
        """Make a waiting job due; raises NotFound, or Refused where it is running."""
        await self._relayed.mirror(now=to_ms(now))
        return await super().run_now(job_id, now=now)

    async def open_lane(
        self, lane: str, *, now: datetime, local: bool = False
    ) -> tuple[tuple[Job, ...], int]:
        """End a lane's block or breaker; returns the jobs that were tried in vain, and how many wait."""
        try:
            await self._relayed.mirror(now=to_ms(now))
        except StorageFailed as error:  # the lane is opened all the same; Redis hears of it when it answers
            self._relayed.fails(error)
        return await super().open_lane(lane, now=now, local=local)
