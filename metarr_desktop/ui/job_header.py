"""The head of a details window: how the job stands, why, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.wording import progress_text, say, tr

if TYPE_CHECKING:
    from metarr_desktop.domain.jobs import Progress


BAR_WIDTH = 160
FINEST = 1_000
"""A bar has no more steps than this."""


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
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedSize(BAR_WIDTH, self.fontMetrics().height())
        self.progress.setAccessibleName(tr("Progress"))
        self.progress_words = _plain_label()
        self.limit = _plain_label()
        self.reason = _plain_label()
        self.next = _plain_label()
        self.open_settings = QPushButton(tr("Open settings"))
        self.retry = QPushButton(tr("Retry"))
        self.retry.setAccessibleName(tr("Retry this job"))
        self._rows = [
            self._add_row(tr("Status"), self.status),
            self._add_row(tr("Webhook"), self.webhook, self.open_webhook),
            self._add_row(tr("Progress"), self.progress, self.progress_words),
            self._add_row(tr("Reason"), self.reason),
            self._add_row(tr("Time limit"), self.limit),
            self._add_row(tr("Do next"), self.next, self.open_settings, self.retry),
        ]

    def tell(
        self,
        *,
        kind: NoteKind,
        status: str,
        webhook: str,
        progress: Progress | None,
        reason: str,
        limit: str,
        next_step: str,
    ) -> None:
        """Fill the rows."""
        how_far = self._show_progress(progress)
        self.status.tell(kind, status)
        self.webhook.setText(webhook)
        self.reason.setText(reason)
        self.limit.setText(limit)
        self.next.setText(next_step)
        told = (status, webhook, how_far, reason, limit, next_step)
        for (caption, row), words in zip(self._rows, told, strict=True):
            caption.setVisible(bool(words))
            row.setVisible(bool(words))

    def _show_progress(self, progress: Progress | None) -> str:
        if progress is None:
            return ""
        note = "" if progress.note is None else say(progress.note)
        words = f"{progress_text(progress)} - {note}" if note else progress_text(progress)
        most = max(1, min(progress.total, FINEST))
        share = progress.done / progress.total if progress.total > 0 else 0.0
        self.progress.setRange(0, most)
        self.progress.setValue(round(min(max(share, 0.0), 1.0) * most))
        self.progress.setAccessibleDescription(words)
        self.progress_words.setText(words)
        return words

    def _add_row(self, title: str, *widgets: QWidget) -> tuple[QLabel, QWidget]:
        place = self._grid.rowCount()
        caption = QLabel(title)
        caption.setAlignment(Qt.AlignmentFlag.AlignTop)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        for position, widget in enumerate(widgets):
            words = widget is self.progress_words if self.progress in widgets else not position
            line.addWidget(widget, 1 if words else 0)
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
