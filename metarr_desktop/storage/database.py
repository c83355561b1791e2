"""The database: all SQL runs on threads of its own, and a call is one transaction."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.storage.database_thread import DatabaseThread
from metarr_desktop.storage.sqlite import sqlite_connector

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.sql import Connection

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

SCHEMA_VERSION = 2
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
    ) -> None:
        self.shared = shared
        self._on_health = on_health
        self._problem: Text | None = None
        self._writer = DatabaseThread(write, name="database", atomic=True)
        self._reader = DatabaseThread(read, name="database-reader", atomic=False)

    @property
    def problem(self) -> Text | None:
        """Why the last call failed, or None while the database works."""
        return self._problem

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
        except StorageFailed as error:
            if not thread.closed:
                self._tell(error.text)
            raise
        if self._problem is not None:
            self._tell(None)
        return result

    def _tell(self, problem: Text | None) -> None:
        if problem == self._problem:
            return
        self._problem = problem
        if problem is not None:
            logger.error("%s", problem)
        if self._on_health is not None:
            self._on_health(problem)

    async def close(self) -> None:
        """Finish what was submitted, then end both threads."""
        await self._reader.close()
        await self._writer.close()


def sqlite_database(path: Path, *, on_health: Callable[[Text | None], None] | None = None) -> Database:
    """Return a database on an SQLite file that ``prepare`` made ready."""
    return Database(
        write=sqlite_connector(path),
        read=sqlite_connector(path, readonly=True),
        shared=False,
        on_health=on_health,
    )
