"""The setup assistant over the real core: its pages, its keys, and when it comes by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QScrollArea

from metarr_desktop.domain.forms import Draft
from metarr_desktop.ui.notes import NoteKind
from tests.fake_arr import FakeArr
from tests.fakes import FakeClock, MemorySecretStore, until
from tests.fakes_http import FakeServer, Recorded, Reply, unused_port
from tests.fakes_network import FakeDevice, jellyfin_answer, kodi_answer, plex_answer
from tests.integration.windows import running_shell, unnamed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from metarr_desktop.app.core import Core
    from metarr_desktop.ui.shell import Shell
    from metarr_desktop.ui.wizard import Wizard
    from metarr_desktop.ui.wizard_pages.done import DoneStep
    from metarr_desktop.ui.wizard_pages.receiving import ReceivingStep
    from metarr_desktop.ui.wizard_pages.services import ServicesStep
    from metarr_desktop.ui.wizard_pages.sources import SourcesStep

pytestmark = pytest.mark.qt_loop


@pytest.fixture(autouse=True)
def quiet_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever looks for services asks this computer, where nobody answers."""
    monkeypatch.setenv("METARR_DISCOVERY_TARGET", "127.0.0.1:9")


def assistant_of(shell: Shell) -> Wizard | None:
    return shell._wizard


async def assistant(shell: Shell) -> Wizard:
    shell.open_assistant()
    wizard = shell._wizard
    assert wizard is not None
    await at(wizard, 0)
    return wizard


async def at(wizard: Wizard, place: int) -> None:
    """Wait until a page is shown."""
    step = f"Step {place + 1} of 5"
    await until(lambda: wizard._step.text() == step and wizard.stack.currentIndex() == place)


async def go_to(wizard: Wizard, place: int) -> Any:
    """Skip everything before a page."""
    for here in range(wizard.stack.currentIndex(), place):
        (wizard.next if here == 0 else wizard.skip).click()
        await at(wizard, here + 1)
    return wizard.pages[place]


def letters_of(wizard: Wizard) -> list[str]:
    """Return the letter of everything in sight that has one."""
    widgets: list[QAbstractButton | QLabel] = [*wizard.findChildren(QAbstractButton)]
    widgets += wizard.findChildren(QLabel)
    marked = [each.text().replace("&&", "") for each in widgets if each.isVisible()]
    return [words.partition("&")[2][:1].lower() for words in marked if "&" in words]


def quick(core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core.commands._finding, "_seconds", 0.2)


async def test_it_comes_by_itself_once_and_only_where_nothing_is_set_up(
    tmp_path: Path, qapp: QApplication
) -> None:
    async with running_shell(tmp_path, qapp) as (core, shell):
        assert assistant_of(shell) is None, "tests of windows do not meet it"
        await shell.assist_first()
        wizard = shell._wizard
        assert wizard is not None
        assert wizard.isVisible()
        assert not wizard.isModal()
        await at(wizard, 0)
        wizard.skip.click()
        assert not wizard.isVisible()
        await shell.assist_first()
        assert not wizard.isVisible()
        assert core.queries.settings().assistant_seen


@pytest.mark.parametrize("what", ["a sender", "a service"])
async def test_it_does_not_come_where_something_is_set_up(
    tmp_path: Path, qapp: QApplication, what: str
) -> None:
    async with running_shell(tmp_path, qapp) as (core, shell):
        if what == "a sender":
            draft = Draft(values={"url": "http://127.0.0.1:1"}, secrets={"api_key": "k" * 32})
            await core.commands.add_sender("Radarr", type="radarr", draft=draft)
        else:
            await core.commands.save_service("kodi", Draft(values={"host": "127.0.0.1"}), enabled=True)
        await shell.assist_first()
        assert shell._wizard is None


async def test_help_opens_it_again(tmp_path: Path, qapp: QApplication) -> None:
    async with running_shell(tmp_path, qapp) as (_core, shell):
        shell.window.show_page("help")
        shell.pages.help.assistant.click()
        assert shell._wizard is not None
        wizard = shell._wizard
        await at(wizard, 0)
        wizard.next.click()
        await at(wizard, 1)
        shell.pages.help.assistant.click()
        assert shell._wizard is wizard
        assert wizard.stack.currentIndex() == 1, "one that is open stays where it is"
        QTest.keyClick(wizard, Qt.Key.Key_Escape)
        assert not wizard.isVisible()


async def test_every_page_is_used_by_keys_alone_and_fits_a_small_screen(
    tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_shell(tmp_path, qapp) as (core, shell):
        quick(core, monkeypatch)
        wizard = await assistant(shell)
        wizard.resize(640, 400)
        for place in range(5):
            await at(wizard, place)
            await asyncio.sleep(0.02)
            assert (wizard.width(), wizard.height()) == (640, 400)
            assert not unnamed(wizard), place
            letters = letters_of(wizard)
            assert len(letters) == len(set(letters)), letters
            for button in (wizard.next, wizard.back, wizard.skip):
                assert not button.isVisible() or wizard.rect().contains(button.geometry())
            for area in wizard.page.findChildren(QScrollArea):
                assert not area.isVisible() or not area.horizontalScrollBar().isVisible()
            if place < 4:
                (wizard.next if place == 0 else wizard.skip).setFocus()
                QTest.keyClick(wizard.next if place == 0 else wizard.skip, Qt.Key.Key_Space)
        wizard.back.click()
        await at(wizard, 3)
        await go_to(wizard, 4)
        QTest.keyClick(wizard.next, Qt.Key.Key_Return)
        await until(lambda: not wizard.isVisible())


async def test_who_sends_and_the_port_are_stored_when_going_on(tmp_path: Path, qapp: QApplication) -> None:
    async with running_shell(tmp_path, qapp) as (core, shell):
        wizard = await assistant(shell)
        page: ReceivingStep = await go_to(wizard, 1)
        assert page.here.isChecked()
        listening = core.queries.listening()
        assert listening is not None
        assert page.listening.text() == f"Receiving on port {listening.port}."
        port = await unused_port()
        page.home.setChecked(True)
        page.form.propose(Draft(values={"port": port}))
        assert not page.listening.text(), "nobody has tried that port yet"
        wizard.next.click()
        await at(wizard, 2)
        settings = core.queries.settings()
        assert (settings.allow, settings.port) == ("home", port)
        wizard.back.click()
        await at(wizard, 1)
        assert page.listening.text() == f"Receiving on port {port}."
        assert page.home.isChecked()


async def test_a_port_in_use_is_told_and_the_page_stays(tmp_path: Path, qapp: QApplication) -> None:
    async with FakeServer() as other, running_shell(tmp_path, qapp) as (core, shell):
        wizard = await assistant(shell)
        page: ReceivingStep = await go_to(wizard, 1)
        page.form.propose(Draft(values={"port": other.port}))
        wizard.next.click()
        await until(lambda: any(row.has_complaint() for row in page.form._rows.values()))
        assert wizard.stack.currentIndex() == 1
        assert core.queries.settings().port != other.port
        wizard.skip.click()
        await at(wizard, 2)


async def test_radarr_is_connected_on_its_page(tmp_path: Path, qapp: QApplication) -> None:
    arr = FakeArr(kind="radarr")
    await arr.start()
    secrets = MemorySecretStore()
    async with running_shell(tmp_path, qapp, secrets=secrets) as (core, shell):
        wizard = await assistant(shell)
        page: SourcesStep = await go_to(wizard, 2)
        await until(page._heard.text)
        assert page._heard.text() == "Waiting for the first webhook..."
        await until(lambda: "radarr" in page._by_hand)
        assert "/webhooks/radarr" in page._by_hand["radarr"].line.text()
        page.form.propose(Draft(values={"url": arr.url}, secrets={"api_key": arr.key}))
        page.connect_button.click()
        await until(lambda: "Radarr" in page.connections)
        await until(lambda: page.connections["Radarr"].button.last_report is not None)
        report = page.connections["Radarr"].button.last_report
        assert report is not None
        assert report.ok, [str(line.detail) for line in report.lines]
        await until(lambda: page._heard.kind is NoteKind.DONE)
        assert page._heard.text().startswith("Radarr: Connected")
        page.choose("sonarr")
        await page._show_by_hand()
        assert page._by_hand["sonarr"].isVisibleTo(page)
        assert not page._by_hand["radarr"].isVisibleTo(page)
        wizard.next.click()
        await at(wizard, 3)
        assert [each.name for each in await core.queries.senders()] == ["Radarr"]
    await arr.stop()


async def test_what_was_typed_is_not_lost_by_going_on(tmp_path: Path, qapp: QApplication) -> None:
    async with running_shell(tmp_path, qapp) as (core, shell):
        wizard = await assistant(shell)
        page: SourcesStep = await go_to(wizard, 2)
        page.form.propose(Draft(values={"url": "nonsense"}))
        wizard.next.click()
        await until(lambda: any(row.has_complaint() for row in page.form._rows.values()))
        assert wizard.stack.currentIndex() == 2
        page.form.propose(Draft(values={"url": "http://127.0.0.1:1"}, secrets={"api_key": "k" * 32}))
        wizard.next.click()
        await at(wizard, 3)
        assert [each.name for each in await core.queries.senders()] == ["Radarr"]


def household(question: bytes) -> Iterable[bytes]:
    if question.startswith(b"M-SEARCH"):
        yield plex_answer()
    elif b"Jellyfin" in question:
        yield jellyfin_answer(Address="http://192.168.1.30:8096")
    elif b"Emby" in question:
        yield jellyfin_answer(Name="old nas")
    else:
        yield kodi_answer(question)
        yield kodi_answer(question, name="Office", host="office.local.", address="192.168.1.41")


async def test_what_is_ticked_is_set_up_and_the_last_page_tests_it(
    tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeDevice(household) as device, running_shell(tmp_path, qapp) as (core, shell):
        monkeypatch.setenv("METARR_DISCOVERY_TARGET", f"127.0.0.1:{device.target[1]}")
        quick(core, monkeypatch)
        wizard = await assistant(shell)
        page: ServicesStep = await go_to(wizard, 3)
        await until(lambda: page.choices)
        assert not unnamed(wizard)
        names = [(each.found.service, each.found.name) for each in page.choices]
        assert names == [
            ("kodi", "Living room"),
            ("kodi", "Office"),
            ("jellyfin", "nas"),
            ("emby", "old nas"),
            ("plex", "nas"),
        ]
        ways = [
            (each.box.isVisibleTo(page), each.sign_in.isVisibleTo(page), each.set_up.isVisibleTo(page))
            for each in page.choices
        ]
        tick, sign_in, set_up = (True, False, False), (False, True, False), (False, False, True)
        assert ways == [tick, tick, sign_in, set_up, sign_in]
        page.choices[0].box.setChecked(True)
        page.choices[1].box.setChecked(True)
        nobody = Draft(values={"url": "http://127.0.0.1:9"}, secrets={"api_key": "k"})
        await core.commands.save_service("jellyfin", nobody, enabled=True)
        wizard.next.click()
        await at(wizard, 4)
        form = await core.queries.service_form("kodi")
        assert form.enabled
        assert form.household is not None
        assert [(each.name, each.values["host"]) for each in form.household.players] == [
            ("Living room", "192.168.1.40"),
            ("Office", "192.168.1.41"),
        ]
        last = cast("DoneStep", wizard.page)
        assert last.notes[0].text().startswith("Receiving on port ")
        assert [line.state.text() for line in last.lines] == [
            "Kodi: Not tested",
            "Jellyfin: Not tested",
        ]
        assert {line.state.kind for line in last.lines} == {NoteKind.WARNING}
        last.lines[1].test.click()
        await until(lambda: "No connection to 127.0.0.1:9" in last.lines[1].state.text())
        assert [line.state.kind for line in last.lines] == [NoteKind.WARNING, NoteKind.FAILED]
        assert last.start_hidden.isVisibleTo(wizard) is shell._tray.is_there
        last.start_hidden.setChecked(True)
        wizard.next.click()
        await until(lambda: not wizard.isVisible())
        assert core.queries.settings().start_hidden


async def test_signing_in_on_the_page_sets_the_service_up(
    tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets, clock = MemorySecretStore(), FakeClock()

    def jellyfin(request: Recorded) -> Reply:
        match request.path:
            case "/QuickConnect/Enabled":
                return Reply(body=b"true")
            case "/QuickConnect/Initiate":
                return Reply.of_json({"Secret": "secret-hush", "Code": "123456"})
            case "/QuickConnect/Connect":
                return Reply.of_json({"Authenticated": True})
        user = {"Name": "anna", "Policy": {"IsAdministrator": True}}
        return Reply.of_json({"AccessToken": "token-hush", "User": user})

    async with (
        FakeServer(jellyfin) as server,
        FakeDevice(
            lambda asked: [jellyfin_answer(Address=server.url)] if b"Jelly" in asked else []
        ) as device,
        running_shell(tmp_path, qapp, secrets=secrets, clock=clock) as (core, shell),
    ):
        monkeypatch.setenv("METARR_DISCOVERY_TARGET", f"127.0.0.1:{device.target[1]}")
        quick(core, monkeypatch)
        wizard = await assistant(shell)
        page: ServicesStep = await go_to(wizard, 3)
        await until(lambda: page.choices)
        (choice,) = page.choices
        choice.sign_in.click()
        await until(lambda: choice.sign_in.dialog is not None and choice.sign_in.dialog.code.text())
        await until(lambda: clock.sleeping)
        clock.advance(2)
        await until(lambda: secrets.secrets)
        assert secrets.secrets == {"jellyfin/api_key": "token-hush"}
        await until(lambda: choice.known.text() == "Signed in")
        form = await core.queries.service_form("jellyfin")
        assert (form.enabled, form.values["url"]) == (True, server.url)


async def test_other_services_and_those_that_need_a_key_open_their_settings(
    tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeDevice(household) as device, running_shell(tmp_path, qapp) as (core, shell):
        monkeypatch.setenv("METARR_DISCOVERY_TARGET", f"127.0.0.1:{device.target[1]}")
        quick(core, monkeypatch)
        wizard = await assistant(shell)
        page: ServicesStep = await go_to(wizard, 3)
        await until(lambda: page.choices)
        emby = next(each for each in page.choices if each.found.service == "emby")
        emby.set_up.click()
        await until(lambda: shell.settings._page().key == "emby" and shell.settings._page().is_dirty())
        settings: Any = shell.settings._page()
        assert settings.form.draft().values["url"] == "http://192.168.1.30:8096"
        await settings.load()
        page.others["pushover"].click()
        await until(lambda: shell.settings._page().key == "pushover")
        await shell.settings._page().load()
