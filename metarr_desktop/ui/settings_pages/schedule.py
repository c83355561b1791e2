"""Settings of recurring work: when it is due, how it went last, and a button to run it now."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QPushButton, QWidget

from metarr_desktop.domain.jobs import EndStatus, JobStatus
from metarr_desktop.ui.mnemonics import literal
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.rule_editor import RuleEditor
from metarr_desktop.ui.settings_pages.page import SettingsPage
from metarr_desktop.ui.wording import day_time, end_word, fill_in, one_line, say, tr

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.snapshots import ScheduleSnapshot
    from metarr_desktop.app.tasks import TaskSupervisor


class SchedulePage(SettingsPage):
    """One group of rows per schedule. Running one acts at once; a new rhythm is saved."""

    def __init__(self, *, commands: Commands, queries: Queries, tasks: TaskSupervisor) -> None:
        super().__init__(key="schedule", title=tr("Schedule"))
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._groups: dict[str, _Group] = {}

    async def load(self) -> None:
        """Show every schedule as it is stored, adding its rows the first time."""
        for snapshot in await self._queries.schedules():
            self._group(snapshot).show_snapshot(snapshot, with_rule=True)
        self.state_changed.emit()

    async def follow(self) -> None:
        """Show what happened meanwhile; a rhythm being edited stays."""
        for snapshot in await self._queries.schedules():
            group = self._group(snapshot)
            group.show_snapshot(snapshot, with_rule=not group.is_dirty())
        self.state_changed.emit()

    def is_dirty(self) -> bool:
        """Whether a rhythm differs from what is stored."""
        return any(group.is_dirty() for group in self._groups.values())

    async def save(self) -> bool:
        """Store the rhythms that changed."""
        for name, group in self._groups.items():
            if not group.is_dirty():
                continue
            change = partial(self._commands.set_schedule, name, group.editor.rule())
            if not await self.tell_failure(change):
                return False
        await self.load()
        return True

    def offers_defaults(self) -> bool:
        """Whether a rhythm is not the default one."""
        return any(group.differs_from_default() for group in self._groups.values())

    def restore_defaults(self) -> None:
        """Put every rhythm back to its default, unsaved."""
        for group in self._groups.values():
            group.restore_default()
        self.state_changed.emit()

    def words(self) -> str:
        """What stands on the page."""
        titles = " ".join(group.title for group in self._groups.values())
        return f"{titles} {tr('Runs')} {tr('Next run')} {tr('Last run')} {tr('Run now')}"

    def focus_first(self) -> None:
        """Begin with the first rhythm."""
        for group in self._groups.values():
            group.editor.kind.setFocus()
            return

    def _group(self, snapshot: ScheduleSnapshot) -> _Group:
        found = self._groups.get(snapshot.name)
        if found is None:
            found = self._groups[snapshot.name] = _Group(snapshot)
            found.editor.changed.connect(self.state_changed)
            found.run.clicked.connect(lambda: self._on_run(snapshot.name))
            # The stretch below keeps the groups at the top.
            if self.body.count() == 0:
                self.body.addStretch(1)
            self.body.insertWidget(self.body.count() - 1, found)
            self.refresh_mnemonics()
        return found

    def _on_run(self, name: str) -> None:
        self._tasks.spawn(self._run(name), name=f"run {name}")

    async def _run(self, name: str) -> None:
        if await self.tell_failure(lambda: self._commands.run_schedule(name)):
            started = fill_in(tr("{schedule} was started."), schedule=self._groups[name].title)
            self.note.tell(NoteKind.DONE, started, aloud=True)


class _Group(QWidget):
    """The rows of one schedule."""

    def __init__(self, snapshot: ScheduleSnapshot) -> None:
        super().__init__()
        self.title = say(snapshot.title)
        self._stored = snapshot
        self.editor = RuleEditor(self.title)
        self._next = QLabel()
        self._last = Note()
        self.run = QPushButton(tr("Run now"))
        self.run.setAutoDefault(False)
        self.run.setAccessibleName(fill_in(tr("Run now: {schedule}"), schedule=self.title))
        heading = QLabel(self.title)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        purpose = QLabel(say(snapshot.purpose))
        purpose.setWordWrap(True)
        rows = QFormLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.addRow(heading)
        rows.addRow(purpose)
        runs = QLabel(literal(tr("Runs")))
        runs.setBuddy(self.editor.kind)
        rows.addRow(runs, self.editor)
        # Labels of their own, as a row named by a text would take a letter for what takes no focus.
        rows.addRow(QLabel(tr("Next run")), self._next)
        rows.addRow(QLabel(tr("Last run")), self._last)
        rows.addRow(QLabel(), self.run)
        self.run.setSizePolicy(self.run.sizePolicy().Policy.Fixed, self.run.sizePolicy().Policy.Fixed)

    def show_snapshot(self, snapshot: ScheduleSnapshot, *, with_rule: bool) -> None:
        """Show how it stands, and its rhythm where nobody edits it."""
        self._stored = snapshot
        self._next.setText(day_time(snapshot.next_at))
        kind, words = _last_run(snapshot)
        self._last.tell(kind, words)
        self.run.setAccessibleDescription(words)
        if with_rule:
            self.editor.show_rule(snapshot.rule)

    def is_dirty(self) -> bool:
        """Whether the rhythm differs from what is stored."""
        return self.editor.rule() != self._stored.rule

    def differs_from_default(self) -> bool:
        """Whether the rhythm is not the default one."""
        return self.editor.rule() != self._stored.default

    def restore_default(self) -> None:
        """Put the rhythm back to its default."""
        self.editor.show_rule(self._stored.default)


def _last_run(snapshot: ScheduleSnapshot) -> tuple[NoteKind, str]:
    """Say how the last run stands or ended, and what it did."""
    when = "" if snapshot.last_at is None else day_time(snapshot.last_at)
    match snapshot.last_status:
        case None:
            return NoteKind.PLAIN, when or tr("Never")
        case JobStatus.PENDING:
            return NoteKind.WAITING, tr("Waiting")
        case JobStatus.PROCESSING:
            return NoteKind.WAITING, tr("Running")
        case EndStatus() as ended:
            words = fill_in(tr("{status} {time}"), status=end_word(ended), time=when)
            detail = "" if snapshot.last_detail is None else f". {one_line(say(snapshot.last_detail))}"
            return NoteKind.of_end(ended), words + detail
