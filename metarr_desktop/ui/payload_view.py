"""A long text to read and copy from, cut where it would take long to show."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from metarr_desktop.ui.wording import tr

SHOWN_AT_FIRST = 200_000


class PayloadView(QWidget):
    """Read-only and monospaced; Show all appears where something is cut off."""

    def __init__(self) -> None:
        super().__init__()
        self._text = ""
        self._all = False
        self.edit = QPlainTextEdit()
        self.edit.setReadOnly(True)
        self.edit.setTabChangesFocus(True)
        self.edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.edit.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.edit.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.edit.setAccessibleName(tr("Payload"))
        self.edit.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.show_all = QPushButton(tr("Show all"))
        self.show_all.clicked.connect(self._on_show_all)
        column = QVBoxLayout(self)
        column.addWidget(self.edit, 1)
        column.addWidget(self.show_all, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_all.hide()

    def show_text(self, text: str) -> None:
        """Show another text; the same one again leaves the view as it is."""
        if text == self._text:
            return
        self._text, self._all = text, False
        self._render()

    def _on_show_all(self) -> None:
        self._all = True
        self._render()
        self.edit.setFocus()

    def _render(self) -> None:
        cut = len(self._text) > SHOWN_AT_FIRST and not self._all
        self.edit.setPlainText(self._text[:SHOWN_AT_FIRST] if cut else self._text)
        self.show_all.setVisible(cut)
