"""Reads of the numbers; none of them counts the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import optional_from_ms
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.statistics import LATELY, Tally
from metarr_desktop.storage.ended_counts import ended_since
from metarr_desktop.storage.leap import leap

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

WAITING_TYPES = "SELECT MIN(type) FROM job_queue WHERE status = 'pending' AND type > ?"


class StatisticsStore:
    """Tallies by job type, all of one moment."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def tallies(self, *, now: datetime) -> Mapping[str, Tally]:
        """Every job type of which something waits, runs, or ended in the last 24 hours."""
        return await self._database.read(_tallies, now)


def _tallies(db: Sql, now: datetime) -> Mapping[str, Tally]:
    running = db.execute(
        "SELECT type, COUNT(*) FROM job_queue WHERE status = 'processing' GROUP BY type"
    ).fetchall()
    ended = ended_since(db, now - LATELY)
    parts = [
        *((kind, _waiting(db, kind)) for kind in leap(db, WAITING_TYPES)),
        *((kind, Tally(running=jobs)) for kind, jobs in running),
        *((kind, _ended(status, jobs)) for (kind, status), jobs in ended.items()),
    ]
    tallies: dict[str, Tally] = {}
    for kind, part in parts:
        tallies[kind] = tallies.get(kind, Tally()) + part
    return tallies


def _waiting(db: Sql, kind: str) -> Tally:
    """Two ranges of one index: that is half of what one statement for both would take."""
    (jobs,) = db.execute(
        "SELECT COUNT(*) FROM job_queue WHERE status = 'pending' AND type = ?", (kind,)
    ).fetchone()
    (oldest,) = db.execute(
        "SELECT MIN(created_at) FROM job_queue WHERE status = 'pending' AND type = ?", (kind,)
    ).fetchone()
    return Tally(waiting=jobs, oldest_waiting=optional_from_ms(oldest))


def _ended(status: str, jobs: int) -> Tally:
    """Skipped and cancelled jobs are neither done nor failed."""
    done = jobs if status == EndStatus.COMPLETED.value else 0
    failed = jobs if status == EndStatus.FAILED.value else 0
    return Tally(done=done, failed=failed)
