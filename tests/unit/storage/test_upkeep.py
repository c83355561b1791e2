from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.storage.upkeep import analyze, tidy
from tests.fakes import START

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.storage.database import SqliteDatabase

INSERT = (
    "INSERT INTO webhook_events (id, source, instance, event_type, received_at, remote_address, body)"
    " VALUES (?, 'radarr', '', 'Download', ?, '', x'00')"
)
QUEUED = (
    "INSERT INTO job_queue (type, lane, priority, payload, max_retries, created_at, updated_at, run_after,"
    " ready, root_id, event_id) VALUES ('x', 'x', 1, '{}', 3, 1, 1, 1, 1, 1, ?)"
)
OLD = START - timedelta(days=40)


def by_hand(path: Path, *statements: tuple[str, tuple[object, ...]]) -> list[tuple[int]]:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(*statement)
        return db.execute("SELECT id FROM webhook_events ORDER BY id").fetchall()


def queued(event_id: int) -> tuple[str, tuple[object, ...]]:
    return QUEUED, (event_id,)


async def test_tidying_makes_plans_and_empties_the_log_while_others_work(database: SqliteDatabase) -> None:
    by_hand(database.path, *((INSERT, (id_, to_ms(OLD))) for id_ in range(1, 200)))
    await asyncio.to_thread(tidy, database.path)
    with closing(sqlite3.connect(database.path)) as db:
        assert db.execute("SELECT COUNT(*) FROM sqlite_stat1").fetchone()[0] > 0
        (_, log, done) = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    assert log == done
    await database.read(lambda db: db.execute("SELECT 1").fetchone())


def test_a_file_that_is_no_database_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "metarr.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageFailed, match="damaged"):
        tidy(tmp_path / "metarr.db")


async def test_the_tables_of_the_queue_are_counted_anew(database: SqliteDatabase) -> None:
    by_hand(database.path, (INSERT, (1, to_ms(OLD))))
    await analyze(database)
    with closing(sqlite3.connect(database.path)) as db:
        names = {name for (name,) in db.execute("SELECT tbl FROM sqlite_stat1")}
    assert "webhook_events" in names


async def test_plans_for_the_queue_are_not_made_from_how_empty_it_is_at_night(
    database: SqliteDatabase,
) -> None:
    by_hand(database.path, (INSERT, (1, to_ms(OLD))), queued(1))
    await asyncio.to_thread(tidy, database.path)
    with closing(sqlite3.connect(database.path)) as db:
        assert not db.execute("SELECT 1 FROM sqlite_stat1 WHERE tbl = 'job_queue'").fetchall()
