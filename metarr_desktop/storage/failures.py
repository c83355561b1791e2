"""What SQLite and peewee raise, in sentences of ours."""

from __future__ import annotations

import sqlite3

import peewee

from metarr_desktop.domain.errors import MetarrError, StorageFailed
from metarr_desktop.domain.text import Text, text

BUSY = Text("The database is busy. Another copy may be running.")
DAMAGED = Text("The database is damaged. Move metarr.db away, or start with another --data-dir.")
DISK_FULL = Text("The disk is full. New webhooks cannot be stored until there is space.")
MISTAKES = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    peewee.IntegrityError,
    peewee.ProgrammingError,
)
"""What a mistake of ours raises; trying again would not help."""


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
