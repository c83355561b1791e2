"""How an attempt is settled: history, fan-out, waiting siblings and lane stops, all in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.jobs import AttemptOutcome, EndStatus, Job, JobRecord
from metarr_desktop.domain.lanes import BlockCause, LaneState, LaneStop
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
from metarr_desktop.storage.ending import Counts, end_job, put_back, release_waiting
from metarr_desktop.storage.insertion import insert_attempt, insert_jobs
from metarr_desktop.storage.job_store import Insertion, Run, Settlement
from metarr_desktop.storage.lane_rows import LaneNews, note_attempt, stop_lane
from metarr_desktop.storage.sharing import others_to_try

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.storage.holder import Holder
    from metarr_desktop.storage.sql import Sql

INTERRUPTED = Text("The program was stopped while this ran. It continues at the next start.")
CANCELLED = Text("Cancelled.")


def settle(
    db: Sql,
    holder: Holder,
    job: Job,
    outcome: Outcome,
    run: Run | None,
    now: datetime,
    merged: tuple[Outcome, ...],
    merge_window: timedelta | None,
) -> Settlement:
    """Record the attempt and move the job, with those it leads, to the history or back to waiting."""
    news = LaneNews() if run is None and not job.probe else note_attempt(db, job, outcome, now)
    stop, kept = _new_stop(job, outcome, now, shared=db.dialect.shared)
    if stop is not None and kept:
        mended = run is not None and _mended_since(db, job, run.started_at)
        if (mended and stop.state is LaneState.BLOCKED) or not stop_lane(db, stop):
            stop = None
    moved = _move(db, holder, job, outcome, news, run, now)
    changed: list[Job] = []
    records: list[JobRecord] = []
    settled = job
    if isinstance(moved, JobRecord):
        records.append(moved)
    else:
        settled = moved
    for follower, own in zip(job.merged, merged or (outcome,) * len(job.merged), strict=True):
        also = _move(db, holder, follower, _as_follower(own, job), news, run, now)
        if isinstance(also, JobRecord):
            records.append(also)
        else:
            changed.append(also)
    if isinstance(outcome, Done):
        children = _fan_out(db, job, outcome, now)
        changed += (*children.jobs, *children.moved)
        records += children.joined
        if merge_window is not None and job.merge_key is not None:
            _open_merge_window(db, job, until=to_ms(now + merge_window), stamp=to_ms(now))
    if not isinstance(outcome, Interrupted):
        changed += release_waiting(db, job.id, now)
    return Settlement(
        job=settled,
        records=tuple(records),
        changed=tuple(changed),
        stopped=stop or news.stop,
        opened=news.opened,
        kept=kept,
    )


def _move(  # noqa: C901 - one branch for each outcome there is
    db: Sql, holder: Holder, job: Job, outcome: Outcome, news: LaneNews, run: Run | None, now: datetime
) -> Job | JobRecord:
    """End one job or put it back, and keep the run as its attempt."""
    moved: Job | JobRecord
    match outcome:
        case Done():
            moved = end_job(
                db,
                job,
                EndStatus.COMPLETED,
                error=None,
                run=run,
                now=now,
                result=outcome.result,
                title=outcome.event_title,
            )
        case Skipped():
            moved = end_job(
                db, job, EndStatus.SKIPPED, error=outcome.reason, run=run, now=now, title=outcome.event_title
            )
        case Failed():
            left_by = others_to_try(db, holder, job) if outcome.elsewhere else None
            if left_by is not None:
                moved = put_back(db, job, now, run_after=now, reason=outcome.error, left_by=left_by, run=run)
            else:
                moved = end_job(db, job, EndStatus.FAILED, error=outcome.error, run=run, now=now)
        case Cancelled():
            moved = end_job(db, job, EndStatus.CANCELLED, error=None, run=run, now=now)
        case Retry():
            moved = _retry_later(db, job, outcome, news, run, now)
        case Deferred():
            moved = put_back(
                db,
                job,
                now,
                run_after=outcome.until,
                reason=outcome.reason,
                counts=Counts(deferrals=1),
                merge_key=outcome.merge_key,
                run=run,
            )
        case Blocked():
            moved = put_back(db, job, now, run_after=now, reason=outcome.reason, run=run)
        case Interrupted():
            moved = put_back(db, job, now, run_after=now, run=run)
        case _:
            assert_never(outcome)
    if run is not None:
        left = isinstance(outcome, Failed) and not isinstance(moved, JobRecord)
        kind = AttemptOutcome.DEFERRED if left else _attempt_outcome(outcome)
        insert_attempt(db, job.id, run, kind, _detail(outcome))
    return moved


def _as_follower(outcome: Outcome, leader: Job) -> Outcome:
    """Return what a merged job's history says: only the leader's fan-out and result are its own."""
    if isinstance(outcome, Done):
        detail = text("Done together with job {id}.", id=leader.id)
        return Done(detail=detail, result={"merged_into": leader.id})
    return outcome


def _retry_later(
    db: Sql, job: Job, outcome: Retry, news: LaneNews, run: Run | None, now: datetime
) -> Job | JobRecord:
    run_after = now + outcome.delay
    if news.spared and news.stop is not None and news.stop.until is not None:
        run_after = news.stop.until
    return put_back(
        db,
        job,
        now,
        run_after=run_after,
        error=outcome.error,
        counts=Counts(
            retries=0 if outcome.rate_limited or outcome.patient or news.spared else 1,
            rate_limits=1 if outcome.rate_limited else 0,
        ),
        run=run,
    )


def _new_stop(job: Job, outcome: Outcome, now: datetime, *, shared: bool) -> tuple[LaneStop | None, bool]:
    """Return the stop an outcome gives the job's lane, and whether it is kept for all processes.

    What only a person at this computer can mend, a keyring or a secret of its own, stops no other computer.
    """
    match outcome:
        case (
            Retry(rate_limited=True, error=error, delay=wait)
            | Failed(error=error, stop_for=timedelta() as wait)
        ):
            return LaneStop(
                lane=job.lane, state=LaneState.RATE_LIMITED, reason=error, since=now, until=now + wait
            ), True
        case Blocked():
            stop = LaneStop(
                lane=job.lane, state=LaneState.BLOCKED, reason=outcome.reason, since=now, cause=outcome.cause
            )
            local = outcome.cause is BlockCause.KEYRING or (shared and outcome.cause is BlockCause.NOT_SET_UP)
            return stop, not local
        case _:
            return None, True


def _mended_since(db: Sql, job: Job, started: datetime) -> bool:
    """Whether the service's settings, or one of its players, changed while the job ran with the old ones."""
    row = db.execute(
        "SELECT 1 FROM notification_config WHERE 'notify-' || service = ? AND updated_at > ?"
        " UNION ALL SELECT 1 FROM players JOIN player_groups ON player_groups.id = players.group_id"
        " WHERE 'notify-' || player_groups.service = ? AND players.updated_at > ? LIMIT 1",
        (job.type, to_ms(started)) * 2,
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


def _fan_out(db: Sql, job: Job, outcome: Done, now: datetime) -> Insertion:
    if outcome.fan_out is None:
        return Insertion(jobs=())
    rows = db.execute("SELECT service FROM notification_config WHERE enabled <> 0").fetchall()
    planned = outcome.fan_out(frozenset(row[0] for row in rows))
    children = tuple(
        replace(new, parent_id=job.id, root_id=job.root_id, event_id=job.event_id) for new in planned
    )
    return insert_jobs(db, children, now)


def _open_merge_window(db: Sql, job: Job, *, until: int, stamp: int) -> None:
    """Let what comes for the same lane and key wait, to go as one."""
    db.execute("DELETE FROM merge_windows WHERE until <= ?", (stamp,))
    db.execute(
        "INSERT INTO merge_windows (lane, merge_key, until) VALUES (?, ?, ?)"
        " ON CONFLICT (lane, merge_key) DO UPDATE SET until = excluded.until",
        (job.lane, job.merge_key, until),
    )
