"""The program's own settings, as JSON values by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import to_ms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql


class SettingsStore:
    """Names and JSON values; which names exist is the application's business."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> Mapping[str, Any]:
        """Every stored setting; a damaged value is left out."""
        return await self._database.read(_all)

    async def save(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Store several settings at once; None removes one."""
        await self._database.run(_save, dict(changes), now)


def _all(db: Sql) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, value in db.execute("SELECT name, value FROM settings").fetchall():
        try:
            found[name] = json.loads(value)
        except ValueError:
            continue
    return found


def _save(db: Sql, changes: dict[str, Any], now: datetime) -> None:
    db.tell("settings")
    for name, value in changes.items():
        if value is None:
            db.execute("DELETE FROM settings WHERE name = ?", (name,))
        else:
            db.execute(
                "INSERT INTO settings (name, value, updated_at) VALUES (?, ?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at",
                (name, json.dumps(value), to_ms(now)),
            )
