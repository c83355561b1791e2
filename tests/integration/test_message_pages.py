"""How messages are worded on a service's page of the settings, over the real core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtTest import QTest

from metarr_desktop.domain.events import EventKind
from tests.fakes import eventually, until
from tests.integration.windows import running_shell, service_page

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from metarr_desktop.app.core import Core
    from metarr_desktop.ui.settings_pages.service import ServicePage

pytestmark = pytest.mark.qt_loop


@pytest.fixture
def opened(tmp_path: Path, qapp: QApplication) -> Any:
    return lambda: running_shell(tmp_path, qapp)


def choose(page: ServicePage, title: str) -> None:
    page.messages.kind.setCurrentIndex(page.messages.kind.findText(title))
    page.messages.kind.activated.emit(page.messages.kind.currentIndex())


async def written(core: Core) -> dict[EventKind, tuple[str, str]]:
    templates = (await core.queries.templates("discord")).written
    return {kind: (each.title, each.body) for kind, each in templates.items()}


async def test_a_message_is_worded_previewed_marked_unsaved_and_saved(opened: Any) -> None:
    async with opened() as (core, shell):
        page = await service_page(shell, "discord")
        messages = page.messages
        assert (messages.title.text(), messages.body.toPlainText()) == ("{heading}", "{text}")
        await until(lambda: messages.sample.text() == "The Matrix (1999)\nDownloaded in Bluray-1080p")
        assert not page.is_dirty()
        messages.body.selectAll()
        QTest.keyClicks(messages.body, "New: {title} in {quality}")
        assert page.is_dirty()
        assert shell.settings._save.isEnabled()
        await until(lambda: messages.sample.text().endswith("New: The Matrix in Bluray-1080p"))
        assert "example" in messages.example.text()
        shell.settings._save.click()

        async def saved() -> bool:
            return await written(core) == {EventKind.DOWNLOADED: ("{heading}", "New: {title} in {quality}")}

        await eventually(saved)
        await until(lambda: not page.is_dirty())
        assert messages.body.toPlainText() == "New: {title} in {quality}"


async def test_the_preview_shows_the_last_event_that_came(opened: Any) -> None:
    async with opened() as (core, shell):
        await core.commands.send_test("radarr")
        page = await service_page(shell, "discord")
        await until(lambda: "last one that came" in page.messages.example.text())
        assert "The Matrix (1999)" in page.messages.example.text()


async def test_a_field_is_inserted_where_the_cursor_was(opened: Any) -> None:
    async with opened() as (_core, shell):
        page = await service_page(shell, "discord")
        actions = page.messages.insert.menu().actions()
        year = next(each for each in actions if each.text().startswith("{year}"))

        def has_focus() -> bool:
            page.window().activateWindow()
            page.messages.title.setFocus()
            return page.messages.title.hasFocus()

        await until(has_focus)
        page.messages.title.setCursorPosition(0)
        year.trigger()
        assert page.messages.title.text() == "{year}{heading}"
        assert page.is_dirty()


async def test_what_cannot_be_filled_in_is_told_and_not_saved(opened: Any) -> None:
    async with opened() as (core, shell):
        page = await service_page(shell, "discord")
        page.messages.body.setPlainText("{nobody}")
        await until(lambda: "no field called nobody" in page.messages.example.text())
        choose(page, "Upgraded")
        await until(lambda: "nobody" not in page.messages.example.text())
        assert not await page.save()
        assert page.messages.body.toPlainText() == "{nobody}"
        assert "no field called nobody" in page.messages.body.accessibleDescription()
        assert await written(core) == {}


async def test_reset_and_restore_defaults_go_back_to_the_built_in_words(opened: Any) -> None:
    async with opened() as (core, shell):
        await core.commands.set_template("discord", "downloaded", title="", body="A")
        await core.commands.set_template("discord", "upgraded", title="B", body="")
        page = await service_page(shell, "discord")
        assert page.offers_defaults()
        page.messages.reset.click()
        assert page.messages.body.toPlainText() == "{text}"
        assert await page.save()
        assert set(await written(core)) == {EventKind.UPGRADED}
        page.restore_defaults()
        assert page.is_dirty()
        assert await page.save()
        assert await written(core) == {}


async def test_what_was_worded_elsewhere_is_followed_unless_something_is_unsaved(opened: Any) -> None:
    async with opened() as (core, shell):
        page = await service_page(shell, "discord")
        await core.commands.set_template("discord", "downloaded", title="", body="Elsewhere")
        await until(lambda: page.messages.body.toPlainText() == "Elsewhere")
        page.messages.body.setPlainText("Here")
        await core.commands.reset_template("discord", "downloaded")
        await page.follow()
        assert page.messages.body.toPlainText() == "Here"


async def test_a_media_server_has_no_messages(opened: Any) -> None:
    async with opened() as (_core, shell):
        page = await service_page(shell, "kodi")
        assert not page.messages.isVisible()
        assert not page.is_dirty()
