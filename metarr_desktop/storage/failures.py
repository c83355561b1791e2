"""What SQLite and peewee raise, in sentences of ours."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

import peewee

from metarr_desktop.domain.errors import MetarrError, StorageDamaged, StorageFailed
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from pathlib import Path

NO_SPACE = 64 * 1024
"""A database needs about this much to be opened at all."""
BUSY = Text("The database is busy. Another copy may be running.")
DAMAGED = Text("The database is damaged. Quit Metarr Desktop and start it again to see what can be done.")
DISK_FULL = Text("The disk is full. New webhooks cannot be stored until there is space.")
READ_ONLY = Text(
    "The database cannot be written to. New webhooks cannot be stored until the data folder is writable."
)
SIGNS_OF_DAMAGE = ("not a database", "malformed", "unsupported file format")
MISTAKES = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    peewee.IntegrityError,
    peewee.ProgrammingError,
)
"""What a mistake of ours raises; trying again would not help."""


def storage_error(error: BaseException, *, folder: Path | None = None) -> MetarrError:
    """Translate what SQLite or peewee raised into one of our sentences.

    A database that is opened on a full disk says no more than ``disk I/O error``; ``folder`` tells why.
    """
    message = str(error)
    lowered = message.lower()
    failure: MetarrError
    if "locked" in lowered or "busy" in lowered:
        failure = StorageFailed(BUSY)
    elif any(sign in lowered for sign in SIGNS_OF_DAMAGE):
        failure = StorageDamaged(DAMAGED)
    elif "full" in lowered or ("disk i/o" in lowered and folder is not None and _is_full(folder)):
        failure = StorageFailed(DISK_FULL)
    elif "readonly" in lowered:
        failure = StorageFailed(READ_ONLY)
    elif "disk i/o" in lowered or "unable to open" in lowered:
        failure = StorageFailed(
            text("The database cannot be used: {detail}. Check the data folder and its disk.", detail=message)
        )
    else:
        failure = StorageFailed(text("The database failed: {detail}.", detail=message))
    failure.__cause__ = error
    return failure


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < NO_SPACE
    except OSError:
        return False
