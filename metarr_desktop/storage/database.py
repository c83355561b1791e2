"""The database: all SQL runs on threads of its own, and a call is one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from metarr_desktop.domain.errors import StorageDamaged, StorageFailed
from metarr_desktop.storage.database_thread import DatabaseThread, connector
from metarr_desktop.storage.health import Health, write_nothing
from metarr_desktop.storage.inspection import suspect

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metarr_desktop.domain.text import Text

Result = TypeVar("Result")

SCHEMA_VERSION = 1
"""Number of the highest migration this program knows."""


class Database:
    """One SQLite file: a writing thread, and a reading thread for what only looks.

    ``run`` is atomic for its caller and returns after the COMMIT. ``on_health`` is called, on the loop,
    with the sentence when the database starts to fail and with None when it works again.
    """

    def __init__(self, path: Path, *, on_health: Callable[[Text | None], None] | None = None) -> None:
        self.path = path
        self._writer = DatabaseThread(connector(path), name="database", atomic=True)
        self._reader = DatabaseThread(connector(path, readonly=True), name="database-reader", atomic=False)
        self._health = Health(probe=lambda: self._writer.submit(write_nothing, ()), on_change=on_health)

    @property
    def problem(self) -> Text | None:
        """Why the last call failed, or None while the database works."""
        return self._health.problem

    async def run(self, fn: Callable[..., Result], /, *args: Any) -> Result:
        """Run ``fn(sql, *args)`` in one transaction; whatever it raises undoes all of it.

        Raises StorageFailed where the database is busy, full or damaged.
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
                self._health.failed(error)
            if isinstance(error, StorageDamaged):
                suspect(self.path)
            raise
        if thread is self._writer:
            await self._health.worked()
        return result

    async def close(self) -> None:
        """Finish what was submitted, then end both threads."""
        self._health.close()
        await self._reader.close()
        await self._writer.close()
