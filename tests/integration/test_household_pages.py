"""Players and groups on a service's page of the settings, over the real core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLineEdit

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import NewJob
from tests.fakes import MemorySecretStore, eventually, until
from tests.fakes_http import FakeServer, Reply
from tests.household import HOUSE
from tests.integration.windows import answer, button, running_shell, unnamed

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication, QWidget

    from metarr_desktop.ui.group_dialog import GroupDialog
    from metarr_desktop.ui.player_dialog import PlayerDialog
    from metarr_desktop.ui.settings_pages.service import ServicePage
    from metarr_desktop.ui.shell import Shell

pytestmark = pytest.mark.qt_loop


@pytest.fixture
def secrets() -> MemorySecretStore:
    return MemorySecretStore()


@pytest.fixture
def opened(tmp_path: Path, qapp: QApplication, secrets: MemorySecretStore) -> Any:
    return lambda: running_shell(tmp_path, qapp, secrets=secrets, services=[HOUSE])


async def page_of(shell: Shell) -> ServicePage:
    shell.open_settings("house")
    pages: Any = shell.settings._pages
    await until(lambda: shell.settings._page().key == "house" and pages["house"].rules.stored is not None)
    page: ServicePage = pages["house"]
    return page


async def dialog(parent: QWidget) -> Any:
    found: list[QDialog] = []

    def there() -> bool:
        found[:] = [each for each in parent.findChildren(QDialog) if each.isVisible()]
        return bool(found)

    await until(there)
    return found[0]


def line(parent: QWidget, name: str) -> QLineEdit:
    return next(each for each in parent.findChildren(QLineEdit) if each.accessibleName() == name)


def rows(page: ServicePage) -> list[tuple[str, str]]:
    table = page.household.table
    found = [table.topLevelItem(row) for row in range(table.topLevelItemCount())]
    return [(item.text(0), item.text(2)) for item in found if item is not None]


def select(page: ServicePage, text: str) -> None:
    table = page.household.table
    (item,) = table.findItems(text, Qt.MatchFlag.MatchExactly, 0)
    table.setCurrentItem(item)


async def test_with_one_player_the_page_is_one_form_and_another_player_can_be_added(
    opened: Any, secrets: MemorySecretStore
) -> None:
    async with opened() as (core, shell):
        page = await page_of(shell)
        assert not page.household.isVisible()
        await core.commands.save_service("house", Draft(values={"host": "one.lan"}), enabled=True)
        await until(lambda: page.household.isVisible() and not page.household.table.isVisible())
        assert line(page, "Host").text() == "one.lan"
        button(page, "Add another player...").click()
        added: PlayerDialog = await dialog(page)
        assert unnamed(added) == []
        assert added.form.draft().values["port"] == 8080
        QTest.keyClicks(added.name, "Den")
        added.save.click()
        assert added.isVisible()  # the host is missing
        QTest.keyClicks(line(added, "Host"), "two.lan")
        QTest.keyClicks(line(added, "Password"), "pw")
        added.save.click()
        await until(page.household.table.isVisible)
        assert rows(page) == [("Group Default", "All folders"), ("one.lan", "On"), ("Den", "On")]
        assert not any(
            each.accessibleName() == "Host" for each in page.findChildren(QLineEdit) if each.isVisible()
        )
        assert list(secrets.secrets.values()) == ["pw"]
        assert unnamed(page) == []


async def test_players_are_edited_switched_tested_and_removed(
    opened: Any, secrets: MemorySecretStore
) -> None:
    async with opened() as (core, shell), FakeServer(lambda _: Reply.of_json({})) as server:
        values: dict[str, str | int | bool] = {"host": "127.0.0.1", "port": server.port}
        await core.commands.save_service("house", Draft(values=values), enabled=True)
        await core.commands.add_player("house", "", Draft(values=values), name="Den")
        page = await page_of(shell)
        select(page, "Den")
        page.household.test.click()
        await until(lambda: page.household.note.text() == "Den")
        page.household.edit.click()
        edited: PlayerDialog = await dialog(page)
        edited.name.setText("Attic")
        edited.save.click()
        await until(lambda: ("Attic", "On") in rows(page))
        assert page.household.table.selected_text() == "Attic"
        page.household.switch.click()
        await until(lambda: ("Attic", "Off") in rows(page))
        assert page.household.switch.text().replace("&", "") == "Turn on"
        page.household.remove.click()
        assert await answer("Remove") == "Remove the player Attic?"
        await until(lambda: not page.household.table.isVisible())
        assert line(page, "Host").text() == "127.0.0.1"


async def test_a_group_is_added_and_linked_to_folders(opened: Any, tmp_path: Path) -> None:
    async with opened() as (core, shell):
        (tmp_path / "cartoons").mkdir()
        await core.commands.add_library(str(tmp_path / "cartoons"))
        await core.commands.save_service("house", Draft(values={"host": "one.lan"}), enabled=True)
        page = await page_of(shell)
        button(page, "Add group...").click()
        made: GroupDialog = await dialog(page)
        await until(lambda: bool(made.boxes))
        made.save.click()
        await until(lambda: "name" in made.note.text())  # a group without a name
        QTest.keyClicks(made.name, "Kids")
        made.boxes["cartoons"].click()
        assert unnamed(made) == []
        made.save.click()
        await until(lambda: ("Group Kids", "cartoons, no player yet") in rows(page))
        select(page, "Group Default")
        assert not page.household.remove.isEnabled()
        select(page, "Group Kids")
        page.household.remove.click()
        await answer("Remove")
        await until(lambda: not page.household.table.isVisible())


async def test_the_list_fits_a_small_window_and_every_button_has_a_letter_of_its_own(opened: Any) -> None:
    async with opened() as (core, shell):
        for host in ("one.lan", "two.lan"):
            await core.commands.add_player("house", "", Draft(values={"host": host}))
        page = await page_of(shell)
        shell.settings.resize(640, 400)
        await until(page.household.table.isVisible)
        section = page.household
        for each in (section.add, section.edit, section.remove, section.add_group):
            right = each.mapTo(page, each.rect().topRight()).x()
            assert right <= page.width()
        letters = [
            each.text().replace("&&", "").partition("&")[2][:1].lower()
            for each in (
                section.add,
                section.edit,
                section.test,
                section.switch,
                section.remove,
                section.add_group,
            )
        ]
        assert all(letters)
        assert len(set(letters)) == len(letters)


async def test_a_scan_that_waits_for_a_video_is_let_go_from_its_details(opened: Any) -> None:
    async with opened() as (core, shell), FakeServer() as server:
        server.respond = lambda asked: Reply(status=200 if asked.query.get("anyway") == "True" else 409)
        values: dict[str, str | int | bool] = {"host": "127.0.0.1", "port": server.port}
        await core.commands.save_service("house", Draft(values=values), enabled=True)
        event = MediaEvent(
            source="sonarr", kind=MediaKind.EPISODE, action=Action.IMPORTED, title="Dark", folder="/tv/Dark"
        )
        payload = {"event": event.to_payload(), "group": "Kids"}
        queue: Any = core.commands
        (job,) = await queue._queue.add(
            [NewJob(type="notify-house", lane="house", priority=5, payload=payload)]
        )

        async def put_off() -> bool:
            return bool([each for each in await core.queries.jobs() if each.deferrals])

        await eventually(put_off)
        window = shell.job_windows.show_job(job.id)
        anyway = button(window, "Scan anyway")
        await until(anyway.isVisible)
        assert "Notify House (Kids)" in window.windowTitle()
        anyway.click()

        async def over() -> bool:
            return not await core.queries.jobs()

        await eventually(over)
        await until(lambda: not anyway.isVisible())
        window.close()
