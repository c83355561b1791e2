"""The queue in SQL. The hot statements are written out; each method is one transaction."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import from_ms, optional_from_ms, to_ms
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.events import IncomingWebhook, StoredWebhook
from metarr_desktop.domain.jobs import (
    CRITICAL,
    INTAKE_LANE,
    WEBHOOK_RECEIVED,
    AttemptOutcome,
    Job,
    JobStatus,
    NewJob,
    QueueCounts,
)
from metarr_desktop.domain.text import text
from metarr_desktop.storage.insertion import insert_attempt, insert_jobs
from metarr_desktop.storage.job_store import Claim, Run, Settlement, WaitingJobs
from metarr_desktop.storage.rows import (
    JOB_COLUMNS,
    RECORD_COLUMNS,
    read_job,
    read_lane_stop,
    read_record,
    read_text,
)
from metarr_desktop.storage.settlement import settle

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from metarr_desktop.domain.lanes import LaneStop
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

CRASHED = text("The program ended while this ran.")


class SqlJobStore:
    """``JobStore`` on the SQL database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def store_webhook(self, webhook: IncomingWebhook, *, now: datetime) -> tuple[StoredWebhook, Job]:
        """Insert the raw event and its ``webhook-received`` job."""
        return await self._database.run(_store_webhook, webhook, now)

    async def add(self, jobs: Collection[NewJob], *, now: datetime) -> tuple[Job, ...]:
        """Insert jobs that are due at once."""
        return await self._database.run(insert_jobs, tuple(jobs), now)

    async def claim(self, lanes: Collection[str], *, now: datetime, longest: bool = False) -> Claim:
        """Take the first job of these lanes, or with ``longest`` the one that has waited longest."""
        return await self._database.run(_claim, tuple(lanes), now, longest)

    async def settle(self, job: Job, outcome: Outcome, *, run: Run | None, now: datetime) -> Settlement:
        """Record an attempt and end the job or put it back; raises NotFound where it is gone."""
        return await self._database.run(settle, job, outcome, run, now)

    async def recover(self, *, now: datetime) -> tuple[Job, ...]:
        """Put back what was running when the process died; each such run is a ``crashed`` attempt."""
        return await self._database.run(_recover, now)

    async def retry(self, job_id: int, *, max_retries: int, now: datetime) -> tuple[Job, bool]:
        """Insert a new job for an ended one, or return the active one (False)."""
        return await self._database.run(_retry, job_id, max_retries, now)

    async def replay(self, event_id: int, *, now: datetime) -> Job:
        """Insert a new ``webhook-received`` for a stored event, a new root."""
        return await self._database.run(_replay, event_id, now)

    async def run_now(self, job_id: int, *, now: datetime) -> Job:
        """Make a waiting job due; raises NotFound, or Refused where it is running."""
        return await self._database.run(_run_now, job_id, now)

    async def open_lane(self, lane: str, *, now: datetime) -> tuple[tuple[Job, ...], int]:
        """End a lane's block; returns the jobs that were tried in vain, and how many wait there."""
        return await self._database.run(_open_lane, lane, now)

    async def lane_stops(self) -> tuple[LaneStop, ...]:
        """Return the lanes that take no jobs."""
        return await self._database.read(_lane_stops)

    async def jobs(self) -> tuple[Job, ...]:
        """Every row of the queue, by priority, due time and id."""
        return await self._database.read(_jobs)

    async def job(self, job_id: int) -> Job | None:
        """One row of the queue."""
        return await self._database.read(_job, job_id)

    async def waiting(self) -> Mapping[str, WaitingJobs]:
        """How many jobs of each type wait, and why one of them does."""
        return await self._database.read(_waiting)

    async def counts(self) -> QueueCounts:
        """How much there is to do."""
        return await self._database.read(_counts)


def _store_webhook(db: Sql, webhook: IncomingWebhook, now: datetime) -> tuple[StoredWebhook, Job]:
    cursor = db.execute(
        "INSERT INTO webhook_events (source, instance, event_type, received_at, remote_address, body)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (
            webhook.source,
            webhook.instance,
            webhook.event_type,
            to_ms(now),
            webhook.remote_address,
            zlib.compress(webhook.body, 1),
        ),
    )
    event_id: int = cursor.fetchone()[0]
    (job,) = insert_jobs(db, (_intake_job(event_id),), now)
    return StoredWebhook(event_id=event_id, job_id=job.id), job


def _intake_job(event_id: int) -> NewJob:
    return NewJob(
        type=WEBHOOK_RECEIVED,
        lane=INTAKE_LANE,
        priority=CRITICAL,
        payload={"event_id": event_id},
        event_id=event_id,
    )


def _claim(db: Sql, lanes: tuple[str, ...], now: datetime, longest: bool) -> Claim:
    stamp = to_ms(now)
    execute = db.execute
    stops = [
        (lane, until if isinstance(until, int) else None)
        for lane, until in execute("SELECT lane, until FROM lanes").fetchall()
    ]
    over = tuple(lane for lane, until in stops if until is not None and until <= stamp)
    for lane in over:
        execute("DELETE FROM lanes WHERE lane = ?", (lane,))
    stopped = {lane for lane, _ in stops} - set(over)
    execute(
        "UPDATE job_queue SET ready = 1, waits_for = NULL"
        " WHERE ready = 0 AND status = 'pending' AND run_after <= ?",
        (stamp,),
    )
    order = "run_after, id" if longest else "priority, run_after, id"
    heads = []
    for lane in lanes:
        if lane not in stopped:
            head = execute(
                f"SELECT {order} FROM job_queue WHERE lane = ? AND ready = 1 ORDER BY {order} LIMIT 1",
                (lane,),
            ).fetchone()
            if head is not None:
                heads.append(head)
    if heads:
        row = execute(
            "UPDATE job_queue SET status = 'processing', ready = 0, started_at = ?, updated_at = ?,"
            f" starts = starts + 1, reason = NULL, reason_text = NULL WHERE id = ? RETURNING {JOB_COLUMNS}",
            (stamp, stamp, min(heads)[-1]),
        ).fetchone()
        return Claim(job=read_job(row), reopened=over)
    due = execute("SELECT MIN(run_after) FROM job_queue WHERE ready = 0 AND status = 'pending'").fetchone()[0]
    times = [until for lane, until in stops if until is not None and lane in stopped]
    times += [due] if isinstance(due, int) else []
    return Claim(next_due=optional_from_ms(min(times, default=None)), reopened=over)


def _waiting(db: Sql) -> Mapping[str, WaitingJobs]:
    counts = db.execute(
        "SELECT type, COUNT(*) FROM job_queue WHERE status = 'pending' GROUP BY type"
    ).fetchall()
    found: dict[str, WaitingJobs] = {}
    for kind, count in counts:
        error = db.execute(
            "SELECT error, error_text FROM job_queue"
            " WHERE type = ? AND status = 'pending' AND error IS NOT NULL ORDER BY id LIMIT 1",
            (kind,),
        ).fetchone()
        found[kind] = WaitingJobs(count=count, error=None if error is None else read_text(*error))
    return found


def _recover(db: Sql, now: datetime) -> tuple[Job, ...]:
    rows = db.execute(
        f"SELECT {JOB_COLUMNS} FROM job_queue WHERE status = 'processing' ORDER BY id"
    ).fetchall()
    for row in rows:
        job = read_job(row)
        started = job.started_at or now
        lasted = max(now - started, started - started)
        insert_attempt(db, job.id, Run(started_at=started, duration=lasted), AttemptOutcome.CRASHED, CRASHED)
    db.execute(
        "UPDATE job_queue SET status = 'pending', started_at = NULL, ready = 0, updated_at = ?, run_after = ?"
        " WHERE status = 'processing'",
        (to_ms(now), to_ms(now)),
    )
    return tuple(job for job in (_job(db, row[0]) for row in rows) if job is not None)


def _retry(db: Sql, job_id: int, max_retries: int, now: datetime) -> tuple[Job, bool]:
    active = db.execute(
        "WITH RECURSIVE chain (id) AS (SELECT ? UNION"
        " SELECT job_history.job_id FROM job_history JOIN chain ON job_history.retry_of = chain.id)"
        f" SELECT {JOB_COLUMNS} FROM job_queue"
        " WHERE id IN (SELECT id FROM chain) OR retry_of IN (SELECT id FROM chain)",
        (job_id,),
    ).fetchone()
    if active is not None:
        job = read_job(active)
        return (_run_now(db, job.id, now) if job.status is JobStatus.PENDING else job), False
    row = db.execute(
        f"SELECT {RECORD_COLUMNS} FROM job_history WHERE job_id = ?",
        (job_id,),
    ).fetchone()
    if row is None:
        raise NotFound(text("There is no job {id}.", id=job_id))
    record = read_record(row)
    again = NewJob(
        type=record.type,
        lane=record.lane,
        priority=record.priority,
        payload=record.payload,
        max_retries=max_retries,
        parent_id=record.parent_id,
        root_id=record.root_id,
        event_id=record.event_id,
        retry_of=job_id,
    )
    return insert_jobs(db, (again,), now)[0], True


def _replay(db: Sql, event_id: int, now: datetime) -> Job:
    if db.execute("SELECT 1 FROM webhook_events WHERE id = ?", (event_id,)).fetchone() is None:
        raise NotFound(text("There is no webhook {id}.", id=event_id))
    return insert_jobs(db, (_intake_job(event_id),), now)[0]


def _run_now(db: Sql, job_id: int, now: datetime) -> Job:
    job = _job(db, job_id)
    if job is None:
        raise NotFound(text("Job {id} is not in the queue.", id=job_id))
    if job.status is JobStatus.PROCESSING:
        raise Refused(text("Job {id} is running already.", id=job_id))
    row = db.execute(
        "UPDATE job_queue SET run_after = ?, updated_at = ?, ready = 1, waits_for = NULL"
        f" WHERE id = ? RETURNING {JOB_COLUMNS}",
        (to_ms(now), to_ms(now), job_id),
    ).fetchone()
    return read_job(row)


def _open_lane(db: Sql, lane: str, now: datetime) -> tuple[tuple[Job, ...], int]:
    opened = db.execute("DELETE FROM lanes WHERE lane = ? AND state = 'blocked' RETURNING lane", (lane,))
    if not opened.fetchall():
        return (), 0
    rows = db.execute(
        "UPDATE job_queue SET reason = NULL, reason_text = NULL, updated_at = ?"
        f" WHERE lane = ? AND ready = 1 AND reason IS NOT NULL RETURNING {JOB_COLUMNS}",
        (to_ms(now), lane),
    ).fetchall()
    (waiting,) = db.execute("SELECT COUNT(*) FROM job_queue WHERE lane = ? AND ready = 1", (lane,)).fetchone()
    return tuple(read_job(row) for row in rows), waiting


def _lane_stops(db: Sql) -> tuple[LaneStop, ...]:
    rows = db.execute("SELECT lane, state, cause, reason, reason_text, since, until FROM lanes ORDER BY lane")
    return tuple(read_lane_stop(row) for row in rows.fetchall())


def _jobs(db: Sql) -> tuple[Job, ...]:
    rows = db.execute(f"SELECT {JOB_COLUMNS} FROM job_queue ORDER BY priority, run_after, id")
    return tuple(read_job(row) for row in rows.fetchall())


def _job(db: Sql, job_id: int) -> Job | None:
    row = db.execute(f"SELECT {JOB_COLUMNS} FROM job_queue WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else read_job(row)


def _counts(db: Sql) -> QueueCounts:
    pending, oldest = db.execute(
        "SELECT COUNT(*), MIN(created_at) FROM job_queue WHERE status = 'pending'"
    ).fetchone()
    (processing,) = db.execute("SELECT COUNT(*) FROM job_queue WHERE status = 'processing'").fetchone()
    return QueueCounts(
        pending=pending,
        processing=processing,
        oldest_pending_at=None if oldest is None else from_ms(oldest),
    )
