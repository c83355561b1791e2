"""What was found on the home network, with a way to the settings of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from metarr_desktop.app.finding_snapshots import FindReport
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.mnemonics import renew_mnemonics
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.reading_order import follow_reading_order
from metarr_desktop.ui.wording import fill_in, one_line, plural, say, tr

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.finding_snapshots import FoundSnapshot
    from metarr_desktop.app.tasks import TaskSupervisor

WIDTH, HEIGHT = 560, 300


class FoundRow(QWidget):
    """One place: what it is, and Set up; ``chosen`` carries it."""

    chosen = Signal(object)

    def __init__(self, found: FoundSnapshot) -> None:
        super().__init__()
        self.found = found
        label = QLabel(place_words(found))
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        self.button = QPushButton(tr("Set up"))
        self.button.setAutoDefault(False)
        words = fill_in(tr("Set up {service} {name}"), service=found.title, name=found.name)
        self.button.setAccessibleName(words)
        self.button.clicked.connect(lambda: self.chosen.emit(self.found))
        self.known = Note()
        self.known.tell(NoteKind.DONE, tr("Already set up") if found.set_up else "")
        self.button.setVisible(not found.set_up)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setColumnStretch(0, 1)
        for column, widget in enumerate((label, self.button, self.known)):
            grid.addWidget(widget, 0, column)


class FoundList(QScrollArea):
    """Everything that was found, one row each; ``chosen`` carries the one that is to be set up."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[FoundRow] = []
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_found(self, found: tuple[FoundSnapshot, ...]) -> None:
        """Show these and no others."""
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        self.rows = [FoundRow(each) for each in found]
        for row in self.rows:
            row.chosen.connect(self.chosen)
            column.addWidget(row)
        column.addStretch(1)
        self.setWidget(inner)


class FindDialog(QDialog):
    """Looks at once when it opens, and again when asked; ``chosen`` carries what is to be set up."""

    chosen = Signal(object)

    def __init__(self, *, commands: Commands, tasks: TaskSupervisor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._commands = commands
        self._tasks = tasks
        self.setWindowTitle(tr("Find on network"))
        self.resize(WIDTH, HEIGHT)
        self.note = Note()
        self.list = FoundList()
        self.list.chosen.connect(self.chosen)
        self.again = QPushButton(tr("Look again"))
        self.close_button = QPushButton(tr("Close"))
        for button in (self.again, self.close_button):
            button.setAutoDefault(False)
        self.again.clicked.connect(self.look)
        self.close_button.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addWidget(self.again)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.addWidget(self.note)
        column.addWidget(self.list, 1)
        column.addLayout(buttons)

    def look(self) -> None:
        """Ask the network, which takes three seconds."""
        if self.again.isEnabled():
            self.again.setEnabled(False)
            self.note.tell(NoteKind.RUNNING, tr("Looking for Kodi, Jellyfin, Plex and others..."), aloud=True)
            self._tasks.spawn(self._look(), name="find on network")

    async def _look(self) -> None:
        try:
            report = await self._commands.find_services()
        except MetarrError as error:
            report = FindReport(found=(), failures=(error.text,))
        if isValid(self):
            self._show(report)

    def _show(self, report: FindReport) -> None:
        self.again.setEnabled(True)
        self.list.show_found(report.found)
        kind, words = report_words(report)
        self.note.tell(kind, words, aloud=True)
        renew_mnemonics(self)
        follow_reading_order(self)
        first = next((row.button for row in self.list.rows if row.button.isVisibleTo(self)), self.again)
        first.setFocus()


def place_words(found: FoundSnapshot) -> str:
    """Name a place: what it is, what it calls itself, and where it is."""
    return one_line(f'{found.title} "{found.name}" {found.address}')


def report_words(report: FindReport) -> tuple[NoteKind, str]:
    """Sum up what was found, and what could not be looked for."""
    lines = [say(each) for each in report.failures]
    if report.found:
        count = len(report.found)
        lines.insert(0, plural("{n} found.", "{n} found.", count))
    elif not lines:
        lines.append(
            tr(
                "Nothing was found. Devices have to be switched on and in the same network. In Kodi switch on"
                " Settings > Services > General > Announce services to other systems."
            )
        )
    return (NoteKind.WARNING if report.failures else NoteKind.PLAIN), "\n".join(lines)
