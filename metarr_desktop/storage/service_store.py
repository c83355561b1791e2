"""Which services are on, and their settings without secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import optional_from_ms, to_ms
from metarr_desktop.domain.errors import NotFound
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage.rows import read_json, read_text, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

SECRET_MARKER = {"$secret": True}
COLUMNS = "service, enabled, config, checked_at, check_ok, check_detail, check_detail_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCheck:
    """The last word from a service: a connection test or a delivery."""

    at: datetime
    ok: bool
    detail: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """One service as stored; ``kept_secrets`` names the fields whose value is in the keyring."""

    service: str
    enabled: bool
    values: Mapping[str, Any]
    kept_secrets: frozenset[str]
    check: ServiceCheck | None


class ServiceStore:
    """``notification_config``: read afresh each time, since people change it with the sqlite3 shell."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def seed(self, keys: Collection[str], *, now: datetime) -> None:
        """Add a row, disabled, for each service that has none."""
        await self._database.run(_seed, tuple(keys), now)

    async def row(self, service: str) -> ServiceRow:
        """One service. Raises NotFound."""
        return await self._database.read(_row, service)

    async def rows(self) -> tuple[ServiceRow, ...]:
        """Every stored service."""
        return await self._database.read(_rows)

    async def set_enabled(self, service: str, *, enabled: bool, now: datetime) -> None:
        """Switch a service. Raises NotFound."""
        await self._database.run(_set_enabled, service, enabled, now)

    async def save(
        self, service: str, *, values: Mapping[str, Any], kept_secrets: Collection[str], now: datetime
    ) -> None:
        """Replace a service's settings; what was known of its connection is forgotten. Raises NotFound."""
        config = {**values, **dict.fromkeys(sorted(kept_secrets), SECRET_MARKER)}
        await self._database.run(_save, service, write_json(config), now)

    async def record_check(self, service: str, *, ok: bool, detail: Text | None, now: datetime) -> None:
        """Keep the result of a connection test or a delivery."""
        await self._database.run(_record_check, service, ok, detail, now)


def _seed(db: Sql, keys: tuple[str, ...], now: datetime) -> None:
    for key in keys:
        db.execute(
            "INSERT INTO notification_config (service, created_at, updated_at) VALUES (?, ?, ?)"
            " ON CONFLICT (service) DO NOTHING",
            (key, to_ms(now), to_ms(now)),
        )


def _row(db: Sql, service: str) -> ServiceRow:
    row = db.execute(f"SELECT {COLUMNS} FROM notification_config WHERE service = ?", (service,)).fetchone()
    if row is None:
        raise _unknown(service)
    return _read(row)


def _rows(db: Sql) -> tuple[ServiceRow, ...]:
    return tuple(_read(row) for row in db.execute(f"SELECT {COLUMNS} FROM notification_config").fetchall())


def _read(row: tuple[Any, ...]) -> ServiceRow:
    config = read_json(row[2])
    at = optional_from_ms(row[3])
    return ServiceRow(
        service=row[0],
        enabled=bool(row[1]),
        values={name: value for name, value in config.items() if value != SECRET_MARKER},
        kept_secrets=frozenset(name for name, value in config.items() if value == SECRET_MARKER),
        check=None if at is None else ServiceCheck(at=at, ok=bool(row[4]), detail=read_text(row[5], row[6])),
    )


def _set_enabled(db: Sql, service: str, enabled: bool, now: datetime) -> None:
    changed = db.execute(
        "UPDATE notification_config SET enabled = ?, updated_at = ? WHERE service = ?",
        (int(enabled), to_ms(now), service),
    )
    db.tell("services")
    if changed.rowcount == 0:
        raise _unknown(service)


def _save(db: Sql, service: str, config: str, now: datetime) -> None:
    changed = db.execute(
        "UPDATE notification_config SET config = ?, updated_at = ?, checked_at = NULL, check_ok = NULL,"
        " check_detail = NULL, check_detail_text = NULL WHERE service = ?",
        (config, to_ms(now), service),
    )
    db.tell("services")
    if changed.rowcount == 0:
        raise _unknown(service)


def _record_check(db: Sql, service: str, ok: bool, detail: Text | None, now: datetime) -> None:
    db.execute(
        "UPDATE notification_config SET checked_at = ?, check_ok = ?, check_detail = ?, check_detail_text = ?"
        " WHERE service = ?",
        (to_ms(now), int(ok), *write_text(detail), service),
    )
    db.tell("services")


def _unknown(service: str) -> NotFound:
    return NotFound(text("There is no service called {service}.", service=service))
