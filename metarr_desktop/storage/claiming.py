"""The claim: which jobs run next. One probe of an index for each open lane, whatever waits elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import from_ms, to_ms
from metarr_desktop.domain.jobs import EndStatus, Job, JobRecord
from metarr_desktop.domain.text import Text
from metarr_desktop.storage.ending import end_job
from metarr_desktop.storage.job_store import OUT_OF_TURN, Claim
from metarr_desktop.storage.lane_rows import LaneView, begin_probe, view_lanes
from metarr_desktop.storage.rows import JOB_COLUMNS, read_job, write_text
from metarr_desktop.storage.sharing import lease_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.storage.holder import Holder
    from metarr_desktop.storage.sql import Sql

BY_TURN = "priority, run_after, id"
BY_WAIT = "run_after, id"
EXPIRE_AT_ONCE = 50
LONGEST_WINDOW_MS = 5 * 60 * 1000
"""A merge window that ends later than this was made before the clock was set back."""
RUNNING_TWIN_MS = 1_000
"""While one of its merge key runs, a job looks again after this time."""
LATEST_MS = to_ms(datetime.max.replace(tzinfo=UTC))
"""What a person set to a later time waits for ever, and nothing else does."""
BUSY_MS = 20
"""While another process claims, this one looks again after this time."""
EXPIRED = Text("It waited too long and was given up. Retry it if it is still wanted.")
HELD = Text("Waits a moment, to go together with other news of the same folder or download.")
WAITED_LONGEST = Text("Taken out of turn: it had waited longest.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """The first ready job of a lane."""

    key: tuple[int, ...]
    id: int
    lane: str
    merge_key: str | None


def claim(db: Sql, holder: Holder, lanes: Mapping[str, int], now: datetime, turn: int, limit: int) -> Claim:
    """Take jobs that are due, at most ``limit`` and of each lane no more than run at once."""
    stamp = to_ms(now)
    if db.dialect.claim_lock and not db.execute(db.dialect.claim_lock).fetchone()[0]:
        return Claim(next_due=from_ms(stamp + BUSY_MS))
    view = view_lanes(db, stamp)
    expired = _expire(db, now)
    db.execute(
        "UPDATE job_queue SET ready = 1, waits_for = NULL"
        " WHERE ready = 0 AND status = 'pending' AND run_after <= ?",
        (stamp,),
    )
    picker = _Picker(db, holder, stamp, _free(db, lanes, view), view)
    jobs: list[Job] = []
    while len(jobs) < limit:
        job = picker.pick(longest=(turn + len(jobs)) % OUT_OF_TURN == OUT_OF_TURN - 1)
        if job is None:
            break
        jobs.append(job)
    db.tell(*(each.id for job in jobs for each in (job, *job.merged)))
    return Claim(
        jobs=tuple(jobs),
        next_due=_next_due(db, view),
        reopened=tuple(view.over),
        expired=expired,
        held=tuple(picker.held),
    )


def _free(db: Sql, lanes: Mapping[str, int], view: LaneView) -> dict[str, int]:
    """How many jobs more each lane may run; those that run in other processes count too."""
    running = dict(
        db.execute(
            "SELECT lane, COUNT(*) FROM job_queue WHERE status = 'processing' AND merged_into IS NULL"
            " GROUP BY lane"
        ).fetchall()
    )
    free = {}
    for lane, most in lanes.items():
        left = most - running.get(lane, 0)
        if lane not in view.stopped and left > 0:
            free[lane] = 1 if lane in view.probing else left
    return free


def _expire(db: Sql, now: datetime) -> tuple[JobRecord, ...]:
    rows = db.execute(
        f"SELECT {JOB_COLUMNS} FROM job_queue WHERE status = 'pending' AND expires_at <= ?"
        f" ORDER BY expires_at LIMIT {EXPIRE_AT_ONCE}{db.dialect.skip_locked}",
        (to_ms(now),),
    ).fetchall()
    return tuple(
        end_job(db, job, EndStatus.FAILED, error=job.error or EXPIRED, run=None, now=now)
        for job in map(read_job, rows)
    )


def _next_due(db: Sql, view: LaneView) -> datetime | None:
    due = db.execute(
        "SELECT MIN(run_after) FROM job_queue WHERE ready = 0 AND status = 'pending'"
    ).fetchone()[0]
    expiry = db.execute(
        "SELECT MIN(expires_at) FROM job_queue WHERE status = 'pending' AND expires_at IS NOT NULL"
    ).fetchone()[0]
    times = [*view.ends, *(each for each in (due, expiry) if isinstance(each, int))]
    return from_ms(min(*times, LATEST_MS)) if times else None


class _Picker:
    """Takes one job after the other, with the first one of each open lane at hand."""

    def __init__(self, db: Sql, holder: Holder, stamp: int, free: dict[str, int], view: LaneView) -> None:
        self._db = db
        self._holder = holder
        self._stamp = stamp
        self._free = free
        self._view = view
        self._heads: dict[str, _Head | None] = {}
        self.held: list[Job] = []

    def pick(self, *, longest: bool) -> Job | None:
        """Take the next job, or with ``longest`` the one that has waited longest."""
        while (head := self._first(longest=longest)) is not None:
            self._heads.pop(head.lane, None)
            if head.merge_key is not None and self._hold(head):
                continue
            job = self._take(head, longest=longest)
            if job is None:
                continue
            self._free[head.lane] -= 1
            if head.lane in self._view.probing:
                begin_probe(self._db, head.lane, job.id)
                self._free[head.lane] = 0
                merged = tuple(replace(each, probe=True) for each in job.merged)
                return replace(job, probe=True, merged=merged)
            return job
        return None

    def _first(self, *, longest: bool) -> _Head | None:
        heads = []
        for lane, free in self._free.items():
            if free <= 0:
                continue
            if longest:
                head = self._probe(lane, BY_WAIT)
            else:
                if lane not in self._heads:
                    self._heads[lane] = self._probe(lane, BY_TURN)
                head = self._heads[lane]
            if head is not None:
                heads.append(head)
        return min(heads, key=lambda head: head.key, default=None)

    def _probe(self, lane: str, order: str) -> _Head | None:
        dialect = self._db.dialect
        mine, place = self._mine()
        row = self._db.execute(
            f"SELECT {order}, merge_key FROM job_queue"
            f" WHERE lane = ? AND ready = 1 AND status = 'pending'{mine}"
            f" ORDER BY {order} LIMIT 1{dialect.skip_locked}",
            (lane, *place),
        ).fetchone()
        if row is None:
            return None
        *key, merge_key = row
        return _Head(key=tuple(_number(each) for each in key), id=key[-1], lane=lane, merge_key=merge_key)

    def _mine(self) -> tuple[str, tuple[str, ...]]:
        """Return the condition that leaves to others what this process could not do."""
        if not self._db.dialect.shared:
            return "", ()
        return " AND (left_by IS NULL OR left_by NOT LIKE ?)", (f"%{self._holder.worker}%",)

    def _hold(self, head: _Head) -> bool:
        """Let a job wait while its merge window is open, or while one of its key runs."""
        row = self._db.execute(
            "SELECT until FROM merge_windows WHERE lane = ? AND merge_key = ?", (head.lane, head.merge_key)
        ).fetchone()
        until = row[0] if row is not None and row[0] - self._stamp <= LONGEST_WINDOW_MS else self._stamp
        if until <= self._stamp:
            twin = self._db.execute(
                "SELECT 1 FROM job_queue WHERE lane = ? AND merge_key = ? AND status = 'processing' LIMIT 1",
                (head.lane, head.merge_key),
            ).fetchone()
            if twin is None:
                return False
            until = self._stamp + RUNNING_TWIN_MS
        rows = self._db.execute(
            "UPDATE job_queue SET ready = 0, run_after = ?, updated_at = ?, reason = ?, reason_text = ?"
            f" WHERE lane = ? AND merge_key = ? AND ready = 1 RETURNING {JOB_COLUMNS}",
            (until, self._stamp, *write_text(HELD), head.lane, head.merge_key),
        ).fetchall()
        self._db.tell(*(row[0] for row in rows))
        self.held += [read_job(row) for row in rows]
        return True

    def _take(self, head: _Head, *, longest: bool) -> Job | None:
        reason = WAITED_LONGEST if longest else None
        row = self._start("id = ? AND status = 'pending'", (head.id,), leader=None, reason=reason)
        if not row:
            return None
        job = read_job(row[0])
        if job.merge_key is None:
            return job
        mine, place = self._mine()
        others = self._start(
            f"lane = ? AND merge_key = ? AND status = 'pending' AND waits_for IS NULL{mine}",
            (job.lane, job.merge_key, *place),
            leader=job.id,
            reason=None,
        )
        return replace(job, merged=tuple(sorted(map(read_job, others), key=lambda each: each.id)))

    def _start(
        self, condition: str, place: tuple[object, ...], *, leader: int | None, reason: Text | None
    ) -> list[Any]:
        dialect = self._db.dialect
        lease = f"{dialect.now_ms} + {lease_ms(self._holder)}" if dialect.shared else "NULL"
        return self._db.execute(
            "UPDATE job_queue SET status = 'processing', ready = 0, started_at = ?, updated_at = ?,"
            f" starts = starts + 1, worker = ?, lease_until = {lease}, cancel = 0, merged_into = ?,"
            f" reason = ?, reason_text = ?, progress = NULL WHERE {condition} RETURNING {JOB_COLUMNS}",
            (self._stamp, self._stamp, self._holder.worker, leader, *write_text(reason), *place),
        ).fetchall()


def _number(value: object) -> int:
    """Return a column of the order; what a person damaged by hand goes first, and is out of the way."""
    return value if isinstance(value, int) else 0
