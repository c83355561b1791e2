from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import Refused, StorageFailed
from metarr_desktop.storage import sqlite as module
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.failures import BUSY, DISK_FULL, storage_error
from metarr_desktop.storage.schema import prepare

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.sql import Sql


def write(sql: Sql, name: str) -> str:
    sql.execute("INSERT INTO settings (name, value, updated_at) VALUES (?, '1', 0)", (name,))
    return threading.current_thread().name


def names(sql: Sql) -> list[str]:
    return [row[0] for row in sql.execute("SELECT name FROM settings ORDER BY name").fetchall()]


async def test_sql_runs_on_its_own_threads_and_is_there_after_the_call(database: SqliteDatabase) -> None:
    assert await database.run(write, "a") == "database"
    assert await database.read(names) == ["a"]


async def test_a_call_that_raises_leaves_nothing_behind(database: SqliteDatabase) -> None:
    def write_and_fail(sql: Sql) -> None:
        write(sql, "b")
        raise Refused("no")

    with pytest.raises(Refused):
        await database.run(write_and_fail)
    assert await database.read(names) == []
    await database.run(write, "c")
    assert await database.read(names) == ["c"]


@pytest.mark.expects_errors("storage.database: The database cannot be written")
async def test_the_reading_connection_cannot_write(database: SqliteDatabase) -> None:
    with pytest.raises(StorageFailed):
        await database.read(write, "x")


async def test_every_commit_is_synced(database: SqliteDatabase) -> None:
    def pragmas(sql: Sql) -> tuple[int, str]:
        synchronous = sql.execute("PRAGMA synchronous").fetchone()[0]
        return synchronous, sql.execute("PRAGMA journal_mode").fetchone()[0]

    assert await database.run(pragmas) == (2, "wal")


@pytest.mark.expects_errors("storage.database: The database is busy")
async def test_a_lock_held_by_another_program_is_a_plain_sentence_and_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_TIMEOUT_MS", 50)
    path = tmp_path / "metarr.db"
    prepare(path)
    told: list[Text | None] = []
    database = SqliteDatabase(path, on_health=told.append)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageFailed, match="busy"):
                await database.run(write, "a")
            assert database.problem == BUSY
            other.execute("ROLLBACK")
        await database.run(write, "a")
        assert told == [BUSY, None]
    finally:
        await database.close()


@pytest.mark.expects_errors("storage.database: The disk is full")
async def test_a_full_disk_is_a_plain_sentence_and_loses_nothing(database: SqliteDatabase) -> None:
    def limit(sql: Sql, pages: int) -> None:
        sql.execute(f"PRAGMA max_page_count = {pages}")

    def fill(sql: Sql) -> None:
        sql.execute(
            "INSERT INTO settings (name, value, updated_at) VALUES ('big', ?, 0)", ("x" * 10_000_000,)
        )

    await database.run(limit, 200)
    with pytest.raises(StorageFailed) as caught:
        await database.run(fill)
    assert caught.value.text == DISK_FULL
    await database.run(limit, 2_000_000)
    await database.run(write, "after")
    assert await database.read(names) == ["after"]


async def test_calls_after_the_end_are_refused_and_those_before_are_done(tmp_path: Path) -> None:
    path = tmp_path / "metarr.db"
    prepare(path)
    database = SqliteDatabase(path)
    pending = [asyncio.ensure_future(database.run(write, name)) for name in "abc"]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*pending)
    with closing(sqlite3.connect(path)) as other:
        stored = other.execute("SELECT name FROM settings ORDER BY name").fetchall()
        assert stored == [("a",), ("b",), ("c",)]
    with pytest.raises(StorageFailed):
        await database.run(write, "d")


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("database is locked", "busy"),
        ("database or disk is full", "disk is full"),
        ("file is not a database", "damaged"),
        ("attempt to write a readonly database", "cannot be written"),
        ("no such table: x", "failed"),
    ],
)
def test_what_sqlite_says_becomes_a_sentence(message: str, sentence: str) -> None:
    assert sentence in str(storage_error(sqlite3.OperationalError(message)))
