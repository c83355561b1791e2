"""The order in which Tab goes through a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QFormLayout,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.reading_order import follow_reading_order, in_reading_order

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_tab_goes_from_the_first_line_to_the_last_whatever_was_made_first(qtbot: QtBot) -> None:
    last, first, second, third, fourth, fifth = (QPushButton(str(place)) for place in (6, 1, 2, 3, 4, 5))
    inner, scroll, root = QWidget(), QScrollArea(), QWidget()
    qtbot.addWidget(root)
    form, flow, grid = QFormLayout(), FlowLayout(), QGridLayout()
    form.addRow(QLabel("Name"), first)
    for button in (second, third):
        flow.addWidget(button)
    grid.addWidget(fifth, 1, 0)
    grid.addWidget(fourth, 0, 1)
    column = QVBoxLayout(inner)
    for part in (form, flow, grid):
        column.addLayout(part)
    scroll.setWidget(inner)
    outer = QVBoxLayout(root)
    outer.addWidget(scroll)
    outer.addWidget(last)

    follow_reading_order(root)

    found, at = list[str](), first
    for _ in range(6):
        found.append(at.text())
        following = at.nextInFocusChain()
        while not isinstance(following, QPushButton):
            following = following.nextInFocusChain()
        at = following
    assert found == ["1", "2", "3", "4", "5", "6"]


def test_what_tab_cannot_reach_has_no_place(qtbot: QtBot) -> None:
    root = QWidget()
    qtbot.addWidget(root)
    column = QVBoxLayout(root)
    line = QLineEdit()
    for widget in (QLabel("Name"), line):
        column.addWidget(widget)

    assert list(in_reading_order(root)) == [line]


def test_what_hands_the_focus_on_keeps_its_parts_together(qtbot: QtBot) -> None:
    root, whole, before = QWidget(), QWidget(), QLineEdit()
    qtbot.addWidget(root)
    parts = QVBoxLayout(whole)
    line, show, after = QLineEdit(), QPushButton("Show"), QPushButton("After")
    for widget in (line, show):
        parts.addWidget(widget)
    whole.setFocusProxy(line)
    column = QVBoxLayout(root)
    for widget in (before, whole, after):
        column.addWidget(widget)

    follow_reading_order(root)

    chain, at = [before], before.nextInFocusChain()
    while at is not before:
        chain.append(at)
        at = at.nextInFocusChain()
        assert len(chain) < 10
    assert [each for each in chain if each not in {root, whole}] == [before, line, show, after]
