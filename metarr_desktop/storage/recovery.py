"""Puts a backup or an empty database in the place of one that is damaged, which is kept for good.

Decided in docs/decisions/0008-what-a-restore-does-to-ids-and-waiting-jobs.md.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

import peewee

from metarr_desktop.domain.backup import Backup, Replaced
from metarr_desktop.domain.errors import StorageDamaged, StorageFailed
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.text import text
from metarr_desktop.storage.backup import keep_for_good, sync
from metarr_desktop.storage.ending import end_job
from metarr_desktop.storage.failures import storage_error
from metarr_desktop.storage.inspection import check_every_page, open_to_look
from metarr_desktop.storage.rows import JOB_COLUMNS, read_job
from metarr_desktop.storage.schema import COMPANIONS, PRIVATE, create, prepare
from metarr_desktop.storage.sqlite import SqliteConnection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

MARGIN = 1_000_000
"""Far more ids than were given between a backup and the damage."""
LARGEST_BELIEVED = 10**12
"""A damaged file may name any number as its last id."""
COUNTED = ("job_queue", "job_history", "webhook_events")
FROM_BEFORE = (
    "It waited when the backup of {date} was made, and may have been done since."
    " Retry it if it is still wanted."
)
BACKUP_DAMAGED = "The backup of {date} is damaged too. Nothing was changed."
OF_WEBHOOKS = "event_id IS NOT NULL OR type = 'webhook-received' OR type LIKE 'notify-%'"
"""Jobs that tell somebody something; what runs by the clock does no harm when it runs once more."""


def restore(path: Path, backup: Backup, *, now: datetime) -> Replaced:
    """Put a checked copy of a backup in the database's place, at once or not at all.

    No id is given again, and no job is run that may have been done since. Blocking, and only for who holds
    the data folder's lock. Raises StorageDamaged for a backup that is not whole; then nothing was changed.
    """
    with _failures_told(), _beside(path) as new:
        _check(backup)
        shutil.copyfile(backup.path, new)
        new.chmod(PRIVATE)
        prepare(new)
        last = _last_ids(backup.path), _last_ids(path)
        with _opened(new) as db:
            cancelled = _cancel(db, backup.date, now)
            _raise_ids(db, last, margin=_margin(path))
        aside = set_damaged_aside(path, now=now, replacement=new)
        return Replaced(aside=aside, backup=backup, cancelled=cancelled)


def start_empty(path: Path, *, now: datetime, backups: Sequence[Backup] = ()) -> Replaced:
    """Put an empty database in the place of a damaged one, and keep the newest backup for good.

    Blocking, and only for who holds the data folder's lock. Raises StorageFailed.
    """
    with _failures_told(), _beside(path) as new:
        create(new)
        last = [_last_ids(each) for each in (path, *(backup.path for backup in backups))]
        with _opened(new) as db:
            _raise_ids(db, last, margin=_margin(path))
        aside = set_damaged_aside(path, now=now, replacement=new)
        if backups:
            keep_for_good(backups[0])
        return Replaced(aside=aside)


def set_damaged_aside(path: Path, *, now: datetime, replacement: Path | None = None) -> Path | None:
    """Move a database with its companions to a name of its own, and put ``replacement`` in its place.

    Returns the new name, None where there was no database. Raises OSError.
    """
    aside = _free_name(path, now=now)
    for end in COMPANIONS:
        companion = path.with_name(path.name + end)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + end))
    existed = path.exists()
    if existed:
        if replacement is None:
            path.rename(aside)
        else:
            # With two names for a moment there is never none: a start would make an empty database then.
            try:
                os.link(path, aside)
            except OSError:
                path.rename(aside)
    if replacement is not None:
        replacement.replace(path)
    sync(path.parent)
    return aside if existed else None


def files_set_aside(path: Path) -> tuple[Path, ...]:
    """List the databases that were set aside, oldest first."""
    found = path.parent.glob(f"{path.name}.damaged-*")
    return tuple(sorted(each for each in found if not each.name.endswith(COMPANIONS)))


def _check(backup: Backup) -> None:
    try:
        try:
            check_every_page(backup.path)
        except sqlite3.Error as error:
            raise storage_error(error) from error
    except StorageDamaged as error:
        raise StorageDamaged(text(BACKUP_DAMAGED, date=backup.date)) from error


def _free_name(path: Path, *, now: datetime) -> Path:
    stamp = f"{path.name}.damaged-{now:%Y%m%dT%H%M%SZ}"
    number = 1
    while True:
        name = path.with_name(stamp if number == 1 else f"{stamp}-{number}")
        if not any(name.with_name(name.name + end).exists() for end in ("", *COMPANIONS)):
            return name
        number += 1


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """Give a name to the new database until it is in place; nothing is left of a try that failed."""
    new = path.with_name(f"{path.name}.restoring")

    def clear() -> None:
        for left in path.parent.glob(f"{new.name}*"):
            left.unlink(missing_ok=True)

    clear()
    try:
        yield new
    finally:
        clear()


@contextmanager
def _opened(new: Path) -> Iterator[SqliteConnection]:
    """Change the new database in one transaction, and leave it on the disk as one file."""
    with closing(sqlite3.connect(new, isolation_level=None, factory=SqliteConnection)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield db
        db.execute("COMMIT")
        db.execute("PRAGMA journal_mode = DELETE")
    sync(new)


def _cancel(db: SqliteConnection, date: str, now: datetime) -> int:
    """End the jobs that waited in the backup: nobody knows whether they were done after it."""
    reason = text(FROM_BEFORE, date=date)
    db.execute(f"UPDATE job_queue SET status = 'pending' WHERE status = 'processing' AND ({OF_WEBHOOKS})")
    rows = db.execute(f"SELECT {JOB_COLUMNS} FROM job_queue WHERE {OF_WEBHOOKS} ORDER BY id").fetchall()
    for job in map(read_job, rows):
        end_job(db, job, EndStatus.CANCELLED, error=reason, run=None, now=now)
    return len(rows)


def _raise_ids(db: sqlite3.Connection, known: Sequence[Mapping[str, int]], *, margin: int) -> None:
    """Let the next ids be far above every id that is known of."""
    for table in COUNTED:
        last = max((each.get(table, 0) for each in known), default=0)
        if last:
            db.execute("DELETE FROM sqlite_sequence WHERE name = ?", (table,))
            db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, last + margin))


def _margin(path: Path) -> int:
    """Each time more: the ids given after an earlier restore of the same backup are not given again."""
    return MARGIN * (1 + len(files_set_aside(path)))


def _last_ids(path: Path) -> Mapping[str, int]:
    """Read the last id of each table, as far as the file can be read at all."""
    with suppress(sqlite3.Error), closing(open_to_look(path)) as db:
        rows = db.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
        return {
            name: seq
            for name, seq in rows
            if name in COUNTED and isinstance(seq, int) and 0 < seq < LARGEST_BELIEVED
        }
    return {}


@contextmanager
def _failures_told() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, peewee.PeeweeException) as error:
        raise storage_error(error) from error
    except OSError as error:
        raise StorageFailed(
            text(
                "The database could not be replaced: {detail}. Nothing was lost; check the data folder.",
                detail=error.strerror or str(error),
            )
        ) from error
