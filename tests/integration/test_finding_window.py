"""What is found on the network and signing in, in the window, over the real core."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from shiboken6 import isValid

from metarr_desktop.domain.forms import Draft
from metarr_desktop.ui.notes import NoteKind
from metarr_desktop.ui.player_dialog import PlayerDialog
from tests.fakes import FakeClock, MemorySecretStore, until
from tests.fakes_http import FakeServer, Recorded, Reply
from tests.fakes_network import FakeDevice, jellyfin_answer, kodi_answer, plex_answer
from tests.integration.windows import running_shell, service_page, unnamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from metarr_desktop.ui.find_dialog import FindDialog
    from metarr_desktop.ui.settings_pages.service import ServicePage
    from metarr_desktop.ui.shell import Shell
    from metarr_desktop.ui.sign_in_dialog import SignInDialog

pytestmark = pytest.mark.qt_loop


class Browser(QObject):
    """Takes the pages that the desktop is asked to open."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []

    @Slot(QUrl)
    def show(self, url: QUrl) -> None:
        self.pages.append(bytes(url.toEncoded().data()).decode())


@pytest.fixture
def browser(qapp: QApplication) -> Iterator[Browser]:
    browser = Browser()
    browser.setParent(qapp)
    for scheme in ("http", "https"):
        QDesktopServices.setUrlHandler(scheme, browser, "show")  # type: ignore[arg-type]  # it takes nothing else
    yield browser
    for scheme in ("http", "https"):
        QDesktopServices.unsetUrlHandler(scheme)


def household(question: bytes) -> Iterable[bytes]:
    if question.startswith(b"M-SEARCH"):
        yield plex_answer()
    elif b"Jellyfin" in question:
        yield jellyfin_answer()
    elif not question.startswith(b"who"):
        yield kodi_answer(question)


async def found(shell: Shell) -> FindDialog:
    shell.window.show_page("services")
    shell.pages.services.find_button.click()
    dialog = shell.pages.services.find_dialog
    assert dialog is not None
    await until(dialog.again.isEnabled)
    return dialog


async def test_what_is_found_is_set_up_with_its_values_filled_in(
    tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeDevice(household) as device, running_shell(tmp_path, qapp) as (core, shell):
        monkeypatch.setenv("METARR_DISCOVERY_TARGET", f"127.0.0.1:{device.target[1]}")
        monkeypatch.setattr(core.commands._finding, "_seconds", 0.3)
        await core.commands.save_service("jellyfin", Draft(values={"url": "http://192.168.1.30:8096"}))
        dialog = await found(shell)
        assert not unnamed(dialog)
        rows = {row.found.service: row for row in dialog.list.rows}
        assert list(rows) == ["kodi", "jellyfin", "plex"]
        assert not rows["jellyfin"].button.isVisibleTo(dialog)
        assert rows["jellyfin"].known.text() == "Already set up"
        assert rows["kodi"].button.accessibleName() == "Set up Kodi Living room"
        rows["kodi"].button.setFocus()
        QTest.keyClick(rows["kodi"].button, Qt.Key.Key_Space)
        await until(lambda: shell.settings._page().key == "kodi" and shell.settings._page().is_dirty())
        page: Any = shell.settings._page()
        assert page.form.draft().values["host"] == "192.168.1.40"
        assert page.enable.isChecked()
        assert (await core.queries.service_form("kodi")).values["host"] == "", "nothing was saved"
        await page.save()
        assert (await core.queries.service_form("kodi")).values["host"] == "192.168.1.40"
        page.form.fill((await core.queries.service_form("kodi")).values)
        dialog.look()
        await until(dialog.again.isEnabled)
        assert {row.found.service: row.found.set_up for row in dialog.list.rows}["kodi"]
        dialog.reject()


async def test_the_key_of_another_server_is_not_offered_to_whoever_answered(
    tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeDevice(household) as device, running_shell(tmp_path, qapp) as (core, shell):
        monkeypatch.setenv("METARR_DISCOVERY_TARGET", f"127.0.0.1:{device.target[1]}")
        monkeypatch.setattr(core.commands._finding, "_seconds", 0.3)
        await core.commands.save_service(
            "jellyfin", Draft(values={"url": "http://127.0.0.1:9"}, secrets={"api_key": "a" * 32})
        )
        dialog = await found(shell)
        next(row for row in dialog.list.rows if row.found.service == "jellyfin").button.click()
        await until(lambda: shell.settings._page().key == "jellyfin" and shell.settings._page().is_dirty())
        page: Any = shell.settings._page()
        draft = page.form.draft()
        assert (draft.values["url"], draft.secrets) == ("http://192.168.1.30:8096", {"api_key": None})
        assert "entered anew" in page.note.text()
        report = await core.commands.test_service("jellyfin", draft)
        assert [str(line.name) for line in report.lines] == ["Settings"]
        dialog.reject()


async def test_a_kodi_beside_others_becomes_one_more_player(
    tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeDevice(household) as device, running_shell(tmp_path, qapp) as (core, shell):
        monkeypatch.setenv("METARR_DISCOVERY_TARGET", f"127.0.0.1:{device.target[1]}")
        monkeypatch.setattr(core.commands._finding, "_seconds", 0.3)
        await core.commands.save_service("kodi", Draft(values={"host": "127.0.0.1", "port": 9}))
        dialog = await found(shell)
        dialog.list.rows[0].button.click()
        await until(lambda: shell.settings._page().key == "kodi")
        await until(lambda: shell.settings.findChildren(PlayerDialog))
        (player,) = shell.settings.findChildren(PlayerDialog)
        assert player.name.text() == "Living room"
        assert player.form.draft().values["host"] == "192.168.1.40"
        player.save.click()
        await until(lambda: not isValid(player))
        form = await core.queries.service_form("kodi")
        assert form.household is not None
        assert [each.values["host"] for each in form.household.players] == ["127.0.0.1", "192.168.1.40"]
        dialog.reject()


async def test_where_nothing_answers_the_remedy_is_told(
    tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeDevice(lambda _question: []) as device, running_shell(tmp_path, qapp) as (core, shell):
        monkeypatch.setenv("METARR_DISCOVERY_TARGET", f"127.0.0.1:{device.target[1]}")
        monkeypatch.setattr(core.commands._finding, "_seconds", 0.1)
        dialog = await found(shell)
        assert "Announce services" in dialog.note.text()
        dialog.reject()


class Jellyfin:
    """Quick Connect of a server: the code is typed when a test says so."""

    def __init__(self) -> None:
        self.typed = False
        self.on = True

    def __call__(self, request: Recorded) -> Reply:
        match request.path:
            case "/QuickConnect/Enabled":
                return Reply(body=b"true" if self.on else b"false")
            case "/QuickConnect/Initiate":
                return Reply.of_json({"Secret": "secret-hush", "Code": "123456"})
            case "/QuickConnect/Connect":
                return Reply.of_json({"Authenticated": self.typed})
            case "/Users/AuthenticateWithQuickConnect":
                user = {"Name": "anna", "Policy": {"IsAdministrator": False}}
                return Reply.of_json({"AccessToken": "token-hush", "User": user})
        return Reply(status=404)


async def dialog_of(page: ServicePage) -> SignInDialog:
    await until(lambda: page.sign_in.dialog is not None)
    assert page.sign_in.dialog is not None
    return page.sign_in.dialog


async def test_quick_connect_shows_the_code_and_fills_the_form(
    tmp_path: Path, qapp: QApplication, browser: Browser
) -> None:
    secrets, clock, jellyfin = MemorySecretStore(), FakeClock(), Jellyfin()
    async with (
        FakeServer(jellyfin) as server,
        running_shell(tmp_path, qapp, secrets=secrets, clock=clock) as (core, shell),
    ):
        page = await service_page(shell, "jellyfin")
        page.sign_in.click()
        await until(page.note.text)
        assert page.note.text().startswith("Enter the address"), "the address comes first"
        page.propose(Draft(values={"url": server.url}))
        page.sign_in.click()
        dialog = await dialog_of(page)
        await until(dialog.code.text)
        assert dialog.isVisible()
        assert dialog.windowModality() is not Qt.WindowModality.ApplicationModal
        assert dialog.code.text() == "123456"
        assert dialog.code.selectedText() == "123456"
        assert dialog.left.text().startswith("Time left: ")
        assert not unnamed(dialog)
        assert not browser.pages, "the code is typed anywhere"
        dialog.open_button.click()
        assert browser.pages == [f"{server.url}/web/#/quickconnect"]
        jellyfin.typed = True
        await until(lambda: clock.sleeping)
        clock.advance(2)
        await until(lambda: page.sign_in.dialog is None)
        assert page.form.draft().secrets == {"api_key": "token-hush"}
        assert page.is_dirty()
        assert not secrets.secrets, "nothing was saved"
        assert page.note.kind is NoteKind.WARNING
        assert "no administrator" in page.note.text()
        assert "token-hush" not in page.note.text()
        assert await page.save()
        assert secrets.secrets == {"jellyfin/api_key": "token-hush"}
        assert (await core.queries.service_form("jellyfin")).values["url"] == server.url


@pytest.mark.parametrize("how", ["escape", "cancel", "leave"])
async def test_closing_the_window_cancels_the_sign_in(tmp_path: Path, qapp: QApplication, how: str) -> None:
    clock, jellyfin = FakeClock(), Jellyfin()
    async with (
        FakeServer(jellyfin) as server,
        running_shell(tmp_path, qapp, clock=clock) as (_core, shell),
    ):
        page = await service_page(shell, "jellyfin")
        page.propose(Draft(values={"url": server.url}))
        page.sign_in.click()
        dialog = await dialog_of(page)
        await until(dialog.code.text)
        run = dialog._run
        if how == "escape":
            QTest.keyClick(dialog, Qt.Key.Key_Escape)
        elif how == "cancel":
            dialog.cancel_button.click()
        else:
            shell.settings.hide()
        await until(lambda: run.snapshot.phase.over)
        await until(lambda: run.task is not None and run.task.done())
        asked = len(server.requests)
        clock.advance(30)
        await asyncio.sleep(0.02)
        assert len(server.requests) == asked
        assert page.sign_in.dialog is None
        assert page.form.draft().secrets == {}
        await page.load()


async def test_a_failure_is_told_in_the_window_until_it_is_closed(tmp_path: Path, qapp: QApplication) -> None:
    jellyfin = Jellyfin()
    jellyfin.on = False
    async with FakeServer(jellyfin) as server, running_shell(tmp_path, qapp) as (_core, shell):
        page = await service_page(shell, "jellyfin")
        page.propose(Draft(values={"url": server.url}))
        page.sign_in.click()
        dialog = await dialog_of(page)
        await until(dialog.note.text)
        assert "Quick Connect is off" in dialog.note.text()
        assert dialog.cancel_button.text().replace("&", "") == "Close"
        dialog.cancel_button.click()
        await until(lambda: page.sign_in.dialog is None)
        await page.load()


async def test_plex_opens_the_browser_and_lets_a_person_choose_the_server(
    tmp_path: Path, qapp: QApplication, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, agreed = FakeClock(), asyncio.Event()

    def plex_tv(request: Recorded) -> Reply:
        match request.path:
            case "/api/v2/pins":
                return Reply.of_json({"id": 7, "code": "c" * 25, "expiresIn": 1800}, status=201)
            case "/api/v2/pins/7":
                return Reply.of_json({"authToken": "account-hush" if agreed.is_set() else None})
            case "/api/v2/resources":
                return Reply.of_json([owned("nas", server.port), owned("attic", server.port)])
        return Reply.of_json({"MediaContainer": {"machineIdentifier": "attic"}})

    async with (
        FakeServer(plex_tv) as server,
        running_shell(tmp_path, qapp, clock=clock) as (_core, shell),
    ):
        monkeypatch.setenv("METARR_PLEXTV_BASE", server.url)
        page = await service_page(shell, "plex")
        page.sign_in.click()
        dialog = await dialog_of(page)
        await until(lambda: browser.pages)
        assert browser.pages[0].startswith("https://app.plex.tv/auth#?clientID=")
        assert not dialog.code.isVisible()
        dialog.copy_button.click()
        assert QGuiApplication.clipboard().text().startswith("https://app.plex.tv/auth#?clientID=")
        agreed.set()
        await until(lambda: clock.sleeping)
        clock.advance(2)
        await until(dialog.offers.isVisible)
        assert not unnamed(dialog)
        assert [dialog.offers.itemText(place) for place in range(dialog.offers.count())] == ["nas", "attic"]
        assert dialog.offers.hasFocus() or not dialog.isActiveWindow()
        QTest.keyClick(dialog.offers, Qt.Key.Key_Down)
        dialog.choose_button.click()
        await until(lambda: page.sign_in.dialog is None)
        assert len(browser.pages) == 1
        draft = page.form.draft()
        assert (draft.values["url"], draft.secrets) == (server.url, {"token": "attic-token"})
        await page.load()


def owned(name: str, port: int) -> dict[str, object]:
    connection = {"uri": f"http://127.0.0.1:{port}", "address": "127.0.0.1", "port": port, "local": True}
    return {
        "name": name,
        "owned": True,
        "provides": "server",
        "clientIdentifier": name,
        "accessToken": f"{name}-token",
        "connections": [connection],
    }
