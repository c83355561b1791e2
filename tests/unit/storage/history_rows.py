"""Rows of the history, put in without a queue, and a look at how statements are run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import to_ms
from tests.fakes import START

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from metarr_desktop.storage.sql import Rows, Sql


@dataclass(frozen=True, kw_only=True)
class Ended:
    """One row of the history; its job id is its id."""

    id: int
    at: datetime = START
    type: str = "notify-discord"
    status: str = "completed"
    source: str = "radarr"
    error: str | None = None
    event: int | None = None
    root: int | None = None
    retry_of: int | None = None


def insert_ended(db: Sql, rows: Sequence[Ended]) -> None:
    """Put rows into the history, each with one attempt."""
    for row in rows:
        stamp = to_ms(row.at)
        db.execute(
            "INSERT INTO job_history (id, job_id, type, lane, priority, payload, status, error, created_at,"
            " completed_at, root_id, event_id, source, retry_of)"
            " VALUES (?, ?, ?, 'lane', 5, '{}', ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.id, row.id, row.type, row.status, row.error, stamp, stamp, row.root or row.id, row.event,
                row.source, row.retry_of,
            ),
        )  # fmt: skip
        db.execute("INSERT INTO job_attempts VALUES (?, 1, ?, 0, 'done', NULL, NULL)", (row.id, stamp))


def insert_events(db: Sql, titles: dict[int, str], at: datetime = START) -> None:
    """Put webhooks in, by id."""
    for event_id, title in titles.items():
        db.execute(
            "INSERT INTO webhook_events (id, source, event_type, title, received_at, body)"
            " VALUES (?, 'radarr', 'Download', ?, ?, '')",
            (event_id, title, to_ms(at)),
        )


def insert_waiting(
    db: Sql | sqlite3.Connection, job_id: int, *, at: datetime = START, **columns: object
) -> None:
    """Put a job into the queue."""
    stamp = to_ms(at)
    values: dict[str, object] = {
        "id": job_id, "type": "notify-discord", "lane": "discord", "created_at": stamp, "updated_at": stamp,
        "run_after": stamp, "root_id": job_id, "ready": 1, **columns,
    }  # fmt: skip
    places = ", ".join("?" * len(values))
    db.execute(f"INSERT INTO job_queue ({', '.join(values)}) VALUES ({places})", tuple(values.values()))  # noqa: S608


class Explained:
    """Runs statements and keeps SQLite's plan of each: ``lines`` of ``statement: step``."""

    def __init__(self, db: Sql) -> None:
        self._db = db
        self.lines: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        plan = self._db.execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
        self.lines += [f"{sql}: {step[-1]}" for step in plan]
        return self._db.execute(sql, parameters)

    @property
    def slow(self) -> list[str]:
        """Steps that sort, or read a table from end to end without an index that holds the order."""
        return [
            line
            for line in self.lines
            if "TEMP B-TREE" in line or (": SCAN " in line and "USING COVERING INDEX" not in line)
        ]
