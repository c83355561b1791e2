"""The buttons of a sender's page that reach it, and what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from metarr_desktop.app.sender_snapshots import SenderState
from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.report_lines import ReportLines
from metarr_desktop.ui.sender_wording import missed_text
from metarr_desktop.ui.trial_button import TrialButton
from metarr_desktop.ui.wording import fill_in, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.sender_snapshots import SenderSnapshot
    from metarr_desktop.app.snapshots import TestReport
    from metarr_desktop.app.tasks import TaskSupervisor

NEVER_CONNECTED = frozenset({SenderState.SEEN, SenderState.NOT_CONNECTED, SenderState.OFF})


class SenderConnection(QWidget):
    """``ended`` says that the sender was asked, ``wanted`` carries what a person wants done meanwhile."""

    ended = Signal()
    relabelled = Signal()
    wanted = Signal(object)

    def __init__(
        self,
        snapshot: SenderSnapshot,
        *,
        commands: Commands,
        tasks: TaskSupervisor,
        ready: Callable[[], bool],
        prepare: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__()
        self._name = snapshot.name
        self._commands = commands
        self._prepare = prepare
        self._held = False
        self.button = TrialButton(
            tr("Connect"),
            call=self._connect,
            ready=ready,
            tasks=tasks,
            busy=tr("Connecting..."),
            goes_on=True,
        )
        self.resume = self._button(tr("Resume"), self._resume)
        self.catch_up = self._button(tr("Catch up now"), self._catch_up)
        self.dismiss = self._button(tr("Dismiss"), lambda: self._commands.dismiss_missed(self._name))
        self.lines = ReportLines()
        self.own_address = QLineEdit()
        self._own_address = _labelled(tr("This computer's address"), self.own_address)
        self._missed = Note()
        self._lay_out()
        self.button.began.connect(self._on_began)
        self.button.reported.connect(self.lines.show_report)
        self.button.ended.connect(self._on_ended)

    def show_sender(self, snapshot: SenderSnapshot) -> None:
        """Offer what can be done with a sender that stands so."""
        self.setVisible(snapshot.can_connect)
        self.button.relabel(tr("Connect") if snapshot.state in NEVER_CONNECTED else tr("Repair"))
        self.relabelled.emit()
        self.catch_up.setEnabled(snapshot.state not in NEVER_CONNECTED)
        self.resume.setVisible(snapshot.state is SenderState.STOPPED_CALLING)
        self._missed.tell(NoteKind.WAITING, missed_text(snapshot) if snapshot.missed else "")
        self.dismiss.setVisible(snapshot.missed > 0)
        self._forget_what_held(snapshot.state)

    def mark_stale(self) -> None:
        """A field changed: what came of the last try was of the one before."""
        if not self.button.is_busy():
            self.lines.mark_stale()

    def forget(self) -> None:
        """Say nothing of what was done before; what runs goes on."""
        if not self.button.is_busy():
            self.lines.tell([])

    def connect_now(self) -> None:
        """Begin, as the button does; one that runs goes on."""
        if not self.button.is_busy():
            self.button.click()

    def _forget_what_held(self, state: SenderState) -> None:
        """That it went well is no news any more once the sender stands otherwise."""
        report = self.button.last_report
        if report is None or not report.ok:
            self._held = False
        elif state is SenderState.CONNECTED:
            self._held = True
        elif self._held:
            self._held = False
            self.lines.tell([])

    def _lay_out(self) -> None:
        buttons = FlowLayout()
        for button in (self.button, self.resume, self.catch_up, self.dismiss):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._missed)
        column.addLayout(buttons)
        column.addWidget(self.lines)
        column.addWidget(self._own_address)
        self._own_address.hide()

    def _button(self, label: str, work: Callable[[], Awaitable[object]]) -> QPushButton:
        button = QPushButton(label)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self.wanted.emit(work))
        return button

    async def _connect(self) -> TestReport:
        """What was typed is saved first: the sender is asked with it."""
        await self._prepare()
        return await self._commands.connect_sender(self._name, address=self.own_address.text())

    def _on_began(self) -> None:
        words = tr("This can take two minutes. Press the button again to cancel.")
        self.lines.tell([(NoteKind.RUNNING, words)], aloud=True)
        self.relabelled.emit()

    def _on_ended(self, kind: NoteKind, words: str) -> None:
        """A report has shown its lines already; what ended without one says why.

        Where the sender was found and cannot reach us, another address of this computer may help.
        """
        report = self.button.last_report
        if report is None:
            self.lines.tell([(kind, words)], aloud=True)
        unreached = report is not None and not report.ok and report.lines[0].ok
        self._own_address.setVisible(unreached or bool(self.own_address.text()))
        self.relabelled.emit()
        self.ended.emit()

    async def _catch_up(self) -> None:
        job_id = await self._commands.catch_up(self._name)
        words = fill_in(tr("It catches up as job {id}."), id=job_id)
        self.lines.tell([(NoteKind.DONE, words)], aloud=True)

    async def _resume(self) -> None:
        """Its Test takes as long as to connect."""
        self.resume.setEnabled(False)
        self.lines.tell([(NoteKind.RUNNING, tr("Waiting for its test..."))], aloud=True)
        try:
            self.lines.show_report(await self._commands.resume_sender(self._name))
        except BaseException:
            self.lines.tell([])
            raise
        finally:
            self.resume.setEnabled(True)


def _labelled(title: str, line: QLineEdit) -> QWidget:
    """A line with its label before it, kept together."""
    line.setPlaceholderText(tr("found by itself"))
    line.setAccessibleName(title)
    line.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    label = QLabel(title)
    label.setBuddy(line)
    pair = QWidget()
    row = QHBoxLayout(pair)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(label)
    row.addWidget(line, 1)
    return pair
