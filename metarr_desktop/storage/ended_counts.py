"""How many jobs ended since an instant: whole slots from the kept counters, the rest by index."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.storage.leap import leap
from metarr_desktop.storage.totals import SLOT_MS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from metarr_desktop.storage.sql import Sql

KEPT = timedelta(days=3)
"""Counters are kept so long, so nothing can be asked about longer ago."""


def ended_since(db: Sql, since: datetime) -> Mapping[tuple[str, str], int]:
    """Jobs by type and status. What it costs depends on the time asked for, not on the history."""
    start = to_ms(since)
    slot = -(-start // SLOT_MS)
    counts: dict[tuple[str, str], int] = {}
    for kind, status, jobs in db.execute(
        "SELECT type, status, SUM(jobs) FROM job_totals WHERE slot >= ? GROUP BY type, status", (slot,)
    ).fetchall():
        counts[kind, status] = int(jobs)
    if start < slot * SLOT_MS:
        for kind in leap(db, "SELECT MIN(type) FROM job_history WHERE type > ?"):
            for status in EndStatus:
                (jobs,) = db.execute(
                    "SELECT COUNT(*) FROM job_history WHERE type = ? AND status = ?"
                    " AND completed_at >= ? AND completed_at < ?",
                    (kind, status.value, start, slot * SLOT_MS),
                ).fetchone()
                if jobs:
                    counts[kind, status.value] = counts.get((kind, status.value), 0) + jobs
    return counts


def drop_old_counters(db: Sql, now: datetime) -> None:
    """Forget the counters that nobody asks for any more."""
    db.execute("DELETE FROM job_totals WHERE slot < ?", (to_ms(now - KEPT) // SLOT_MS,))
