"""The last page of the assistant: how everything stands, and how the program starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QCheckBox, QGridLayout, QVBoxLayout, QWidget

from metarr_desktop.app.sender_snapshots import SenderState
from metarr_desktop.app.snapshots import ServiceState
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.sender_wording import sender_state_text
from metarr_desktop.ui.settings_pages.page import SettingsPage
from metarr_desktop.ui.trial_button import TrialButton
from metarr_desktop.ui.wording import fill_in, service_state_text, tr

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.snapshots import ServiceSnapshot
    from metarr_desktop.app.tasks import TaskSupervisor


class ServiceLine(QWidget):
    """How one service stands, with its test."""

    def __init__(self, service: ServiceSnapshot, *, commands: Commands, tasks: TaskSupervisor) -> None:
        super().__init__()
        kind, words = service_state_text(service)
        if service.state is ServiceState.NOT_TESTED:
            kind = NoteKind.WARNING
        self.state = Note()
        self.state.tell(kind, fill_in(tr("{sender}: {state}"), sender=service.title, state=words))
        name = fill_in(tr("Test {service}"), service=service.title)
        self.test = TrialButton(
            tr("Test"), call=lambda: commands.test_service(service.key), tasks=tasks, name=name
        )
        self._title = service.title
        self.test.ended.connect(self._on_tested)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        grid.addWidget(self.state, 0, 0)
        grid.addWidget(self.test, 0, 1)

    def _on_tested(self, kind: NoteKind, words: str) -> None:
        told = fill_in(tr("{sender}: {state}"), sender=self._title, state=words)
        self.state.tell(kind, told, aloud=True)


class DoneStep(SettingsPage):
    """What was set up, one line each; starting hidden is offered where there is a tray."""

    def __init__(
        self, *, commands: Commands, queries: Queries, tasks: TaskSupervisor, has_tray: bool
    ) -> None:
        super().__init__(key="done", title=tr("Done"))
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self.notes: list[Note] = []
        self.lines: list[ServiceLine] = []
        self._column = QVBoxLayout()
        self.start_hidden = QCheckBox(tr("Start hidden in the tray"))
        self.start_hidden.setVisible(has_tray)
        self.body.addLayout(self._column)
        self.body.addSpacing(12)
        self.body.addWidget(self.start_hidden)
        self.body.addStretch(1)

    async def load(self) -> None:
        """Sum up what is there now."""
        for widget in (*self.notes, *self.lines):
            self._column.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self.notes, self.lines = [], []
        self._tell_listening()
        for sender in await self._queries.senders():
            if sender.state is not SenderState.OFF:
                kind, words = sender_state_text(sender)
                self._tell(kind, fill_in(tr("{sender}: {state}"), sender=sender.name, state=words))
        for service in await self._queries.services():
            if service.enabled:
                line = ServiceLine(service, commands=self._commands, tasks=self._tasks)
                self.lines.append(line)
                self._column.addWidget(line)
        if len(self.notes) == 1 and not self.lines:
            self._tell(NoteKind.PLAIN, tr("Nothing else is set up yet. Settings has all of it."))
        self.start_hidden.setChecked(self._queries.settings().start_hidden)
        self.refresh_mnemonics()

    async def save(self) -> bool:
        """Store how the program starts."""
        hidden = self.start_hidden.isChecked()
        if hidden == self._queries.settings().start_hidden:
            return True
        return await self.tell_failure(lambda: self._commands.save_settings(start_hidden=hidden))

    def _tell_listening(self) -> None:
        listening = self._queries.listening()
        if listening is None:
            port = self._queries.settings().port
            self._tell(NoteKind.FAILED, fill_in(tr("Not receiving on port {port}"), port=port))
        else:
            self._tell(NoteKind.DONE, fill_in(tr("Receiving on port {port}"), port=listening.port))

    def _tell(self, kind: NoteKind, words: str) -> None:
        note = Note()
        note.tell(kind, words)
        self.notes.append(note)
        self._column.addWidget(note)
