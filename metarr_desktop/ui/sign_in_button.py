"""The button of a service's page that signs in there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton
from shiboken6 import isValid

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.notes import NoteKind
from metarr_desktop.ui.sign_in_dialog import SignInDialog
from metarr_desktop.ui.wording import say, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from PySide6.QtGui import QHideEvent

    from metarr_desktop.app.sign_in_desk import SignInRun
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.text import Text


class SignInButton(QPushButton):
    """``brought`` carries the Draft for the form; ``told`` a NoteKind and words, before and after."""

    brought = Signal(object)
    told = Signal(object, str)

    def __init__(self, *, begin: Callable[[], Awaitable[SignInRun]], tasks: TaskSupervisor) -> None:
        super().__init__()
        self._begin = begin
        self._tasks = tasks
        self.dialog: SignInDialog | None = None
        self.setAutoDefault(False)
        self.hide()
        self.clicked.connect(self._on_clicked)

    def offer(self, label: Text) -> None:
        """Show the button with the words of the service."""
        self.setText(say(label))
        self.setAccessibleName(say(label))
        self.show()

    def hideEvent(self, event: QHideEvent) -> None:
        """A page that is left signs in nowhere."""
        super().hideEvent(event)
        if not event.spontaneous() and self.dialog is not None and isValid(self.dialog):
            self.dialog.reject()

    def _on_clicked(self) -> None:
        if self.dialog is None:
            self._tasks.spawn(self._open(), name="sign in")

    async def _open(self) -> None:
        self.setEnabled(False)
        self.told.emit(NoteKind.PLAIN, "")
        try:
            run = await self._begin()
        except MetarrError as error:
            self.told.emit(NoteKind.FAILED, say(error.text))
            return
        finally:
            self.setEnabled(True)
        self.dialog = SignInDialog(run, title=self.accessibleName(), tasks=self._tasks, parent=self.window())
        self.dialog.finished.connect(self._on_finished)
        self.dialog.open()

    def _on_finished(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is None:
            return
        draft = dialog.draft
        if draft is not None:
            self.brought.emit(draft)
            lines = [
                say(dialog.snapshot.words),
                *map(say, dialog.snapshot.warnings),
                tr("Save to keep this."),
            ]
            kind = NoteKind.WARNING if dialog.snapshot.warnings else NoteKind.DONE
            self.told.emit(kind, "\n".join(lines))
        self.setFocus()
        dialog.deleteLater()
