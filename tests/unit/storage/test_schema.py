from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import StorageDamaged, StorageFailed
from metarr_desktop.storage.database import SCHEMA_VERSION
from metarr_desktop.storage.schema import backup, prepare

if TYPE_CHECKING:
    from pathlib import Path


def test_a_new_database_has_the_public_tables_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "metarr.db"
    prepare(path)
    with closing(sqlite3.connect(path)) as db:
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        (version,) = db.execute("SELECT MAX(id) FROM schema_migrations").fetchone()
    assert {"job_queue", "job_history", "job_attempts", "notification_config", "webhook_events"} <= tables
    assert version == SCHEMA_VERSION
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_preparing_twice_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "metarr.db"
    prepare(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO settings VALUES ('a', '1', 0)")
    prepare(path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name FROM settings").fetchall() == [("a",)]


def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "metarr.db"
    prepare(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO schema_migrations (name, applied) VALUES ('0999_future', '2030-01-01')")
    with pytest.raises(StorageFailed, match="newer"):
        prepare(path)


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "metarr.db"
    path.write_bytes(b"hello, I am a text file, and a long one at that" * 50)
    with pytest.raises(StorageFailed, match="damaged"):
        prepare(path)
    assert path.read_bytes().startswith(b"hello")


def test_a_database_without_its_tables_counts_as_damaged(tmp_path: Path) -> None:
    path = tmp_path / "metarr.db"
    prepare(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE job_queue")
    with pytest.raises(StorageFailed, match="damaged"):
        prepare(path)


def test_a_database_is_never_seen_half_made(tmp_path: Path) -> None:
    (tmp_path / "metarr.db.new").write_bytes(b"left by a program that was killed meanwhile")
    prepare(tmp_path / "metarr.db")
    assert [each.name for each in tmp_path.iterdir()] == ["metarr.db"]


def test_a_log_without_its_database_is_damage_and_is_kept(tmp_path: Path) -> None:
    log = tmp_path / "metarr.db-wal"
    log.write_bytes(b"what was committed last")
    with pytest.raises(StorageDamaged):
        prepare(tmp_path / "metarr.db")
    assert log.read_bytes() == b"what was committed last"


def test_a_database_that_cannot_be_made_is_a_plain_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match="cannot be used"):
        prepare(tmp_path / "no folder" / "metarr.db")


def test_a_backup_holds_what_the_database_held(tmp_path: Path) -> None:
    path, copy = tmp_path / "metarr.db", tmp_path / "copy.db"
    prepare(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO settings VALUES ('a', '1', 0)")
    backup(path, copy)
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT name FROM settings").fetchall() == [("a",)]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
