"""Several processes on one database: who is alive, what each holds, and what one leaves to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import MILLISECOND, to_ms
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.text import text
from metarr_desktop.storage.job_store import Leases
from metarr_desktop.storage.rows import JOB_COLUMNS, read_job

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.storage.holder import Holder
    from metarr_desktop.storage.sql import Sql

SILENT_LEASES = 2
"""Who did not show itself for so many leases counts as gone."""


def lease_ms(holder: Holder) -> int:
    """Length of a lease in milliseconds."""
    return holder.lease // MILLISECOND


def renew(db: Sql, holder: Holder, job_ids: tuple[int, ...]) -> Leases:
    """Show that this process lives, and hold its jobs for another lease, by the server's clock."""
    if not db.dialect.shared:
        return Leases()
    now_ms = db.dialect.now_ms
    db.execute(
        f"INSERT INTO workers (worker, seen_at) VALUES (?, {now_ms})"
        " ON CONFLICT (worker) DO UPDATE SET seen_at = excluded.seen_at",
        (holder.worker,),
    )
    db.execute(f"DELETE FROM workers WHERE seen_at < {now_ms} - ?", (SILENT_LEASES * 10 * lease_ms(holder),))
    if not job_ids:
        return Leases()
    places = ", ".join("?" * len(job_ids))
    rows = db.execute(
        f"UPDATE job_queue SET lease_until = {now_ms} + ? WHERE status = 'processing' AND worker = ?"
        f" AND id IN ({places}) RETURNING id, cancel",
        (lease_ms(holder), holder.worker, *job_ids),
    ).fetchall()
    held = {row[0] for row in rows}
    return Leases(
        lost=tuple(each for each in job_ids if each not in held),
        cancelled=tuple(row[0] for row in rows if row[1]),
    )


def leave(db: Sql, holder: Holder) -> None:
    """Tell the others that this process runs nothing more."""
    db.execute("DELETE FROM workers WHERE worker = ?", (holder.worker,))


def others_to_try(db: Sql, holder: Holder, job: Job) -> str | None:
    """Names of those that left a job so far, with this one; None where nobody is left who could run it."""
    if not db.dialect.shared:
        return None
    row = db.execute("SELECT left_by FROM job_queue WHERE id = ?", (job.id,)).fetchone()
    left = set((row[0] or "").split() if row else ()) | {holder.worker}
    return " ".join(sorted(left)) if _alive(db, holder) - left else None


def offer_again(db: Sql, holder: Holder, now: datetime) -> tuple[Job, ...]:
    """Let all look again at what was left to a process that is gone: with nobody left it fails in words."""
    rows = db.execute(
        "SELECT id, left_by FROM job_queue WHERE left_by IS NOT NULL AND status = 'pending'"
    ).fetchall()
    alive = _alive(db, holder) if rows else set()
    offered: list[Job] = []
    for job_id, left_by in rows:
        if not alive - set(left_by.split()):
            row = db.execute(
                "UPDATE job_queue SET left_by = NULL, updated_at = ? WHERE id = ? AND status = 'pending'"
                f" RETURNING {JOB_COLUMNS}",
                (to_ms(now), job_id),
            ).fetchone()
            offered += [] if row is None else [read_job(row)]
    db.tell(*(job.id for job in offered))
    return tuple(offered)


def _alive(db: Sql, holder: Holder) -> set[str]:
    """Names of the processes that showed themselves lately."""
    rows = db.execute(
        f"SELECT worker FROM workers WHERE seen_at > {db.dialect.now_ms} - ?",
        (SILENT_LEASES * lease_ms(holder),),
    ).fetchall()
    return {worker for (worker,) in rows}


def request_cancel(db: Sql, job_id: int, now: datetime) -> Job:
    """Ask whoever runs a job to cancel it. Raises NotFound, or Refused where nobody else could run it."""
    if not db.dialect.shared:
        raise Refused(text("Job {id} cannot be cancelled any more.", id=job_id))
    row = db.execute(
        "UPDATE job_queue SET cancel = 1, updated_at = ? WHERE id = ? AND status = 'processing'"
        f" RETURNING {JOB_COLUMNS}",
        (to_ms(now), job_id),
    ).fetchone()
    if row is None:
        raise NotFound(text("Job {id} is not in the queue.", id=job_id))
    db.tell(job_id, "cancel")
    return read_job(row)
