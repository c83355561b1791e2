"""The database: all SQL runs on threads of its own, and a call is one transaction."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
from typing import TYPE_CHECKING, Any, TypeVar

import peewee

from metarr_desktop.domain.errors import MetarrError, StorageFailed
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
_Call = tuple["asyncio.Future[Any]", "Callable[..., Any]", tuple[Any, ...]]

BUSY_TIMEOUT_MS = 5_000
SCHEMA_VERSION = 1
"""Number of the highest migration this program knows."""

BUSY = Text("The database is busy. Another copy may be running.")
DAMAGED = Text("The database is damaged. Move metarr.db away, or start with another --data-dir.")
DISK_FULL = Text("The disk is full. New webhooks cannot be stored until there is space.")


class Database:
    """One SQLite file: a writing thread, and a reading thread for what only looks.

    ``run`` is atomic for its caller and returns after the COMMIT. ``on_health`` is called, on the loop,
    with the sentence when the database starts to fail and with None when it works again.
    """

    def __init__(self, path: Path, *, on_health: Callable[[Text | None], None] | None = None) -> None:
        self.path = path
        self._on_health = on_health
        self._problem: Text | None = None
        self._writer = _DatabaseThread(_connect(path), name="database", atomic=True)
        self._reader = _DatabaseThread(_connect(path, readonly=True), name="database-reader", atomic=False)

    @property
    def problem(self) -> Text | None:
        """Why the last call failed, or None while the database works."""
        return self._problem

    async def run(self, fn: Callable[..., Result], /, *args: Any) -> Result:
        """Run ``fn(sql, *args)`` in one transaction; whatever it raises undoes all of it.

        Raises StorageFailed where the database is busy, full or damaged.
        """
        return await self._call(self._writer, fn, args)

    async def read(self, fn: Callable[..., Result], /, *args: Any) -> Result:
        """Run ``fn(sql, *args)`` on the read-only connection; raises StorageFailed."""
        return await self._call(self._reader, fn, args)

    async def _call(
        self, thread: _DatabaseThread, fn: Callable[..., Result], args: tuple[Any, ...]
    ) -> Result:
        try:
            result: Result = await thread.submit(fn, args)
        except StorageFailed as error:
            if not thread.closed:
                self._tell(error.text)
            raise
        if self._problem is not None and thread is self._writer:
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


def _connect(path: Path, *, readonly: bool = False) -> Callable[[], peewee.Database]:
    def connect() -> peewee.Database:
        pragmas: dict[str, Any] = {
            "busy_timeout": BUSY_TIMEOUT_MS,
            "foreign_keys": 1,
            "synchronous": "FULL",
            "wal_autocheckpoint": 1000,
        }
        if readonly:
            pragmas["query_only"] = 1
        db = peewee.SqliteDatabase(str(path), pragmas=pragmas, timeout=BUSY_TIMEOUT_MS / 1000)
        db.connect()
        return db

    return connect


class _DatabaseThread:
    """A thread that owns one connection and runs calls in the order they came."""

    def __init__(self, connect: Callable[[], peewee.Database], *, name: str, atomic: bool) -> None:
        self._connect = connect
        self._atomic = atomic
        self._calls: queue.SimpleQueue[tuple[asyncio.AbstractEventLoop, _Call] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._name = name
        self.closed = False

    def submit(self, fn: Callable[..., Result], args: tuple[Any, ...]) -> asyncio.Future[Result]:
        """Queue one call for the thread, which starts with the first."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        if self.closed:
            future.set_exception(StorageFailed("The program is stopping."))
            return future
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self._name, daemon=True)
            self._thread.start()
        self._calls.put((loop, (future, fn, args)))
        return future

    async def close(self) -> None:
        """Let the thread finish its calls and close its connection."""
        self.closed = True
        if self._thread is not None:
            self._calls.put(None)
            await asyncio.to_thread(self._thread.join)

    def _serve(self) -> None:
        db: peewee.Database | None = None
        while (call := self._calls.get()) is not None:
            loop, (future, fn, args) = call
            try:
                if db is None:
                    db = self._connect()
                connection: sqlite3.Connection = db.connection()  # type: ignore[no-untyped-call]
                run = self._in_transaction if self._atomic else self._alone
                result = run(connection, fn, args)
            except (peewee.PeeweeException, sqlite3.Error) as error:
                self._tell(loop, future, None, storage_error(error))
            except BaseException as error:  # noqa: BLE001 - it belongs to the caller, not to this thread
                self._tell(loop, future, None, error)
            else:
                self._tell(loop, future, result, None)
            del call, future, fn, args
        if db is not None:
            db.close()

    @staticmethod
    def _alone(connection: sqlite3.Connection, fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        return fn(connection, *args)

    @staticmethod
    def _in_transaction(connection: sqlite3.Connection, fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = fn(connection, *args)
            connection.execute("COMMIT")
        except BaseException:
            # SQLite may have ended the transaction by itself, as it does when the disk is full.
            if connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            raise
        return result

    @staticmethod
    def _tell(
        loop: asyncio.AbstractEventLoop,
        future: asyncio.Future[Any],
        result: Any,
        error: BaseException | None,
    ) -> None:
        def resolve() -> None:
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        # The loop is gone only when the program was torn down around us; then nobody waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(resolve)


def storage_error(error: BaseException) -> MetarrError:
    """Translate what SQLite or peewee raised into one of our sentences."""
    message = str(error)
    lowered = message.lower()
    failure: MetarrError
    if "locked" in lowered or "busy" in lowered:
        failure = StorageFailed(BUSY)
    elif "not a database" in lowered or "malformed" in lowered:
        failure = StorageFailed(DAMAGED)
    elif "full" in lowered or "disk i/o" in lowered or "readonly" in lowered or "unable to open" in lowered:
        failure = StorageFailed(
            DISK_FULL
            if "full" in lowered
            else text("The database cannot be written: {detail}. Check the data folder.", detail=message)
        )
    else:
        failure = StorageFailed(text("The database failed: {detail}.", detail=message))
    failure.__cause__ = error
    return failure
