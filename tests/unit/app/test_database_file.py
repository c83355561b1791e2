from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.database_file import DatabaseFile, command, damage_report
from metarr_desktop.app.lock import DataFolderLock
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.storage.schema import prepare
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from pathlib import Path

DAY = 86_400


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    paths = AppPaths(tmp_path / "my data")
    paths.prepare()
    return paths


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def file(paths: AppPaths, clock: FakeClock) -> DatabaseFile:
    prepare(paths.database)
    return DatabaseFile(paths, clock=clock)


async def test_the_newest_backup_is_restored_where_no_day_is_named(
    file: DatabaseFile, clock: FakeClock
) -> None:
    file.back_up()
    clock.advance(DAY)
    file.back_up()
    newest, named = await file.restore(), await file.restore("2026-11-24")
    assert newest.backup is not None
    assert named.backup is not None
    assert (newest.backup.date, named.backup.date) == ("2026-11-25", "2026-11-24")
    assert len(file.set_aside()) == 2


async def test_a_day_without_a_backup_is_answered_by_those_that_have_one(file: DatabaseFile) -> None:
    with pytest.raises(NotFound, match="There is no backup that"):
        await file.restore()
    file.back_up()
    with pytest.raises(NotFound, match=r"no backup of 2020-01-01\. There are backups of: 2026-11-24\."):
        await file.restore("2020-01-01")
    assert file.set_aside() == ()


async def test_nothing_is_replaced_while_a_program_holds_the_folder(
    file: DatabaseFile, paths: AppPaths
) -> None:
    file.back_up()
    lock = DataFolderLock(paths.lock)
    await lock.acquire(serving=True)
    for action in (file.restore, file.start_empty):
        with pytest.raises(Refused, match="Quit it first"):
            await action()
    lock.release()
    await file.start_empty()


def test_a_folder_without_a_database_has_nothing_to_copy(paths: AppPaths) -> None:
    file = DatabaseFile(paths)
    assert file.size() is None
    with pytest.raises(NotFound, match="no database"):
        file.back_up()


def test_the_report_offers_what_there_is_as_commands_that_can_be_pasted(
    file: DatabaseFile, paths: AppPaths
) -> None:
    assert "database restore" not in damage_report(paths, given=None)
    file.back_up()
    assert f"restore the backup of 2026-11-24:  {command(paths, 'database restore')}" in damage_report(
        paths, given=None
    )
    assert shlex.split(command(paths, "quit")) == [
        "metarr-desktop",
        "--data-dir",
        str(paths.data_dir),
        "quit",
    ]


def test_backups_that_cannot_be_read_are_not_offered(file: DatabaseFile, paths: AppPaths) -> None:
    paths.backups.touch()
    assert file.offered() == ()
    assert "no backup yet" in damage_report(paths, given=None)


async def test_a_file_that_another_program_serves_is_not_replaced_under_it(
    paths: AppPaths, tmp_path: Path
) -> None:
    other = AppPaths(tmp_path / "other")
    other.prepare()
    prepare(other.database)
    serving = DataFolderLock(other.lock)
    await serving.acquire(serving=True)
    before = other.database.stat().st_ino
    with pytest.raises(Refused, match=r"Another Metarr Desktop is using .*metarr\.db"):
        await DatabaseFile(paths, file=other.database).start_empty()
    assert other.database.stat().st_ino == before
    serving.release()
    await DatabaseFile(paths, file=other.database).start_empty()
    assert other.database.stat().st_ino != before
