"""Copies of the SQLite database that were found whole, a few of them, named by their day."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.backup import Backup
from metarr_desktop.domain.errors import MetarrError, StorageFailed
from metarr_desktop.domain.text import text
from metarr_desktop.storage.failures import storage_error
from metarr_desktop.storage.inspection import check_every_page, open_to_look

if TYPE_CHECKING:
    from pathlib import Path

KEEP = 3
PAGES_A_STEP = 256
PAUSE_S = 0.01
"""After each MiB the disk belongs to the running program for so long."""
ABANDONED_AFTER = timedelta(days=1)
_NAME = re.compile(r"metarr-(\d{4}-\d{2}-\d{2})(-kept)?\.db")


def back_up(path: Path, folder: Path, *, now: datetime, keep: int = KEEP) -> Backup:
    """Copy a database that may be in use, in place of an earlier copy of the same local day.

    Only the newest ``keep`` copies stay, and those that are kept for good. Blocking: call it from a thread.
    Raises StorageDamaged where the copy is not whole, and StorageFailed; then every older copy stays.
    """
    target = folder / f"metarr-{now.astimezone():%Y-%m-%d}.db"
    part = folder / f"{target.name}.{os.getpid()}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        _forget_abandoned(folder, now=now)
        part.touch(mode=0o600)
        try:
            _copy(path, part)
            check_every_page(part)
            os.utime(part, (now.timestamp(), now.timestamp()))
            sync(part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        sync(folder)
        _make_room(folder, keep=keep)
        return _describe(target)
    except (sqlite3.Error, OSError) as error:
        raise _failure(error, folder=folder) from error


def backups(folder: Path) -> tuple[Backup, ...]:
    """List the copies there are, newest first. Raises StorageFailed where the folder cannot be read."""
    try:
        paths = [each for each in folder.iterdir() if _NAME.fullmatch(each.name)] if folder.is_dir() else []
        return tuple(sorted(map(_describe, paths), key=lambda each: each.made_at, reverse=True))
    except OSError as error:
        raise _failure(error, folder=folder) from error


def keep_for_good(backup: Backup) -> Backup:
    """Take a copy out of those that make room for newer ones."""
    if backup.kept:
        return backup
    kept = backup.path.with_name(f"{backup.path.stem}-kept.db")
    if kept.exists():
        return _describe(kept)
    backup.path.rename(kept)
    return _describe(kept)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows has no such call for folders
    descriptor = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _copy(path: Path, part: Path) -> None:
    def pause(_status: int, left: int, _total: int) -> None:
        if left:
            time.sleep(PAUSE_S)

    with closing(open_to_look(path)) as old, closing(sqlite3.connect(part, isolation_level=None)) as new:
        # Inside a transaction every step reads the same state: what is written meanwhile cannot make the
        # copy start over again, and it holds up nobody who writes.
        old.execute("BEGIN")
        old.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        old.backup(new, pages=PAGES_A_STEP, progress=pause)
        new.execute("PRAGMA journal_mode = DELETE")  # one file, without companions


def _make_room(folder: Path, *, keep: int) -> None:
    for old in [each for each in backups(folder) if not each.kept][keep:]:
        old.path.unlink(missing_ok=True)


def _forget_abandoned(folder: Path, *, now: datetime) -> None:
    """Remove what a killed program left unfinished."""
    for part in folder.glob("metarr-*.part*"):
        with suppress(FileNotFoundError):
            if now - datetime.fromtimestamp(part.stat().st_mtime, tz=UTC) > ABANDONED_AFTER:
                part.unlink()


def _describe(path: Path) -> Backup:
    found = _NAME.fullmatch(path.name)
    assert found is not None  # noqa: S101 - both callers chose the name
    stat = path.stat()
    return Backup(
        path=path,
        date=found[1],
        made_at=datetime.fromtimestamp(stat.st_mtime, tz=UTC),
        size=stat.st_size,
        kept=found[2] is not None,
    )


def _failure(error: sqlite3.Error | OSError, *, folder: Path) -> MetarrError:
    if isinstance(error, sqlite3.Error):
        return storage_error(error, folder=folder)
    return StorageFailed(
        text(
            "The folder of the backups cannot be used: {detail}. Check the data folder.",
            detail=error.strerror or str(error),
        )
    )
