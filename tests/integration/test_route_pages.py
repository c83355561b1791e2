"""Which events a service is told, chosen on its page of the settings, over the real core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QLineEdit

from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.routing import Route
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


def box(page: ServicePage, title: str) -> QCheckBox:
    return next(each for each in page.rules.findChildren(QCheckBox) if each.text().replace("&", "") == title)


def line(page: ServicePage, name: str) -> QLineEdit:
    return next(each for each in page.rules.findChildren(QLineEdit) if each.accessibleName() == name)


def choose(page: ServicePage, title: str) -> None:
    page.rules.scope.setCurrentIndex(page.rules.scope.findText(title))
    page.rules.scope.activated.emit(page.rules.scope.currentIndex())


async def stored(core: Core) -> dict[str, Route]:
    scopes = (await core.queries.routes("discord")).scopes
    return {scope.source: scope.route for scope in scopes if scope.route is not None}


async def test_kinds_and_tags_are_chosen_marked_unsaved_and_saved(opened: Any) -> None:
    async with opened() as (core, shell):
        page = await service_page(shell, "discord")
        assert box(page, "Downloaded").isChecked()
        assert not box(page, "Grabbed").isChecked()
        assert not page.is_dirty()
        box(page, "Grabbed").click()
        assert page.is_dirty()
        assert shell.settings._save.isEnabled()
        box(page, "Grabbed").click()
        assert not page.is_dirty()
        box(page, "Grabbed").click()
        QTest.keyClicks(line(page, "Not these tags"), 'kids, "a, b"')
        shell.settings._save.click()
        chosen = frozenset({*(await core.queries.routes("discord")).default, EventKind.GRABBED})
        wanted = {"": Route(events=chosen, exclude_tags=("kids", "a, b"))}

        async def saved() -> bool:
            return await stored(core) == wanted

        await eventually(saved)
        await until(lambda: not page.is_dirty())
        assert line(page, "Not these tags").text() == 'kids, "a, b"'


async def test_saving_rules_alone_leaves_the_last_test_of_the_service_as_it_was(opened: Any) -> None:
    async with opened() as (core, shell):
        page = await service_page(shell, "discord")
        saved = list[object]()
        save_service = core.commands.save_service
        core.commands.save_service = lambda *given, **named: saved.append(given)
        box(page, "Health").click()
        assert await page.save()
        core.commands.save_service = save_service
        assert saved == []


async def test_one_kind_of_sender_has_rules_of_its_own(opened: Any) -> None:
    async with opened() as (core, shell):
        await core.commands.set_route("discord", "", Route(exclude_tags=("kids",)))
        page = await service_page(shell, "discord")
        choose(page, "Sonarr")
        assert not box(page, "Deleted").isEnabled()
        assert line(page, "Not these tags").text() == "kids"
        assert "All senders" in page.rules._origin.text()
        page.rules.own.click()
        assert box(page, "Deleted").isEnabled()
        line(page, "Not these tags").clear()
        choose(page, "All senders")
        assert line(page, "Not these tags").text() == "kids"
        assert await page.save()
        assert await stored(core) == {"": Route(exclude_tags=("kids",)), "sonarr": Route()}
        choose(page, "Sonarr")
        page.rules.own.click()
        assert line(page, "Not these tags").text() == "kids"
        assert await page.save()
        assert set(await stored(core)) == {""}


async def test_what_cannot_be_meant_is_told_under_its_field_and_not_saved(opened: Any) -> None:
    async with opened() as (core, shell):
        page = await service_page(shell, "discord")
        line(page, "Only below these folders").setText("Kids")
        choose(page, "Radarr")
        assert not await page.save()
        field = line(page, "Only below these folders")
        assert field.text() == "Kids"
        assert "no whole folder" in field.accessibleDescription()
        assert field.isVisible()
        assert await stored(core) == {}


async def test_restore_defaults_takes_the_rules_away(opened: Any) -> None:
    async with opened() as (core, shell):
        await core.commands.set_route("discord", "radarr", Route(exclude_tags=("kids",)))
        page = await service_page(shell, "discord")
        assert page.offers_defaults()
        page.restore_defaults()
        assert page.is_dirty()
        assert await page.save()
        assert await stored(core) == {}


async def test_rules_changed_elsewhere_are_followed_unless_something_is_unsaved(opened: Any) -> None:
    async with opened() as (core, shell):
        page = await service_page(shell, "discord")
        await core.commands.set_route("discord", "", Route(events=frozenset({EventKind.HEALTH})))
        await until(lambda: box(page, "Health").isChecked())
        box(page, "Added").click()
        await core.commands.reset_route("discord", "")
        await page.follow()
        assert box(page, "Health").isChecked()
