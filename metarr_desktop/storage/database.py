"""The database: all SQL runs on threads of its own, and a call is one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from metarr_desktop.domain.errors import StorageConflict, StorageDamaged, StorageFailed
from metarr_desktop.storage.database_thread import DatabaseThread
from metarr_desktop.storage.health import Health, write_nothing
from metarr_desktop.storage.inspection import suspect
from metarr_desktop.storage.sqlite import sqlite_connector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.sql import Connection

Result = TypeVar("Result")

SCHEMA_VERSION = 5
"""Number of the highest migration this program knows."""


class Database:
    """One database: a writing thread, and a reading thread for what only looks.

    ``run`` is atomic for its caller and returns after the COMMIT. ``shared`` tells whether other processes
    work on it too. ``on_health`` is called, on the loop, with the sentence when the database starts to fail
    and with None when it works again.
    """

    def __init__(
        self,
        *,
        write: Callable[[], Connection],
        read: Callable[[], Connection],
        shared: bool,
        on_health: Callable[[Text | None], None] | None = None,
        on_damage: Callable[[], None] | None = None,
    ) -> None:
        self.shared = shared
        self._on_damage = on_damage
        self._writer = DatabaseThread(write, name="database", atomic=True)
        self._reader = DatabaseThread(read, name="database-reader", atomic=False)
        self._health = Health(probe=lambda: self._writer.submit(write_nothing, ()), on_change=on_health)

    @property
    def problem(self) -> Text | None:
        """Why the last call failed, or None while the database works."""
        return self._health.problem

    async def run(self, fn: Callable[..., Result], /, *args: Any) -> Result:
        """Run ``fn(sql, *args)`` in one transaction; whatever it raises undoes all of it.

        Raises StorageFailed where the database is busy, full, damaged or out of reach.
        """
        return await self._call(self._writer, fn, args)

    async def read(self, fn: Callable[..., Result], /, *args: Any) -> Result:
        """Run ``fn(sql, *args)`` on the read-only connection; raises StorageFailed."""
        return await self._call(self._reader, fn, args)

    async def _call(self, thread: DatabaseThread, fn: Callable[..., Result], args: tuple[Any, ...]) -> Result:
        try:
            result: Result = await thread.submit(fn, args)
        except StorageConflict:
            raise
        except StorageFailed as error:
            if not thread.closed:
                self._health.failed(error)
            if isinstance(error, StorageDamaged) and self._on_damage is not None:
                self._on_damage()
            raise
        if thread is self._writer:
            await self._health.worked()
        return result

    async def close(self) -> None:
        """Finish what was submitted, then end both threads."""
        self._health.close()
        await self._reader.close()
        await self._writer.close()


def postgres_database(
    url: str,
    *,
    password: str | None = None,
    sender: str = "",
    on_health: Callable[[Text | None], None] | None = None,
) -> Database:
    """Return a database on a PostgreSQL server; ``sender`` is what this process is called by the others."""
    from metarr_desktop.storage.postgres import postgres_connector  # noqa: PLC0415 - only where it is used

    return Database(
        write=postgres_connector(url, password=password, sender=sender),
        read=postgres_connector(url, password=password, readonly=True),
        shared=True,
        on_health=on_health,
    )


class SqliteDatabase(Database):
    """A database on an SQLite file that ``prepare`` made ready."""

    def __init__(self, path: Path, *, on_health: Callable[[Text | None], None] | None = None) -> None:
        super().__init__(
            write=sqlite_connector(path),
            read=sqlite_connector(path, readonly=True),
            shared=False,
            on_health=on_health,
            on_damage=lambda: suspect(path),
        )
        self.path = path
