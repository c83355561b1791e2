"""Muted notifications and optional services, in the tray and the window over the real core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import AuthFailed
from metarr_desktop.domain.forms import Draft
from metarr_desktop.ui.glance import ProgramState
from tests.fakes import eventually, until
from tests.integration.windows import running_shell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QApplication

    from metarr_desktop.app.core import Core

pytestmark = pytest.mark.qt_loop


@pytest.fixture
def opened(tmp_path: Path, qapp: QApplication) -> Any:
    return lambda: running_shell(tmp_path, qapp)


def choice(menu: Any, words: str) -> QAction:
    found: QAction = next(each for each in menu.actions() if each.text() == words)
    return found


async def test_notifications_are_muted_and_unmuted_in_the_tray(opened: Any) -> None:
    async with opened() as (core, shell):
        menu = shell.menu
        await until(lambda: shell.glance.facts is not None)
        assert not menu.mute.menuAction().isVisible()
        await core.commands.set_enabled("desktop", True)
        await until(menu.mute.menuAction().isVisible)
        choice(menu.mute, "For 8 hours").trigger()

        async def is_muted() -> bool:
            return bool((await core.queries.muted()).paused)

        await eventually(is_muted)
        await until(menu.unmute.isVisible)
        assert "muted until" in menu.unmute.text()
        assert not menu.mute.menuAction().isVisible()
        menu.unmute.trigger()
        await until(menu.mute.menuAction().isVisible)
        assert not await is_muted()
        assert not menu.unmute.isVisible()


async def test_the_window_says_whether_somebody_looks_at_it(opened: Any) -> None:
    async with opened() as (core, shell):
        assert core.presence.watched == (shell.window.isVisible() and shell.window.isActiveWindow())
        shell.window.hide()
        assert not core.presence.watched
        core.presence.come_up()
        await until(shell.window.isVisible)
    assert not core.presence.watched


async def test_an_optional_service_raises_no_alarm_and_still_shows_what_is_wrong(opened: Any) -> None:
    async with opened() as (core, shell):
        await core.commands.save_service(
            "pushover", Draft(secrets={"token": "a" * 30, "user_key": "b" * 30}), enabled=True
        )
        await fail(core)
        facts: Callable[[], Any] = lambda: shell.glance.facts  # noqa: E731
        await until(lambda: facts() is not None and facts().state is ProgramState.ATTENTION)
        assert shell.window.banners.isVisible()
        assert state_of(facts()) == ("needs_attention", True)
        await core.commands.save_service("pushover", Draft(values={"optional": True}))
        await fail(core)
        await until(lambda: state_of(facts()) == ("needs_attention", False))
        assert facts().problems == ()
        assert facts().state is not ProgramState.ATTENTION


def state_of(facts: Any) -> tuple[str, bool]:
    """Return the word of Pushover's row, and whether it is an alarm."""
    row = next(each for each in facts.services if each.key == "pushover")
    return row.state.value, row.alarms


async def fail(core: Core) -> None:
    """Let a message be refused for its key."""
    commands: Any = core.commands
    notifier = commands._desk._notifiers["pushover"]._notifier

    async def refuse(*_: object) -> None:
        raise AuthFailed("Key rejected: invalid.")

    notifier.send = refuse
    await core.commands.send_test("radarr")

    async def is_stopped() -> bool:
        return any(lane.lane == "pushover" for lane in await core.queries.lanes())

    await eventually(is_stopped)
