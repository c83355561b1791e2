"""What keeps the database small and quick beside its retention."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from metarr_desktop.storage.failures import storage_error

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

QUEUE_TABLES = ("job_queue", "job_history", "job_attempts", "webhook_events")
GROWING_TABLES = ("job_history", "job_attempts", "webhook_events")
"""SQLite plans by what it counted last. ``job_queue`` is all but empty at night: plans go without."""
ROWS_LOOKED_AT = 400


async def tidy_up(database: Database, file: Path) -> None:
    """Keep the database's plans good and its files small. Raises StorageFailed."""
    if database.shared:
        await analyze(database)
    else:
        await asyncio.to_thread(tidy, file)


async def analyze(database: Database) -> None:
    """Have PostgreSQL count the tables of the queue anew, for its plans."""
    for table in QUEUE_TABLES:
        await database.run(_analyze, table)


def tidy(path: Path) -> None:
    """Have SQLite count what grows, for its plans, and move its log into the file as far as nobody waits.

    Blocking: call it from a thread. Raises StorageFailed.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=5.0)) as db:
            # What ``PRAGMA optimize`` does, which a new connection skips as it has asked nothing before.
            db.execute(f"PRAGMA analysis_limit = {ROWS_LOOKED_AT}")
            for table in GROWING_TABLES:
                db.execute(f"ANALYZE {table}")
            db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    except sqlite3.Error as error:
        raise storage_error(error) from error


def _analyze(db: Sql, table: str) -> None:
    db.execute(f"ANALYZE {table}")
