"""Brings a PostgreSQL database to this program's version; one process at a time does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.storage.database import SCHEMA_VERSION
from metarr_desktop.storage.postgres import open_postgres, postgres_failure
from metarr_desktop.storage.schema import highest_applied, run_migrations

if TYPE_CHECKING:
    import peewee

MIGRATING = 7720300
"""Number of the advisory lock."""


def prepare_postgres(url: str, *, password: str | None = None) -> None:
    """Create or update the schema. Blocking: call it from a thread.

    Raises StorageFailed where the server cannot be reached or used, or was written by a newer version.
    """
    db = open_postgres(url, password=password)
    try:
        db.execute_sql("SELECT pg_advisory_lock(%s)", (MIGRATING,))  # type: ignore[no-untyped-call]
        _migrate(db)
    except StorageFailed:
        raise
    except Exception as error:
        # peewee raises errors of its own while it handles those of the driver.
        told = error.__cause__ or error.__context__
        failure = postgres_failure(told if isinstance(told, Exception) else error)
        if failure is None:
            raise
        raise failure from error
    finally:
        db.close()


def _migrate(db: peewee.Database) -> None:
    if highest_applied(db) != SCHEMA_VERSION:
        run_migrations(db)
