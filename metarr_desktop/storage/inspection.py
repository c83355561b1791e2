"""Looks whether a database file is whole, and never changes a byte of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import StorageDamaged
from metarr_desktop.storage.failures import DAMAGED

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_CHECKED_AT_START = 50 * 1024 * 1024
"""Every page of a larger file takes too long to read at a start."""

TABLES: dict[int, frozenset[str]] = {
    1: frozenset(
        {
            "assets", "job_attempts", "job_history", "job_queue", "lanes", "libraries", "movies",
            "notification_config", "path_mappings", "settings", "webhook_events",
        }
    ),
    2: frozenset({"job_totals", "merge_windows", "schedules", "workers"}),
    3: frozenset({"job_outbox"}),
    4: frozenset({"health_issues", "import_keys", "routes", "sources"}),
    5: frozenset({"group_libraries", "message_templates", "player_groups", "players", "service_notes"}),
}  # fmt: skip
"""What each migration added; a table that is not there means damage."""


def open_to_look(path: Path) -> sqlite3.Connection:
    """Open for reading only: even closing it leaves the file and its write-ahead log as they are."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=5)


def write_ahead_log(path: Path) -> Path:
    """Return where SQLite keeps what it has not yet moved into the database itself."""
    return path.with_name(f"{path.name}-wal")


def suspect(path: Path) -> None:
    """Have the next start look at every page: a running program met damage that a first look may miss."""
    with suppress(OSError):
        _mark(path).touch(mode=0o600)


def check_before_use(path: Path) -> None:
    """Look at header, schema and tables, and at every page where there is reason to.

    A reason is a last program that did not end properly, or one that met damage.

    Raises StorageDamaged, or sqlite3.Error with what SQLite found.
    """
    size = path.stat().st_size
    if size == 0:
        raise StorageDamaged(DAMAGED)
    log = write_ahead_log(path)
    ended_badly = log.exists() and log.stat().st_size > 0
    with closing(open_to_look(path)) as db:
        _check_tables(db)
        if _mark(path).exists() or (ended_badly and size <= LARGEST_CHECKED_AT_START):
            _check_pages(db)
            with suppress(OSError):
                _mark(path).unlink(missing_ok=True)


def check_every_page(path: Path) -> None:
    """Look at all there is. Raises StorageDamaged, or sqlite3.Error with what SQLite found."""
    with closing(open_to_look(path)) as db:
        _check_pages(db)
        _check_tables(db)


def applied_version(db: sqlite3.Connection) -> int:
    """Return the number of the newest migration this file had, 0 for none."""
    names = [name for (name,) in db.execute("SELECT name FROM schema_migrations")]
    return max((int(name[:4]) for name in names if name[:4].isdigit()), default=0)


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}-suspect")


def _check_tables(db: sqlite3.Connection) -> None:
    found = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    version = applied_version(db) if "schema_migrations" in found else 0
    expected = {name for number, names in TABLES.items() if number <= version for name in names}
    if version == 0 or expected - found:
        raise StorageDamaged(DAMAGED)


def _check_pages(db: sqlite3.Connection) -> None:
    if db.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
        raise StorageDamaged(DAMAGED)
