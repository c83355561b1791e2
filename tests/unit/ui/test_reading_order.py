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

    assert [each.text() for each in buttons_from(first)] == ["1", "2", "3", "4", "5", "6"]


def buttons_from(first: QWidget) -> list[QPushButton]:
    """The buttons that Tab reaches, beginning with one."""
    return [each for each in chain_from(first) if isinstance(each, QPushButton)]


def chain_from(first: QWidget) -> list[QWidget]:
    """Everything in the order of Tab."""
    chain, at = [first], first.nextInFocusChain()
    while at is not None and at is not first:
        chain.append(at)
        at = at.nextInFocusChain()
        assert len(chain) < 50
    return chain


def test_what_tab_cannot_reach_has_no_place(qtbot: QtBot) -> None:
    root = QWidget()
    qtbot.addWidget(root)
    column = QVBoxLayout(root)
    line = QLineEdit()
    column.addWidget(QLabel("Name"))
    column.addWidget(line)

    assert list(in_reading_order(root)) == [line]


def test_what_hands_the_focus_on_keeps_its_parts_together(qtbot: QtBot) -> None:
    root, whole, before = QWidget(), QWidget(), QLineEdit()
    qtbot.addWidget(root)
    parts = QVBoxLayout(whole)
    line, show, after = QLineEdit(), QPushButton("Show"), QPushButton("After")
    parts.addWidget(line)
    parts.addWidget(show)
    whole.setFocusProxy(line)
    column = QVBoxLayout(root)
    column.addWidget(before)
    column.addWidget(whole)
    column.addWidget(after)

    follow_reading_order(root)

    assert [each for each in chain_from(before) if each not in {root, whole}] == [before, line, show, after]
