"""Short news beside a field, a switch or a button: a shape, a colour and words."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.ui.announcing import announce
from metarr_desktop.ui.icons import status_icon
from metarr_desktop.ui.theme import status_colour
from metarr_desktop.ui.wrapping_label import WrappingLabel

if TYPE_CHECKING:
    from metarr_desktop.ui.theme import StatusColour

ICON_SIZE = 16
GAP = 6


class NoteKind(StrEnum):
    """What kind of news a note brings."""

    PLAIN = "plain"
    DONE = "done"
    WARNING = "warning"
    FAILED = "failed"
    WAITING = "waiting"
    STALE = "stale"
    QUEUED = "queued"
    RUNNING = "running"

    @classmethod
    def of_end(cls, status: EndStatus) -> NoteKind:
        """The kind that goes with how a job ended."""
        match status:
            case EndStatus.COMPLETED:
                return cls.DONE
            case EndStatus.FAILED:
                return cls.FAILED
            case EndStatus.SKIPPED | EndStatus.CANCELLED:
                return cls.PLAIN


_SHAPES = {
    NoteKind.DONE: "done",
    NoteKind.FAILED: "failed",
    NoteKind.WARNING: "blocked",
    NoteKind.WAITING: "retrying",
    NoteKind.QUEUED: "waiting",
    NoteKind.RUNNING: "running",
}
_COLOURS: dict[NoteKind, StatusColour] = {
    NoteKind.DONE: "done",
    NoteKind.FAILED: "failed",
    NoteKind.WARNING: "warning",
    NoteKind.WAITING: "warning",
}


class Note(QWidget):
    """Hidden while it has nothing to say; never taken for markup."""

    def __init__(self) -> None:
        super().__init__()
        self.kind = NoteKind.PLAIN
        self._icon = QLabel()
        self._icon.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._label = WrappingLabel()
        self._label.setAlignment(Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self._icon)
        row.addWidget(self._label, 1)
        column = QVBoxLayout(self)  # keeps shape and words together where there is more room than they need
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        self.forget()

    def text(self) -> str:
        """The words."""
        return self._label.text()

    def tell(self, kind: NoteKind, words: str, *, aloud: bool = False) -> None:
        """Show words, and with ``aloud`` have a screen reader say them."""
        self.kind = kind
        self._label.setText(words)
        self.setVisible(bool(words))
        self._paint()
        if aloud:
            announce(self, words)

    def forget(self) -> None:
        """Say nothing."""
        self.tell(NoteKind.PLAIN, "")

    def changeEvent(self, event: QEvent) -> None:
        """Follow the colours of the theme."""
        if event.type() == QEvent.Type.PaletteChange:
            self._paint()
        super().changeEvent(event)

    def _paint(self) -> None:
        shape = _SHAPES.get(self.kind)
        self._icon.setVisible(shape is not None)
        if shape is not None:
            self._icon.setPixmap(status_icon(shape).pixmap(ICON_SIZE))
        colour = status_colour(_COLOURS.get(self.kind))
        style = "" if self.kind is NoteKind.PLAIN else f"color: {colour.name()}"
        if self._label.styleSheet() != style:
            self._label.setStyleSheet(style)
