"""The address to paste into a sender, with Copy, and what is done there by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from metarr_desktop.ui.wording import fill_in, tr

if TYPE_CHECKING:
    from collections.abc import Sequence


class AddressLine(QWidget):
    """``copied`` tells that the address lies on the clipboard."""

    copied = Signal()

    def __init__(self, title: str, *, steps: Sequence[str]) -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setReadOnly(True)
        self.line.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.line.setAccessibleName(fill_in(tr("Address for {source}"), source=title))
        self.copy = QPushButton(tr("Copy"))
        self.copy.setAutoDefault(False)
        self.copy.setAccessibleName(fill_in(tr("Copy address for {source}"), source=title))
        self.copy.clicked.connect(self._on_copy)
        self.fold = QToolButton()
        self.fold.setText(tr("Do it by hand"))
        self.fold.setAccessibleName(tr("Do it by hand"))
        self.fold.setCheckable(True)
        self.fold.setAutoRaise(True)
        self.fold.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.toggled.connect(self._on_folded)
        self._steps = QLabel("\n".join(steps))
        self._steps.setTextFormat(Qt.TextFormat.PlainText)
        self._steps.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self.line, 1)
        row.addWidget(self.copy)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._steps)
        self._on_folded(shown=False)

    def show_address(self, address: str) -> None:
        """Show the address from its beginning."""
        if self.line.text() != address:
            self.line.setText(address)
            self.line.setCursorPosition(0)

    def _on_folded(self, shown: bool) -> None:  # noqa: FBT001 - Qt tells it so
        self.fold.setArrowType(Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow)
        self.fold.setAccessibleDescription(self._steps.text())
        self._steps.setVisible(shown)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.line.text())
        self.copied.emit()
