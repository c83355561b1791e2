"""Brings a database to this program's version, after a backup, and refuses what it does not know."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from importlib import resources
from typing import TYPE_CHECKING

import peewee

from metarr_desktop.domain.errors import StorageDamaged, StorageFailed
from metarr_desktop.domain.text import text
from metarr_desktop.storage.database import SCHEMA_VERSION
from metarr_desktop.storage.failures import DAMAGED, storage_error
from metarr_desktop.storage.inspection import check_before_use, write_ahead_log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PRIVATE = 0o600
COMPANIONS = ("-wal", "-shm", "-journal", "-suspect")
"""What SQLite and we keep beside a database, by the end of its name."""


def prepare(path: Path) -> None:
    """Create or update the schema. Blocking: call it before the loop serves, or from a thread.

    Raises StorageDamaged where the file is broken (not a byte of it is changed then), StorageFailed where
    it is of a newer version or cannot be written.
    """
    try:
        if path.exists():
            check_before_use(path)
            _update(path)
        elif _has_content(write_ahead_log(path)):
            # SQLite would throw the log away, or replay it into a new database.
            raise StorageDamaged(DAMAGED)
        else:
            new = path.with_name(f"{path.name}.new")
            create(new)
            new.replace(path)
    except (peewee.PeeweeException, sqlite3.Error) as error:
        raise storage_error(error, folder=path.parent) from error
    except OSError as error:
        raise StorageFailed(
            text(
                "The database {file} cannot be used: {detail}. Check the data folder.",
                file=str(path),
                detail=error.strerror or str(error),
            )
        ) from error


def create(path: Path) -> None:
    """Make an empty database where none is in use yet, in place of one that was left unfinished.

    Made under another name and moved, a database is never seen half made. Raises what SQLite raises.
    """
    for unfinished in (path, *(path.with_name(path.name + end) for end in COMPANIONS)):
        unfinished.unlink(missing_ok=True)
    path.touch(mode=PRIVATE)
    _update(path)


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _update(path: Path) -> None:
    with suppress(OSError):  # whether it can be written is what SQLite says
        path.chmod(PRIVATE)
    db = peewee.SqliteDatabase(str(path), pragmas={"journal_mode": "wal", "busy_timeout": 5000})
    db.connect()
    try:
        _check_writable(db.connection())  # type: ignore[no-untyped-call]
        if highest_applied(db) == SCHEMA_VERSION:
            return
        run_migrations(
            db, before=lambda: backup(path, path.with_name(f"{path.name}.before-{SCHEMA_VERSION}"))
        )
    finally:
        db.close()


def run_migrations(db: peewee.Database, *, before: Callable[[], None] | None = None) -> None:
    """Apply what is missing, ``before`` first where there is something to lose. Raises StorageFailed."""
    from playhouse.migrations import Runner  # noqa: PLC0415 - needed once in the life of a version

    directory = str(resources.files("metarr_desktop.storage") / "migrations")
    runner = Runner(db, directory, table_name="schema_migrations")
    applied = max((row.idx for row in runner.status() if row.applied), default=0)
    if applied > SCHEMA_VERSION:
        raise StorageFailed(
            text(
                "The database was written by a newer Metarr Desktop (version {found}, this one knows "
                "{known}). Update the program, or start it with another --data-dir.",
                found=applied,
                known=SCHEMA_VERSION,
            )
        )
    if before is not None and applied > 0:
        before()
    runner.up()
    reached = max((row.idx for row in runner.status() if row.applied), default=0)
    if reached != SCHEMA_VERSION:
        raise StorageDamaged(text("The database is damaged: version {found} is not complete.", found=reached))


def _check_writable(db: sqlite3.Connection) -> None:
    """Write a page as it is and take that back: a read-only file refuses this, and nothing less."""
    db.execute("BEGIN")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    db.execute(f"PRAGMA user_version = {version}")
    db.execute("ROLLBACK")


def highest_applied(db: peewee.Database) -> int:
    """Return the number of the newest migration that was run on this database, 0 for a new one."""
    if "schema_migrations" not in db.get_tables():
        return 0
    rows = db.execute_sql("SELECT name FROM schema_migrations").fetchall()  # type: ignore[no-untyped-call]
    return max((int(name[:4]) for (name,) in rows if name[:4].isdigit()), default=0)


def backup(source: Path, target: Path) -> None:
    """Copy a database that may be in use, as SQLite's own backup does."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    target.chmod(0o600)
