"""The head of a details window: how the job stands, why, and what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.wording import tr


class JobHeader(QWidget):
    """Rows that have nothing to say are not shown."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self._captions: list[QLabel] = []
        self.status = Note()
        self.webhook = _plain_label()
        self.open_webhook = QPushButton(tr("Open"))
        self.open_webhook.setAccessibleName(tr("Open webhook"))
        self.reason = _plain_label()
        self.next = _plain_label()
        self.open_settings = QPushButton(tr("Open settings"))
        self.retry = QPushButton(tr("Retry"))
        self.retry.setAccessibleName(tr("Retry this job"))
        self._rows = [
            self._add_row(tr("Status"), self.status),
            self._add_row(tr("Webhook"), self.webhook, self.open_webhook),
            self._add_row(tr("Reason"), self.reason),
            self._add_row(tr("Do next"), self.next, self.open_settings, self.retry),
        ]

    def tell(self, *, kind: NoteKind, status: str, webhook: str, reason: str, next_step: str) -> None:
        """Fill the rows."""
        self.status.tell(kind, status)
        self.webhook.setText(webhook)
        self.reason.setText(reason)
        self.next.setText(next_step)
        for (caption, row), words in zip(self._rows, (status, webhook, reason, next_step), strict=True):
            caption.setVisible(bool(words))
            row.setVisible(bool(words))

    def _add_row(self, title: str, *widgets: QWidget) -> tuple[QLabel, QWidget]:
        place = self._grid.rowCount()
        caption = QLabel(title)
        caption.setAlignment(Qt.AlignmentFlag.AlignTop)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        for position, widget in enumerate(widgets):
            line.addWidget(widget, 0 if position else 1)
        self._grid.addWidget(caption, place, 0)
        self._grid.addWidget(row, place, 1)
        return caption, row


def _plain_label() -> QLabel:
    """What stands here came from outside: never markup, and fit to be selected."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    return label
