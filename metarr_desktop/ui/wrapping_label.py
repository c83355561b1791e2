"""Words over several lines that are never cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QLabel

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent


class WrappingLabel(QLabel):
    """Asks for the lines its words have at the width it was given, no more and no fewer.

    A QLabel leaves it to layouts to ask how high it is at a width, and those in a form ask for a width of
    their own choice: words that have more lines were cut to make room for words that have fewer.
    """

    def __init__(self) -> None:
        super().__init__()
        self._height = 0
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)

    def setText(self, text: str) -> None:
        """Show other words."""
        super().setText(text)
        self._measure()

    def hasHeightForWidth(self) -> bool:
        """The height is told by the hints."""
        return False

    def sizeHint(self) -> QSize:
        """As wide as a QLabel, and as high as the words are now."""
        return QSize(super().sizeHint().width(), self._height)

    def minimumSizeHint(self) -> QSize:
        """As narrow as a QLabel, and as high as the words are now."""
        return QSize(super().minimumSizeHint().width(), self._height)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width may mean more or fewer lines."""
        super().resizeEvent(event)
        self._measure()

    def changeEvent(self, event: QEvent) -> None:
        """So may another font."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange}:
            self._measure()

    def _measure(self) -> None:
        height = self.heightForWidth(self.width())
        if height != self._height:
            self._height = height
            self.updateGeometry()
