"""A few lines of text with the manners of a line edit; as a secret it shows dots only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt, Signal
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QPaintEvent

LINES = 4
MOST_DOTS = 60
DOT = "\N{BULLET}"


class LinesEdit(QPlainTextEdit):
    """``editingFinished`` comes when the cursor leaves; Tab goes on to the next field."""

    editingFinished = Signal()  # noqa: N815 - as QLineEdit calls it

    def __init__(self) -> None:
        super().__init__()
        self._mode = QLineEdit.EchoMode.Normal
        self.setTabChangesFocus(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        margins = 2 * (self.frameWidth() + int(self.document().documentMargin()))
        self.setFixedHeight(self.fontMetrics().lineSpacing() * LINES + margins)

    def text(self) -> str:
        """The lines as typed."""
        return self.toPlainText()

    def setText(self, text: str) -> None:
        """Show other lines."""
        self.setPlainText(text)

    def echoMode(self) -> QLineEdit.EchoMode:
        """Whether letters or dots are shown."""
        return self._mode

    def setEchoMode(self, mode: QLineEdit.EchoMode) -> None:
        """Show letters or dots; dots cannot be copied."""
        self._mode = mode
        self.setUndoRedoEnabled(mode is QLineEdit.EchoMode.Normal)
        self.viewport().update()

    def createMimeDataFromSelection(self) -> QMimeData:
        """Copy and drag what is shown only."""
        return QMimeData() if self._is_hidden() else super().createMimeDataFromSelection()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leaving asks for validation."""
        super().focusOutEvent(event)
        self.editingFinished.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint dots in place of a hidden text."""
        if not self._is_hidden() or not self.toPlainText():
            super().paintEvent(event)
            return
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        margin, height = int(self.document().documentMargin()), self.fontMetrics().lineSpacing()
        area = self.viewport().rect().adjusted(margin, margin, -margin, -margin)
        for place, line in enumerate(self.toPlainText().split("\n")[:LINES]):
            dots = DOT * min(len(line), MOST_DOTS)
            painter.drawText(area.translated(0, place * height), Qt.AlignmentFlag.AlignLeft, dots)
        painter.end()

    def _is_hidden(self) -> bool:
        return self._mode is not QLineEdit.EchoMode.Normal
