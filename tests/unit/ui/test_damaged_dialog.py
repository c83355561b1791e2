from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from metarr_desktop.app.database_file import DatabaseFile
from metarr_desktop.app.lock import DataFolderLock
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.backup import Replaced
from metarr_desktop.storage.schema import prepare
from metarr_desktop.ui.damaged_dialog import Choice, DamagedDialog, mend, told
from metarr_desktop.ui.main import Program
from metarr_desktop.ui.mnemonics import without_mnemonic
from metarr_desktop.ui.theme import Theme
from metarr_desktop.ui.tray import Tray
from tests.fakes import FakeClock, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    Open = Callable[[], tuple[DamagedDialog, asyncio.Task[Replaced | None]]]

pytestmark = pytest.mark.qt_loop


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def file(tmp_path: Path, clock: FakeClock) -> DatabaseFile:
    """A database that is damaged, with two backups."""
    paths = AppPaths(tmp_path / "data")
    paths.prepare()
    prepare(paths.database)
    file = DatabaseFile(paths, clock=clock)
    file.back_up()
    clock.advance(86_400)
    file.back_up()
    paths.database.write_bytes(b"no database" * 1000)
    return file


@pytest.fixture
async def opened(file: DatabaseFile) -> AsyncIterator[Open]:
    made: list[DamagedDialog] = []

    def open_dialog() -> tuple[DamagedDialog, asyncio.Task[Replaced | None]]:
        backups = file.offered()
        dialog = DamagedDialog(file.path, backups)
        made.append(dialog)
        dialog.open()
        return dialog, asyncio.get_running_loop().create_task(mend(dialog, file, backups))

    yield open_dialog
    for dialog in made:
        dialog.discard()


def labels(dialog: DamagedDialog) -> list[str]:
    return [
        without_mnemonic(each.text()) for each in dialog.findChildren(QPushButton) if each.isVisibleTo(dialog)
    ]


async def test_the_newest_backup_is_offered_first_and_restored_by_return(
    file: DatabaseFile, opened: Open
) -> None:
    dialog, done = opened()
    assert labels(dialog) == ["Restore backup of 2026-11-25", "Start empty", "Open folder", "Quit"]
    await until(dialog.restore.isEnabled)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    replaced = await done
    assert replaced is not None
    assert replaced.backup is not None
    assert replaced.backup.date == "2026-11-25"
    assert replaced.aside is not None
    assert replaced.aside.read_bytes() == b"no database" * 1000
    assert told(replaced).splitlines()[0] == "The backup of 2026-11-25 is in place."
    prepare(file.path)


async def test_what_there_is_not_is_not_offered(file: DatabaseFile, opened: Open) -> None:
    for each in file.backups():
        each.path.unlink()
    dialog, done = opened()
    assert labels(dialog) == ["Start empty", "Open folder", "Quit"]
    assert dialog.leave.isDefault()
    await until(dialog.empty.isEnabled)
    dialog.empty.click()
    replaced = await done
    assert replaced is not None
    assert replaced.backup is None
    assert "An empty database is in place." in told(replaced)


async def test_esc_quits_and_changes_nothing(file: DatabaseFile, opened: Open) -> None:
    dialog, done = opened()
    await until(dialog.leave.isEnabled)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert await done is None
    assert file.path.read_bytes() == b"no database" * 1000
    assert file.set_aside() == ()


async def test_a_backup_that_is_damaged_too_gives_way_to_the_one_before(
    file: DatabaseFile, opened: Open
) -> None:
    file.backups()[0].path.write_bytes(b"bad" * 5000)
    dialog, done = opened()
    await until(dialog.restore.isEnabled)
    dialog.restore.click()
    await until(lambda: "2026-11-24" in dialog.restore.text())
    assert any("2026-11-25 is damaged too" in each.text() for each in dialog.findChildren(QLabel))
    await until(dialog.restore.isEnabled)
    dialog.restore.click()
    replaced = await done
    assert replaced is not None
    assert replaced.backup is not None
    assert replaced.backup.date == "2026-11-24"


async def test_a_folder_in_use_is_told_and_asked_about_again(file: DatabaseFile, opened: Open) -> None:
    running = DataFolderLock(AppPaths(file.path.parent).lock)
    await running.acquire(serving=True)
    dialog, done = opened()
    await until(dialog.empty.isEnabled)
    dialog.restore.click()
    await until(lambda: any("is using" in each.text() for each in dialog.findChildren(QLabel)))
    running.release()
    await until(dialog.leave.isEnabled)
    dialog.leave.click()
    assert await done is None


async def test_every_button_has_its_own_letter_and_a_name(file: DatabaseFile, opened: Open) -> None:
    dialog, done = opened()
    buttons = [dialog.restore, dialog.empty, dialog.folder, dialog.leave]
    letters = [each.text().partition("&")[2][:1].lower() for each in buttons]
    assert all(letters)
    assert len(set(letters)) == len(letters)
    assert dialog.accessibleDescription().startswith("The database is damaged.")
    dialog._choose(Choice.QUIT)
    assert await done is None


async def test_a_start_with_a_damaged_database_asks_and_tells_what_was_done(
    file: DatabaseFile, qapp: QApplication
) -> None:
    theme = Theme(qapp)
    program = Program(qapp, AppPaths(file.path.parent), theme=theme, tray=Tray(theme))
    mending = asyncio.get_running_loop().create_task(program._mend(None))
    found: list[DamagedDialog] = []

    def asks() -> bool:
        found[:] = [each for each in qapp.topLevelWidgets() if isinstance(each, DamagedDialog)]
        return bool(found) and found[0].restore.isEnabled()

    await until(asks)
    found[0].restore.click()
    assert (await mending).startswith("The backup of 2026-11-25 is in place.")
    assert not [each for each in qapp.topLevelWidgets() if isinstance(each, DamagedDialog)]


def test_what_was_cancelled_is_counted() -> None:
    one = told(Replaced(aside=None, cancelled=1))
    many = told(Replaced(aside=None, cancelled=2))
    assert "1 job that waited in it was cancelled" in one
    assert "2 jobs that waited in it were cancelled" in many
