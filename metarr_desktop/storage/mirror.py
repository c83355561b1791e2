"""What the database says of running jobs while the queue lies in Redis: brought up to date when it is read.

``job_queue`` has a row for each job that waits or runs. That one runs is known to Redis, and written here
before somebody looks, and at a settlement. The lease lies in Redis alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.storage.claiming import HELD, WAITED_LONGEST
from metarr_desktop.storage.rows import JOB_COLUMNS, write_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.storage.redis_queue import Running, Taken
    from metarr_desktop.storage.sql import Sql

LEASE_IN_REDIS = 1 << 62
"""A lease that no look at orphans in the database finds over."""


def mark_running(db: Sql, running: Iterable[Running], *, due_at: int) -> None:
    """Write what runs, and what got due by this instant, into the rows of runs that are not over."""
    for each in running:
        if not each.seized:
            _start(db, each, worker=each.worker, stamp=each.started_at, updated_at=each.updated_at)
            db.execute(
                "UPDATE job_queue SET progress = ? WHERE id = ? AND runs = ?",
                (each.progress, each.id, each.runs),
            )
    db.execute(
        "UPDATE job_queue SET ready = 1, waits_for = NULL"
        " WHERE ready = 0 AND status = 'pending' AND run_after <= ?",
        (due_at,),
    )


def mark_taken(db: Sql, jobs: Iterable[Taken], *, worker: str, stamp: int) -> None:
    """Write jobs as running that the database has to know of at once."""
    for each in jobs:
        _start(db, each, worker=worker, stamp=stamp, updated_at=stamp)


def mark_held(db: Sql, held: Mapping[int, int], *, stamp: int) -> list[Any]:
    """Write the merge windows that jobs wait for, and return their rows."""
    rows: list[Any] = []
    for job_id, until in held.items():
        rows += db.execute(
            "UPDATE job_queue SET ready = 0, run_after = ?, updated_at = ?, reason = ?, reason_text = ?"
            f" WHERE id = ? AND status = 'pending' RETURNING {JOB_COLUMNS}",
            (until, stamp, *write_text(HELD), job_id),
        ).fetchall()
    return rows


def unmark(db: Sql, job_ids: Collection[int], worker: str) -> None:
    """Let rows wait again whose jobs this worker took and did not run, unless a twin waits by now."""
    for job_id in job_ids:
        db.execute(
            "UPDATE job_queue SET status = 'pending', ready = 1, started_at = NULL, worker = NULL,"
            " lease_until = NULL, merged_into = NULL, progress = NULL, starts = CASE WHEN starts > 0"
            " THEN starts - 1 ELSE 0 END WHERE id = ? AND worker = ? AND status = 'processing' AND NOT EXISTS"
            " (SELECT 1 FROM job_queue AS twin WHERE twin.dedupe_key = job_queue.dedupe_key"
            " AND twin.status = 'pending')",
            (job_id, worker),
        )


def adopt(db: Sql, job: Job, runs: int) -> bool:
    """Make the row say that this very run is ours, and its number used; False where it is over."""
    row = db.execute(
        "UPDATE job_queue SET status = 'processing', ready = 0, started_at = ?, starts = ?, worker = ?,"
        " merged_into = ?, waits_for = NULL, lease_until = NULL, runs = runs + 1 WHERE id = ? AND runs = ?",
        (
            None if job.started_at is None else to_ms(job.started_at),
            job.starts,
            job.worker,
            job.merged_into,
            job.id,
            runs,
        ),
    )
    return row.rowcount == 1


def adopt_orphan(db: Sql, each: Running) -> bool:
    """Make the row say that a run which nobody holds goes on no more; False where it is over."""
    row = db.execute(
        "UPDATE job_queue SET status = 'processing', ready = 0, started_at = ?, starts = ?, worker = ?,"
        " merged_into = ?, lease_until = NULL, runs = runs + 1 WHERE id = ? AND runs = ?",
        (each.started_at, each.starts, each.worker, each.leader, each.id, each.runs),
    )
    return row.rowcount == 1


def disown(db: Sql, rows: Sequence[tuple[int, int]]) -> None:
    """End the lease of rows that run as far as the database knows, and of which Redis knows nothing."""
    for job_id, runs in rows:
        db.execute(
            "UPDATE job_queue SET lease_until = NULL, runs = runs + 1"
            " WHERE id = ? AND runs = ? AND status = 'processing'",
            (job_id, runs),
        )


def said_to_run(db: Sql) -> tuple[tuple[int, int], ...]:
    """Ids and runs of the rows that run as far as the database knows."""
    rows = db.execute("SELECT id, runs FROM job_queue WHERE status = 'processing'").fetchall()
    return tuple((row[0], row[1]) for row in rows)


def rows_of(db: Sql, ids: Sequence[int]) -> dict[int, tuple[Any, int]]:
    """Rows of the queue by id, in the order of ``JOB_COLUMNS``, each with the number of its run."""
    found: dict[int, tuple[Any, int]] = {}
    for start in range(0, len(ids), 500):
        part = ids[start : start + 500]
        places = ", ".join("?" * len(part))
        for row in db.execute(
            f"SELECT {JOB_COLUMNS}, runs FROM job_queue WHERE id IN ({places})", part
        ).fetchall():
            found[row[0]] = (row[:-1], row[-1])
    return found


def take_waiting(db: Sql, job: Job, runs: int) -> bool:
    """Use up the number of a waiting job's next run, since it is ended now; False where that is over."""
    row = db.execute(
        "UPDATE job_queue SET status = 'pending', runs = runs + 1 WHERE id = ? AND runs = ?", (job.id, runs)
    )
    return row.rowcount == 1


def _start(db: Sql, each: Running | Taken, *, worker: str, stamp: int, updated_at: int) -> None:
    db.execute(
        "UPDATE job_queue SET status = 'processing', ready = 0, started_at = ?, updated_at = ?, starts = ?,"
        " worker = ?, lease_until = ?, merged_into = ?, reason = ?, reason_text = ?, waits_for = NULL,"
        " progress = NULL WHERE id = ? AND runs = ?",
        (
            stamp,
            updated_at,
            each.starts,
            worker,
            LEASE_IN_REDIS,
            each.leader,
            *write_text(WAITED_LONGEST if each.longest else None),
            each.id,
            each.runs,
        ),
    )
