"""What ended, and the families of jobs that one webhook became."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.storage.ended_counts import ended_since
from metarr_desktop.storage.history_page import CHUNK, HistoryQuery, read_page
from metarr_desktop.storage.rows import JOB_COLUMNS, RECORD_COLUMNS, read_attempt, read_job, read_record

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from metarr_desktop.domain.jobs import Attempt, Job, JobRecord
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

MOST_MEMBERS = 200
"""A family is read with no more of its waiting, and no more of its ended jobs than these."""
ATTEMPT_COLUMNS = "job_id, number, started_at, duration_ms, outcome, detail, detail_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What grew from one root job; of a very large family only the first ones."""

    root_id: int
    jobs: tuple[Job, ...]
    records: tuple[JobRecord, ...]

    @property
    def members(self) -> tuple[Job | JobRecord, ...]:
        """All of them: waiting and running ones first."""
        return (*self.jobs, *self.records)


class HistoryStore:
    """Reads of ended jobs and attempts; all on the reading connection."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, query: HistoryQuery) -> tuple[JobRecord, ...]:
        """Newest first, by keyset: as fast on the last page as on the first."""
        return await self._database.read(read_page, query)

    async def record(self, job_id: int) -> JobRecord | None:
        """How a job ended, or None."""
        return await self._database.read(_record, job_id)

    async def attempts(self, job_ids: Collection[int]) -> Mapping[int, tuple[Attempt, ...]]:
        """Runs of these jobs, by job id, in order."""
        return await self._database.read(_attempts, tuple(job_ids))

    async def active_families(self, *, limit: int) -> tuple[Family, ...]:
        """Families of which a member waits or runs, newest root first."""
        return await self._database.read(_active_families, limit)

    async def families(self, root_ids: Collection[int]) -> tuple[Family, ...]:
        """Those families, in the order given; unknown roots are left out."""
        return await self._database.read(_families, tuple(root_ids))

    async def last_of_types(self, types: Collection[str]) -> Mapping[str, JobRecord]:
        """Return the last ended job of each type."""
        return await self._database.read(_last_of_types, tuple(types))

    async def ended_since(self, since: datetime) -> Mapping[str, int]:
        """How many jobs ended since then, by status; asked for no longer ago than the counters are kept."""
        return await self._database.read(_ended_since, since)

    async def failed_ids(self, *, limit: int) -> tuple[int, ...]:
        """Ids of failed jobs that were not tried again since, newest first."""
        return await self._database.read(_failed_ids, limit)


def _record(db: Sql, job_id: int) -> JobRecord | None:
    row = db.execute(f"SELECT {RECORD_COLUMNS} FROM job_history WHERE job_id = ?", (job_id,)).fetchone()
    return None if row is None else read_record(row)


def _attempts(db: Sql, job_ids: tuple[int, ...]) -> Mapping[int, tuple[Attempt, ...]]:
    found: dict[int, tuple[Attempt, ...]] = {}
    for part in _chunks(job_ids):
        rows = db.execute(
            f"SELECT {ATTEMPT_COLUMNS} FROM job_attempts WHERE job_id IN ({_places(part)})"
            " ORDER BY job_id, number",
            part,
        )
        for row in rows.fetchall():
            attempt = read_attempt(row)
            found[attempt.job_id] = (*found.get(attempt.job_id, ()), attempt)
    return found


def _active_families(db: Sql, limit: int) -> tuple[Family, ...]:
    rows = db.execute("SELECT DISTINCT root_id FROM job_queue ORDER BY root_id DESC LIMIT ?", (limit,))
    return _families(db, tuple(row[0] for row in rows.fetchall()))


def _families(db: Sql, root_ids: tuple[int, ...]) -> tuple[Family, ...]:
    jobs: dict[int, list[Job]] = {}
    records: dict[int, list[JobRecord]] = {}
    for part in _chunks(root_ids):
        for row in db.execute(
            f"SELECT {JOB_COLUMNS} FROM job_queue WHERE {_first_of('job_queue', 'id', part)} ORDER BY id",
            part,
        ).fetchall():
            job = read_job(row)
            jobs.setdefault(job.root_id, []).append(job)
        for row in db.execute(
            f"SELECT {RECORD_COLUMNS} FROM job_history WHERE {_first_of('job_history', 'job_id', part)}"
            " ORDER BY job_id",
            part,
        ).fetchall():
            record = read_record(row)
            records.setdefault(record.root_id, []).append(record)
    return tuple(
        Family(root_id=root, jobs=tuple(jobs.get(root, ())), records=tuple(records.get(root, ())))
        for root in root_ids
        if root in jobs or root in records
    )


def _last_of_types(db: Sql, types: tuple[str, ...]) -> Mapping[str, JobRecord]:
    found: dict[str, JobRecord] = {}
    for kind in types:
        last = read_page(db, HistoryQuery(type=kind, limit=1))
        if last:
            found[kind] = last[0]
    return found


def _ended_since(db: Sql, since: datetime) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for (_, status), jobs in ended_since(db, since).items():
        counts[status] = counts.get(status, 0) + jobs
    return counts


def _failed_ids(db: Sql, limit: int) -> tuple[int, ...]:
    rows = db.execute(
        "SELECT job_id FROM job_history AS old WHERE status = 'failed'"
        " AND NOT EXISTS (SELECT 1 FROM job_queue WHERE retry_of = old.job_id)"
        " AND NOT EXISTS (SELECT 1 FROM job_history WHERE root_id = old.root_id AND retry_of = old.job_id)"
        " ORDER BY completed_at DESC, id DESC LIMIT ?",
        (limit,),
    )
    return tuple(row[0] for row in rows.fetchall())


def _chunks(ids: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]


def _first_of(table: str, order: str, roots: tuple[int, ...]) -> str:
    """Condition for the first members of these families: one may have a hundred thousand."""
    return (
        f"id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY root_id ORDER BY {order})"
        f" AS place FROM {table} WHERE root_id IN ({_places(roots)})) AS numbered"
        f" WHERE place <= {MOST_MEMBERS})"
    )


def _places(ids: tuple[int, ...]) -> str:
    return ", ".join("?" * len(ids))
