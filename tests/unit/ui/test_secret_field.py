from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton

from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.errors import SecretsUnavailable
from metarr_desktop.domain.forms import FieldSpec
from metarr_desktop.ui.secret_field import SecretField
from tests.fakes import until

pytestmark = pytest.mark.qt_loop
SPEC = FieldSpec(name="token", title="Application token", kind="secret", required=True)


def make(qtbot: Any, *, kept: str | None = "s3cret", locked: bool = False) -> SecretField:
    async def load() -> str | None:
        if locked:
            raise SecretsUnavailable("The keyring is locked.")
        return kept

    field = SecretField(SPEC, load=load, tasks=TaskSupervisor())
    qtbot.addWidget(field)
    field.reset(stored=True)
    field.show()
    return field


def button(field: SecretField, name: str) -> QPushButton:
    return next(each for each in field.findChildren(QPushButton) if each.accessibleName() == name)


async def test_a_kept_secret_is_neither_loaded_nor_changed_until_it_is_touched(qtbot: Any) -> None:
    field = make(qtbot)
    assert field.edit.text() == ""
    assert field.edit.placeholderText() == "Saved - leave empty to keep"
    assert field.edit.echoMode() is QLineEdit.EchoMode.Password
    assert field.change() == (False, None)
    assert field.is_set()


async def test_showing_loads_the_secret_and_hiding_takes_it_away(qtbot: Any) -> None:
    field = make(qtbot)
    qtbot.mouseClick(button(field, "Show application token"), Qt.MouseButton.LeftButton)
    await until(lambda: field.edit.text() == "s3cret")
    assert field.edit.echoMode() is QLineEdit.EchoMode.Normal
    assert field.change() == (False, None)
    qtbot.mouseClick(button(field, "Hide application token"), Qt.MouseButton.LeftButton)
    assert field.edit.echoMode() is QLineEdit.EchoMode.Password
    assert field.edit.text() == ""


async def test_a_locked_keyring_shows_nothing(qtbot: Any) -> None:
    field = make(qtbot, locked=True)
    show = button(field, "Show application token")
    qtbot.mouseClick(show, Qt.MouseButton.LeftButton)
    await until(lambda: show.isEnabled() and field.edit.echoMode() is QLineEdit.EchoMode.Password)
    assert field.edit.text() == ""


async def test_typing_is_a_new_secret_and_clearing_removes_the_kept_one(qtbot: Any) -> None:
    field = make(qtbot)
    qtbot.keyClicks(field.edit, "other")
    assert field.change() == (True, "other")
    field.reset(stored=True)
    clear = next(each for each in field.findChildren(QPushButton) if "Clear" in each.accessibleName())
    qtbot.mouseClick(clear, Qt.MouseButton.LeftButton)
    assert field.change() == (True, None)
    assert not field.is_set()
