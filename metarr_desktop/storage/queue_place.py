"""Where the queue of a database lies: in itself, or in Redis under a name of the database's own."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

NAME = "queue_in_redis"


async def queue_name(database: Database) -> str | None:
    """Return the name of this database's queue in Redis; None where the queue lies in the database."""
    return await database.read(_read)


async def name_queue(database: Database, *, now: datetime) -> str:
    """Return that name; the first who asks gives it."""
    return await database.run(_name, secrets.token_hex(6), now)


async def take_home(database: Database) -> None:
    """Let the queue lie in the database again: its rows are all there, so nothing has to be moved."""
    await database.run(_take_home)


def _read(db: Sql) -> str | None:
    row = db.execute("SELECT value FROM settings WHERE name = ?", (NAME,)).fetchone()
    try:
        name = None if row is None else json.loads(row[0])
    except ValueError:
        return None
    return name if isinstance(name, str) else None


def _name(db: Sql, name: str, now: datetime) -> str:
    db.execute(
        "INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING",
        (NAME, json.dumps(name), to_ms(now)),
    )
    known = _read(db)
    if known is not None:
        return known
    db.execute("UPDATE settings SET value = ? WHERE name = ?", (json.dumps(name), NAME))
    return name


def _take_home(db: Sql) -> None:
    db.execute("DELETE FROM settings WHERE name = ?", (NAME,))
    db.execute("DELETE FROM job_outbox")
    db.execute("UPDATE job_queue SET lease_until = NULL WHERE status = 'processing'")
