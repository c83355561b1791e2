"""The marked letters of labels and buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from metarr_desktop.ui.mnemonics import give_mnemonics, renew_mnemonics, without_mnemonic

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

    assert [label.text() for label in form.findChildren(QLabel)] == ["Ty&pe", "&Status"]
    assert [button.text() for button in form.findChildren(QPushButton)][:2] == ["St&op", "Save && &close"]


def test_one_gives_way_to_another_that_has_no_other_letter(form: QWidget) -> None:
    give_mnemonics(form, taken="y")

    assert form.findChildren(QLabel)[0].text() == "Ty&pe"
    assert form.findChildren(QPushButton)[2].text() == "&T"


def test_no_letter_is_given_that_is_in_sight_elsewhere_in_the_window(qtbot: QtBot) -> None:
    window, above, page = QWidget(), QWidget(), QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    for part, title in ((above, "Dismiss"), (page, "Details")):
        column.addWidget(part)
        QVBoxLayout(part).addWidget(QPushButton(title))
    window.show()

    give_mnemonics(page)
    give_mnemonics(above)
    assert [each.text() for each in window.findChildren(QPushButton)] == ["D&ismiss", "&Details"]

    page.hide()
    renew_mnemonics(above)
    assert above.findChildren(QPushButton)[0].text() == "&Dismiss"


def test_a_text_is_read_without_its_marks() -> None:
    assert without_mnemonic("S&ave && close") == "Save & close"


def test_a_marked_label_has_room_for_its_letters_one_by_one(form: QWidget) -> None:
    give_mnemonics(form)
    label = form.findChildren(QLabel)[0]

    metrics = label.fontMetrics()
    alone = sum(metrics.horizontalAdvance(letter) for letter in without_mnemonic(label.text()))
    assert label.sizeHint().width() >= alone


def test_of_a_page_that_scrolls_the_many_check_boxes_go_without_first(qtbot: QtBot) -> None:
    page, middle, scroll = QWidget(), QWidget(), QScrollArea()
    qtbot.addWidget(page)
    outer, inner = QVBoxLayout(page), QVBoxLayout(middle)
    scroll.setWidget(middle)
    outer.addWidget(scroll)
    boxes = [QCheckBox(letter) for letter in "abc"]
    for box in boxes:
        inner.addWidget(box)
    inner.addWidget(field := QPushButton("b"))
    outer.addWidget(test := QCheckBox("a"))

    give_mnemonics(page)

    assert [each.text() for each in (*boxes, field, test)] == ["a", "b", "&c", "&b", "&a"]
