"""The job store in plain Python: what its protocol means, to be read. Nothing of it outlives the test."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.events import StoredWebhook
from metarr_desktop.domain.jobs import (
    CRITICAL,
    INTAKE_LANE,
    WEBHOOK_RECEIVED,
    AttemptOutcome,
    EndStatus,
    Job,
    JobRecord,
    NewJob,
    QueueCounts,
    QueuePlace,
)
from metarr_desktop.domain.lanes import LaneState, LaneStop
from metarr_desktop.domain.text import text
from metarr_desktop.storage.job_store import (
    POISONED_AT,
    Insertion,
    Leases,
    Recovery,
    Run,
    WaitingJobs,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from metarr_desktop.domain.events import IncomingWebhook
    from metarr_desktop.domain.jobs import Progress

from tests.memory.claiming import Claiming, by_turn
from tests.memory.rows import PENDING, PROCESSING
from tests.memory.settlement import Settling


class MemoryJobStore(Claiming, Settling):
    """``JobStore`` of one process at a time; ``memory`` is what a second one would find."""

    shared = False

    async def store_webhook(self, webhook: IncomingWebhook, *, now: datetime) -> tuple[StoredWebhook, Job]:
        with self._transaction() as memory:
            named = {key for each in memory.webhooks.values() for key in each.import_keys}
            if webhook.once and named & set(webhook.import_keys):
                raise Refused("This was told already.")
            event_id = len(memory.webhooks) + 1
            memory.webhooks[event_id] = webhook
            (job,) = self._insert([_intake(event_id)], now).jobs
            return StoredWebhook(event_id=event_id, job_id=job.id), job

    async def add(self, jobs: Collection[NewJob], *, now: datetime) -> Insertion:
        with self._transaction():
            return self._insert(jobs, now)

    async def replay(self, event_id: int, *, now: datetime) -> Job:
        with self._transaction() as memory:
            if event_id not in memory.webhooks:
                raise NotFound(text("There is no webhook {id}.", id=event_id))
            return self._insert([_intake(event_id, replayed=True)], now).jobs[0]

    async def renew(self, job_ids: Collection[int]) -> Leases:
        return Leases()

    async def leave(self) -> None:
        """Nobody else is there."""

    async def recover(self, *, now: datetime, running: Collection[int] = ()) -> Recovery:
        with self._transaction() as memory:
            jobs: list[Job] = []
            records: list[JobRecord] = []
            for job in sorted(memory.jobs.values(), key=lambda each: each.id):
                if job.status is not PROCESSING or job.id in running:
                    continue
                started = job.started_at or now
                run = Run(started_at=started, duration=max(now - started, timedelta(0)))
                if job.starts >= POISONED_AT:
                    error = text(
                        "The program ended {n} times in a row while this ran. It is not run again by itself.",
                        n=POISONED_AT,
                    )
                    records.append(self._end(job, EndStatus.FAILED, error=error, run=run, now=now))
                    jobs += self._release(job.id, now)
                else:
                    moved = self._put_back(
                        replace(job, reason=None), now, run=run, now=now, starts=job.starts
                    )
                    jobs += [moved] if isinstance(moved, Job) else []
                    records += [moved] if isinstance(moved, JobRecord) else []
                crashed = text("The program ended while this ran.")
                self._note_run(job, run, AttemptOutcome.CRASHED, crashed)
            for name, lane in list(memory.lanes.items()):
                probe = memory.jobs.get(lane.probe or 0)
                if lane.has(LaneState.PROBING) and (probe is None or probe.status is PENDING):
                    memory.lanes.await_probe(name, now)
            return Recovery(jobs=tuple(jobs), records=tuple(records))

    async def report_progress(self, job: Job, progress: Progress, *, now: datetime) -> Job | None:
        if not self._is_ours(job):
            return None
        row = self.memory.jobs[job.id]
        return self._keep(replace(row, progress=progress, updated_at=now), ready=False)

    async def make_due(self, waits: Mapping[int, datetime], *, now: datetime) -> tuple[Job, ...]:
        made = []
        for job_id, until in waits.items():
            job = self.memory.jobs.get(job_id)
            if (
                job is None
                or job.status is PROCESSING
                or job_id in self.memory.ready
                or job.run_after != until
            ):
                continue
            made.append(self._keep(replace(job, waits_for=None, run_after=now, updated_at=now), ready=True))
            if self.memory.windows.get((job.lane, job.merge_key or "")) == until:
                del self.memory.windows[job.lane, job.merge_key or ""]
        return tuple(made)

    async def end_stop(self, lane: str, *, until: datetime) -> bool:
        stopped = self.memory.lanes.get(lane)
        if stopped is None or stopped.stop is None or stopped.stop.until != until:
            return False
        long_ago = datetime.fromtimestamp(0, tz=until.tzinfo)
        self.memory.lanes[lane] = replace(stopped, stop=replace(stopped.stop, until=long_ago))
        return True

    async def request_cancel(self, job_id: int, *, now: datetime) -> Job:
        raise Refused(text("Job {id} cannot be cancelled any more.", id=job_id))

    async def retry(
        self, job_id: int, *, max_retries: int, expires_after: timedelta | None = None, now: datetime
    ) -> tuple[Job, bool]:
        with self._transaction() as memory:
            chain = {job_id}
            for record in sorted(memory.ended.values(), key=lambda each: each.job_id):
                if record.retry_of in chain:
                    chain.add(record.job_id)
            active = [job for job in memory.jobs.values() if job.id in chain or job.retry_of in chain]
            ended = memory.ended.get(job_id)
            if not active and ended is None:
                raise NotFound(text("There is no job {id}.", id=job_id))
            if not active:
                key = memory.keys[job_id][0]
                active = [
                    job
                    for job in memory.jobs.values()
                    if key is not None and job.dedupe_key == key and job.status is PENDING
                ]
            if active:
                (job,) = active
                return (self._run_now(job.id, now) if job.status is PENDING else job), False
            assert ended is not None
            dedupe_key, merge_key = memory.keys[job_id]
            again = NewJob(
                type=ended.type,
                lane=ended.lane,
                priority=ended.priority,
                payload=ended.payload,
                max_retries=max_retries,
                parent_id=ended.parent_id,
                root_id=ended.root_id,
                event_id=ended.event_id,
                retry_of=job_id,
                dedupe_key=dedupe_key,
                merge_key=merge_key,
                expires_after=expires_after,
            )
            return self._insert([again], now).jobs[0], True

    async def run_now(self, job_id: int, *, now: datetime) -> Job:
        return self._run_now(job_id, now)

    def _run_now(self, job_id: int, now: datetime) -> Job:
        job = self.memory.jobs.get(job_id)
        if job is None:
            raise NotFound(text("Job {id} is not in the queue.", id=job_id))
        if job.status is PROCESSING:
            raise Refused(text("Job {id} is running already.", id=job_id))
        if job.merge_key is not None:
            self.memory.windows.pop((job.lane, job.merge_key), None)
        reason = job.reason if job.id in self.memory.ready else None
        due = replace(job, run_after=now, updated_at=now, waits_for=None, reason=reason)
        return self._keep(due, ready=True)

    async def open_lane(
        self, lane: str, *, now: datetime, local: bool = False
    ) -> tuple[tuple[Job, ...], int]:
        with self._transaction() as memory:
            stopped = memory.lanes.get(lane)
            if stopped is not None and stopped.has(LaneState.RATE_LIMITED):
                return (), 0
            memory.lanes.pop(lane, None)
            if (stopped is None or stopped.stop is None) and not local:
                return (), 0
            tried: list[Job] = []
            unreachable = stopped is not None and stopped.has(LaneState.BREAKER, LaneState.PROBING)
            waiting = [job for job in memory.jobs.values() if job.lane == lane and job.status is PENDING]
            for job in waiting:
                if job.id in memory.ready and job.reason is not None:
                    tried.append(self._keep(replace(job, reason=None, updated_at=now), ready=True))
                elif (
                    job.id not in memory.ready
                    and unreachable
                    and job.error is not None
                    and job.waits_for is None
                ):
                    tried.append(self._keep(replace(job, run_after=now, updated_at=now), ready=True))
            return tuple(tried), sum(job.id in memory.ready for job in waiting)

    async def lane_stops(self) -> tuple[LaneStop, ...]:
        lanes = sorted(self.memory.lanes.items())
        return tuple(lane.stop for _, lane in lanes if lane.stop is not None)

    async def jobs(self, *, after: QueuePlace | None = None, limit: int | None = None) -> tuple[Job, ...]:
        rows = sorted(self.memory.jobs.values(), key=by_turn)
        if after is not None:
            rows = [job for job in rows if by_turn(job) > by_turn(after)]
        return tuple(rows[:limit])

    async def job(self, job_id: int) -> Job | None:
        return self.memory.jobs.get(job_id)

    async def waiting(self) -> Mapping[str, WaitingJobs]:
        found: dict[str, WaitingJobs] = {}
        for job in sorted(self.memory.jobs.values(), key=lambda each: each.id):
            if job.status is PENDING:
                known = found.get(job.type, WaitingJobs(count=0))
                found[job.type] = WaitingJobs(count=known.count + 1, error=known.error or job.error)
        return found

    async def counts(self) -> QueueCounts:
        waiting = [job for job in self.memory.jobs.values() if job.status is PENDING]
        return QueueCounts(
            pending=len(waiting),
            processing=len(self.memory.jobs) - len(waiting),
            oldest_pending_at=min((job.created_at for job in waiting), default=None),
        )


def _intake(event_id: int, *, replayed: bool = False) -> NewJob:
    return NewJob(
        type=WEBHOOK_RECEIVED,
        lane=INTAKE_LANE,
        priority=CRITICAL,
        payload={"event_id": event_id, **({"replayed": True} if replayed else {})},
        event_id=event_id,
    )
