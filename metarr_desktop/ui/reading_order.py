"""Tab goes from field to field as they are read, whatever was made first."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, cast

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
    inner = None
    if isinstance(root, QScrollArea):
        inner = root.widget()
    elif isinstance(root, QMainWindow):
        inner = root.centralWidget()
    proxy, layout = root.focusProxy(), root.layout()
    if inner is not None:
        yield from in_reading_order(inner)
    elif proxy is not None and root.isAncestorOf(proxy):
        yield root
    else:
        if root.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield root
        if layout is not None and not isinstance(root, QAbstractScrollArea):
            yield from _laid_out(layout)


def _laid_out(layout: QLayout) -> Iterator[QWidget]:
    items = [layout.itemAt(place) for place in range(layout.count())]
    if isinstance(layout, QGridLayout):
        cells: list[tuple[int, int, int, int]] = [
            cast("tuple[int, int, int, int]", layout.getItemPosition(place))
            for place in range(layout.count())
        ]
        items = [items[place] for place in sorted(range(len(items)), key=cells.__getitem__)]
    for item in items:
        if item is None:
            continue
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            yield from in_reading_order(widget)
        elif inner is not None:
            yield from _laid_out(inner)
