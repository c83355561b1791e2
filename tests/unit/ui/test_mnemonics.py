"""The marked letters of labels and buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QVBoxLayout, QWidget

from metarr_desktop.ui.mnemonics import give_mnemonics, without_mnemonic

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

pytestmark = pytest.mark.usefixtures("qtbot")


@pytest.fixture
def form(qtbot: QtBot) -> QWidget:
    root = QWidget()
    qtbot.addWidget(root)
    column = QVBoxLayout(root)
    for title in ("Type", "Status"):
        label, box = QLabel(title), QComboBox()
        label.setBuddy(box)
        column.addWidget(label)
        column.addWidget(box)
    for title in ("Stop", "Save && close", "T"):
        column.addWidget(QPushButton(title))
    return root


def test_each_text_gets_a_letter_that_is_free_and_begins_a_word_where_one_does(form: QWidget) -> None:
    give_mnemonics(form, taken="y")

    assert [label.text() for label in form.findChildren(QLabel)] == ["&Type", "&Status"]
    assert [button.text() for button in form.findChildren(QPushButton)] == ["St&op", "Save && &close", "T"]


def test_a_text_is_read_without_its_marks() -> None:
    assert without_mnemonic("S&ave && close") == "Save & close"


def test_a_marked_label_has_room_for_its_letters_one_by_one(form: QWidget) -> None:
    give_mnemonics(form)
    label = form.findChildren(QLabel)[0]

    metrics = label.fontMetrics()
    alone = sum(metrics.horizontalAdvance(letter) for letter in without_mnemonic(label.text()))
    assert label.sizeHint().width() >= alone
