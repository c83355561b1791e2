"""Reads of the queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import from_ms, to_ms
from metarr_desktop.domain.jobs import Job, QueueCounts, QueuePlace
from metarr_desktop.storage.job_store import WaitingJobs
from metarr_desktop.storage.rows import JOB_COLUMNS, read_job, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.storage.sql import Sql


def jobs(db: Sql, after: QueuePlace | None = None, limit: int | None = None) -> tuple[Job, ...]:
    """Rows of the queue by priority, due time and id: all, or so many that come after one."""
    place = () if after is None else (after.priority, to_ms(after.run_after), after.id)
    condition = " WHERE (priority, run_after, id) > (?, ?, ?)" if place else ""
    most = "" if limit is None else f" LIMIT {int(limit)}"
    rows = db.execute(
        f"SELECT {JOB_COLUMNS} FROM job_queue{condition} ORDER BY priority, run_after, id{most}", place
    )
    return tuple(read_job(row) for row in rows.fetchall())


def job(db: Sql, job_id: int) -> Job | None:
    """One row of the queue."""
    row = db.execute(f"SELECT {JOB_COLUMNS} FROM job_queue WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else read_job(row)


def waiting(db: Sql) -> Mapping[str, WaitingJobs]:
    """How many jobs of each type wait, and why one of them does."""
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


def counts(db: Sql) -> QueueCounts:
    """How much there is to do."""
    pending, oldest = db.execute(
        "SELECT COUNT(*), MIN(created_at) FROM job_queue WHERE status = 'pending'"
    ).fetchone()
    (processing,) = db.execute("SELECT COUNT(*) FROM job_queue WHERE status = 'processing'").fetchone()
    return QueueCounts(
        pending=pending,
        processing=processing,
        oldest_pending_at=None if oldest is None else from_ms(oldest),
    )
