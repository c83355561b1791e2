from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.forms import FieldSpec
from metarr_desktop.ui.form_rows import FormRow
from metarr_desktop.ui.lines_edit import LinesEdit
from metarr_desktop.ui.secret_field import SecretField
from tests.fakes import until

pytestmark = pytest.mark.qt_loop
SECRET = FieldSpec(name="urls", title="Addresses", kind="secret", multiline=True, required=True)
PLAIN = FieldSpec(name="arguments", title="Arguments", kind="text", multiline=True)
TRUST = FieldSpec(name="confirmed", title="I trust this program", kind="boolean", required=True)


def field(qtbot: Any, kept: str = "one\ntwo") -> SecretField:
    async def load() -> str | None:
        return kept

    made = SecretField(SECRET, load=load, tasks=TaskSupervisor())
    qtbot.addWidget(made)
    made.reset(stored=True)
    made.show()
    return made


def picture(edit: LinesEdit) -> QImage:
    return edit.viewport().grab().toImage()


async def test_a_secret_of_several_lines_is_typed_and_kept_whole(qtbot: Any) -> None:
    made = field(qtbot)
    assert isinstance(made.edit, LinesEdit)
    assert made.change() == (False, None)
    qtbot.keyClicks(made.edit, "ntfy://a")
    qtbot.keyClick(made.edit, Qt.Key.Key_Return)
    qtbot.keyClicks(made.edit, "ntfy://b")
    assert made.change() == (True, "ntfy://a\nntfy://b")
    made.conceal()
    assert made.change() == (True, "ntfy://a\nntfy://b")


async def test_showing_loads_all_lines_and_hiding_takes_them_away(qtbot: Any) -> None:
    made = field(qtbot)
    made._on_show()
    await until(lambda: made.edit.text() == "one\ntwo")
    assert made.edit.echoMode() is QLineEdit.EchoMode.Normal
    assert made.change() == (False, None)
    made.conceal()
    assert made.edit.text() == ""


async def test_hidden_lines_look_alike_and_cannot_be_copied(qtbot: Any) -> None:
    edit = LinesEdit()
    qtbot.addWidget(edit)
    edit.resize(300, edit.height())
    edit.show()
    edit.setEchoMode(QLineEdit.EchoMode.Password)
    edit.setText("secret")
    first = picture(edit)
    empty = QImage(first)
    empty.fill(QColor(edit.palette().base().color()))
    assert first != empty
    edit.setText("terces")
    assert picture(edit) == first
    QApplication.clipboard().setText("before")
    edit.selectAll()
    edit.copy()
    assert "terces" not in QApplication.clipboard().text()
    edit.setEchoMode(QLineEdit.EchoMode.Normal)
    assert picture(edit) != first
    edit.copy()
    assert QApplication.clipboard().text() == "terces"


async def test_tab_leaves_the_lines_and_asks_for_validation(qtbot: Any) -> None:
    window, next_field = QWidget(), QLineEdit()
    row = FormRow(PLAIN, tasks=TaskSupervisor())
    column = QVBoxLayout(window)
    column.addWidget(row)
    column.addWidget(next_field)
    qtbot.addWidget(window)
    row.set_value("-a\n-b")
    assert row.value() == "-a\n-b"
    left: list[bool] = []
    row.left.connect(lambda: left.append(True))
    window.show()
    window.activateWindow()
    await until(window.isActiveWindow)
    row.take_focus()
    qtbot.keyClick(row.focus, Qt.Key.Key_Tab)
    assert row.value() == "-a\n-b"
    assert next_field.hasFocus()
    assert left == [True]


async def test_a_box_that_has_to_be_ticked_counts_as_empty_until_it_is(qtbot: Any) -> None:
    row = FormRow(TRUST, tasks=TaskSupervisor())
    qtbot.addWidget(row)
    assert row.is_empty()
    row.set_value(value=True)
    assert not row.is_empty()
