"""How a row leaves the queue for the history, or goes back to waiting: both only while it is still ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import EPOCH, from_ms, to_ms
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.jobs import WEBHOOK_RECEIVED, EndStatus, Job, JobRecord, JobStatus
from metarr_desktop.domain.text import text
from metarr_desktop.storage.insertion import joined_text, whole_ms
from metarr_desktop.storage.rows import JOB_COLUMNS, read_job, write_json, write_text
from metarr_desktop.storage.totals import count_ended

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.job_store import Run
    from metarr_desktop.storage.sql import Sql

ARCHIVE = (
    "INSERT INTO job_history (job_id, type, lane, priority, payload, status, error, error_text, result,"
    " retry_count, max_retries, created_at, started_at, completed_at, duration_ms, parent_id, root_id,"
    " event_id, retry_of, dedupe_key, merge_key, source)"
    " SELECT id, type, lane, priority, payload, ?, ?, ?, ?,"
    " retry_count, max_retries, created_at, ?, ?, ?, parent_id, root_id,"
    " event_id, retry_of, dedupe_key, merge_key,"
    " COALESCE((SELECT source FROM webhook_events WHERE webhook_events.id = job_queue.event_id), '')"
    " FROM job_queue WHERE "
)
OURS = "id = ? AND status = 'processing' AND starts = ? AND COALESCE(worker, '') = ?"
WAITING = "id = ? AND status = 'pending'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What a job that goes back adds to its counts, and what its ``starts`` become."""

    retries: int = 0
    deferrals: int = 0
    rate_limits: int = 0
    starts: int = 0


NOT_COUNTED = Counts()


def end_job(
    db: Sql,
    job: Job,
    status: EndStatus,
    *,
    error: Text | None,
    run: Run | None,
    now: datetime,
    result: Mapping[str, Any] | None = None,
    title: str | None = None,
) -> JobRecord:
    """Move a job to the history; ``title`` is that of the webhook whose job it is.

    Raises NotFound where it is gone, Refused where it runs since.
    """
    started = None if run is None else run.started_at
    duration = timedelta(0) if run is None else run.duration
    condition, place = place_of(job)
    row = db.execute(
        f"{ARCHIVE}{condition} RETURNING id",
        (
            status.value,
            *write_text(error),
            write_json(result or {}),
            None if started is None else to_ms(started),
            to_ms(now),
            whole_ms(duration),
            *place,
        ),
    ).fetchone()
    if row is None:
        raise _not_ours(db, job)
    db.execute("DELETE FROM job_queue WHERE id = ?", (job.id,))
    count_ended(db, type=job.type, status=status.value, now=now)
    if job.type == WEBHOOK_RECEIVED and job.event_id is not None:
        db.execute(
            "UPDATE webhook_events SET outcome = ?, title = COALESCE(?, title) WHERE id = ?",
            ("done" if status is EndStatus.COMPLETED else status.value, title, job.event_id),
        )
    db.tell(job.id)
    return JobRecord(
        id=row[0],
        job_id=job.id,
        type=job.type,
        lane=job.lane,
        priority=job.priority,
        status=status,
        payload=job.payload,
        created_at=job.created_at,
        started_at=started,
        completed_at=now,
        duration=duration,
        root_id=job.root_id,
        retry_count=job.retry_count,
        max_retries=job.max_retries,
        error=error,
        result=result or {},
        parent_id=job.parent_id,
        event_id=job.event_id,
        retry_of=job.retry_of,
        attempts=0 if started is None else job.retry_count + 1,
    )


def put_back(
    db: Sql,
    job: Job,
    now: datetime,
    *,
    run_after: datetime,
    error: Text | None = None,
    reason: Text | None = None,
    counts: Counts = NOT_COUNTED,
    left_by: str | None = None,
    merge_key: str | None = None,
    run: Run | None = None,
) -> Job | JobRecord:
    """Let a job wait again, and with a ``merge_key`` to go with others of that key.

    Where a twin waits already it joins that one and ends as skipped.
    Who waited for it waits for that twin then. Raises NotFound where the job is not ours any more.
    """
    if job.dedupe_key is not None and (twin := _waiting_twin(db, job)) is not None:
        db.execute("UPDATE job_queue SET waits_for = ? WHERE waits_for = ?", (twin, job.id))
        return end_job(db, job, EndStatus.SKIPPED, error=joined_text(twin), run=run, now=now)
    condition, place = place_of(job)
    due = to_ms(run_after)
    row = db.execute(
        "UPDATE job_queue SET status = 'pending', started_at = NULL, starts = ?, updated_at = ?,"
        " run_after = ?, ready = ?, error = COALESCE(?, error), error_text = COALESCE(?, error_text),"
        " reason = ?, reason_text = ?, waits_for = NULL, retry_count = retry_count + ?,"
        " deferrals = deferrals + ?, rate_limits = rate_limits + ?, left_by = COALESCE(?, left_by),"
        " merge_key = COALESCE(?, merge_key),"
        " worker = NULL, lease_until = NULL, cancel = 0, merged_into = NULL, progress = NULL"
        f" WHERE {condition} RETURNING {JOB_COLUMNS}",
        (
            counts.starts,
            to_ms(now),
            due,
            int(due <= to_ms(now)),
            *write_text(error),
            *write_text(reason),
            counts.retries,
            counts.deferrals,
            counts.rate_limits,
            left_by,
            merge_key,
            *place,
        ),
    ).fetchone()
    if row is None:
        raise _not_ours(db, job)
    db.tell(job.id)
    return replace(read_job(row), run_after=from_ms(due))


def release_waiting(db: Sql, job_id: int, now: datetime) -> tuple[Job, ...]:
    """Let go of the jobs that waited for this one's first attempt, however it ended."""
    if db.execute("SELECT 1 FROM job_queue WHERE waits_for = ? LIMIT 1", (job_id,)).fetchone() is None:
        return ()
    rows = db.execute(
        "UPDATE job_queue SET waits_for = NULL, ready = 1, run_after = ?, updated_at = ?"
        f" WHERE waits_for = ? RETURNING {JOB_COLUMNS}",
        (to_ms(now), to_ms(now), job_id),
    ).fetchall()
    db.tell(*(row[0] for row in rows))
    return tuple(read_job(row) for row in rows)


def place_of(job: Job) -> tuple[str, tuple[object, ...]]:
    """Return the condition under which a row is still what this job was read from: waiting, or our run."""
    if job.status is JobStatus.PENDING:
        return WAITING, (job.id,)
    ours = (job.id, job.starts, job.worker or "")
    if job.started_at is None or job.started_at == EPOCH:  # damaged by hand
        return OURS, ours
    return f"{OURS} AND started_at = ?", (*ours, to_ms(job.started_at))


def _waiting_twin(db: Sql, job: Job) -> int | None:
    row = db.execute(
        "SELECT id FROM job_queue WHERE dedupe_key = ? AND status = 'pending' AND id <> ?",
        (job.dedupe_key, job.id),
    ).fetchone()
    return None if row is None else int(row[0])


def _not_ours(db: Sql, job: Job) -> NotFound | Refused:
    row = db.execute("SELECT status FROM job_queue WHERE id = ?", (job.id,)).fetchone()
    if row is not None and job.status is JobStatus.PENDING:
        return Refused(text("Job {id} is running.", id=job.id))
    return NotFound(text("Job {id} is not in the queue any more.", id=job.id))
