"""The buttons of a service's page that try it out, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.trial_button import TrialButton
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from metarr_desktop.app.snapshots import TestReport
    from metarr_desktop.app.tasks import TaskSupervisor


class TrialBar(QWidget):
    """One test at a time; its result goes stale when a field changes."""

    relabelled = Signal()

    def __init__(
        self,
        *,
        test: Callable[[], Awaitable[TestReport]],
        send: Callable[[], Awaitable[TestReport]],
        ready: Callable[[], bool],
        tasks: TaskSupervisor,
    ) -> None:
        super().__init__()
        self._words = ""
        self.test_button = TrialButton(tr("Test connection"), call=test, ready=ready, tasks=tasks)
        self.send_button = TrialButton(tr("Send test message"), call=send, ready=ready, tasks=tasks)
        self.note = Note()
        buttons = QHBoxLayout()
        for button, other in (
            (self.test_button, self.send_button),
            (self.send_button, self.test_button),
        ):
            button.began.connect(lambda other=other: self._on_began(other))
            button.ended.connect(self._on_ended)
            buttons.addWidget(button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(buttons)
        column.addWidget(self.note)

    def mark_stale(self) -> None:
        """Show the result as one of the past: a field changed since."""
        if self._words:
            self.note.tell(NoteKind.STALE, tr("{result} (before your changes)").format(result=self._words))
            self._words = ""

    def offer(self, *, message: bool) -> None:
        """Offer to send a message, where the service takes any; a media server looks at a folder instead."""
        self.send_button.relabel(tr("Send test message") if message else tr("Refresh a folder"))
        self.relabelled.emit()

    def forget(self) -> None:
        """Show no result and wait for none."""
        self.test_button.stop()
        self.send_button.stop()
        self._words = ""
        self.note.forget()

    def _on_began(self, other: TrialButton) -> None:
        self._words = ""
        self.note.forget()
        other.setEnabled(False)
        self.relabelled.emit()

    def _on_ended(self, kind: NoteKind, words: str) -> None:
        self._words = words
        self.test_button.setEnabled(True)
        self.send_button.setEnabled(True)
        self.note.tell(kind, words, aloud=True)
        self.relabelled.emit()
