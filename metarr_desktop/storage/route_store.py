"""Which events each service is told: the table ``routes``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.routing import Route, Routes
from metarr_desktop.storage.rows import read_json, write_json

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql


class RouteStore:
    """One route for a service and a scope: a sender's (``radarr/radarr-4k``), a type, or empty for all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def routes(self) -> Routes:
        """Every route that was set."""
        return await self._database.read(_routes)

    async def save(self, service: str, scope: str, route: Route) -> None:
        """Set a route in the place of an earlier one."""
        await self._database.run(_save, service, scope, route)

    async def reset(self, service: str, scope: str) -> None:
        """Go back to what holds without this route."""
        await self._database.run(_reset, service, scope)


def _routes(db: Sql) -> Routes:
    rows = db.execute("SELECT service, source, rule FROM routes").fetchall()
    return Routes(stored={(row[0], row[1]): Route.from_json(read_json(row[2])) for row in rows})


def _save(db: Sql, service: str, scope: str, route: Route) -> None:
    db.execute(
        "INSERT INTO routes (service, source, rule) VALUES (?, ?, ?)"
        " ON CONFLICT (service, source) DO UPDATE SET rule = excluded.rule",
        (service, scope, write_json(route.to_json())),
    )
    db.tell("settings")


def _reset(db: Sql, service: str, scope: str) -> None:
    db.execute("DELETE FROM routes WHERE service = ? AND source = ?", (service, scope))
    db.tell("settings")
