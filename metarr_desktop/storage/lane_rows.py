"""The lanes in SQL: which are stopped, what stops them, and the breaker that opens when nobody answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import from_ms, to_ms
from metarr_desktop.domain.lanes import BlockCause, LaneState, LaneStop, breaker_failures, breaker_pause
from metarr_desktop.domain.outcomes import Blocked, Done, Failed, Outcome, Retry
from metarr_desktop.storage.rows import read_lane_stop, write_text

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.sql import Sql

COUNTING = "counting"
"""State of a lane that is open and failed to reach anybody lately; it has a row for its count only."""
STOP_COLUMNS = "lane, state, cause, reason, reason_text, since, until"


@dataclass(slots=True, kw_only=True)
class LaneView:
    """The stopped lanes as a claim sees them; ``probing`` may run one job to try whether they work again."""

    stopped: set[str] = field(default_factory=set)
    over: list[str] = field(default_factory=list)
    probing: set[str] = field(default_factory=set)
    ends: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneNews:
    """What an attempt meant for its lane; ``spared`` attempts use no retry."""

    stop: LaneStop | None = None
    opened: bool = False
    spared: bool = False


def view_lanes(db: Sql, stamp: int) -> LaneView:
    """Look at the stops; those that are over are ended."""
    view = look_at_lanes(db, stamp)
    for lane in view.over:
        db.execute("DELETE FROM lanes WHERE lane = ?", (lane,))
        db.tell("lanes")
    return view


def look_at_lanes(db: Sql, stamp: int) -> LaneView:
    """Look at the stops and change nothing."""
    view = LaneView()
    for lane, state, until in db.execute("SELECT lane, state, until FROM lanes").fetchall():
        if state == COUNTING:
            continue
        over = isinstance(until, int) and until <= stamp
        if over and state == LaneState.BREAKER.value:
            view.probing.add(lane)
        elif over and state != LaneState.PROBING.value:
            view.over.append(lane)
        else:
            view.stopped.add(lane)
            if isinstance(until, int) and until > stamp:
                view.ends.append(until)
    return view


def begin_probe(db: Sql, lane: str, job_id: int) -> None:
    """Let one job of a lane try; nothing else of it runs meanwhile."""
    db.execute(
        "UPDATE lanes SET state = ?, probe = ? WHERE lane = ?", (LaneState.PROBING.value, job_id, lane)
    )
    db.tell("lanes")


def stop_lane(db: Sql, stop: LaneStop) -> bool:
    """Stop a lane, unless the stop it has needs a person or lasts longer."""
    row = db.execute(
        "INSERT INTO lanes (lane, state, cause, reason, reason_text, since, until)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (lane) DO UPDATE SET state = excluded.state, cause = excluded.cause,"
        " reason = excluded.reason, reason_text = excluded.reason_text, since = excluded.since,"
        " until = excluded.until, probe = NULL WHERE excluded.state = 'blocked'"
        " OR (lanes.state <> 'blocked'"
        " AND (lanes.state <> 'rate_limited' OR COALESCE(lanes.until, 0) < excluded.until)) RETURNING lane",
        (
            stop.lane,
            stop.state.value,
            None if stop.cause is None else stop.cause.value,
            *write_text(stop.reason),
            to_ms(stop.since),
            None if stop.until is None else to_ms(stop.until),
        ),
    ).fetchone()
    db.tell("lanes")
    return row is not None


def lane_stops(db: Sql) -> tuple[LaneStop, ...]:
    """Every lane that takes no jobs."""
    rows = db.execute(f"SELECT {STOP_COLUMNS} FROM lanes WHERE state <> '{COUNTING}' ORDER BY lane")
    return tuple(read_lane_stop(row) for row in rows.fetchall())


def note_attempt(db: Sql, job: Job, outcome: Outcome, now: datetime) -> LaneNews:
    """Count attempts that found nobody, and open or close the lane's breaker."""
    row = db.execute("SELECT state, failures, trips, probe FROM lanes WHERE lane = ?", (job.lane,)).fetchone()
    unreachable = _unreachable(outcome)
    if row is None:
        if unreachable is not None:
            _count_first(db, job, now)
        return LaneNews()
    state, failures, trips, probe = row
    if state == COUNTING:
        return _count(db, job, outcome, failures=failures, now=now)
    if state == LaneState.PROBING.value and probe == job.id:
        return _end_probe(db, job, outcome, trips=trips, now=now)
    if state == LaneState.BREAKER.value and isinstance(outcome, Done):
        _forget(db, job.lane)
        return LaneNews(opened=True)
    stopped = state in {LaneState.BREAKER.value, LaneState.PROBING.value}
    return LaneNews(spared=stopped and unreachable is not None)


def free_lost_probes(db: Sql, now: datetime) -> None:
    """Let another job try where the one that did is gone."""
    db.execute(
        "UPDATE lanes SET state = ?, until = ?, probe = NULL WHERE state = ? AND NOT EXISTS"
        " (SELECT 1 FROM job_queue WHERE job_queue.id = lanes.probe AND job_queue.status = 'processing')",
        (LaneState.BREAKER.value, to_ms(now), LaneState.PROBING.value),
    )


def _unreachable(outcome: Outcome) -> Text | None:
    """Why nobody was reached; None where somebody was, or nobody asked."""
    if isinstance(outcome, Retry | Failed) and outcome.connection:
        return outcome.error
    return None


def _is_patient(outcome: Outcome) -> bool:
    return isinstance(outcome, Retry) and outcome.patient


def _answered(outcome: Outcome) -> bool:
    """Whether the attempt proves that somebody answers."""
    if isinstance(outcome, Blocked):
        return outcome.cause is BlockCause.KEY_REJECTED
    if isinstance(outcome, Failed) and outcome.elsewhere:
        return False
    return isinstance(outcome, Done | Retry | Failed)


def _count_first(db: Sql, job: Job, now: datetime) -> None:
    db.execute(
        f"INSERT INTO lanes (lane, state, reason, since, failures) VALUES (?, '{COUNTING}', '', ?, 1)"
        " ON CONFLICT (lane) DO NOTHING",
        (job.lane, to_ms(now)),
    )


def _count(db: Sql, job: Job, outcome: Outcome, *, failures: int, now: datetime) -> LaneNews:
    reason = _unreachable(outcome)
    if reason is None:
        if _answered(outcome):
            _forget(db, job.lane)
        return LaneNews()
    patient = _is_patient(outcome)
    if failures + 1 < breaker_failures(patient=patient):
        db.execute("UPDATE lanes SET failures = failures + 1 WHERE lane = ?", (job.lane,))
        return LaneNews()
    return LaneNews(stop=_open_breaker(db, job.lane, reason, trips=0, patient=patient, now=now))


def _end_probe(db: Sql, job: Job, outcome: Outcome, *, trips: Any, now: datetime) -> LaneNews:
    reason = _unreachable(outcome)
    if reason is not None:
        stop = _open_breaker(
            db, job.lane, reason, trips=int(trips) + 1, patient=_is_patient(outcome), now=now
        )
        return LaneNews(stop=stop, spared=True)
    if _answered(outcome):
        _forget(db, job.lane)
        return LaneNews(opened=True)
    db.execute(
        "UPDATE lanes SET state = ?, until = ?, probe = NULL WHERE lane = ?",
        (LaneState.BREAKER.value, to_ms(now), job.lane),
    )
    return LaneNews()


def _open_breaker(db: Sql, lane: str, reason: Text, *, trips: int, patient: bool, now: datetime) -> LaneStop:
    stop = LaneStop(
        lane=lane,
        state=LaneState.BREAKER,
        reason=reason,
        since=now,
        until=from_ms(to_ms(now + breaker_pause(trips, patient=patient))),
    )
    stop_lane(db, stop)
    db.execute("UPDATE lanes SET trips = ?, failures = 0 WHERE lane = ?", (trips, lane))
    return stop


def _forget(db: Sql, lane: str) -> None:
    db.execute("DELETE FROM lanes WHERE lane = ?", (lane,))
    db.tell("lanes")
