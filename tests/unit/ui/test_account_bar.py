from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.snapshots import TestReport
from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.errors import AuthFailed, MetarrError
from metarr_desktop.domain.quota import Quota
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.settings_pages.account_bar import AccountBar
from tests.fakes import until

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.qt_loop
DEVICES = (("", "Every device"), ("iphone", "iphone"))


class Desk:
    """What the bar asks and fills."""

    def __init__(self, *, failure: MetarrError | None = None) -> None:
        self.failure = failure
        self.asked = 0
        self.offered: dict[str, Sequence[tuple[str, str]]] = {}

    async def load(self) -> dict[str, Sequence[tuple[str, str]]]:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        return {"device": DEVICES}

    def offer(self, name: str, choices: Sequence[tuple[str, str]]) -> str:
        self.offered[name] = choices
        return name.capitalize()


def make(qtbot: Any, desk: Desk, *, ready: bool = True) -> AccountBar:
    bar = AccountBar(
        title="Pushover", load=desk.load, offer=desk.offer, ready=lambda: ready, tasks=TaskSupervisor()
    )
    qtbot.addWidget(bar)
    return bar


def shown(bar: AccountBar) -> list[str]:
    return [note.text() for note in bar.findChildren(Note) if not note.isHidden()]


async def test_the_lists_are_filled_from_the_account(qtbot: Any) -> None:
    desk = Desk()
    bar = make(qtbot, desk)
    bar.offer_load(offered=True)
    assert bar.load_button.text() == "Load from Pushover"
    bar.load_button.click()
    await until(bar.note.text)
    assert desk.offered == {"device": DEVICES}
    assert (bar.note.kind, bar.note.text()) == (NoteKind.DONE, "Device: 2 to choose from.")


async def test_an_account_that_cannot_be_asked_says_why(qtbot: Any) -> None:
    desk = Desk(failure=AuthFailed("Key rejected: token is invalid."))
    bar = make(qtbot, desk)
    bar.offer_load(offered=True)
    bar.load_button.click()
    await until(bar.note.text)
    assert (bar.note.kind, bar.note.text()) == (NoteKind.FAILED, "Key rejected: token is invalid.")


async def test_nothing_is_asked_while_a_field_is_wrong(qtbot: Any) -> None:
    desk = Desk()
    bar = make(qtbot, desk, ready=False)
    bar.offer_load(offered=True)
    bar.load_button.click()
    assert desk.asked == 0
    assert not bar.load_button.is_busy()


async def test_a_passed_test_fills_the_lists_and_a_failed_one_does_not(qtbot: Any) -> None:
    desk = Desk()
    bar = make(qtbot, desk)
    bar.follow_test(TestReport(ok=True, lines=(), ms=0))
    assert not bar.load_button.is_busy(), "this service cannot be asked"
    bar.offer_load(offered=True)
    bar.follow_test(TestReport(ok=False, lines=(), ms=0))
    assert not bar.load_button.is_busy()
    bar.follow_test(TestReport(ok=True, lines=(), ms=0))
    await until(lambda: desk.offered)


async def test_few_messages_left_are_a_warning(qtbot: Any) -> None:
    bar = make(qtbot, Desk())
    assert bar.isHidden()
    reset = datetime(2026, 12, 1, tzinfo=UTC)
    bar.show_quota(Quota(limit=10_000, remaining=9_000, reset=reset))
    assert not bar.isHidden()
    assert shown(bar) == ["9000 of 10000 messages left until 2026-12-01."]
    bar.show_quota(Quota(limit=10_000, remaining=42, reset=reset))
    assert [note.kind for note in bar.findChildren(Note) if note.text()] == [NoteKind.WARNING]
    bar.show_quota(None)
    assert bar.isHidden()
