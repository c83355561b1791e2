"""Tab goes from field to field as they are read, whatever was made first."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QGridLayout, QMainWindow, QScrollArea, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QLayout


def follow_reading_order(root: QWidget) -> None:
    """Have Tab go through everything below ``root`` in the order of its layouts."""
    for before, after in pairwise(in_reading_order(root)):
        QWidget.setTabOrder(before, after)


def in_reading_order(root: QWidget) -> Iterator[QWidget]:
    """Every widget below ``root`` that Tab can reach, from the first line to the last.

    One that hands the focus to a part of itself, such as a QTabWidget, is moved by Qt as a whole.
    """
    layout = root.layout()
    if isinstance(root, QScrollArea) and root.widget() is not None:
        yield from in_reading_order(root.widget())
    elif isinstance(root, QMainWindow) and root.centralWidget() is not None:
        yield from in_reading_order(root.centralWidget())
    elif root.isAncestorOf(root.focusProxy()):
        yield root
    else:
        if root.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield root
        if layout is not None and not isinstance(root, QAbstractScrollArea):
            yield from _laid_out(layout)


def _laid_out(layout: QLayout) -> Iterator[QWidget]:
    places = list(range(layout.count()))
    if isinstance(layout, QGridLayout):
        places.sort(key=layout.getItemPosition)
    for place in places:
        item = layout.itemAt(place)
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            yield from in_reading_order(widget)
        elif inner is not None:
            yield from _laid_out(inner)
