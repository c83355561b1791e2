"""The lines of a connection, one under the other, each with its tick or cross."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.wording import fill_in, say, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.app.snapshots import TestReport


class ReportLines(QWidget):
    """Hidden while there is nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self._notes: list[Note] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self.hide()

    def show_report(self, report: TestReport) -> None:
        """Show every line of a report, and have a screen reader say them."""
        lines = [(NoteKind.DONE if line.ok else NoteKind.FAILED, say(line.detail)) for line in report.lines]
        self.tell(lines, aloud=True)

    def tell(self, lines: Sequence[tuple[NoteKind, str]], *, aloud: bool = False) -> None:
        """Show these lines and no others."""
        while len(self._notes) < len(lines):
            note = Note()
            self._notes.append(note)
            self._column.addWidget(note)
        for place, note in enumerate(self._notes):
            if place < len(lines):
                note.tell(*lines[place], aloud=aloud)
            else:
                note.forget()
        self.setVisible(bool(lines))

    def mark_stale(self) -> None:
        """Show what is said as of the past: a field changed since."""
        texts = self.texts()
        if texts and not all(note.kind is NoteKind.STALE for note in self._notes if note.text()):
            texts[-1] = fill_in(tr("{result} (before your changes)"), result=texts[-1])
            self.tell([(NoteKind.STALE, words) for words in texts])

    def texts(self) -> list[str]:
        """What is said."""
        return [note.text() for note in self._notes if note.text()]
