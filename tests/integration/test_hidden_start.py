"""A start that stays in the tray: nothing of the window is built until somebody asks for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtWidgets import QApplication, QLabel

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.ui.shell import Shell
from metarr_desktop.ui.single_instance import raise_running
from metarr_desktop.ui.theme import Theme
from metarr_desktop.ui.tray import Tray
from tests.fakes import MemorySecretStore, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.qt_loop

OF_THE_WINDOW = ("main_window", "pages", "panels", "settings_dialog", "settings_pages", "job_details")


class ShownTray(Tray):
    """A tray of a desktop that has one; the screen of the tests has none."""

    @property
    def is_there(self) -> bool:
        return True


@pytest.fixture
async def hidden(tmp_path: Path, qapp: QApplication) -> Any:
    qapp.setQuitOnLastWindowClosed(False)

    @asynccontextmanager
    async def program() -> AsyncIterator[tuple[Core, Shell, Tray]]:
        theme = Theme(qapp)
        paths = AppPaths(tmp_path / "data")
        async with open_core(paths, serve=True, port=0, secrets=MemorySecretStore()) as core:
            tray = ShownTray(theme)
            shell = Shell(core, theme=theme, tray=tray)
            shell.show(hidden=True)
            try:
                await until(lambda: shell.glance.facts is not None)
                yield core, shell, tray
            finally:
                shell.close()
        for widget in qapp.topLevelWidgets():
            widget.deleteLater()

    return program


def says(shell: Shell, words: str) -> bool:
    return any(words in label.text() for label in shell.window.findChildren(QLabel))


def test_the_tray_loads_no_page_of_the_window() -> None:
    unwanted = [f"metarr_desktop.ui.{name}" for name in OF_THE_WINDOW]
    script = (
        f"import sys, metarr_desktop.ui.shell; sys.exit(str([m for m in {unwanted} if m in sys.modules]))"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert loaded.stderr.strip() == "[]"


async def test_a_hidden_start_builds_no_window(hidden: Any, qapp: QApplication) -> None:
    async with hidden() as (core, shell, _tray):
        await core.commands.send_test("radarr")
        await until(lambda: shell.glance.facts.recent)
        assert not shell.has_window
        assert not [widget for widget in qapp.topLevelWidgets() if widget.isVisible()]


async def test_the_tray_menu_works_without_a_window(hidden: Any) -> None:
    async with hidden() as (core, shell, tray):
        await until(lambda: "Ready" in shell.menu.headline.text())
        await core.commands.send_test("radarr")
        await until(lambda: "The Matrix (1999)" in shell.menu.second_line.text())
        shell.menu.pause.actions()[0].trigger()
        await until(lambda: "Paused" in shell.menu.headline.text())
        shell.menu.resume.trigger()
        await until(lambda: tray.state == "ready")
        assert not shell.has_window


async def test_a_click_on_the_tray_shows_a_window_that_knows_everything(hidden: Any) -> None:
    async with hidden() as (core, shell, tray):
        await core.commands.send_test("radarr")
        await until(lambda: shell.glance.facts.recent)
        tray.toggle_requested.emit()
        assert shell.window.isVisible()
        assert says(shell, shell.glance.facts.listening_text())
        assert shell.pages.dashboard.model.rowCount() == 1


async def test_another_start_shows_the_window(hidden: Any, tmp_path: Path) -> None:
    async with hidden() as (_core, shell, _tray):
        assert await asyncio.to_thread(raise_running, AppPaths(tmp_path / "data"))
        await until(lambda: shell.has_window and shell.window.isVisible())


async def test_a_hidden_window_comes_back_as_the_same_one(hidden: Any) -> None:
    async with hidden() as (_core, shell, tray):
        shell.menu.open_requested.emit()
        window = shell.window
        window.close()
        await until(lambda: not window.isVisible())
        tray.open_requested.emit()
        assert shell.window is window
        assert window.isVisible()


async def test_settings_from_the_tray_menu_leave_the_window_hidden(hidden: Any) -> None:
    async with hidden() as (_core, shell, _tray):
        shell.menu.settings_requested.emit("receiving")
        await until(lambda: shell.settings._page().key == "receiving")
        assert shell.settings.isVisible()
        assert not shell.window.isVisible()
        shell.settings.hide()


async def test_services_from_the_tray_menu_show_their_page_filled(hidden: Any) -> None:
    async with hidden() as (_core, shell, _tray):
        shell.menu.services_requested.emit()
        assert shell.window.page is shell.pages.services
        await until(lambda: "discord" in shell.pages.services._rows)


async def test_a_page_is_built_when_it_is_first_shown(hidden: Any) -> None:
    async with hidden() as (core, shell, _tray):
        shell.come_up()
        assert shell.window.stack.count() == 1
        await core.commands.set_enabled("discord", True)
        await core.commands.pause()
        await core.commands.send_test("radarr")
        await until(lambda: shell.glance.facts.pause.paused and shell.glance.facts.queue.pending)
        shell.window.show_page("jobs")
        assert shell.window.stack.count() == 2
        await until(lambda: shell.pages.jobs.model.rowCount() == 1)
        shell.window.show_page("dashboard")
        shell.window.show_page("jobs")
        assert shell.window.stack.count() == 2


async def test_the_log_page_shows_what_came_before_it(hidden: Any) -> None:
    async with hidden() as (core, shell, _tray):
        before = len(core.queries.log())
        assert before
        shell.window.show_page("log")
        assert shell.pages.log._model.rowCount() >= before


async def test_the_program_is_quit_from_the_tray_without_a_window(hidden: Any) -> None:
    async with hidden() as (core, shell, _tray):
        shell.actions.quit()
        await asyncio.wait_for(core.stop_requested.wait(), 10)
        assert not shell.has_window
