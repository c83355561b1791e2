"""Schedule, Advanced and the line on History, over the real core."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QSpinBox, QTimeEdit, QWidget

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.schedules import Daily, Every
from metarr_desktop.ui.shell import Shell
from metarr_desktop.ui.theme import Theme
from metarr_desktop.ui.tray import Tray
from tests.fakes import FakeClock, MemorySecretStore, eventually, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.qt_loop
NAME = "scheduled-cleanup"


@pytest.fixture
async def opened(tmp_path: Path, qapp: QApplication) -> Any:
    qapp.setQuitOnLastWindowClosed(False)

    @asynccontextmanager
    async def program() -> AsyncIterator[tuple[Core, Shell]]:
        theme = Theme(qapp)
        paths = AppPaths(tmp_path / "data")
        async with open_core(paths, serve=False, clock=FakeClock(), secrets=MemorySecretStore()) as core:
            shell = Shell(core, theme=theme, tray=Tray(theme))
            shell.show()
            try:
                yield core, shell
            finally:
                shell.close()
        for widget in (shell.settings, shell.window):
            widget.deleteLater()

    return program


async def opened_page(shell: Shell, key: str) -> Any:
    shell.open_settings(key)
    await until(lambda: shell.settings._page().key == key and "pushover" in shell.settings._pages)
    return shell.settings._page()


def button(parent: QWidget, name: str) -> QPushButton:
    return next(each for each in parent.findChildren(QPushButton) if each.text().replace("&", "") == name)


def texts(parent: QWidget) -> str:
    return " ".join(each.text() for each in parent.findChildren(QLabel))


async def test_a_rhythm_is_edited_saved_and_put_back(opened: Any, qtbot: Any) -> None:
    async with opened() as (core, shell):
        page = await opened_page(shell, "schedule")
        assert "Clean up history" in texts(page)
        save = button(shell.settings, "Save")
        assert not save.isEnabled()
        at = page.findChild(QTimeEdit)
        at.setTime(at.time().addSecs(3600))
        assert save.isEnabled()
        qtbot.mouseClick(save, Qt.MouseButton.LeftButton)

        async def stored() -> bool:
            return bool((await core.queries.schedules())[0].rule == Daily(time(4, 30)))

        await eventually(stored)
        await until(lambda: not save.isEnabled())
        qtbot.mouseClick(button(shell.settings, "Restore defaults"), Qt.MouseButton.LeftButton)
        assert save.isEnabled()
        assert at.time().toString("HH:mm") == "03:30"


async def test_a_rhythm_changed_elsewhere_is_followed_unless_it_is_being_edited(opened: Any) -> None:
    async with opened() as (core, shell):
        page = await opened_page(shell, "schedule")
        await core.commands.set_schedule(NAME, Every(timedelta(hours=6)))
        await until(lambda: page.findChild(QSpinBox).isVisible())
        page.findChild(QSpinBox).setValue(7)
        await core.commands.set_schedule(NAME, Daily(time(1, 0)))
        group = page._groups[NAME]
        await until(lambda: group._stored.rule == Daily(time(1, 0)))
        assert page.findChild(QSpinBox).value() == 7
        assert page.is_dirty()
        await page.load()


async def test_run_now_adds_the_job_and_says_so(opened: Any, qtbot: Any) -> None:
    async with opened() as (core, shell):
        page = await opened_page(shell, "schedule")
        qtbot.mouseClick(button(page, "Run now"), Qt.MouseButton.LeftButton)
        await until(lambda: page.note.text() == "Clean up history was started.")
        await until(lambda: "Waiting" in texts(page))
        assert [job.type for job in await core.queries.jobs()] == [NAME]
        assert not page.is_dirty()


async def test_the_line_on_history_says_how_long_jobs_are_kept_and_leads_to_advanced(
    opened: Any, qtbot: Any
) -> None:
    async with opened() as (core, shell):
        shell.window.show_page("history")
        history = shell.pages.history.ui
        assert history.kept.text() == "Done jobs are kept 30 days, failed jobs 90 days."
        qtbot.mouseClick(history.change, Qt.MouseButton.LeftButton)
        await until(lambda: shell.settings.isVisible() and shell.settings._page().key == "advanced")
        page = shell.settings._page()
        done = next(each for each in page.findChildren(QSpinBox) if each.accessibleName() == "Keep done jobs")
        assert (done.value(), done.suffix()) == (30, " days")
        done.setValue(1)
        assert done.suffix() == " day"
        qtbot.mouseClick(button(shell.settings, "Save"), Qt.MouseButton.LeftButton)
        await until(lambda: core.queries.settings().keep_done_days == 1)
        await until(lambda: history.kept.text() == "Done jobs are kept 1 day, failed jobs 90 days.")
