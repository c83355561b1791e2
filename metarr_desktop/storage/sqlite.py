"""Connections to an SQLite file."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

import peewee

from metarr_desktop.storage.dialect import SQLITE
from metarr_desktop.storage.failures import MISTAKES, storage_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metarr_desktop.domain.errors import MetarrError
    from metarr_desktop.storage.sql import Connection

BUSY_TIMEOUT_MS = 5_000
IMPATIENT_MS = 250


class SqliteConnection(sqlite3.Connection):
    """sqlite3's own connection, in our words."""

    dialect = SQLITE
    broken = False

    def tell(self, *topics: str | int) -> None:
        """Nobody else works on this file."""

    def begin(self, *, write: bool) -> None:
        """Open a transaction; one that writes takes the lock at once, so that it cannot fail half-way."""
        self.execute("BEGIN IMMEDIATE" if write else "BEGIN")

    def commit(self) -> None:
        """Make the transaction last: with ``synchronous=FULL`` it is on the disk when this returns."""
        self.execute("COMMIT")

    def rollback(self) -> None:
        """Undo the transaction, unless SQLite ended it by itself, as it does when the disk is full."""
        if self.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self.execute("ROLLBACK")

    def be_patient(self, *, patient: bool) -> None:
        """Wait 5 s for a lock, or only a moment."""
        wait = BUSY_TIMEOUT_MS if patient else min(BUSY_TIMEOUT_MS, IMPATIENT_MS)
        self.execute(f"PRAGMA busy_timeout = {wait}")

    @staticmethod
    def failure(error: Exception) -> MetarrError | None:
        """Return the sentence for what SQLite or peewee raised."""
        if isinstance(error, MISTAKES):
            return None
        if isinstance(error, sqlite3.Error | peewee.PeeweeException):
            return storage_error(error)
        return None


def sqlite_connector(path: Path, *, readonly: bool = False) -> Callable[[], Connection]:
    """Return what opens a connection to this file, on the thread that will use it."""

    def connect() -> Connection:
        pragmas: dict[str, Any] = {
            "busy_timeout": BUSY_TIMEOUT_MS,
            "foreign_keys": 1,
            "synchronous": "FULL",
            "wal_autocheckpoint": 1000,
        }
        if readonly:
            pragmas["query_only"] = 1
        db = peewee.SqliteDatabase(
            str(path), pragmas=pragmas, timeout=BUSY_TIMEOUT_MS / 1000, factory=SqliteConnection
        )
        try:
            db.connect()
        except (peewee.PeeweeException, sqlite3.Error) as error:
            raise storage_error(error) from error
        connection: Connection = db.connection()  # type: ignore[no-untyped-call]
        return connection

    return connect
