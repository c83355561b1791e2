"""New rows of the job tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.jobs import AttemptOutcome, EndStatus, Job, JobRecord, JobStatus, NewJob
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage.gathering import due_together, gathering_of, move_others
from metarr_desktop.storage.job_store import Insertion
from metarr_desktop.storage.rows import write_json, write_text
from metarr_desktop.storage.totals import count_ended

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.storage.job_store import Run
    from metarr_desktop.storage.sql import Sql

INSERT = (
    "INSERT INTO job_queue (id, type, lane, priority, payload, max_retries, created_at, updated_at,"
    " run_after, ready, expires_at, parent_id, root_id, event_id, waits_for, retry_of, dedupe_key, merge_key,"
    " reason, reason_text)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
UNLESS_TWIN = (
    " ON CONFLICT (dedupe_key) WHERE status = 'pending' AND dedupe_key IS NOT NULL DO NOTHING RETURNING id"
)


def insert_jobs(db: Sql, jobs: tuple[NewJob, ...], now: datetime) -> Insertion:
    """Insert jobs in order; ``waits_for`` names the type of a sibling inserted before.

    A job whose ``dedupe_key`` waits already ends at once as skipped: it joined that job, which gets the newer
    payload, and its siblings wait for that one.
    """
    inserted: dict[int, Job] = {}
    joined: list[JobRecord] = []
    gathered: list[Job] = []
    siblings: dict[str, int] = {}
    for job_id, new in zip(next_ids(db, len(jobs)), jobs, strict=True):
        job = _as_job(new, job_id=job_id, waits_for=siblings.get(new.waits_for or ""), now=now)
        gathering = gathering_of(new, job)
        if gathering is not None:
            job = replace(job, run_after=due_together(db, job, gathering, now))
        siblings[new.type] = job_id
        twin = None
        ready = gathering is None and job.waits_for is None
        while not (kept := _insert(db, job, ready=ready)) and (twin := _twin(db, job, now)) is None:
            pass  # the twin was claimed by another process in between: this one may wait now
        if kept or twin is None:
            inserted[job_id] = job
            gathered += [] if gathering is None else [job]
        else:
            if db.dialect.spend_id:
                db.execute(db.dialect.spend_id, (job_id, job_id))
            siblings[new.type] = twin
            joined.append(insert_joined(db, job, twin=twin, now=now))
    moved = {each.id: each for job in gathered for each in move_others(db, job, now)}
    added = tuple(moved.pop(job.id, job) for job in inserted.values())
    db.tell(*(job.id for job in (*added, *moved.values())))
    return Insertion(jobs=added, joined=tuple(joined), moved=tuple(moved.values()))


def next_ids(db: Sql, count: int) -> list[int]:
    """Take ids that were never used; the rows have to be inserted in the same transaction."""
    if count == 0:
        return []
    if db.dialect.shared:
        return [row[0] for row in db.execute(db.dialect.next_ids, (count,)).fetchall()]
    first: int = db.execute(db.dialect.next_ids).fetchone()[0]
    return list(range(first, first + count))


def _insert(db: Sql, job: Job, *, ready: bool) -> bool:
    values = (
        job.id,
        job.type,
        job.lane,
        job.priority,
        write_json(job.payload),
        job.max_retries,
        to_ms(job.created_at),
        to_ms(job.created_at),
        to_ms(job.run_after),
        int(ready),
        None if job.expires_at is None else to_ms(job.expires_at),
        job.parent_id,
        job.root_id,
        job.event_id,
        job.waits_for,
        job.retry_of,
        job.dedupe_key,
        job.merge_key,
        *write_text(job.reason),
    )
    if job.dedupe_key is None:
        db.execute(INSERT, values)
        return True
    return db.execute(INSERT + UNLESS_TWIN, values).fetchone() is not None


def _twin(db: Sql, job: Job, now: datetime) -> int | None:
    """Id of the waiting job with the same key; what is newer replaces what it was asked for."""
    row = db.execute(
        "UPDATE job_queue SET payload = ?, updated_at = ? WHERE dedupe_key = ? AND status = 'pending'"
        " RETURNING id",
        (write_json(job.payload), to_ms(now), job.dedupe_key),
    ).fetchone()
    return None if row is None else int(row[0])


def _as_job(new: NewJob, *, job_id: int, waits_for: int | None, now: datetime) -> Job:
    run_after = now if waits_for is None else now + (new.waits_at_most or timedelta(0))
    return Job(
        id=job_id,
        type=new.type,
        lane=new.lane,
        priority=new.priority,
        status=JobStatus.PENDING,
        payload=new.payload,
        created_at=now,
        updated_at=now,
        run_after=run_after,
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


JOINED = "Joined job {twin}."


def joined_text(twin: int) -> Text:
    """Why a job did not run: another one does the same."""
    return text(JOINED, twin=twin)


def insert_joined(db: Sql, job: Job, *, twin: int, now: datetime) -> JobRecord:
    """Keep a job that never was in the queue as skipped."""
    reason = joined_text(twin)
    row = db.execute(
        "INSERT INTO job_history (job_id, type, lane, priority, payload, status, error, error_text, result,"
        " retry_count, max_retries, created_at, completed_at, duration_ms, parent_id, root_id, event_id,"
        " retry_of, dedupe_key, merge_key, source)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, '{}', 0, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?,"
        " COALESCE((SELECT source FROM webhook_events WHERE id = ?), '')) RETURNING id",
        (
            job.id,
            job.type,
            job.lane,
            job.priority,
            write_json(job.payload),
            EndStatus.SKIPPED.value,
            *write_text(reason),
            job.max_retries,
            to_ms(job.created_at),
            to_ms(now),
            job.parent_id,
            job.root_id,
            job.event_id,
            job.retry_of,
            job.dedupe_key,
            job.merge_key,
            job.event_id,
        ),
    ).fetchone()
    count_ended(db, type=job.type, status=EndStatus.SKIPPED.value, now=now)
    db.tell(job.id)
    return JobRecord(
        id=row[0],
        job_id=job.id,
        type=job.type,
        lane=job.lane,
        priority=job.priority,
        status=EndStatus.SKIPPED,
        payload=job.payload,
        created_at=job.created_at,
        started_at=None,
        completed_at=now,
        duration=timedelta(0),
        root_id=job.root_id,
        max_retries=job.max_retries,
        error=reason,
        parent_id=job.parent_id,
        event_id=job.event_id,
        retry_of=job.retry_of,
    )


def insert_attempt(db: Sql, job_id: int, run: Run, outcome: AttemptOutcome, detail: Text | None) -> None:
    """Keep one run of a job, numbered after those before it."""
    db.execute(
        "INSERT INTO job_attempts (job_id, number, started_at, duration_ms, outcome, detail, detail_text)"
        " SELECT ?, COALESCE(MAX(number), 0) + 1, ?, ?, ?, ?, ? FROM job_attempts WHERE job_id = ?",
        (job_id, to_ms(run.started_at), whole_ms(run.duration), outcome.value, *write_text(detail), job_id),
    )


def whole_ms(duration: timedelta) -> int:
    """Whole milliseconds, never negative: a clock may have been set back meanwhile."""
    return max(0, duration // timedelta(milliseconds=1))
