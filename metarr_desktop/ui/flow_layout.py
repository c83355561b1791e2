"""A row of widgets that goes on in the next line where the window is narrow."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLayout, QLayoutItem

SPACING = 6


class FlowLayout(QLayout):
    """Left to right, or right to left where the language is; lines are as high as their highest widget.

    With ``spread`` the last widget stands at the far end of its line.
    """

    def __init__(self, *, spread: bool = False) -> None:
        super().__init__()
        self._spread = spread
        self._items: list[QLayoutItem] = []
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Take one more."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """One of them."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give one of them away."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It wants no more than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """A narrow one is higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How high it is at a width."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Place everything."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """All in one line."""
        hints = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(hint.width() for hint in hints) + SPACING * max(0, len(hints) - 1)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        """One widget in each line."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _place(self, rect: QRect, *, move: bool) -> int:
        y = 0
        for line in self._lines(rect.width()):
            height = max(item.sizeHint().height() for item in line)
            if move:
                self._place_line(line, QRect(rect.left(), rect.top() + y, rect.width(), height))
            y += height + SPACING
        return max(0, y - SPACING)

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        lines: list[list[QLayoutItem]] = []
        used = 0
        for item in self._items:
            if item.isEmpty():
                continue
            needed = item.sizeHint().width()
            if lines and used + SPACING + needed <= width:
                lines[-1].append(item)
                used += SPACING + needed
            else:
                lines.append([item])
                used = needed
        return lines

    def _place_line(self, line: list[QLayoutItem], rect: QRect) -> None:
        mirrored = QGuiApplication.layoutDirection() is Qt.LayoutDirection.RightToLeft
        x = 0
        for item in line:
            size = item.sizeHint()
            if self._spread and item is self._items[-1]:
                x = max(x, rect.width() - size.width())
            left = rect.width() - x - size.width() if mirrored else x
            top = (rect.height() - size.height()) // 2
            item.setGeometry(QRect(rect.topLeft() + QPoint(left, top), size))
            x += size.width() + SPACING
