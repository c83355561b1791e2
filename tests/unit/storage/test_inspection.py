from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import StorageDamaged
from metarr_desktop.storage import inspection
from metarr_desktop.storage.database import SCHEMA_VERSION
from metarr_desktop.storage.inspection import (
    TABLES,
    check_before_use,
    check_every_page,
    suspect,
    write_ahead_log,
)
from metarr_desktop.storage.schema import prepare

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with many pages of content, closed properly."""
    path = tmp_path / "metarr.db"
    prepare(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.executemany("INSERT INTO settings VALUES (?, ?, 0)", [(str(n), "x" * 3000) for n in range(100)])
    return path


def overwrite_the_middle(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xde\xad" * 8192)


def leave_a_log(path: Path) -> None:
    """Make the database look as a killed program leaves it."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO settings VALUES ('last', '1', 0)")
        db.commit()
        main, log = path.read_bytes(), write_ahead_log(path).read_bytes()
    path.write_bytes(main)
    write_ahead_log(path).write_bytes(log)


def test_every_table_of_a_new_database_is_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "metarr.db"
    prepare(path)
    with closing(sqlite3.connect(path)) as db:
        found = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    promised = {name for version, names in TABLES.items() if version <= SCHEMA_VERSION for name in names}
    assert found == promised | {"schema_migrations", "sqlite_sequence"}


def test_looking_changes_no_byte_of_a_database_with_a_log(path: Path) -> None:
    leave_a_log(path)
    before = path.read_bytes(), write_ahead_log(path).read_bytes()
    check_before_use(path)
    check_every_page(path)
    assert (path.read_bytes(), write_ahead_log(path).read_bytes()) == before


def test_pages_are_looked_at_after_a_bad_end_only(path: Path) -> None:
    overwrite_the_middle(path)
    check_before_use(path)
    write_ahead_log(path).unlink(missing_ok=True)
    leave_a_log(path)
    with pytest.raises(StorageDamaged):
        check_before_use(path)


def test_damage_met_while_running_is_looked_for_at_the_next_start(path: Path) -> None:
    suspect(path)
    check_before_use(path)
    assert not path.with_name("metarr.db-suspect").exists()
    overwrite_the_middle(path)
    check_before_use(path)
    suspect(path)
    for _ in range(2):
        with pytest.raises(StorageDamaged):
            check_before_use(path)


def test_pages_of_a_large_file_are_not_looked_at_even_then(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overwrite_the_middle(path)
    leave_a_log(path)
    monkeypatch.setattr(inspection, "LARGEST_CHECKED_AT_START", path.stat().st_size - 1)
    check_before_use(path)
    with pytest.raises(StorageDamaged):
        check_every_page(path)


def test_an_empty_file_and_a_database_of_somebody_else_are_damage(tmp_path: Path) -> None:
    empty, other = tmp_path / "empty.db", tmp_path / "other.db"
    empty.touch()
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE films (id INTEGER)")
    for path in (empty, other):
        with pytest.raises(StorageDamaged):
            check_before_use(path)
