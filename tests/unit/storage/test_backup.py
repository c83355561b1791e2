from __future__ import annotations

import os
import sqlite3
import stat
import time
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import StorageDamaged, StorageFailed
from metarr_desktop.storage import backup as module
from metarr_desktop.storage.backup import back_up, backups, keep_for_good
from metarr_desktop.storage.schema import prepare
from tests.fakes import START

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "metarr.db"
    prepare(path)
    return path


def remember(path: Path, name: str, *, size: int = 1) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO settings VALUES (?, ?, 0)", (name, "x" * size))


def files(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [name for (name,) in db.execute("SELECT name FROM settings ORDER BY name")]


def overwrite(path: Path) -> None:
    """Damage pages in the middle of a closed database."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 4)
        file.write(os.urandom(path.stat().st_size // 2))


def test_a_backup_is_one_private_file_named_by_its_day(path: Path, tmp_path: Path) -> None:
    remember(path, "a")
    made = back_up(path, tmp_path / "backups", now=START)
    assert (made.path.name, made.date, made.made_at) == ("metarr-2026-11-24.db", "2026-11-24", START)
    assert files(tmp_path / "backups") == [made.path.name]
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.path.parent.stat().st_mode) == 0o700
    assert names(made.path) == ["a"]
    assert backups(tmp_path / "backups") == (made,)


def test_what_is_committed_but_still_in_the_log_is_in_the_backup(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO settings VALUES ('in the log', '1', 0)")
        db.commit()
        db.execute("INSERT INTO settings VALUES ('not committed', '1', 0)")
        assert names(back_up(path, tmp_path / "b", now=START).path) == ["in the log"]


def test_writing_meanwhile_neither_waits_nor_starts_the_copy_over(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(path, "big", size=200_000)
    steps: list[int] = []

    def write_while_it_pauses(_seconds: float) -> None:
        steps.append(len(steps))
        remember(path, f"meanwhile {len(steps)}")

    monkeypatch.setattr(module, "PAGES_A_STEP", 20)
    monkeypatch.setattr(time, "sleep", write_while_it_pauses)
    made = back_up(path, tmp_path / "backups", now=START)
    assert 2 < len(steps) < 10
    assert names(made.path) == ["big"]
    assert len(names(path)) == 1 + len(steps)


def test_a_damaged_database_is_never_kept_as_a_backup(path: Path, tmp_path: Path) -> None:
    remember(path, "big", size=100_000)
    whole = back_up(path, tmp_path / "backups", now=START - DAY)
    overwrite(path)
    with pytest.raises(StorageDamaged, match="damaged"):
        back_up(path, tmp_path / "backups", now=START)
    assert backups(tmp_path / "backups") == (whole,)
    assert files(tmp_path / "backups") == [whole.path.name]


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        back_up(tmp_path / "none.db", tmp_path / "backups", now=START)
    assert files(tmp_path) == ["backups"]
    assert backups(tmp_path / "backups") == ()


def test_only_the_newest_days_are_kept_and_one_a_day(path: Path, tmp_path: Path) -> None:
    for day in range(5):
        back_up(path, tmp_path / "backups", now=START + day * DAY, keep=3)
    remember(path, "later that day")
    back_up(path, tmp_path / "backups", now=START + 4 * DAY + timedelta(hours=1), keep=3)
    found = backups(tmp_path / "backups")
    assert [each.date for each in found] == ["2026-11-28", "2026-11-27", "2026-11-26"]
    assert names(found[0].path) == ["later that day"]


def test_a_backup_kept_for_good_makes_no_room(path: Path, tmp_path: Path) -> None:
    kept = keep_for_good(back_up(path, tmp_path / "backups", now=START))
    assert keep_for_good(kept) == kept
    for day in range(1, 5):
        back_up(path, tmp_path / "backups", now=START + day * DAY, keep=2)
    assert [(each.date, each.kept) for each in backups(tmp_path / "backups")] == [
        ("2026-11-28", False),
        ("2026-11-27", False),
        ("2026-11-24", True),
    ]


def test_what_a_killed_program_left_is_cleared_and_other_files_stay(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for name, age in (("metarr-2026-11-20.db.7.part", 2), ("metarr-2026-11-24.db.8.part", 0), ("mine.db", 9)):
        (folder / name).touch()
        os.utime(folder / name, ((START - age * DAY).timestamp(),) * 2)
    back_up(path, folder, now=START)
    assert files(folder) == ["metarr-2026-11-24.db", "metarr-2026-11-24.db.8.part", "mine.db"]


def test_a_folder_that_cannot_be_made_is_a_plain_sentence(path: Path, tmp_path: Path) -> None:
    (tmp_path / "backups").touch()
    with pytest.raises(StorageFailed, match="folder of the backups"):
        back_up(path, tmp_path / "backups", now=START)
    assert backups(tmp_path / "backups") == ()
