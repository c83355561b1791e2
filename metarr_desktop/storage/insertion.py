"""New rows of the job tables."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.jobs import AttemptOutcome, Job, JobStatus, NewJob
from metarr_desktop.storage.rows import write_json, write_text

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.job_store import Run
    from metarr_desktop.storage.sql import Sql


NEXT_ID = "(SELECT COALESCE(MAX(seq), 0) + 1 FROM sqlite_sequence WHERE name = 'job_queue')"
"""The id that the row being inserted will get: a job without parents is its own root."""


def insert_jobs(db: Sql, jobs: tuple[NewJob, ...], now: datetime) -> tuple[Job, ...]:
    """Insert jobs in order; ``waits_for`` names the type of a sibling inserted before."""
    inserted: list[Job] = []
    ids: dict[str, int] = {}
    for new in jobs:
        waits_for = ids.get(new.waits_for or "")
        run_after = now if waits_for is None else now + (new.waits_at_most or timedelta(0))
        ready = waits_for is None
        job_id = db.execute(
            "INSERT INTO job_queue (type, lane, priority, payload, max_retries, created_at, updated_at,"
            " run_after, ready, parent_id, event_id, waits_for, retry_of, root_id)"
            f" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, COALESCE(?, {NEXT_ID})) RETURNING id",
            (
                new.type,
                new.lane,
                new.priority,
                write_json(new.payload),
                new.max_retries,
                to_ms(now),
                to_ms(now),
                to_ms(run_after),
                int(ready),
                new.parent_id,
                new.event_id,
                waits_for,
                new.retry_of,
                new.root_id,
            ),
        ).fetchone()[0]
        ids[new.type] = job_id
        inserted.append(_as_job(new, job_id=job_id, waits_for=waits_for, now=now, run_after=run_after))
    return tuple(inserted)


def _as_job(new: NewJob, *, job_id: int, waits_for: int | None, now: datetime, run_after: datetime) -> Job:
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
        parent_id=new.parent_id,
        event_id=new.event_id,
        waits_for=waits_for,
        retry_of=new.retry_of,
    )


def insert_attempt(db: Sql, job_id: int, run: Run, outcome: AttemptOutcome, detail: Text | None) -> None:
    """Keep one run of a job, numbered after those before it."""
    db.execute(
        "INSERT INTO job_attempts (job_id, number, started_at, duration_ms, outcome, detail, detail_text)"
        " SELECT ?1, COALESCE(MAX(number), 0) + 1, ?2, ?3, ?4, ?5, ?6 FROM job_attempts WHERE job_id = ?1",
        (job_id, to_ms(run.started_at), whole_ms(run.duration), outcome.value, *write_text(detail)),
    )


def whole_ms(duration: timedelta) -> int:
    """Whole milliseconds, never negative: a clock may have been set back meanwhile."""
    return max(0, duration // timedelta(milliseconds=1))
