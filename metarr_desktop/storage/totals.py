"""Counters of what ended, kept by quarters of an hour, so that nobody has to count the history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.storage.sql import Sql

SLOT_MS = 15 * 60 * 1000


def count_ended(db: Sql, *, type: str, status: str, now: datetime, jobs: int = 1) -> None:  # noqa: A002 - the column
    """Add jobs that ended now."""
    db.execute(
        "INSERT INTO job_totals (slot, type, status, session, jobs)"
        f" VALUES (?, ?, ?, {db.dialect.session}, ?)"
        " ON CONFLICT (slot, type, status, session) DO UPDATE SET jobs = job_totals.jobs + excluded.jobs",
        (to_ms(now) // SLOT_MS, type, status, jobs),
    )
