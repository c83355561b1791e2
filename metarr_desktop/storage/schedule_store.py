"""When each recurring work ran last and is due next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import from_ms, to_ms
from metarr_desktop.domain.schedules import read_rule, write_rule
from metarr_desktop.storage.insertion import insert_jobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.jobs import Job, NewJob
    from metarr_desktop.domain.schedules import Rule
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

FAR_AWAY = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """One row as it was read. ``rule`` is None where a person broke it; ``mark`` proves that nobody fired."""

    name: str
    rule: Rule | None
    next_at: datetime
    last_at: datetime | None
    last_job_id: int | None
    mark: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """The job that does the work: ``job`` where it was added, None where it waited already."""

    job_id: int
    job: Job | None


class ScheduleStore:
    """The table ``schedules``. Each method is one transaction; all raise StorageFailed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rows(self) -> Mapping[str, ScheduleRow]:
        """Every schedule by name, also those this program does not know."""
        return await self._database.read(_rows)

    async def seed(self, name: str, rule: Rule, *, next_at: datetime) -> None:
        """Add a schedule that is not there yet."""
        await self._database.run(_seed, name, rule, next_at)

    async def fire(self, row: ScheduleRow, job: NewJob, *, next_at: datetime, now: datetime) -> Firing | None:
        """Add the job and move on; None where another process did, or the row was changed meanwhile."""
        return await self._database.run(_fire, row, job, next_at, now)

    async def move(self, row: ScheduleRow, *, next_at: datetime) -> None:
        """Make it due at another time, unless it was fired or changed meanwhile."""
        await self._database.run(_move, row, next_at)

    async def run_now(self, name: str, job: NewJob, *, now: datetime) -> Firing:
        """Add the job without moving the schedule."""
        return await self._database.run(_run_now, name, job, now)

    async def set_rule(self, name: str, rule: Rule, *, next_at: datetime) -> None:
        """Give it another rule."""
        await self._database.run(_set_rule, name, rule, next_at)


def _rows(db: Sql) -> Mapping[str, ScheduleRow]:
    rows = db.execute("SELECT name, rule, next_at, last_at, last_job_id FROM schedules").fetchall()
    return {
        name: ScheduleRow(
            name=name,
            rule=read_rule(rule),
            next_at=_instant(next_at) or FAR_AWAY,
            last_at=_instant(last_at),
            last_job_id=last_job_id if isinstance(last_job_id, int) else None,
            mark=next_at,
        )
        for name, rule, next_at, last_at, last_job_id in rows
    }


def _instant(stored: object) -> datetime | None:
    """Read an instant that a person may have typed."""
    if not isinstance(stored, int):
        return None
    try:
        return from_ms(stored)
    except OverflowError:
        return FAR_AWAY


def _seed(db: Sql, name: str, rule: Rule, next_at: datetime) -> None:
    db.execute(
        "INSERT INTO schedules (name, rule, next_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (name, write_rule(rule), to_ms(next_at)),
    )


def _fire(db: Sql, row: ScheduleRow, job: NewJob, next_at: datetime, now: datetime) -> Firing | None:
    # The row is taken before the job is added: of several processes one gets it.
    if not _move(db, row, next_at):
        return None
    return _run_now(db, row.name, job, now)


def _move(db: Sql, row: ScheduleRow, next_at: datetime) -> bool:
    moved = db.execute(
        "UPDATE schedules SET next_at = ? WHERE name = ? AND next_at = ?",
        (to_ms(next_at), row.name, row.mark),
    )
    return moved.rowcount == 1


def _run_now(db: Sql, name: str, job: NewJob, now: datetime) -> Firing:
    added = () if _waiting(db, job) else insert_jobs(db, (job,), now).jobs
    # Where none was added, another one waits: it did before, or a process was quicker just now.
    firing = Firing(job_id=added[0].id if added else _waiting(db, job), job=added[0] if added else None)
    db.execute(
        "UPDATE schedules SET last_at = ?, last_job_id = ? WHERE name = ?", (to_ms(now), firing.job_id, name)
    )
    return firing


def _waiting(db: Sql, job: NewJob) -> int:
    """Return the id of the job of this kind that waits, 0 where none does."""
    row = db.execute(
        "SELECT COALESCE(MIN(id), 0) FROM job_queue WHERE status = 'pending' AND type = ?", (job.type,)
    ).fetchone()
    return int(row[0])


def _set_rule(db: Sql, name: str, rule: Rule, next_at: datetime) -> None:
    db.execute(
        "INSERT INTO schedules (name, rule, next_at) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET rule = excluded.rule, next_at = excluded.next_at",
        (name, write_rule(rule), to_ms(next_at)),
    )
