"""Rows of the job store in memory, and the ways on which they come, wait again and end."""

from __future__ import annotations

import json
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.jobs import (
    WEBHOOK_RECEIVED,
    Attempt,
    AttemptOutcome,
    EndStatus,
    Job,
    JobRecord,
    JobStatus,
    NewJob,
)
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage.job_store import (
    Insertion,
    Run,
)
from tests.memory.lanes import Lanes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from metarr_desktop.domain.events import IncomingWebhook
    from metarr_desktop.domain.jobs import Gathering

PENDING, PROCESSING = JobStatus.PENDING, JobStatus.PROCESSING


@dataclass(slots=True, kw_only=True)
class Memory:
    """What a database would keep; ``keys`` are dedupe and merge key of what ended."""

    jobs: dict[int, Job] = field(default_factory=dict)
    ready: set[int] = field(default_factory=set)
    ended: dict[int, JobRecord] = field(default_factory=dict)
    keys: dict[int, tuple[str | None, str | None]] = field(default_factory=dict)
    attempts: dict[int, tuple[Attempt, ...]] = field(default_factory=dict)
    lanes: Lanes = field(default_factory=Lanes)
    windows: dict[tuple[str, str], datetime] = field(default_factory=dict)
    webhooks: dict[int, IncomingWebhook] = field(default_factory=dict)
    titles: dict[int, tuple[str, str | None]] = field(default_factory=dict)
    enabled: frozenset[str] = frozenset()
    saved_at: dict[str, datetime] = field(default_factory=dict)
    last_job: int = 0


class Rows:
    """What is kept, and by whom: ``worker`` is the process at work."""

    def __init__(self, memory: Memory | None = None, *, worker: str = "memory") -> None:
        self.memory = memory or Memory()
        self.worker = worker

    @contextmanager
    def _transaction(self) -> Iterator[Memory]:
        """All or nothing."""
        before = {each.name: copy(getattr(self.memory, each.name)) for each in fields(Memory)}
        try:
            yield self.memory
        except BaseException:
            for name, value in before.items():
                setattr(self.memory, name, value)
            raise

    def _insert(self, jobs: Collection[NewJob], now: datetime) -> Insertion:
        inserted: list[int] = []
        moved: set[int] = set()
        joined: list[JobRecord] = []
        siblings: dict[str, int] = {}
        for new in jobs:
            json.dumps(new.payload)  # whatever is stored is JSON
            self.memory.last_job += 1
            job = _new_job(self.memory.last_job, new, waits_for=siblings.get(new.waits_for or ""), now=now)
            twin = self._waiting_twin(job)
            siblings[job.type] = job.id if twin is None else twin.id
            if twin is None:
                self._keep(job, ready=job.waits_for is None)
                inserted.append(job.id)
                if new.gathering is not None and job.merge_key is not None and job.waits_for is None:
                    moved |= self._gather(job, new.gathering, now)
            else:
                self.memory.jobs[twin.id] = replace(twin, payload=job.payload, updated_at=now)
                joined.append(self._record(job, EndStatus.SKIPPED, error=_joined(twin), run=None, now=now))
        kept = self.memory.jobs
        return Insertion(
            jobs=tuple(kept[each] for each in inserted),
            joined=tuple(joined),
            moved=tuple(kept[each] for each in sorted(moved.difference(inserted))),
        )

    def _gather(self, job: Job, gathering: Gathering, now: datetime) -> set[int]:
        """Let a new job, and those of its kind that wait for their time, be due together; returns which."""
        family = [
            other
            for other in self.memory.jobs.values()
            if (other.lane, other.merge_key, other.status) == (job.lane, job.merge_key, PENDING)
            and other.waits_for is None
            and other.error is None
            and not (other.retry_count or other.deferrals or other.starts)
        ]
        first = min(other.created_at for other in family)
        due = max(now, min(now + gathering.quiet, first + gathering.at_most))
        moved: set[int] = set()
        for other in family:
            waits = other.id not in self.memory.ready and other.run_after > now and other.run_after != due
            if other.id == job.id or waits:
                later = replace(other, run_after=due, updated_at=now, reason=job.reason)
                moved.add(self._keep(later, ready=False).id)
        return moved

    def _waiting_twin(self, job: Job) -> Job | None:
        twins = (
            other
            for other in self.memory.jobs.values()
            if other.dedupe_key == job.dedupe_key and other.status is PENDING and other.id != job.id
        )
        return None if job.dedupe_key is None else next(twins, None)

    def _keep(self, job: Job, *, ready: bool) -> Job:
        self.memory.jobs[job.id] = job
        (self.memory.ready.add if ready else self.memory.ready.discard)(job.id)
        return job

    def _is_ours(self, job: Job) -> bool:
        """Whether a row is still the run that a job was read from."""
        row = self.memory.jobs.get(job.id)
        return row is not None and row.status is PROCESSING and _claim_of(row) == _claim_of(job)

    def _put_back(
        self, job: Job, run_after: datetime, *, run: Run | None, now: datetime, starts: int = 0
    ) -> Job | JobRecord:
        """Let a job wait again, unless a twin waits already."""
        twin = self._waiting_twin(job)
        if twin is not None:
            for other in list(self.memory.jobs.values()):
                if other.waits_for == job.id:
                    self.memory.jobs[other.id] = replace(other, waits_for=twin.id)
            row = self.memory.jobs[job.id]
            return self._end(row, EndStatus.SKIPPED, error=_joined(twin), run=run, now=now)
        waiting = replace(
            job,
            status=PENDING,
            started_at=None,
            starts=starts,
            attempts=job.retry_count,
            updated_at=now,
            run_after=run_after,
            waits_for=None,
            worker=None,
            merged_into=None,
            merged=(),
            probe=False,
            progress=None,
        )
        return self._keep(waiting, ready=run_after <= now)

    def _end(
        self,
        job: Job,
        status: EndStatus,
        *,
        run: Run | None,
        now: datetime,
        error: Text | None = None,
        result: Mapping[str, object] | None = None,
        title: str | None = None,
    ) -> JobRecord:
        del self.memory.jobs[job.id]
        self.memory.ready.discard(job.id)
        if job.type == WEBHOOK_RECEIVED and job.event_id is not None:
            name = "done" if status is EndStatus.COMPLETED else status.value
            self.memory.titles[job.event_id] = (name, title)
        return self._record(job, status, error=error, run=run, now=now, result=result)

    def _record(
        self,
        job: Job,
        status: EndStatus,
        *,
        run: Run | None,
        now: datetime,
        error: Text | None = None,
        result: Mapping[str, object] | None = None,
    ) -> JobRecord:
        record = JobRecord(
            id=len(self.memory.ended) + 1,
            job_id=job.id,
            type=job.type,
            lane=job.lane,
            priority=job.priority,
            status=status,
            payload=job.payload,
            created_at=job.created_at,
            started_at=None if run is None else run.started_at,
            completed_at=now,
            duration=timedelta(0) if run is None else run.duration,
            root_id=job.root_id,
            retry_count=job.retry_count,
            max_retries=job.max_retries,
            error=error,
            result=result or {},
            parent_id=job.parent_id,
            event_id=job.event_id,
            retry_of=job.retry_of,
            attempts=0 if run is None else job.retry_count + 1,
        )
        self.memory.ended[job.id] = record
        self.memory.keys[job.id] = (job.dedupe_key, job.merge_key)
        return record

    def _note_run(self, job: Job, run: Run, outcome: AttemptOutcome, detail: Text | None) -> None:
        before = self.memory.attempts.get(job.id, ())
        attempt = Attempt(
            job_id=job.id,
            number=len(before) + 1,
            started_at=run.started_at,
            duration=max(run.duration, timedelta(0)),
            outcome=outcome,
            detail=detail,
        )
        self.memory.attempts[job.id] = (*before, attempt)

    def _release(self, job_id: int, now: datetime) -> list[Job]:
        return [
            self._keep(replace(other, waits_for=None, run_after=now, updated_at=now), ready=True)
            for other in list(self.memory.jobs.values())
            if other.waits_for == job_id
        ]


def _new_job(job_id: int, new: NewJob, *, waits_for: int | None, now: datetime) -> Job:
    return Job(
        id=job_id,
        type=new.type,
        lane=new.lane,
        priority=new.priority,
        status=PENDING,
        payload=new.payload,
        created_at=now,
        updated_at=now,
        run_after=now if waits_for is None else now + (new.waits_at_most or timedelta(0)),
        root_id=new.root_id or job_id,
        max_retries=new.max_retries,
        reason=new.reason,
        parent_id=new.parent_id,
        event_id=new.event_id,
        waits_for=waits_for,
        retry_of=new.retry_of,
        dedupe_key=new.dedupe_key,
        merge_key=new.merge_key,
        expires_at=None if new.expires_after is None else now + new.expires_after,
    )


def _joined(twin: Job) -> Text:
    return text("Joined job {twin}.", twin=twin.id)


def _claim_of(job: Job) -> tuple[object, ...]:
    return job.starts, job.started_at, job.worker
