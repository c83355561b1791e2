"""What a queue outside the database needs: the jobs whose news it has not had, and the number of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.storage.dialect import run_script

if TYPE_CHECKING:
    import peewee

STATEMENTS = """
ALTER TABLE job_queue ADD COLUMN runs BIGINT NOT NULL DEFAULT 0;

CREATE TABLE job_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id BIGINT NOT NULL
)
"""


def up(_migrator: Any, db: peewee.Database) -> None:
    """Add the outbox and the number of a job's next run."""
    run_script(db, STATEMENTS)
