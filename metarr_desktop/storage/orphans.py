"""Jobs whose process ended while they ran."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.jobs import AttemptOutcome, EndStatus, Job, JobRecord
from metarr_desktop.domain.text import text
from metarr_desktop.storage.ending import Counts, end_job, put_back, release_waiting
from metarr_desktop.storage.holder import of_folder
from metarr_desktop.storage.insertion import insert_attempt
from metarr_desktop.storage.job_store import POISONED_AT, Recovery, Run
from metarr_desktop.storage.lane_rows import free_lost_probes
from metarr_desktop.storage.rows import JOB_COLUMNS, read_job
from metarr_desktop.storage.sharing import offer_again

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.storage.holder import Holder
    from metarr_desktop.storage.sql import Sql

CRASHED = text("The program ended while this ran.")
POISONED = text(
    "The program ended {n} times in a row while this ran. It is not run again by itself.", n=POISONED_AT
)


def recover(db: Sql, holder: Holder, now: datetime, running: tuple[int, ...]) -> Recovery:
    """Put back what nobody runs any more, with a crashed attempt; what crashed too often fails.

    The count of its starts stays, so that a job that ends its process again and again is told from others.
    """
    condition, place = "status = 'processing'", tuple[str, ...]()
    if db.dialect.shared:
        condition += f" AND (COALESCE(lease_until, 0) < {db.dialect.now_ms}"
        if holder.folder:
            condition += " OR (worker LIKE ? AND worker <> ?)"
            place = of_folder(holder.folder), holder.worker
            db.execute("DELETE FROM workers WHERE worker LIKE ? AND worker <> ?", place)
        condition += ")"
    rows = db.execute(
        f"SELECT {JOB_COLUMNS} FROM job_queue WHERE {condition} ORDER BY id{db.dialect.skip_locked}", place
    ).fetchall()
    jobs: list[Job] = []
    records: list[JobRecord] = []
    for row in rows:
        job = read_job(row)
        if job.id in running:
            continue
        moved = _take_back(db, job, now)
        if isinstance(moved, JobRecord):
            records.append(moved)
            jobs += release_waiting(db, job.id, now)
        else:
            jobs.append(moved)
    free_lost_probes(db, now)
    if db.dialect.shared:
        jobs += offer_again(db, holder, now)
    return Recovery(jobs=tuple(jobs), records=tuple(records))


def _take_back(db: Sql, job: Job, now: datetime) -> Job | JobRecord:
    started = job.started_at or now
    run = Run(started_at=started, duration=max(now - started, timedelta(0)))
    moved: Job | JobRecord
    if job.starts >= POISONED_AT:
        moved = end_job(db, job, EndStatus.FAILED, error=POISONED, run=run, now=now)
    else:
        moved = put_back(db, job, now, run_after=now, counts=Counts(starts=job.starts), run=run)
    insert_attempt(db, job.id, run, AttemptOutcome.CRASHED, CRASHED)
    return moved
