from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import StorageDamaged, StorageFailed
from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.domain.jobs import EndStatus, NewJob
from metarr_desktop.storage.backup import back_up, backups
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.history_store import HistoryStore
from metarr_desktop.storage.recovery import (
    MARGIN,
    files_set_aside,
    restore,
    set_damaged_aside,
    start_empty,
)
from metarr_desktop.storage.schema import prepare
from metarr_desktop.storage.sql_job_store import SqlJobStore
from tests.fakes import START

if TYPE_CHECKING:
    from pathlib import Path

WEBHOOK = IncomingWebhook(
    source="radarr", event_type="Download", instance="", body=b"{}", remote_address="127.0.0.1"
)
LATER = START + timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "metarr.db"
    prepare(path)
    return path


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def damage(path: Path) -> bytes:
    path.write_bytes(os.urandom(50_000))
    return path.read_bytes()


async def fill(path: Path) -> tuple[int, int]:
    """Store a webhook and a job of the clock; returns the ids of both jobs."""
    database = SqliteDatabase(path)
    store = SqlJobStore(database)
    try:
        _, job = await store.store_webhook(WEBHOOK, now=START)
        new = NewJob(type="scheduled-cleanup", lane="clock", priority=8)
        (timed,) = (await store.add([new], now=START)).jobs
        return job.id, timed.id
    finally:
        await database.close()


async def test_a_restore_brings_back_everything_and_keeps_the_damaged_file(
    path: Path, tmp_path: Path
) -> None:
    await fill(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO settings VALUES ('a', '1', 0)")
    made = back_up(path, tmp_path / "backups", now=START)
    damaged = damage(path)
    (tmp_path / "metarr.db-wal").write_bytes(b"log")
    done = restore(path, made, now=LATER)
    assert done.aside is not None
    assert done.aside.name == "metarr.db.damaged-20261125T120000Z"
    assert done.aside.read_bytes() == damaged
    assert (tmp_path / f"{done.aside.name}-wal").read_bytes() == b"log"
    assert files_set_aside(path) == (done.aside,)
    assert ask(path, "SELECT name FROM settings") == [("a",)]
    assert ask(path, "SELECT COUNT(*) FROM webhook_events") == [(1,)]
    assert not list(tmp_path.glob("*.restoring*"))
    assert path.stat().st_mode & 0o777 == 0o600
    prepare(path)


async def test_what_waited_in_the_backup_is_cancelled_with_a_reason_and_can_be_retried(
    path: Path, tmp_path: Path
) -> None:
    job_id, timed = await fill(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE job_queue SET status = 'processing' WHERE id = ?", (job_id,))
    made = back_up(path, tmp_path / "backups", now=START)
    damage(path)
    assert restore(path, made, now=LATER).cancelled == 1
    prepare(path)
    database = SqliteDatabase(path)
    store, history = SqlJobStore(database), HistoryStore(database)
    try:
        assert [job.id for job in await store.jobs()] == [timed]
        record = await history.record(job_id)
        assert record is not None
        assert record.status is EndStatus.CANCELLED
        assert str(record.error).startswith("It waited when the backup of 2026-11-24 was made")
        again, new = await store.retry(job_id, max_retries=3, now=LATER)
        assert new
        assert again.retry_of == job_id
    finally:
        await database.close()


async def test_no_id_is_given_again_after_a_restore_or_two(path: Path, tmp_path: Path) -> None:
    await fill(path)
    made = back_up(path, tmp_path / "backups", now=START)
    seen = {*await fill(path)}
    for round_number in (1, 2):
        damage(path)
        restore(path, made, now=LATER)
        prepare(path)
        given = {*await fill(path), *await fill(path)}
        assert not given & seen
        assert min(given) > round_number * MARGIN
        seen |= given
    assert min(ask(path, "SELECT seq FROM sqlite_sequence WHERE name = 'webhook_events'")) > (2 * MARGIN,)


async def test_ids_go_on_from_a_file_that_can_still_be_read(path: Path, tmp_path: Path) -> None:
    made = back_up(path, tmp_path / "backups", now=START)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO sqlite_sequence VALUES ('job_queue', 7000000)")
    restore(path, made, now=LATER)
    assert min(await fill(path)) > 8 * MARGIN


def test_a_backup_that_is_damaged_too_changes_nothing(path: Path, tmp_path: Path) -> None:
    made = back_up(path, tmp_path / "backups", now=START)
    made.path.write_bytes(b"no database" * 1000)
    damaged = damage(path)
    with pytest.raises(StorageDamaged, match="backup of 2026-11-24 is damaged too"):
        restore(path, made, now=LATER)
    assert path.read_bytes() == damaged
    assert not [*tmp_path.glob("*.restoring*"), *tmp_path.glob("*.damaged*")]


def test_a_backup_of_a_newer_program_changes_nothing(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO schema_migrations (name, applied) VALUES ('0999_future', '2030-01-01')")
    made = back_up(path, tmp_path / "backups", now=START)
    damaged = damage(path)
    with pytest.raises(StorageFailed, match="newer"):
        restore(path, made, now=LATER)
    assert path.read_bytes() == damaged


async def test_starting_empty_keeps_the_damaged_file_and_the_newest_backup(
    path: Path, tmp_path: Path
) -> None:
    await fill(path)
    folder = tmp_path / "backups"
    back_up(path, folder, now=START - timedelta(days=1))
    back_up(path, folder, now=START)
    damaged = damage(path)
    done = start_empty(path, now=LATER, backups=backups(folder))
    assert done.aside is not None
    assert done.aside.read_bytes() == damaged
    assert [(each.date, each.kept) for each in backups(folder)] == [
        ("2026-11-24", True),
        ("2026-11-23", False),
    ]
    prepare(path)
    assert ask(path, "SELECT COUNT(*) FROM job_queue") == [(0,)]
    assert min(await fill(path)) > MARGIN


async def test_starting_empty_over_nothing_readable_begins_with_one(path: Path) -> None:
    damage(path)
    start_empty(path, now=LATER)
    assert min(await fill(path)) == 1


def test_nothing_set_aside_is_ever_overwritten(path: Path, tmp_path: Path) -> None:
    first = damage(path)
    assert set_damaged_aside(path, now=START) == tmp_path / "metarr.db.damaged-20261124T120000Z"
    second = damage(path)
    aside = set_damaged_aside(path, now=START)
    assert aside == tmp_path / "metarr.db.damaged-20261124T120000Z-2"
    assert [each.read_bytes() for each in files_set_aside(path)] == [first, second]
    assert set_damaged_aside(path, now=START) is None


def test_a_file_system_without_hard_links_is_served_too(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    made = back_up(path, tmp_path / "backups", now=START)
    damaged = damage(path)
    monkeypatch.setattr(os, "link", refuse)
    done = restore(path, made, now=LATER)
    assert done.aside is not None
    assert done.aside.read_bytes() == damaged
    prepare(path)
