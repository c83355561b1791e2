"""Senders in the window, over the real core and a Radarr that behaves."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit

from metarr_desktop.app.snapshots import HistoryFilter
from metarr_desktop.domain.forms import Draft
from metarr_desktop.ui.mnemonics import without_mnemonic
from metarr_desktop.ui.notes import NoteKind
from tests.fake_arr import FakeArr
from tests.fakes import FakeClock, MemorySecretStore, until
from tests.integration.windows import answer, button, running_shell, unnamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication, QWidget

    from metarr_desktop.app.core import Core
    from metarr_desktop.ui.settings_pages.add_sender import AddSenderPage
    from metarr_desktop.ui.settings_pages.sender import SenderPage
    from metarr_desktop.ui.shell import Shell

pytestmark = pytest.mark.qt_loop


@pytest.fixture
def secrets() -> MemorySecretStore:
    return MemorySecretStore()


@pytest.fixture
def opened(tmp_path: Path, qapp: QApplication, secrets: MemorySecretStore) -> Any:
    return lambda: running_shell(tmp_path, qapp, secrets=secrets)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def radarr() -> AsyncIterator[FakeArr]:
    arr = FakeArr(kind="radarr")
    await arr.start()
    yield arr
    await arr.stop()


async def page(shell: Shell, key: str) -> Any:
    """Open a page of the settings and wait until it is there."""
    shell.open_settings(key)
    key = key.partition(" ")[0]
    await until(lambda: shell.settings._page().key == key and "pushover" in shell.settings._pages)
    return shell.settings._page()


async def sender_page(core: Core, shell: Shell, arr: FakeArr, *, connect: bool = False) -> SenderPage:
    """Add a sender, connected where that is asked for, and open its page."""
    draft = Draft(values={"url": arr.url}, secrets={"api_key": arr.key})
    await core.commands.add_sender("Radarr", type="radarr", draft=draft)
    if connect:
        report = await core.commands.connect_sender("Radarr")
        assert report.ok, [str(line.detail) for line in report.lines]
    found: SenderPage = await page(shell, "source-radarr")
    await until(found.address.line.text)
    return found


def line(parent: QWidget, name: str) -> QLineEdit:
    return next(each for each in parent.findChildren(QLineEdit) if each.accessibleName() == name)


def connected(there: SenderPage) -> bool:
    """Whether the last try to connect went well."""
    report = there.connection.button.last_report
    return report is not None and report.ok


def learn(core: Core, shell: Shell, /, **news: Any) -> None:
    """Let it be known of the sender what takes hours to come about."""
    with closing(sqlite3.connect(core.paths.database)) as db, db:
        known = json.loads(db.execute("SELECT known FROM sources").fetchone()[0])
        db.execute("UPDATE sources SET known = ?", (json.dumps({**known, **news}),))
    shell.bridge.settings_changed.emit()


async def test_radarr_is_connected_from_the_empty_dashboard(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        shell.pages.dashboard.first_page.connect_first.click()
        await until(lambda: shell.settings.isVisible() and shell.settings._page().key == "sources")
        add: AddSenderPage = shell.settings._page()
        assert (add.type.currentData(), line(add.form, "Name").text()) == ("radarr", "Radarr")
        QTest.keyClicks(line(add.form, "Address"), radarr.url)
        QTest.keyClicks(line(add.form, "API key"), radarr.key)
        assert shell.settings._save.isEnabled()
        add.connect_button.click()
        await until(lambda: shell.settings._page().key == "source-radarr")
        there: SenderPage = shell.settings._page()
        assert there.connection.button.text().replace("&", "") == "Connecting..."
        await until(lambda: not there.connection.button.is_busy())
        told = there.connection.lines.texts()
        assert told[0] == "Radarr 5.27.5.10198 found"
        assert told[-1].startswith("Test received from 127.0.0.1 at ")
        assert len(radarr.entries) == 1
        await until(lambda: there.connection.button.text().replace("&", "") == "Repair")
        assert there._status.text() == "Status: Connected"
        assert not add.is_dirty()
        assert [each.name for each in await core.queries.senders()] == ["Radarr"]


async def test_what_hinders_the_connection_is_told_line_by_line(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr)
        key = line(there, "API key")
        key.setText("b" * 32)
        there.connection.button.click()
        await until(lambda: there.connection.lines.texts() and not there.connection.button.is_busy())
        assert "Wrong API key" in there.connection.lines.texts()[0]
        await until(lambda: "Wrong API key" in there._status.text())
        assert radarr.entries == {}
        assert not there.is_dirty()  # what was typed was saved before
        key.setText(radarr.key)
        there.connection.button.click()
        await until(lambda: len(there.connection.lines.texts()) > 1 and not there.connection.button.is_busy())
        assert connected(there)


async def test_connecting_can_be_cancelled(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr)
        there.connection.button.click()
        there.connection.button.click()
        await until(lambda: there.connection.lines.texts() == ["Cancelled."])
        assert not there.connection.button.is_busy()


async def test_nothing_can_be_added_half(opened: Any) -> None:
    async with opened() as (core, shell):
        add: AddSenderPage = await page(shell, "sources sonarr")
        assert (add.type.currentData(), line(add.form, "Name").text()) == ("sonarr", "Sonarr")
        line(add.form, "Name").setText("!")
        add.connect_button.click()
        await until(lambda: "at least one letter" in line(add.form, "Name").accessibleDescription())
        assert line(add.form, "Address").accessibleDescription() == "Enter the address."
        assert await core.queries.senders() == ()


async def test_a_name_that_is_taken_is_told_and_another_one_proposed(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        await sender_page(core, shell, radarr)
        add: AddSenderPage = await page(shell, "sources")
        await until(lambda: line(add.form, "Name").text() == "Radarr 2")
        line(add.form, "Name").setText("RADARR")
        line(add.form, "Name").editingFinished.emit()
        assert "already" in line(add.form, "Name").accessibleDescription()


async def test_a_program_that_is_set_up_by_hand_gets_its_address(opened: Any) -> None:
    async with opened() as (_, shell):
        add: AddSenderPage = await page(shell, "sources overseerr")
        assert add.connect_button.text().replace("&", "") == "Add"
        add.connect_button.click()
        await until(lambda: shell.settings._page().key == "source-overseerr")
        there: SenderPage = shell.settings._page()
        await until(lambda: "/webhooks/overseerr/overseerr" in there.address.line.text())
        assert not there.connection.isVisible()
        there.address.copy.click()
        assert QGuiApplication.clipboard().text() == there.address.line.text()
        there.address.fold.click()
        assert "Notifications" in there.address._steps.text()


async def test_a_sender_is_switched_off_and_its_address_changed_with_save(
    opened: Any, radarr: FakeArr
) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr)
        there.enable.click()
        line(there, "Address").setText("http://127.0.0.1:1")
        assert there.is_dirty()
        assert await there.save()
        (sender,) = await core.queries.senders()
        assert (sender.enabled, sender.url) == (False, "http://127.0.0.1:1")
        await until(lambda: there._status.text() == "Status: Off")


async def test_a_new_key_is_given_to_the_sender_after_a_question(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr, connect=True)
        before = json.dumps(radarr.entries)
        there.new_key.click()
        assert await answer("New key") == "Addresses change. Update Radarr?"
        await until(lambda: there.note.text() == "Radarr has the new key.")
        assert json.dumps(radarr.entries) != before


async def test_a_sender_is_removed_with_its_page_and_its_webhook(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr, connect=True)
        there.remove.click()
        assert "Remove Radarr?" in await answer("Cancel")
        assert len(radarr.entries) == 1
        there.remove.click()
        await answer("Remove")
        assert "removed" in await answer("Close")
        await until(lambda: shell.settings._page().key == "sources")
        assert "source-radarr" not in shell.settings._list.shown()
        assert radarr.entries == {}
        assert await core.queries.senders() == ()


async def test_folders_that_are_not_here_lead_to_a_mapping(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr, connect=True)
        await until(lambda: "/movies" in there.facts._shown[0].path)
        button(there.facts, "Add mapping").click()
        await until(lambda: shell.settings._page().key == "library")
        library: Any = shell.settings._page()
        assert (library._scope.currentText(), library._from.text()) == ("Radarr", "/movies")


async def test_banners_lead_to_what_helps(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr, connect=True)
        learn(core, shell, missed=23, stopped=True)
        shell.glance.refresh()
        banners = shell.window.banners
        await until(lambda: len(banners._banners) == 2)
        await until(there.connection.dismiss.isVisible)
        button(banners, "Dismiss").click()
        await until(lambda: len(banners._banners) == 1)
        tested = len([call for call in radarr.calls if call[1].endswith("/test")])
        button(banners, "Resume").click()
        await until(lambda: len([call for call in radarr.calls if call[1].endswith("/test")]) > tested)
        shell.settings.hide()
        button(banners, "Settings").click()
        await until(lambda: shell.settings.isVisible() and shell.settings._page() is there)


async def test_an_address_that_changed_is_mended_from_its_banner(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr, connect=True)
        learn(core, shell, wanted_url="http://192.168.1.77:3000/webhooks/radarr/radarr")
        shell.settings.hide()
        shell.glance.refresh()
        banners = shell.window.banners
        await until(lambda: banners._banners)
        button(banners, "Copy new address").click()
        await until(lambda: "/webhooks/radarr/radarr" in QGuiApplication.clipboard().text())
        button(banners, "Update Radarr").click()
        await until(there.connection.button.is_busy)
        await until(lambda: not there.connection.button.is_busy())
        assert connected(there)


async def test_the_tray_leads_to_the_page_of_the_sender(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr, connect=True)
        learn(core, shell, stopped=True)
        shell.settings.hide()
        shell.glance.refresh()
        menu = shell.menu
        await until(
            lambda: menu.problem_lines[0].text() == "! Radarr stopped calling after failed deliveries."
        )
        menu.problem_lines[0].trigger()
        await until(lambda: shell.settings.isVisible() and shell.settings._page() is there)


async def test_what_was_caught_up_with_says_that_it_was_recovered(
    tmp_path: Path, qapp: QApplication, clock: FakeClock
) -> None:
    radarr = FakeArr(now=clock.now)
    await radarr.start()
    async with running_shell(tmp_path, qapp, clock=clock) as (core, shell):
        there = await sender_page(core, shell, radarr, connect=True)
        for entry in radarr.entries.values():
            entry["onDownload"] = False
        clock.advance(timedelta(minutes=5))
        await radarr.import_film(7, "Up", download_id="nzo_7")
        clock.advance(timedelta(minutes=5))
        there.connection.catch_up.click()
        await until(lambda: "It catches up as job " in "".join(there.connection.lines.texts()))
        model = shell.pages.dashboard.model

        def events() -> list[str]:
            return [model.index(row, 2).data() for row in range(model.rowCount())]

        await until(lambda: "Downloaded (recovered)" in events())
        row = events().index("Downloaded (recovered)")
        window = shell.job_windows.show_job(model.family(row).root_id)
        await until(lambda: "(recovered)" in window.as_text())
        window.close()
    await radarr.stop()


async def test_two_of_a_kind_are_told_apart_wherever_webhooks_are_shown(opened: Any) -> None:
    async with opened() as (core, shell):
        await core.commands.add_sender("Radarr 4K", type="radarr", draft=Draft())
        model = shell.pages.dashboard.model
        body = {"eventType": "Test", "instanceName": "Radarr"}
        for name in ("Radarr 4K", ""):
            address = await core.queries.sender_address("Radarr 4K")
            async with aiohttp.ClientSession() as session:
                url = address if name else address.rpartition("/")[0]
                async with session.post(url, json=body) as answer:
                    assert answer.status == 200

        def sources() -> set[str]:
            return {model.index(row, 1).data() for row in range(model.rowCount())}

        await until(lambda: sources() == {"Radarr", "Radarr 4K"})
        page = await core.queries.history(HistoryFilter(), limit=10)
        assert {row.source for row in page.rows} == {"Radarr", "Radarr 4K"}


async def test_the_services_page_lists_the_senders(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        await sender_page(core, shell, radarr, connect=True)
        shell.settings.hide()
        shell.window.show_page("services")
        rows = shell.pages.services.sources._rows
        await until(lambda: "radarr" in rows and rows["radarr"].state.text() == "Connected")
        rows["radarr"].settings.click()
        await until(lambda: shell.settings.isVisible() and shell.settings._page().key == "source-radarr")
        await core.commands.remove_sender("Radarr")
        shell.pages.services.refresh()
        await until(lambda: not rows)


async def test_every_part_of_the_pages_has_a_name(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr, connect=True)
        learn(core, shell, missed=3, stopped=True)
        await until(there.connection.resume.isVisible)
        assert unnamed(shell.settings) == []
        await page(shell, "sources")
        assert unnamed(shell.settings) == []
        await page(shell, "library")
        assert unnamed(shell.settings) == []
        shell.window.show_page("services")
        assert unnamed(shell.window) == []


async def test_a_test_that_arrives_appears_on_the_page_at_once(opened: Any) -> None:
    async with opened() as (core, shell):
        await core.commands.add_sender("Overseerr", type="overseerr", draft=Draft())
        there: SenderPage = await page(shell, "source-overseerr")
        assert there._status.text() == "Status: Nothing came from it yet"
        await until(there.address.line.text)
        async with aiohttp.ClientSession() as session:
            body = {"notification_type": "TEST_NOTIFICATION", "subject": "Test"}
            async with session.post(there.address.line.text(), json=body) as answer:
                assert answer.status == 200
        await until(lambda: there._status.text() == "Status: Sends webhooks")
        await until(lambda: "; 1 webhook in the last 24 hours" in there.facts._contact.text())


async def test_what_was_found_is_of_the_past_once_a_field_or_the_state_changes(
    opened: Any, radarr: FakeArr
) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr)
        there.connection.button.click()
        await until(lambda: connected(there) and there._status.text() == "Status: Connected")
        lines = there.connection.lines
        line(there, "Address").setText("http://127.0.0.1:1")
        assert {note.kind for note in lines._notes if note.text()} == {NoteKind.STALE}
        assert lines.texts()[-1].endswith(" (before your changes)")
        assert lines.texts()[0] == "Radarr 5.27.5.10198 found"
        line(there, "Address").setText(radarr.url)
        there.connection.button.click()
        await until(lambda: connected(there) and lines._notes[0].kind is NoteKind.DONE)
        learn(core, shell, stopped=True)
        await until(lambda: "stopped calling" in there._status.text())
        assert lines.texts() == []


async def test_a_page_follows_what_is_changed_elsewhere(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        there = await sender_page(core, shell, radarr)
        await core.commands.save_sender("Radarr", Draft(values={"url": "http://127.0.0.1:2"}))
        await until(lambda: line(there, "Address").text() == "http://127.0.0.1:2")
        await core.commands.add_sender("Radarr 4K", type="radarr", draft=Draft())
        await until(lambda: "source-radarr-4k" in shell.settings._list.shown())


def in_tab_order(window: QWidget) -> list[str]:
    """Names of what Tab reaches in sight, from the field with the focus on."""
    found = list[str]()
    at: QWidget | None = window.focusWidget()
    start = at
    while at is not None:
        if at.isVisible() and at.isEnabled() and at.focusPolicy() & Qt.FocusPolicy.TabFocus:
            text = without_mnemonic(str(getattr(at, "text", str)()))
            found.append(at.accessibleName() or text or type(at).__name__)
        at = at.nextInFocusChain()
        if at is start:
            break
    return found


async def test_what_was_done_is_not_told_any_more_once_its_page_was_left(opened: Any) -> None:
    async with opened() as (_, shell):
        add: AddSenderPage = await page(shell, "sources overseerr")
        line(add.form, "Name").setText("Requests")
        shell.settings._save.click()
        await until(lambda: shell.settings._page().key == "source-requests")
        await page(shell, "sources")
        assert add.note.text() == ""
        general = await page(shell, "general")
        general.note.tell(NoteKind.DONE, "Saved.")
        shell.settings.hide()
        assert general.note.text() == ""


async def test_pages_are_chosen_in_the_list_and_headings_are_passed_over(opened: Any) -> None:
    async with opened() as (_, shell):
        settings = shell.settings
        await page(shell, "receiving")
        settings._list.setFocus()
        QTest.keyClick(settings._list, Qt.Key.Key_Down)
        await until(lambda: settings._stack.currentWidget().isVisible())
        assert settings._page().key == "sources"
        assert settings.windowTitle() == "Settings - Add a source"
        assert settings._stack.currentWidget() is settings._pages["sources"]
        QTest.keyClick(settings._list, Qt.Key.Key_Up)
        assert settings._page().key == "receiving"
        heading = settings._list.visualItemRect(settings._list._groups["Services"]).center()
        QTest.mouseClick(settings._list.viewport(), Qt.MouseButton.LeftButton, pos=heading)
        assert settings._page().key == settings._list.current_key() == "receiving"
        kodi = settings._list.visualItemRect(settings._list._items["kodi"]).center()
        QTest.mouseClick(settings._list.viewport(), Qt.MouseButton.LeftButton, pos=kodi)
        assert settings._page().key == settings._list.current_key() == "kodi"
        assert settings._stack.currentWidget() is settings._pages["kodi"]


async def test_a_page_with_changes_is_left_only_after_a_question(opened: Any) -> None:
    async with opened() as (_, shell):
        settings = shell.settings
        add: AddSenderPage = await page(shell, "sources sonarr")
        line(add.form, "Address").setText("http://127.0.0.1:1")
        settings._list.setFocus()
        QTest.keyClick(settings._list, Qt.Key.Key_Up)
        assert await answer("Cancel") == "Save changes to Add a source?"
        await until(lambda: not settings._busy.locked())
        assert settings._page() is add
        assert settings._list.current_key() == "sources"
        QTest.keyClick(settings._list, Qt.Key.Key_Up)
        await answer("Discard")
        await until(lambda: settings._page().key == "receiving")
        assert settings._list.current_key() == "receiving"


async def test_tab_follows_the_order_of_reading(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        await page(shell, "sources radarr")
        await until(lambda: isinstance(shell.settings.focusWidget(), QComboBox))
        fields = ["Name", "Address", "API key", "Show api key", "Clear api key", "Connect"]
        around = ["Cancel", "Find a setting", "Pages"]
        assert in_tab_order(shell.settings)[1:] == [*fields, *around]
        there = await sender_page(core, shell, radarr)
        there.enable.setFocus()
        assert in_tab_order(shell.settings) == [
            "Enable Radarr", "Address", "API key", "Show api key", "Clear api key", "Connect",
            "Address for Radarr", "Copy address for Radarr", "Do it by hand", "New key", "Remove", *around,
        ]  # fmt: skip
        shell.settings.hide()
        shell.window.show_page("services")
        rows = shell.pages.services.sources._rows
        await until(lambda: "radarr" in rows and rows["radarr"].settings.isVisible())
        shell.pages.services._rows["kodi"].switch.setFocus()
        learn(core, shell, missed=3, stopped=True)
        shell.glance.refresh()
        order = ["Pages", "Settings", "Help", "Catch up", "Dismiss", "Hide this message", "Find on network"]
        await until(lambda: "Catch up" in (told := in_tab_order(shell.window)) and told[-7:] == order)
        assert in_tab_order(shell.window)[-9:-7] == ["Settings of Radarr", "Add a source"]


async def test_no_two_parts_in_sight_share_a_letter(opened: Any, radarr: FakeArr) -> None:
    async with opened() as (core, shell):
        await sender_page(core, shell, radarr, connect=True)
        shell.settings.hide()
        learn(core, shell, missed=3, stopped=True)
        shell.glance.refresh()
        await until(lambda: len(shell.window.banners._banners) == 2)
        for key in ("dashboard", "jobs", "history", "services"):
            shell.window.show_page(key)
            await until(lambda: shell.window.page is not None and shell.window.page.isVisible())
            letters = Counter(letter for letter in marked(shell.window) if letter)
            assert not [letter for letter, times in letters.items() if times > 1], key


def marked(window: QWidget) -> list[str]:
    """The letters of what is in sight."""
    labels = [each for each in window.findChildren(QLabel) if each.buddy() is not None]
    parts: list[QAbstractButton | QLabel] = [*window.findChildren(QAbstractButton), *labels]
    texts = [each.text() for each in parts if each.isVisible()]
    return [text.replace("&&", "").partition("&")[2][:1].lower() for text in texts]
