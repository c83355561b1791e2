"""Which jobs failed for good, and up to which of them people were told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.jobs import SCAN_MOVIE
from metarr_desktop.domain.schedules import DRILL
from metarr_desktop.domain.text import Text
from metarr_desktop.storage.rows import read_json, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

TOLD = "failures_told"
AT_ONCE = 500
KEY = "failure:"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    """One ended job that failed; ``id`` is that of its row in the history."""

    id: int
    job_id: int
    type: str
    payload: Mapping[str, Any]
    error: Text


def key_of(failed: FailedJob) -> str:
    """Return what marks a failure as told."""
    return f"{KEY}{failed.id}"


class FailureStore:
    """Reads of the history, and one row of the settings that says where to go on."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def shared(self) -> bool:
        """Whether rows of other computers may appear before one that was read."""
        return self._database.shared

    async def told(self, *, now: datetime) -> int:
        """Return the last row people were told of; the first time that is the end of the history."""
        return await self._database.run(_told, now)

    async def failed_after(self, row_id: int) -> tuple[FailedJob, ...]:
        """Deliveries, scans and drills that failed after a row and were not told, in order; at most 500.

        What was told is known by the key that ``key_of`` makes, and that was stored with the message.
        """
        return await self._database.read(_failed_after, row_id)

    async def note_told(self, row_id: int, *, now: datetime) -> None:
        """Remember that people were told up to a row; it never goes back."""
        await self._database.run(_note_told, row_id, now)


def _told(db: Sql, now: datetime) -> int:
    newest = int(db.execute("SELECT COALESCE(MAX(id), 0) FROM job_history").fetchone()[0])
    db.execute(
        "INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (TOLD, str(newest), to_ms(now)),
    )
    row = db.execute("SELECT value FROM settings WHERE name = ?", (TOLD,)).fetchone()
    stored = str(row[0])
    # A person may have written something else there; a restored database may be older than the note.
    return min(int(stored), newest) if stored.isdecimal() else newest


def _failed_after(db: Sql, row_id: int) -> tuple[FailedJob, ...]:
    rows = db.execute(
        "SELECT id, job_id, type, payload, error, error_text FROM job_history WHERE id > ?"
        " AND status = 'failed' AND (type LIKE ? OR type LIKE ? OR type IN (?, ?))"
        " AND NOT EXISTS (SELECT 1 FROM import_keys WHERE key = ? || CAST(job_history.id AS TEXT))"
        " ORDER BY id LIMIT ?",
        (row_id, "notify-%", "confirm-%", SCAN_MOVIE, DRILL.name, KEY, AT_ONCE),
    )
    return tuple(
        FailedJob(
            id=row[0],
            job_id=row[1],
            type=row[2],
            payload=read_json(row[3]),
            error=read_text(row[4], row[5]) or Text(""),
        )
        for row in rows.fetchall()
    )


def _note_told(db: Sql, row_id: int, now: datetime) -> None:
    row = db.execute("SELECT value FROM settings WHERE name = ?", (TOLD,)).fetchone()
    if row is not None and str(row[0]).isdecimal() and int(row[0]) >= row_id:
        return
    db.execute(
        "INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        (TOLD, str(row_id), to_ms(now)),
    )
