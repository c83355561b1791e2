"""A thread that owns one connection: no SQL ever runs on the loop's own."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import peewee

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.storage.failures import BUSY, MISTAKES, storage_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Result = TypeVar("Result")

BUSY_TIMEOUT_MS = 5_000
IMPATIENT_MS = 250
LONGEST_CLOSE_S = 2.0


def connector(path: Path, *, readonly: bool = False) -> Callable[[], peewee.Database]:
    """Return what opens a connection to this file, on the thread that will use it."""

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


@dataclass(frozen=True, slots=True)
class _Call:
    """Work for a thread and where its end is told; no work ends the thread."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    work: Callable[..., Any] | None = None
    arguments: tuple[Any, ...] = ()


class DatabaseThread:
    """A thread that owns one connection and runs calls in the order they came."""

    def __init__(self, connect: Callable[[], peewee.Database], *, name: str, atomic: bool) -> None:
        self._connect = connect
        self._atomic = atomic
        self._calls: queue.SimpleQueue[_Call] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._name = name
        self._patient = True
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
        self._calls.put(_Call(loop, future, fn, args))
        return future

    async def close(self) -> None:
        """Let the thread finish its calls and close its connection."""
        self.closed = True
        if self._thread is not None:
            loop = asyncio.get_running_loop()
            ended: asyncio.Future[None] = loop.create_future()
            self._calls.put(_Call(loop, ended))
            await asyncio.wait({ended}, timeout=LONGEST_CLOSE_S)

    def _serve(self) -> None:
        db: peewee.Database | None = None
        while True:
            call = self._calls.get()
            if call.work is None:
                break
            try:
                if db is None:
                    db = self._connect()
                connection: sqlite3.Connection = db.connection()  # type: ignore[no-untyped-call]
                run = self._in_transaction if self._atomic else self._in_snapshot
                result = run(connection, call.work, call.arguments)
            except MISTAKES as error:
                self._tell(call, None, error)
            except (peewee.PeeweeException, sqlite3.Error) as error:
                failure = storage_error(error)
                self._be_patient(db, patient=failure.text != BUSY)
                self._tell(call, None, failure)
            except BaseException as error:  # noqa: BLE001 - it belongs to the caller, not to this thread
                self._tell(call, None, error)
            else:
                self._be_patient(db, patient=True)
                self._tell(call, result, None)
        if db is not None:
            db.close()
        self._tell(call, None, None)

    def _be_patient(self, db: peewee.Database | None, *, patient: bool) -> None:
        """Wait for a lock as long as is fit: once one was not given in time, the next calls wait less."""
        patient = patient and not self.closed
        if db is not None and patient is not self._patient:
            self._patient = patient
            wait = BUSY_TIMEOUT_MS if patient else min(BUSY_TIMEOUT_MS, IMPATIENT_MS)
            db.connection().execute(f"PRAGMA busy_timeout = {wait}")  # type: ignore[no-untyped-call]

    @staticmethod
    def _in_snapshot(connection: sqlite3.Connection, fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Let all statements of one call see the same state."""
        connection.execute("BEGIN")
        try:
            return fn(connection, *args)
        finally:
            connection.execute("ROLLBACK")

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
    def _tell(call: _Call, result: Any, error: BaseException | None) -> None:
        def resolve() -> None:
            if call.future.done():
                return
            if error is None:
                call.future.set_result(result)
            else:
                call.future.set_exception(error)

        # The loop is gone only when the program was torn down around us; then nobody waits.
        with contextlib.suppress(RuntimeError):
            call.loop.call_soon_threadsafe(resolve)
