"""Jobs that wait for more like them, to go as one: each that comes lets all of them wait a while longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import MILLISECOND, from_ms, to_ms
from metarr_desktop.storage.rows import JOB_COLUMNS, read_job, write_text

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.jobs import Gathering, Job, NewJob
    from metarr_desktop.storage.sql import Sql

NEVER_RUN = (
    "lane = ? AND merge_key = ? AND status = 'pending' AND retry_count = 0 AND deferrals = 0 AND starts = 0"
    " AND error IS NULL AND waits_for IS NULL"
)


def gathering_of(new: NewJob, job: Job) -> Gathering | None:
    """How a new job waits for more like it; a sibling it waits for comes first."""
    return None if job.merge_key is None or job.waits_for is not None else new.gathering


def due_together(db: Sql, job: Job, gathering: Gathering, now: datetime) -> datetime:
    """When a job that comes now is due, with all that wait for it: never later than the first may wait."""
    (oldest,) = db.execute(
        f"SELECT MIN(created_at) FROM job_queue WHERE {NEVER_RUN}", (job.lane, job.merge_key)
    ).fetchone()
    stamp = to_ms(now)
    first = oldest if isinstance(oldest, int) else stamp
    due = min(stamp + gathering.quiet // MILLISECOND, first + gathering.at_most // MILLISECOND)
    return from_ms(max(due, stamp))


def move_others(db: Sql, job: Job, now: datetime) -> tuple[Job, ...]:
    """Let what waits for more like this job be due with it; what is due already goes when its lane lets it.

    A row that another process has in hand is left alone: it is being taken, or moved to much the same time.
    """
    due, stamp = to_ms(job.run_after), to_ms(now)
    rows = db.execute(
        "UPDATE job_queue SET run_after = ?, updated_at = ?, reason = ?, reason_text = ? WHERE id IN"
        f" (SELECT id FROM job_queue WHERE {NEVER_RUN} AND ready = 0 AND run_after > ? AND run_after <> ?"
        f" AND id <> ?{db.dialect.skip_locked}) RETURNING {JOB_COLUMNS}",
        (due, stamp, *write_text(job.reason), job.lane, job.merge_key, stamp, due, job.id),
    ).fetchall()
    return tuple(sorted(map(read_job, rows), key=lambda each: each.id))
