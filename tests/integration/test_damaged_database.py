"""The real program on a database that is damaged, read-only or on a full disk."""

from __future__ import annotations

import os
import random
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.storage.recovery import MARGIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.conftest import Program

WEBHOOKS = 30
EVERYTHING = (
    "SELECT * FROM job_history ORDER BY id",
    "SELECT * FROM webhook_events ORDER BY id",
    "SELECT service, enabled, config FROM notification_config ORDER BY service",
    "SELECT * FROM libraries",
)


def header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(random.Random(1).randbytes(100))


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def no_bytes(path: Path) -> None:
    os.truncate(path, 0)


def random_bytes(path: Path) -> None:
    path.write_bytes(random.Random(2).randbytes(path.stat().st_size))


def middle(path: Path) -> None:
    """Pages in the middle, found by the look at every page that follows a bad end."""
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 3)
        file.write(random.Random(3).randbytes(path.stat().st_size // 2))
    path.with_name("metarr.db-wal").write_bytes(b"left by a program that was killed")


def schema(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET sql = 'CREATE TABLE job_queue (' WHERE name = 'job_queue'")


def a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE lanes")


@pytest.fixture
def filled(program: Callable[..., Program], download: bytes) -> Program:
    """A program that has ended after some webhooks, a backup, and one more that the backup does not know."""
    running = program()
    running.start()
    for _ in range(WEBHOOKS):
        assert running.post(download)[0] == 200
    running.wait_for(lambda: running.rows("SELECT COUNT(*) FROM job_queue") == [(0,)])
    made = running.run("database", "backup")
    assert (made.returncode, made.stderr) == (0, "")
    assert running.post(download)[0] == 200
    running.wait_for(lambda: running.rows("SELECT COUNT(*) FROM job_queue") == [(0,)])
    assert running.stop() == 0
    return running


def contents(path: Path) -> list[list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        return [db.execute(sql).fetchall() for sql in EVERYTHING]


def backup_of(program: Program) -> Path:
    (backup,) = (program.data_dir / "backups").iterdir()
    return backup


def start_in_vain(program: Program) -> str:
    """Start headless, and return what it says before it ends with status 5."""
    ended = program.run("--headless", "--port", "0")
    assert (ended.returncode, ended.stdout) == (5, "")
    return ended.stderr


@pytest.mark.parametrize("damage", [header, middle, truncated, no_bytes, random_bytes, schema, a_table])
def test_whatever_is_broken_everything_of_the_backup_comes_back(
    filled: Program, download: bytes, damage: Callable[[Path], None]
) -> None:
    path = filled.data_dir / "metarr.db"
    backed_up = contents(backup_of(filled))
    damage(path)
    damaged = path.read_bytes()
    said = start_in_vain(filled)
    commands = [shlex.split(line.partition(":  ")[2]) for line in said.splitlines() if ":  " in line]
    assert [command[3:] for command in commands] == [["database", "restore"], ["database", "start-empty"]]
    assert filled.run("jobs").returncode == 5
    assert path.read_bytes() == damaged
    restored = filled.run(*commands[0][3:])
    assert (restored.returncode, restored.stderr) == (0, "")
    (aside,) = filled.data_dir.glob("metarr.db.damaged-*Z")
    assert str(aside) in restored.stdout
    assert aside.read_bytes() == damaged
    assert contents(path) == backed_up
    filled.start()
    status, answer = filled.post(download)
    assert status == 200
    assert answer["eventId"] > MARGIN
    assert answer["jobId"] > MARGIN
    assert filled.stop() == 0


def test_what_waited_in_the_backup_is_not_sent_again(
    program: Callable[..., Program], download: bytes
) -> None:
    running = program()
    running.start()
    running.rows("UPDATE notification_config SET enabled = 1 WHERE service = 'kodi'")
    assert running.run("pause").returncode == 0
    assert running.post(download)[0] == 200
    kodi = "SELECT COUNT(*) FROM job_queue WHERE type = 'notify-kodi' AND status = 'pending'"
    running.wait_for(lambda: running.rows(kodi) == [(1,)])
    running.wait_for(lambda: running.rows("SELECT COUNT(*) FROM job_queue") == [(1,)])
    assert running.run("database", "backup").returncode == 0
    assert running.stop() == 0
    random_bytes(running.data_dir / "metarr.db")
    restored = running.run("database", "restore")
    assert "cancelled, as they may have been done since: 1." in restored.stdout
    assert running.run("resume").returncode == 0
    ended = "SELECT status, error FROM job_history WHERE type = 'notify-kodi'"
    ((status, error),) = running.rows(ended)
    assert status == "cancelled"
    assert "Retry it if it is still wanted." in error
    assert running.rows("SELECT COUNT(*) FROM job_queue") == [(0,)]


def test_damage_met_while_running_refuses_webhooks_and_is_found_at_the_next_start(
    filled: Program, download: bytes
) -> None:
    path = filled.data_dir / "metarr.db"
    with closing(sqlite3.connect(path)) as db:
        ((page,),) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'webhook_events'").fetchall()
        ((size,),) = db.execute("PRAGMA page_size").fetchall()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(random.Random(4).randbytes(size))
    filled.start()
    status, answer = filled.post(download)
    assert status == 503
    assert answer["error"].startswith("The database is damaged.")
    assert filled.stop() == 0
    assert "database restore" in start_in_vain(filled)


def test_a_running_program_is_not_restored_under(filled: Program) -> None:
    filled.start()
    for action in ("restore", "start-empty"):
        refused = filled.run("database", action)
        assert (refused.returncode, refused.stdout) == (1, "")
        assert "Quit it first" in refused.stderr
    assert filled.run("database", "show").returncode == 0
    assert filled.stop() == 0


def test_starting_empty_works_without_any_backup(program: Callable[..., Program], download: bytes) -> None:
    new = program()
    new.data_dir.mkdir()
    random_file = new.data_dir / "metarr.db"
    random_file.write_bytes(b"not a database" * 1000)
    assert "database restore" not in start_in_vain(new)
    assert new.run("database", "restore").returncode == 1
    assert new.run("database", "start-empty").returncode == 0
    new.start()
    assert new.post(download)[0] == 200
    assert new.stop() == 0


# Disks


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """The data folder on a disk of its own, of 3 MB. Ask for it before the program, which ends first."""
    with mounted(tmp_path / "data", "size=3m,mode=700"):
        yield tmp_path / "data"


def fill_up(disk: Path) -> Path:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    return filler


def test_a_full_disk_refuses_webhooks_until_there_is_space(
    small_disk: Path, program: Callable[..., Program], download: bytes
) -> None:
    running = program()
    running.start()
    assert running.post(download)[0] == 200
    running.wait_for(lambda: running.rows("SELECT COUNT(*) FROM job_queue") == [(0,)])
    filler = fill_up(small_disk)
    big = download[:-1] + b', "x": "' + random.Random(5).randbytes(100_000).hex().encode() + b'"}'
    status, answer = running.post(big)
    assert (status, answer["error"]) == (
        503,
        "The disk is full. New webhooks cannot be stored until there is space.",
    )
    assert running.run("status").returncode == 0
    filler.unlink()
    assert running.post(big)[0] == 200
    running.wait_for(lambda: running.rows("SELECT COUNT(*) FROM job_queue") == [(0,)])
    assert running.stop() == 0
    assert running.rows("SELECT COUNT(*) FROM webhook_events") == [(2,)]


def test_a_disk_too_full_to_open_the_database_is_told_at_the_start(
    small_disk: Path, program: Callable[..., Program]
) -> None:
    running = program()
    running.start()
    assert running.stop() == 0
    filler = fill_up(small_disk)
    assert start_in_vain(running).startswith("The disk is full.")
    (small_disk / "metarr.db").rename(small_disk / "away")
    assert start_in_vain(running).startswith("The disk is full.")
    filler.unlink()
    running.start()
    assert running.stop() == 0


def test_a_read_only_disk_is_told_at_the_start(
    small_disk: Path, program: Callable[..., Program], download: bytes
) -> None:
    running = program()
    running.start()
    assert running.post(download)[0] == 200
    assert running.stop() == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    said = start_in_vain(running)
    assert said == (
        f"The data folder {small_disk} cannot be used: Read-only file system."
        " Choose another with --data-dir.\n"
    )
    assert running.run("database", "show").returncode == 0
    assert running.run("database", "restore").returncode == 5
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    running.start()
    assert running.stop() == 0


@contextmanager
def unwritable(file: Path) -> Iterator[None]:
    """Let nobody write to a file, not even those who have it open or are root."""
    chattr = subprocess.run(["chattr", "+i", str(file)], capture_output=True, check=False)
    if chattr.returncode:
        pytest.skip("no file can be made unwritable here")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", str(file)], check=True)


def test_a_database_that_may_not_be_written_is_told_at_the_start(filled: Program) -> None:
    with unwritable(filled.data_dir / "metarr.db"):
        assert start_in_vain(filled).startswith("The database cannot be written to.")
    filled.start()
    assert filled.stop() == 0


def test_a_database_that_turns_unwritable_refuses_webhooks_until_it_is_writable(
    program: Callable[..., Program], download: bytes
) -> None:
    running = program()
    running.start()
    assert running.post(download)[0] == 200
    running.wait_for(lambda: running.rows("SELECT COUNT(*) FROM job_queue") == [(0,)])
    with unwritable(running.data_dir / "metarr.db-wal"):
        status, answer = running.post(download)
        if status == 200:
            pytest.skip("this file system lets a file be written that was open before")
        assert status == 503
        assert answer["error"].startswith("The database cannot be")
    assert running.post(download)[0] == 200
    running.wait_for(lambda: running.rows("SELECT COUNT(*) FROM job_queue") == [(0,)])
    assert running.stop() == 0
    assert running.rows("SELECT COUNT(*) FROM webhook_events") == [(2,)]
