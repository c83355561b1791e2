"""Scan a path: the form for it, and folders that are dropped on the window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
)
from shiboken6 import isValid

from metarr_desktop.app.scan_requests import IN_NO_LIBRARY, NO_LIBRARIES, OUTSIDE
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.wording import fill_in, one_line, plural, say, tr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QShowEvent
    from PySide6.QtWidgets import QWidget

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.tasks import TaskSupervisor

_IN_THE_WINDOW = {
    NO_LIBRARIES.template: (
        "There is no library folder on this computer yet. Add the folder with your media in"
        " Settings > Library first."
    ),
    IN_NO_LIBRARY.template: (
        "{path} is in no library folder of this computer. Add the folder it lies in as a library folder, or"
        " a path mapping for the sender that writes it so, in Settings > Library."
    ),
    OUTSIDE.template: (
        "{path} leads to a place outside the library folders. Add that place in Settings > Library."
    ),
}
"""Refusals that are settled in the settings, with the way there."""
MOST_DROPPED = 50
"""More at a time are a mistake more likely than a wish; a whole library is scanned otherwise."""
FAILURES_SHOWN = 5


def local_paths(urls: Sequence[QUrl]) -> tuple[list[str], int]:
    """Return the paths of this computer among what was dropped, and how many others there were."""
    paths = [url.toLocalFile() for url in urls if url.isLocalFile() and url.toLocalFile()]
    return list(dict.fromkeys(paths)), sum(1 for url in urls if not url.isLocalFile())


async def scan_paths(commands: Commands, paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Ask for a scan of each; returns the titles of what waits now, and why the others do not."""
    titles, failures = list[str](), list[str]()
    for path in paths[:MOST_DROPPED]:
        try:
            request = await commands.scan_path(path, origin="window")
        except MetarrError as error:
            template = _IN_THE_WINDOW.get(error.text.template, error.text.template)
            failures.append(say(replace(error.text, template=template)))
        else:
            titles.append(one_line(request.title))
    if len(paths) > MOST_DROPPED:
        words = tr("Only the first {most} of {n} were taken. Drop the others afterwards.")
        failures.append(fill_in(words, most=MOST_DROPPED, n=len(paths)))
    return titles, failures


def scan_news(titles: Sequence[str]) -> str:
    """What waits to be scanned now."""
    if len(titles) == 1:
        return fill_in(tr("{title} waits to be scanned."), title=titles[0])
    return plural("{n} folder waits to be scanned.", "{n} folders wait to be scanned.", len(titles))


def failure_text(failures: Sequence[str], *, foreign: int = 0) -> str:
    """Why something was not scanned, each reason once and not endlessly many."""
    reasons = list(dict.fromkeys(failures))
    if foreign:
        reasons.append(tr("Only files and folders of this computer can be scanned."))
    shown = reasons[:FAILURES_SHOWN]
    if len(reasons) > len(shown):
        more = len(reasons) - len(shown)
        shown.append(plural("And {n} more.", "And {n} more.", more))
    return "\n".join(shown)


class ScanDialog(QDialog):
    """Stays open after a scan, for the next one; Esc closes it."""

    def __init__(self, *, commands: Commands, tasks: TaskSupervisor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._commands = commands
        self._tasks = tasks
        self.setWindowTitle(tr("Scan a path"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(420)
        self.path = QLineEdit()
        self.path.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.path.setAccessibleName(tr("Path"))
        self.browse = QPushButton(tr("Browse..."))
        self.scan = QPushButton(tr("Scan"))
        self.scan.setDefault(True)
        self.close_button = QPushButton(tr("Close"))
        self.note = Note()
        self._lay_out()
        self.browse.clicked.connect(self._on_browse)
        self.scan.clicked.connect(self._on_scan)
        self.close_button.clicked.connect(self.reject)
        self.path.textChanged.connect(self._follow_input)
        self._follow_input()

    def _lay_out(self) -> None:
        explanation = QLabel(
            tr(
                "The folder of one film, series or artist in a library folder, or a file in it."
                " A sender's path with a mapping will do as well."
            )
        )
        explanation.setWordWrap(True)
        label = QLabel(tr("Path"))
        label.setBuddy(self.path)
        grid = QGridLayout()
        for column, widget in enumerate((label, self.path, self.browse)):
            grid.addWidget(widget, 0, column)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.scan, self.close_button):
            buttons.addWidget(button)
        for button in (self.browse, self.close_button):
            button.setAutoDefault(False)
        outer = QVBoxLayout(self)
        outer.addWidget(explanation)
        outer.addLayout(grid)
        outer.addWidget(self.note)
        outer.addLayout(buttons)
        give_mnemonics(self)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin as high as the words need."""
        super().showEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Grow with what is told: a window does not ask its broken lines by itself."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
            self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def _follow_input(self) -> None:
        self.scan.setEnabled(bool(self.path.text().strip()))

    def _on_browse(self) -> None:
        picker = QFileDialog(self, tr("Scan a path"))
        picker.setFileMode(QFileDialog.FileMode.Directory)
        picker.setOption(QFileDialog.Option.ShowDirsOnly)
        picker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picker.fileSelected.connect(self.path.setText)
        picker.open()

    def _on_scan(self) -> None:
        self.scan.setEnabled(False)
        self._tasks.spawn(self._scan(self.path.text()), name="scan a path")

    async def _scan(self, path: str) -> None:
        titles, failures = await scan_paths(self._commands, [path])
        if not isValid(self):
            return
        if failures:
            self.note.tell(NoteKind.FAILED, failure_text(failures), aloud=True)
            self.path.setFocus()
        else:
            words = f"{scan_news(titles)} {tr('It is on the Jobs page.')}"
            self.note.tell(NoteKind.DONE, words, aloud=True)
            self.path.clear()
        self._fit()
        self._follow_input()
