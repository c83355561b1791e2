"""What services remember: the identity of a message to update, how far a delivery came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.storage.rows import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

LONGEST_NAME = 500


class ServiceNotes:
    """The notes of one service."""

    def __init__(self, database: Database, *, service: str, clock: Clock) -> None:
        self._database = database
        self._service = service
        self._clock = clock

    async def get(self, name: str, /) -> dict[str, Any] | None:
        """Return a note, or None where there is none."""
        return await self._database.read(_get, self._service, name[:LONGEST_NAME])

    async def put(self, name: str, value: Mapping[str, Any], /) -> None:
        """Write a note, in place of the one of this name."""
        await self._database.run(
            _put, self._service, name[:LONGEST_NAME], write_json(value), self._clock.now()
        )

    async def drop(self, name: str, /) -> None:
        """Forget a note; nothing happens where there is none."""
        await self._database.run(_drop, self._service, name[:LONGEST_NAME])


class NoteStore:
    """``service_notes``: small values by service and name, kept through restarts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, service: str, *, clock: Clock) -> ServiceNotes:
        """Return the notes of one service."""
        return ServiceNotes(self._database, service=service, clock=clock)

    async def named(self, name: str) -> dict[str, dict[str, Any]]:
        """Return the notes of that name, by service."""
        return await self._database.read(_named, name[:LONGEST_NAME])

    async def forget_older(self, before: datetime) -> int:
        """Forget what nobody wrote anew since; returns how many notes that were."""
        return await self._database.run(_forget_older, before)


def _get(db: Sql, service: str, name: str) -> dict[str, Any] | None:
    row = db.execute(
        "SELECT value FROM service_notes WHERE service = ? AND name = ?", (service, name)
    ).fetchone()
    return None if row is None else dict(read_json(row[0]))


def _put(db: Sql, service: str, name: str, value: str, now: datetime) -> None:
    db.execute(
        "INSERT INTO service_notes (service, name, value, updated_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (service, name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
        (service, name, value, to_ms(now)),
    )


def _drop(db: Sql, service: str, name: str) -> None:
    db.execute("DELETE FROM service_notes WHERE service = ? AND name = ?", (service, name))


def _named(db: Sql, name: str) -> dict[str, dict[str, Any]]:
    rows = db.execute("SELECT service, value FROM service_notes WHERE name = ?", (name,)).fetchall()
    return {service: dict(read_json(value)) for service, value in rows}


def _forget_older(db: Sql, before: datetime) -> int:
    rows = db.execute("DELETE FROM service_notes WHERE updated_at < ? RETURNING name", (to_ms(before),))
    return len(rows.fetchall())
