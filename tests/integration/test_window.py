"""The window over the real core: what arrives is seen, and what is clicked is done."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QTreeView,
)

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.forms import Draft
from metarr_desktop.ui.shell import Shell
from metarr_desktop.ui.theme import Theme, is_dark
from metarr_desktop.ui.tray import Tray
from tests.fakes import MemorySecretStore, eventually, until
from tests.integration.windows import button, unnamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from tests.integration.fake_discord import FakeDiscord

pytestmark = pytest.mark.qt_loop


@pytest.fixture
def secrets() -> MemorySecretStore:
    return MemorySecretStore()


@pytest.fixture
async def opened(
    tmp_path: Path,
    secrets: MemorySecretStore,
    discord: FakeDiscord,
    qapp: QApplication,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    monkeypatch.setenv("METARR_DISCORD_BASE", discord.base)
    qapp.setQuitOnLastWindowClosed(False)

    @asynccontextmanager
    async def program() -> AsyncIterator[tuple[Core, Shell]]:
        theme = Theme(qapp)
        async with open_core(AppPaths(tmp_path / "data"), serve=True, port=0, secrets=secrets) as core:
            shell = Shell(core, theme=theme, tray=Tray(theme))
            shell.show()
            try:
                yield core, shell
            finally:
                theme.apply("system")
                shell.close()
        for widget in (shell.settings, shell.window):
            widget.deleteLater()

    return program


def texts(view: QAbstractItemView) -> list[str]:
    """Every cell of the first column, with the children of each row behind it."""
    model, found = view.model(), list[str]()
    for row in range(model.rowCount()):
        index = model.index(row, 0)
        found.append(str(model.data(index)))
        found += [str(model.data(model.index(child, 0, index))) for child in range(model.rowCount(index))]
    return found


async def opened_page(shell: Shell, key: str) -> Any:
    """Open a page of the settings and wait until its form is filled."""
    shell.open_settings(key)
    await until(lambda: shell.settings._page().key == key and "pushover" in shell.settings._pages)
    return shell.settings._page()


async def test_a_webhook_is_seen_on_the_jobs_page_while_it_happens(opened: Any, discord: FakeDiscord) -> None:
    async with opened() as (core, shell):
        await core.commands.save_service(
            "discord", Draft(secrets={"webhook_url": discord.webhook_url}), enabled=True
        )
        shell.window.show_page("jobs")
        await core.commands.pause()
        await core.commands.send_test("radarr")
        view = shell.pages.jobs.findChild(QTreeView)
        family = ["Downloaded - The Matrix (1999)", "Webhook", "Scan movie", "Notify Discord"]
        await until(lambda: texts(view) == family)
        await core.commands.resume()
        await until(lambda: discord.titles)
        shell.window.show_page("history")
        history = shell.pages.history.findChild(QTableView)
        await until(lambda: history.model().rowCount() == 3)


async def test_every_widget_that_takes_the_focus_has_a_name(opened: Any) -> None:
    async with opened() as (core, shell):
        await core.commands.send_test("radarr")
        for page in ("dashboard", "jobs", "history", "services", "log", "help"):
            shell.window.show_page(page)
            assert unnamed(shell.window) == [], page
        for page in (
            "general",
            "receiving",
            "library",
            "schedule",
            "advanced",
            "kodi",
            "discord",
            "pushover",
        ):
            await opened_page(shell, page)
            assert unnamed(shell.settings) == [], page


async def test_a_service_is_set_up_in_its_settings_page(
    opened: Any, discord: FakeDiscord, secrets: MemorySecretStore, qtbot: Any
) -> None:
    async with opened() as (core, shell):
        page = await opened_page(shell, "discord")
        secret = next(row.secret for row in page.form._rows.values() if row.secret is not None)
        assert secret.edit.echoMode() == QLineEdit.EchoMode.Password
        save = button(shell.settings, "Save")
        assert not save.isEnabled()
        secret.edit.setText("not an address")
        await until(save.isEnabled)
        qtbot.mouseClick(page.enable, Qt.MouseButton.LeftButton)
        qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
        assert secrets.secrets == {}
        secret.edit.setText(discord.webhook_url)
        qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
        await until(lambda: secrets.secrets)
        assert secrets.secrets == {"discord/webhook_url": discord.webhook_url}

        async def is_on() -> bool:
            return any(each.enabled for each in await core.queries.services() if each.key == "discord")

        await eventually(is_on)


async def test_a_secret_is_asked_from_the_keyring_only_when_it_is_shown(
    opened: Any, discord: FakeDiscord, secrets: MemorySecretStore, qtbot: Any
) -> None:
    async with opened() as (core, shell):
        await core.commands.save_service("discord", Draft(secrets={"webhook_url": discord.webhook_url}))
        secrets.asked.clear()
        page = await opened_page(shell, "discord")
        secret = next(row.secret for row in page.form._rows.values() if row.secret is not None)
        assert (secret.edit.text(), secrets.asked) == ("", [])
        show = next(
            each for each in secret.findChildren(QPushButton) if each.accessibleName().startswith("Show")
        )
        assert show.accessibleName() == "Show webhook address"
        qtbot.mouseClick(show, Qt.MouseButton.LeftButton)
        await until(lambda: secret.edit.text() == discord.webhook_url)
        assert secrets.asked == ["discord/webhook_url"]
        secret.conceal()
        assert secret.edit.echoMode() == QLineEdit.EchoMode.Password


async def test_the_tray_menu_follows_the_program(opened: Any) -> None:
    async with opened() as (core, shell):
        await until(lambda: "Ready" in shell.menu.headline.text())
        await core.commands.pause()
        await until(lambda: "Paused" in shell.menu.headline.text())
        assert shell.menu.resume.isVisible()
        await core.commands.resume()
        await until(lambda: "Ready" in shell.menu.headline.text())
        await core.commands.send_test("radarr")
        await until(lambda: "The Matrix (1999)" in shell.menu.second_line.text())


async def test_the_address_to_paste_is_copied_with_one_button(opened: Any, qtbot: Any) -> None:
    async with opened() as (core, shell):
        shell.window.show_page("dashboard")
        address = (await core.queries.addresses())[0].url
        first = shell.pages.dashboard

        def shown() -> bool:
            return any(edit.text() == address for edit in first.findChildren(QLineEdit))

        await until(shown)
        qtbot.mouseClick(button(first, "Copy"), Qt.MouseButton.LeftButton)
        await until(lambda: QGuiApplication.clipboard().text() == address)


async def test_the_theme_changes_at_once(opened: Any) -> None:
    async with opened() as (core, shell):
        for theme, dark in (("dark", True), ("light", False)):
            await core.commands.save_settings(theme=theme)
            await until(lambda: is_dark() is dark)  # noqa: B023 - called at once
        assert shell.window.isVisible()


async def test_models_keep_qts_rules(opened: Any, qtmodeltester: Any, discord: FakeDiscord) -> None:
    async with opened() as (core, shell):
        shell.window.show_page("jobs")
        qtmodeltester.check(shell.pages.jobs.model)
        for source in ("radarr", "sonarr", "lidarr"):
            await core.commands.send_test(source)
        await until(lambda: shell.pages.jobs.model.rowCount() == 3)
        shell.window.show_page("history")
        await until(lambda: shell.pages.history.findChild(QTableView).model().rowCount() == 4)
        qtmodeltester.check(shell.pages.history.findChild(QTableView).model())
        shell.window.show_page("log")
        qtmodeltester.check(shell.pages.log.findChild(QTableView).model())


async def test_hostile_titles_stay_plain_text(opened: Any, program_body: Callable[[str], bytes]) -> None:
    async with opened() as (core, shell):
        title = "<b>bold</b> <img src='http://127.0.0.1:9/x'> &amp; {x} %s \u202egnp"
        listening = core.queries.listening()
        import aiohttp  # noqa: PLC0415 - one request

        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"http://127.0.0.1:{listening.port}/webhooks/radarr",
                data=program_body(title),
                headers={"Content-Type": "application/json"},
            ) as answer,
        ):
            assert answer.status == 200
        shell.window.show_page("jobs")
        view = shell.pages.jobs.findChild(QTreeView)
        await until(lambda: any("<b>bold</b>" in text for text in texts(view)))
        job = (await core.queries.recent())[0].records[0]
        window = shell.job_windows.show_job(job.job_id)
        await until(lambda: "<b>" in window.windowTitle() or "<b>" in window.as_text())
        window.close()


async def test_an_upgrade_is_called_one_wherever_it_is_shown(opened: Any, discord: FakeDiscord) -> None:
    async with opened() as (core, shell):
        await core.commands.send_test("radarr", event="DownloadUpgrade")
        view = shell.pages.dashboard.findChild(QTableView)
        await until(lambda: view.model().rowCount() == 1)
        await until(lambda: view.model().index(0, 2).data() == "Upgraded")
        shell.window.show_page("jobs")
        jobs = shell.pages.jobs.findChild(QTreeView)
        await core.commands.set_enabled("discord", True)
        await core.commands.pause()
        await core.commands.send_test("radarr", event="DownloadUpgrade")
        await until(lambda: any(text.startswith("Upgraded - ") for text in texts(jobs)))


async def test_an_address_that_is_none_is_told_under_its_field_and_nothing_is_saved(
    opened: Any, qtbot: Any
) -> None:
    async with opened() as (core, shell):
        page = await opened_page(shell, "receiving")
        row = page.form._rows["allow_only"]
        assert not row.isVisibleTo(page)
        line = row.findChild(QLineEdit)
        save = button(shell.settings, "Save")
        line.setText("192.168.1.30, nas")
        await until(save.isEnabled)
        qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
        await until(row.has_complaint)
        assert row.isVisibleTo(page)
        assert any(
            label.text() == "nas is no address. Write 192.168.1.30 or 192.168.1.0/24."
            for label in row.findChildren(QLabel)
        )
        assert core.queries.settings().allow_only == ""
        line.setText("192.168.1.30,10.0.0.7/8")
        page.form._rows["base_path"].findChild(QLineEdit).setText("metarr")
        qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
        await until(lambda: core.queries.settings().allow_only)
        assert core.queries.settings().allow_only == "192.168.1.30, 10.0.0.0/8"
        await until(lambda: line.text() == "192.168.1.30, 10.0.0.0/8")
        await until(lambda: "/metarr/webhooks/radarr" in page._addresses["radarr"].text())
