"""Brings a database to this program's version, after a backup, and refuses what it does not know."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from importlib import resources
from typing import TYPE_CHECKING

import peewee

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.domain.text import text
from metarr_desktop.storage.database import SCHEMA_VERSION
from metarr_desktop.storage.failures import DAMAGED, storage_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def prepare(path: Path) -> None:
    """Create or update the schema. Blocking: call it before the loop serves, or from a thread.

    Raises StorageFailed where the file is damaged, of a newer version, or cannot be written.
    """
    try:
        _prepare(path)
    except (peewee.PeeweeException, sqlite3.Error) as error:
        raise storage_error(error) from error


def _prepare(path: Path) -> None:
    existed = path.exists() and path.stat().st_size > 0
    if not existed:
        path.touch(mode=0o600)
    path.chmod(0o600)
    db = peewee.SqliteDatabase(str(path), pragmas={"journal_mode": "wal", "busy_timeout": 5000})
    db.connect()
    try:
        if existed:
            check_intact(db)
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
        raise StorageFailed(text("The database is damaged: version {found} is not complete.", found=reached))


def highest_applied(db: peewee.Database) -> int:
    """Return the number of the newest migration that was run on this database, 0 for a new one."""
    if "schema_migrations" not in db.get_tables():
        return 0
    rows = db.execute_sql("SELECT name FROM schema_migrations").fetchall()  # type: ignore[no-untyped-call]
    return max((int(name[:4]) for (name,) in rows if name[:4].isdigit()), default=0)


def check_intact(db: peewee.Database) -> None:
    """Refuse a file that is not a database, or one without the tables its version promises."""
    tables = set(db.get_tables())
    if "schema_migrations" in tables and "job_queue" not in tables:
        raise StorageFailed(DAMAGED)


def backup(source: Path, target: Path) -> None:
    """Copy a database that may be in use, as SQLite's own backup does."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
    target.chmod(0o600)
