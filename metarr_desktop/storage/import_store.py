"""What was imported, by keys that every telling of the same import shares: nothing is told twice."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql


class ImportShape(StrEnum):
    """How an import was told: file by file, as a whole download, or by the sender's history."""

    FILE = "file"
    COMPLETE = "complete"
    RECOVERED = "recovered"


class ImportStore:
    """The table ``import_keys``; the first event that names a key keeps it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self, event_id: int, keys: Collection[str], *, shape: ImportShape, now: datetime
    ) -> int | None:
        """Keep what an event imported; returns the event that told all of it before, or None.

        What a sender tells once more in the same way was imported once more. Asked again for the same event
        the answer is the same.
        """
        return await self._database.run(_note, event_id, tuple(keys), shape, now)

    async def known(self, keys: Collection[str], *, since: datetime | None = None) -> frozenset[str]:
        """Return those of the keys that some event named, since then where it is given."""
        return await self._database.read(_known, tuple(keys), 0 if since is None else to_ms(since))

    async def recovered_titles(self, job_id: int, *, limit: int) -> tuple[tuple[str, ...], int]:
        """Titles of what a job read from a sender's history, at most so many, and how many there are."""
        return await self._database.read(_recovered_titles, job_id, limit)

    async def forget_before(self, before: datetime) -> int:
        """Forget what was imported earlier; returns how many keys went."""
        return await self._database.run(_forget_before, before)


def keep_keys(db: Sql, event_id: int, keys: tuple[str, ...], shape: ImportShape, now: datetime) -> bool:
    """Keep keys that nobody named before, in the transaction of the caller; returns whether all are new."""
    kept = 0
    for key in keys:
        kept += db.execute(
            "INSERT INTO import_keys (key, event_id, shape, seen_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (key) DO NOTHING",
            (key, event_id, shape.value, to_ms(now)),
        ).rowcount
    return kept == len(keys)


def _note(db: Sql, event_id: int, keys: tuple[str, ...], shape: ImportShape, now: datetime) -> int | None:
    keep_keys(db, event_id, keys, shape, now)
    told = {key: _teller(db, key) for key in keys}
    others = {each for each in told.values() if each[0] != event_id}
    if not keys or len([each for each in told.values() if each[0] != event_id]) < len(keys):
        return None  # something of it is new
    again = shape is not ImportShape.RECOVERED and any(kind == shape for _, kind in others)
    return None if again else min(teller for teller, _ in others)


def _teller(db: Sql, key: str) -> tuple[int, str]:
    row = db.execute("SELECT event_id, shape FROM import_keys WHERE key = ?", (key,)).fetchone()
    return row[0], row[1]


def _known(db: Sql, keys: tuple[str, ...], since: int) -> frozenset[str]:
    found: set[str] = set()
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        places = ", ".join("?" * len(part))
        rows = db.execute(
            f"SELECT key FROM import_keys WHERE key IN ({places}) AND seen_at >= ?", (*part, since)
        ).fetchall()
        found.update(row[0] for row in rows)
    return frozenset(found)


def _recovered_titles(db: Sql, job_id: int, limit: int) -> tuple[tuple[str, ...], int]:
    (count,) = db.execute("SELECT COUNT(*) FROM webhook_events WHERE recovered = ?", (job_id,)).fetchone()
    rows = db.execute(
        "SELECT title FROM webhook_events WHERE recovered = ? ORDER BY id LIMIT ?", (job_id, limit)
    ).fetchall()
    return tuple(row[0] for row in rows), count


def _forget_before(db: Sql, before: datetime) -> int:
    return db.execute("DELETE FROM import_keys WHERE seen_at < ?", (to_ms(before),)).rowcount
