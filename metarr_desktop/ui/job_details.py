"""Windows that tell everything about one job, one window per job."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QTabWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from metarr_desktop.app.snapshots import JobDetail, ProblemKind
from metarr_desktop.domain.errors import MetarrError, NotFound
from metarr_desktop.domain.jobs import JobRecord, JobStatus
from metarr_desktop.ui.actions import cancel_question
from metarr_desktop.ui.dialogs import ask
from metarr_desktop.ui.job_header import JobHeader
from metarr_desktop.ui.job_report import (
    advice,
    as_text,
    footer,
    lane_of,
    member,
    payload_text,
    reason,
    service_of,
    status_line,
    time_limit,
    timeline,
    webhook_line,
)
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.payload_view import PayloadView
from metarr_desktop.ui.plain_table import PlainTable
from metarr_desktop.ui.wording import (
    attempts_text,
    fill_in,
    named_job,
    record_status_text,
    say,
    status_shape,
    status_text,
    tr,
)

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.snapshots import Problem
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.ui.bridge import Bridge
    from metarr_desktop.ui.panels.services import OpenSettings


class JobWindows:
    """Opens the window of a job, or raises the one that is open."""

    def __init__(
        self,
        *,
        commands: Commands,
        queries: Queries,
        bridge: Bridge,
        tasks: TaskSupervisor,
        open_settings: OpenSettings,
        parent: QWidget | None = None,
    ) -> None:
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._open_settings = open_settings
        self._parent = parent
        self._windows: dict[int, JobWindow] = {}
        bridge.jobs_changed.connect(self.refresh)
        bridge.glance_changed.connect(self.refresh)

    def show_job(self, job_id: int) -> JobWindow:
        """Show the details of a job."""
        window = self._windows.get(job_id)
        if window is None:
            window = JobWindow(
                job_id, commands=self._commands, queries=self._queries, tasks=self._tasks, parent=self._parent
            )
            window.closed.connect(partial(self._windows.pop, job_id, None))
            window.job_requested.connect(self.show_job)
            window.settings_requested.connect(self._open_settings)
            self._windows[job_id] = window
            window.refresh()
        window.show()
        window.raise_()
        window.activateWindow()
        return window

    def refresh(self) -> None:
        """Bring every open window up to date."""
        for window in tuple(self._windows.values()):
            window.refresh()


class JobWindow(QWidget):
    """Timeline, payload and related jobs; follows the job while it is open."""

    closed = Signal()
    job_requested = Signal(int)
    settings_requested = Signal(str)

    def __init__(
        self,
        job_id: int,
        *,
        commands: Commands,
        queries: Queries,
        tasks: TaskSupervisor,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._id = job_id
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._detail: JobDetail | None = None
        self._problems: tuple[Problem, ...] = ()
        self._asking: asyncio.Task[None] | None = None
        self._again = False
        self._header = JobHeader()
        self._timeline = PlainTable(
            tr("Timeline"),
            columns=(tr("Time"), tr("What"), tr("Detail"), tr("Took"), tr("Then")),
            stretch=2,
            fixed=False,
        )
        self._payload = PayloadView()
        self._related = PlainTable(
            tr("Related jobs"), columns=(tr("Job"), tr("Status"), tr("Attempts")), stretch=1, fixed=False
        )
        self._tabs = QTabWidget()
        self._job_label = QLabel()
        self._note = Note()
        self._copy = QPushButton(tr("Copy as text"))
        self._anyway = QPushButton(tr("Scan anyway"))
        self._anyway.setVisible(False)
        self._retry = QPushButton(tr("Retry"))
        self._cancel = QPushButton(tr("Cancel job"))
        self._close = QPushButton(tr("Close"))
        self._retry.setEnabled(False)
        self._cancel.setEnabled(False)
        self._lay_out()
        self._copy.clicked.connect(self._on_copy)
        self._anyway.clicked.connect(self._on_scan_anyway)
        self._retry.clicked.connect(self._on_retry)
        self._cancel.clicked.connect(self._on_cancel)
        self._close.clicked.connect(self.close)
        self._header.retry.clicked.connect(self._on_retry)
        self._header.open_settings.clicked.connect(self._on_open_settings)
        self._header.open_webhook.clicked.connect(self._on_open_webhook)
        self._related.itemActivated.connect(self._on_related_activated)
        for keys, slot in (
            ("Esc", self.close),
            ("Ctrl+W", self.close),
            ("Ctrl+R", self._on_retry),
            ("Del", self._on_cancel),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def refresh(self) -> None:
        """Ask for the job anew; what comes meanwhile leads to one more question."""
        if self._asking is not None:
            self._again = True
            return
        self._asking = self._tasks.spawn(self._load(), name=f"details of job {self._id}")
        self._asking.add_done_callback(self._on_loaded)

    def closeEvent(self, event: QCloseEvent) -> None:
        """A closed window is gone; the next look opens a new one."""
        if self._asking is not None:
            self._asking.cancel()
        self.closed.emit()
        super().closeEvent(event)

    def as_text(self) -> str:
        """What the window says, without the payload."""
        if self._detail is None:
            return ""
        return as_text(
            self._detail, title=self.windowTitle(), problems=self._problems, needs_key=self._needs_key()
        )

    def _lay_out(self) -> None:
        self.setWindowTitle(tr("Job {id}").format(id=self._id))
        self.resize(760, 480)
        self.setMinimumSize(440, 300)
        for widget, title in (
            (self._timeline, tr("Timeline")),
            (self._payload, tr("Payload")),
            (self._related, tr("Related jobs")),
        ):
            self._tabs.addTab(widget, title)
        self._tabs.tabBar().setAccessibleName(tr("Parts of the details"))
        buttons = QHBoxLayout()
        buttons.addWidget(self._job_label)
        buttons.addStretch(1)
        for button in (self._copy, self._anyway, self._cancel, self._retry, self._close):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.addWidget(self._header)
        column.addWidget(self._tabs, 1)
        column.addWidget(self._note)
        column.addLayout(buttons)
        give_mnemonics(self)
        self._tabs.tabBar().setFocus()

    async def _load(self) -> None:
        try:
            detail = await self._queries.job(self._id)
            problems = await self._queries.problems()
        except NotFound:
            self._note.tell(NoteKind.WARNING, tr("This job is no longer kept."), aloud=True)
            return
        except MetarrError as error:
            self._note.tell(NoteKind.FAILED, say(error.text), aloud=True)
            return
        text = await asyncio.to_thread(payload_text, detail)
        self._detail, self._problems = detail, problems
        self._show(detail)
        self._payload.show_text(text)

    def _on_loaded(self, _task: asyncio.Task[None]) -> None:
        if not isValid(self):
            return
        self._asking = None
        if self._again:
            self._again = False
            self.refresh()

    def _show(self, detail: JobDetail) -> None:
        job = member(detail)
        subject = detail.event.title if detail.event is not None else ""
        name = named_job(job.type, job.payload)
        self.setWindowTitle(f"{name} - {subject}" if subject else name)
        told = advice(detail, self._problems)
        self._header.tell(
            kind=_kind(detail),
            status=status_line(detail),
            webhook=webhook_line(detail),
            progress=detail.job.progress if detail.job is not None else None,
            reason=reason(detail),
            limit=time_limit(detail),
            next_step="" if told is None else told.text,
        )
        self._header.open_webhook.setVisible(job.root_id != self._id)
        self._header.open_settings.setVisible(bool(told and told.page))
        ended = detail.record is not None
        self._header.retry.setVisible(ended)
        self._retry.setEnabled(ended or (detail.job is not None and detail.job.status is JobStatus.PENDING))
        self._cancel.setEnabled(detail.job is not None)
        self._anyway.setVisible(detail.job is not None and self._queries.may_scan_anyway(detail.job))
        rows = timeline(detail, needs_key=self._needs_key())
        self._timeline.show_rows([(place, row.cells()) for place, row in enumerate(rows)])
        self._related.show_rows([_related_row(each, detail) for each in detail.related])
        self._job_label.setText(footer(detail, several_computers=self._queries.on_several_computers()))

    def _needs_key(self) -> bool:
        service = "" if self._detail is None else service_of(member(self._detail))
        return any(
            problem.kind is ProblemKind.KEY_REJECTED and problem.subject == service
            for problem in self._problems
        )

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.as_text())
        self._note.tell(NoteKind.DONE, tr("Copied."), aloud=True)

    def _on_retry(self) -> None:
        if self._retry.isEnabled():
            self._tasks.spawn(self._retry_job(), name=f"retry job {self._id}")

    async def _retry_job(self) -> None:
        try:
            active = await self._commands.retry_job(self._id)
        except MetarrError as error:
            self._note.tell(NoteKind.FAILED, say(error.text), aloud=True)
            return
        again = tr("Trying again as job {id}.").format(id=active)
        words = tr("Running now.") if active == self._id else again
        self._note.tell(NoteKind.DONE, words, aloud=True)
        self.refresh()

    def _on_scan_anyway(self) -> None:
        self._tasks.spawn(self._scan_anyway(), name=f"scan anyway, job {self._id}")

    async def _scan_anyway(self) -> None:
        try:
            await self._commands.scan_anyway(self._id)
        except MetarrError as error:
            self._note.tell(NoteKind.FAILED, say(error.text), aloud=True)
            return
        self._note.tell(NoteKind.DONE, tr("Running now."), aloud=True)
        self.refresh()

    def _on_cancel(self) -> None:
        if self._cancel.isEnabled() and self._detail is not None and self._detail.job is not None:
            self._tasks.spawn(self._cancel_job(self._detail.job), name=f"cancel job {self._id}")

    async def _cancel_job(self, job: Job) -> None:
        cancel = tr("Cancel job")
        if await ask(self, cancel_question(job, self.windowTitle()), cancel, tr("Keep")) != cancel:
            return
        try:
            await self._commands.cancel_job(self._id)
        except MetarrError as error:
            self._note.tell(NoteKind.FAILED, say(error.text), aloud=True)
            return
        self.refresh()

    def _on_open_settings(self) -> None:
        told = None if self._detail is None else advice(self._detail, self._problems)
        if told is not None and told.page:
            self.settings_requested.emit(told.page)

    def _on_open_webhook(self) -> None:
        if self._detail is not None:
            self.job_requested.emit(member(self._detail).root_id)

    def _on_related_activated(self) -> None:
        chosen = self._related.selected_key()
        if chosen is not None:
            self.job_requested.emit(chosen)


def _related_row(job: Job | JobRecord, detail: JobDetail) -> tuple[int, tuple[str, str, str]]:
    if isinstance(job, JobRecord):
        return job.job_id, (
            _related_name(job.job_id, job, detail),
            record_status_text(job),
            attempts_text(job),
        )
    status = status_text(job, lane=detail.lanes.get(job.lane))
    return job.id, (_related_name(job.id, job, detail), status, attempts_text(job))


def _related_name(job_id: int, job: Job | JobRecord, detail: JobDetail) -> str:
    """The name of a job; one of another webhook, which this one ran together with, has its number."""
    name = named_job(job.type, job.payload)
    if job.root_id == member(detail).root_id:
        return name
    return fill_in(tr("{name}, job {id}"), name=name, id=job_id)


def _kind(detail: JobDetail) -> NoteKind:
    if detail.record is not None:
        return NoteKind.of_end(detail.record.status)
    shape = "" if detail.job is None else status_shape(detail.job, lane=lane_of(detail))
    return _KINDS.get(shape, NoteKind.QUEUED)


_KINDS = {
    "running": NoteKind.RUNNING,
    "blocked": NoteKind.WARNING,
    "retrying": NoteKind.WAITING,
}
