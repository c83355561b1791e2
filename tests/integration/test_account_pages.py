"""What Pushover's account offers, chosen on its page of the settings, over the real core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtWidgets import QComboBox

from metarr_desktop.domain.forms import Draft
from tests.fakes import eventually, until
from tests.integration.fake_pushover import TOKEN, USER_KEY, FakePushover
from tests.integration.windows import running_shell, service_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from metarr_desktop.ui.settings_pages.service import ServicePage

pytestmark = pytest.mark.qt_loop
KEYS = Draft(secrets={"token": TOKEN, "user_key": USER_KEY})


@pytest.fixture
def pushover(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePushover]:
    fake = FakePushover()
    server = fake.start()
    monkeypatch.setenv("METARR_PUSHOVER_BASE", fake.environment["METARR_PUSHOVER_BASE"])
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def opened(tmp_path: Path, qapp: QApplication) -> Any:
    return lambda: running_shell(tmp_path, qapp)


def combo(page: ServicePage, name: str) -> QComboBox:
    return next(each for each in page.form.findChildren(QComboBox) if each.accessibleName() == name)


def labels(box: QComboBox) -> list[str]:
    return [box.itemText(each) for each in range(box.count())]


async def test_devices_and_sounds_are_chosen_from_those_of_the_account(
    opened: Any, pushover: FakePushover
) -> None:
    async with opened() as (core, shell):
        await core.commands.save_service("pushover", KEYS)
        page = await service_page(shell, "pushover")
        assert labels(combo(page, "Device")) == ["Every device"]
        assert page.account_bar.load_button.isVisible()
        page.account_bar.load_button.click()
        await until(page.account_bar.note.text)
        assert page.account_bar.note.text() == "Device: 3 to choose from.\nSound: 3 to choose from."
        assert labels(combo(page, "Device")) == ["Every device", "iphone", "tv"]
        assert labels(combo(page, "Sound")) == ["Pushover (default)", "Pushover", "Doorbell"]
        assert not page.is_dirty()
        combo(page, "Device").setEditText("iphone, tv")
        combo(page, "Sound").setCurrentIndex(2)
        assert page.is_dirty()
        assert await page.save()
        values = (await core.queries.service_form("pushover")).values
        assert (values["device"], values["sound"]) == ("iphone, tv", "doorbell")


async def test_a_passed_test_fills_the_lists_and_says_how_many_messages_are_left(
    opened: Any, pushover: FakePushover
) -> None:
    async with opened() as (core, shell):
        await core.commands.save_service("pushover", KEYS)
        page = await service_page(shell, "pushover")
        page.trial_bar.test_button.click()
        await until(page.trial_bar.note.text)
        assert "420 of 10000 messages left until 2100-01-01." in page.trial_bar.note.text()
        await until(lambda: combo(page, "Device").count() == 3)

        async def shown() -> bool:
            return "420 of 10000" in page.account_bar._quota.text()

        await eventually(shown)
        assert pushover.titles == []


async def test_a_service_without_an_account_offers_nothing_to_load(opened: Any) -> None:
    async with opened() as (_, shell):
        page = await service_page(shell, "discord")
        assert page.account_bar.isHidden()
