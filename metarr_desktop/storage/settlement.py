"""How an attempt is settled: history, fan-out, waiting siblings and lane stops, all in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, assert_never

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.jobs import WEBHOOK_RECEIVED, AttemptOutcome, EndStatus, Job, JobRecord, JobStatus
from metarr_desktop.domain.lanes import LaneState, LaneStop
from metarr_desktop.domain.outcomes import (
    Blocked,
    Cancelled,
    Deferred,
    Done,
    Failed,
    Interrupted,
    Outcome,
    Retry,
    Skipped,
)
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage.insertion import insert_attempt, insert_jobs, whole_ms
from metarr_desktop.storage.job_store import Run, Settlement
from metarr_desktop.storage.rows import JOB_COLUMNS, read_job, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from metarr_desktop.storage.sql import Sql

INTERRUPTED = Text("The program was stopped while this ran. It continues at the next start.")
CANCELLED = Text("Cancelled.")


def settle(  # noqa: C901 - one branch for each outcome there is
    db: Sql, job: Job, outcome: Outcome, run: Run | None, now: datetime
) -> Settlement:
    """Record the attempt and move the job to the history, or back to waiting."""
    _check_still_ours(db, job, waiting=run is None and isinstance(outcome, Cancelled))
    if run is not None:
        insert_attempt(db, job.id, run, _attempt_outcome(outcome), _detail(outcome))
    released = () if isinstance(outcome, Interrupted) else _release_waiting(db, job, now)
    match outcome:
        case Done():
            record = _end(db, job, EndStatus.COMPLETED, None, run, now, result=outcome.result)
            _name_event(db, job, outcome.event_title, "done")
            children = _fan_out(db, job, outcome, now)
            return Settlement(job=job, record=record, changed=children + released)
        case Skipped():
            record = _end(db, job, EndStatus.SKIPPED, outcome.reason, run, now)
            _name_event(db, job, outcome.event_title, "skipped")
            return Settlement(job=job, record=record, changed=released)
        case Failed():
            record = _end(db, job, EndStatus.FAILED, outcome.error, run, now)
            _name_event(db, job, None, "failed")
            return Settlement(job=job, record=record, changed=released)
        case Cancelled():
            record = _end(db, job, EndStatus.CANCELLED, None, run, now)
            _name_event(db, job, None, "cancelled")
            return Settlement(job=job, record=record, changed=released)
        case Retry():
            return replace(_retry_later(db, job, outcome, now), changed=released)
        case Deferred():
            back = _put_back(db, job, now, run_after=outcome.until, reason=outcome.reason, deferrals=1)
            return Settlement(job=back, changed=released)
        case Blocked():
            stop = None
            if run is None or not _mended_since(db, job, run.started_at):
                stop = LaneStop(
                    lane=job.lane,
                    state=LaneState.BLOCKED,
                    reason=outcome.reason,
                    since=now,
                    cause=outcome.cause,
                )
                _stop_lane(db, stop)
            back = _put_back(db, job, now, run_after=now, reason=outcome.reason)
            return Settlement(job=back, changed=released, stopped=stop)
        case Interrupted():
            return Settlement(job=_put_back(db, job, now, run_after=now))
        case _:
            assert_never(outcome)


def _check_still_ours(db: Sql, job: Job, *, waiting: bool) -> None:
    """Refuse to settle a job that is gone, or to cancel as waiting one that was claimed meanwhile."""
    row = db.execute("SELECT status FROM job_queue WHERE id = ?", (job.id,)).fetchone()
    if row is None:
        raise NotFound(text("Job {id} is not in the queue any more.", id=job.id))
    if waiting and row[0] != JobStatus.PENDING.value:
        raise Refused(text("Job {id} is running.", id=job.id))


def _mended_since(db: Sql, job: Job, started: datetime) -> bool:
    """Whether the service's settings changed while the job ran with the old ones."""
    row = db.execute(
        "SELECT 1 FROM notification_config WHERE 'notify-' || service = ? AND updated_at > ?",
        (job.type, to_ms(started)),
    )
    return row.fetchone() is not None


def _attempt_outcome(outcome: Outcome) -> AttemptOutcome:
    match outcome:
        case Done():
            return AttemptOutcome.DONE
        case Skipped():
            return AttemptOutcome.SKIPPED
        case Retry():
            return AttemptOutcome.RETRY
        case Deferred():
            return AttemptOutcome.DEFERRED
        case Blocked():
            return AttemptOutcome.BLOCKED
        case Failed():
            return AttemptOutcome.FAILED
        case Interrupted() | Cancelled():
            return AttemptOutcome.CANCELLED
        case _:
            assert_never(outcome)


def _detail(outcome: Outcome) -> Text | None:
    match outcome:
        case Done():
            return outcome.detail
        case Skipped() | Deferred() | Blocked():
            return outcome.reason
        case Retry() | Failed():
            return outcome.error
        case Interrupted():
            return INTERRUPTED
        case Cancelled():
            return CANCELLED
        case _:
            assert_never(outcome)


def _retry_later(db: Sql, job: Job, outcome: Retry, now: datetime) -> Settlement:
    run_after = now + outcome.delay
    stop = None
    if outcome.rate_limited:
        stop = LaneStop(
            lane=job.lane, state=LaneState.RATE_LIMITED, reason=outcome.error, since=now, until=run_after
        )
        _stop_lane(db, stop)
    back = _put_back(
        db,
        job,
        now,
        run_after=run_after,
        error=outcome.error,
        retries=0 if outcome.rate_limited else 1,
        rate_limits=1 if outcome.rate_limited else 0,
    )
    return Settlement(job=back, stopped=stop)


def _put_back(
    db: Sql,
    job: Job,
    now: datetime,
    *,
    run_after: datetime,
    error: Text | None = None,
    reason: Text | None = None,
    retries: int = 0,
    deferrals: int = 0,
    rate_limits: int = 0,
) -> Job:
    row = db.execute(
        "UPDATE job_queue SET status = 'pending', started_at = NULL, starts = 0, updated_at = ?,"
        " run_after = ?, ready = ?, error = COALESCE(?, error), error_text = COALESCE(?, error_text),"
        " reason = ?, reason_text = ?, waits_for = NULL, retry_count = retry_count + ?,"
        " deferrals = deferrals + ?,"
        f" rate_limits = rate_limits + ? WHERE id = ? RETURNING {JOB_COLUMNS}",
        (
            to_ms(now),
            to_ms(run_after),
            int(run_after <= now),
            *write_text(error),
            *write_text(reason),
            retries,
            deferrals,
            rate_limits,
            job.id,
        ),
    ).fetchone()
    return read_job(row)


def _end(
    db: Sql,
    job: Job,
    status: EndStatus,
    error: Text | None,
    run: Run | None,
    now: datetime,
    *,
    result: Mapping[str, Any] | None = None,
) -> JobRecord:
    started = None if run is None else run.started_at
    duration = timedelta(0) if run is None else run.duration
    history_id = db.execute(
        "INSERT INTO job_history (job_id, type, lane, priority, payload, status, error, error_text, result,"
        " retry_count, max_retries, created_at, started_at, completed_at, duration_ms, parent_id, root_id,"
        " event_id, retry_of) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
        (
            job.id,
            job.type,
            job.lane,
            job.priority,
            write_json(job.payload),
            status.value,
            *write_text(error),
            write_json(result or {}),
            job.retry_count,
            job.max_retries,
            to_ms(job.created_at),
            None if started is None else to_ms(started),
            to_ms(now),
            whole_ms(duration),
            job.parent_id,
            job.root_id,
            job.event_id,
            job.retry_of,
        ),
    ).fetchone()[0]
    db.execute("DELETE FROM job_queue WHERE id = ?", (job.id,))
    return JobRecord(
        id=history_id,
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


def _fan_out(db: Sql, job: Job, outcome: Done, now: datetime) -> tuple[Job, ...]:
    if outcome.fan_out is None:
        return ()
    rows = db.execute("SELECT service FROM notification_config WHERE enabled <> 0").fetchall()
    planned = outcome.fan_out(frozenset(row[0] for row in rows))
    children = tuple(
        replace(new, parent_id=job.id, root_id=job.root_id, event_id=job.event_id) for new in planned
    )
    return insert_jobs(db, children, now)


def _release_waiting(db: Sql, job: Job, now: datetime) -> tuple[Job, ...]:
    """Let go of the jobs that waited for this one's first attempt, however it ended."""
    rows = db.execute(
        "UPDATE job_queue SET waits_for = NULL, ready = 1, run_after = ?, updated_at = ?"
        f" WHERE waits_for = ? RETURNING {JOB_COLUMNS}",
        (to_ms(now), to_ms(now), job.id),
    ).fetchall()
    return tuple(read_job(row) for row in rows)


def _name_event(db: Sql, job: Job, title: str | None, outcome: str) -> None:
    if job.type == WEBHOOK_RECEIVED and job.event_id is not None:
        db.execute(
            "UPDATE webhook_events SET outcome = ?, title = COALESCE(?, title) WHERE id = ?",
            (outcome, title, job.event_id),
        )


def _stop_lane(db: Sql, stop: LaneStop) -> None:
    """Stop a lane. A stop that needs a person is not replaced by one that ends by itself."""
    db.execute(
        "INSERT INTO lanes (lane, state, cause, reason, reason_text, since, until)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (lane) DO UPDATE SET state = excluded.state, cause = excluded.cause,"
        " reason = excluded.reason, reason_text = excluded.reason_text, since = excluded.since,"
        " until = excluded.until WHERE excluded.state = 'blocked'"
        " OR (lanes.state <> 'blocked' AND COALESCE(lanes.until, 0) < excluded.until)",
        (
            stop.lane,
            stop.state.value,
            None if stop.cause is None else stop.cause.value,
            *write_text(stop.reason),
            to_ms(stop.since),
            None if stop.until is None else to_ms(stop.until),
        ),
    )
