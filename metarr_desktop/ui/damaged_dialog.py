"""The window of a start that finds the database damaged: it does nothing by itself."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStyle,
    QVBoxLayout,
)

from metarr_desktop.domain.errors import MetarrError, StorageDamaged
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.remedies import open_folder
from metarr_desktop.ui.wording import fill_in, plural, say, tr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from metarr_desktop.app.database_file import DatabaseFile
    from metarr_desktop.domain.backup import Backup, Replaced

ICON = 32
LEAST_WIDTH = 460


class Choice(StrEnum):
    """What a person wants done."""

    RESTORE = "restore"
    EMPTY = "empty"
    QUIT = "quit"


class DamagedDialog(QDialog):
    """Asks until it is closed; Esc and closing the window mean Quit."""

    def __init__(self, file: Path, backups: Sequence[Backup]) -> None:
        super().__init__()
        self._asked: asyncio.Future[Choice] = asyncio.get_running_loop().create_future()
        self.setWindowTitle("Metarr Desktop")
        self._words = QLabel(
            fill_in(
                tr(
                    "The database is damaged. Nothing was changed yet.\n\n"
                    "Whatever you choose, the damaged file stays beside the new one, in this folder:\n"
                    "{folder}"
                ),
                folder=str(file.parent),
            )
        )
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._words.setWordWrap(True)
        self._words.setMinimumWidth(LEAST_WIDTH)
        self.setAccessibleDescription(self._words.text())
        self._about = QLabel()
        self._about.setTextFormat(Qt.TextFormat.PlainText)
        self._about.setWordWrap(True)
        self._note = Note()
        self.restore = QPushButton()
        self.empty = QPushButton(tr("Start empty"))
        self.folder = QPushButton(tr("Open folder"))
        self.leave = QPushButton(tr("Quit"))
        self.restore.clicked.connect(lambda: self._choose(Choice.RESTORE))
        self.empty.clicked.connect(lambda: self._choose(Choice.EMPTY))
        self.folder.clicked.connect(lambda: open_folder(file.parent))
        self.leave.clicked.connect(self.reject)
        self._lay_out()
        self.offer(backups)

    def offer(self, backups: Sequence[Backup]) -> None:
        """Offer the newest of these backups, or none."""
        self.backup = backups[0] if backups else None
        self.restore.setVisible(self.backup is not None)
        if self.backup is None:
            self._about.setText(tr("There is no backup that could be restored."))
        else:
            self._about.setText(
                tr(
                    "Webhooks that came after the backup are not in it. Jobs that wait in it are cancelled, "
                    "as they may have been done since; retry what is still wanted."
                )
            )
            self.restore.setText(fill_in(tr("Restore backup of {date}"), date=self.backup.date))
        safest = self.leave if self.backup is None else self.restore
        for button in (self.restore, self.empty, self.folder, self.leave):
            button.setAutoDefault(button is safest)
            button.setDefault(button is safest)
        give_mnemonics(self)
        self._fit()

    async def choice(self) -> Choice:
        """Wait for a button; once one is pressed the others are off until this is called again."""
        self._enable(enabled=True)
        try:
            return await self._asked
        finally:
            self._asked = asyncio.get_running_loop().create_future()
            self._enable(enabled=False)

    def tell(self, kind: NoteKind, words: str) -> None:
        """Say below the words what goes on or went wrong."""
        self._note.tell(kind, words, aloud=True)
        self._fit()

    def reject(self) -> None:
        """Quit; what is being done to the file right now is done first."""
        self._choose(Choice.QUIT)

    def discard(self) -> None:
        """Go away now: what Python collects later, it may collect on a thread that is not Qt's."""
        self.hide()
        self.deleteLater()
        QCoreApplication.sendPostedEvents(self, QEvent.Type.DeferredDelete)

    def _choose(self, choice: Choice) -> None:
        if not self._asked.done():
            self._asked.set_result(choice)

    def _enable(self, *, enabled: bool) -> None:
        for button in (self.restore, self.empty, self.folder, self.leave):
            button.setEnabled(enabled)
        if enabled:
            (self.leave if self.backup is None else self.restore).setFocus()

    def _fit(self) -> None:
        """Grow with the words: where lines wrap, Qt does so only before it shows a window."""
        layout = self.layout()
        if layout is not None and self.isVisible():
            layout.activate()
            width = max(self.width(), layout.totalMinimumSize().width())
            self.resize(width, max(self.height(), layout.totalHeightForWidth(width)))

    def _lay_out(self) -> None:
        sign = QLabel()
        icon = QApplication.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning)
        sign.setPixmap(icon.pixmap(ICON))
        sign.setAlignment(Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        for widget in (self._words, self._about, self._note):
            column.addWidget(widget)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(sign)
        row.addLayout(column, 1)
        buttons = QHBoxLayout()
        for button in (self.restore, self.empty, self.folder):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        outer = QVBoxLayout(self)
        outer.setSpacing(16)
        outer.addLayout(row)
        outer.addStretch(1)
        outer.addLayout(buttons)


async def mend(dialog: DamagedDialog, file: DatabaseFile, backups: Sequence[Backup]) -> Replaced | None:
    """Ask, and do what is chosen, until it is done; None where a person quits instead."""
    left = list(backups)
    while True:
        choice = await dialog.choice()
        if choice is Choice.QUIT:
            return None
        dialog.tell(NoteKind.WAITING, tr("This may take a moment..."))
        try:
            if choice is Choice.RESTORE and left:
                return await file.restore(left[0].date)
            return await file.start_empty()
        except StorageDamaged as error:
            left = [each for each in left if each.date != left[0].date]
            dialog.tell(NoteKind.FAILED, say(error.text))
            dialog.offer(left)
        except MetarrError as error:
            dialog.tell(NoteKind.FAILED, say(error.text))


def told(done: Replaced) -> str:
    """What was done, for the window that follows."""
    lines = [
        tr("An empty database is in place. Set up your services again; their secrets are still saved.")
        if done.backup is None
        else fill_in(tr("The backup of {date} is in place."), date=done.backup.date)
    ]
    if done.cancelled:
        lines.append(
            plural(
                "{n} job that waited in it was cancelled. Retry it in the history if it is still wanted.",
                "{n} jobs that waited in it were cancelled. Retry in the history what is still wanted.",
                done.cancelled,
            )
        )
    if done.aside is not None:
        lines.append(fill_in(tr("The damaged file was kept as {file}."), file=done.aside.name))
    return "\n\n".join(lines)
