"""Path mappings that are missing or wrong, told by where senders and media servers have their films."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout
from shiboken6 import isValid

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.plain_table import PlainTable
from metarr_desktop.ui.wording import fill_in, number, say, tr

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from PySide6.QtWidgets import QWidget

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.path_desk import PathReport
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.path_proposals import Proposal


class MappingProposals(QDialog):
    """Asks everybody when it opens, and again after each that was added. ``titles`` are those of scopes."""

    def __init__(
        self,
        *,
        commands: Commands,
        tasks: TaskSupervisor,
        titles: Mapping[str, str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._commands = commands
        self._tasks = tasks
        self._titles = titles
        self._looking: asyncio.Task[None] | None = None
        self.setWindowTitle(tr("Proposed path mappings"))
        self.resize(720, 340)
        self.note = Note()
        self.table = PlainTable(
            tr("Proposed path mappings"),
            columns=(tr("For"), tr("From"), tr("To"), tr("Why")),
            stretch=1,
            fixed=False,
        )
        self.add = QPushButton(tr("Add"))
        self.again = QPushButton(tr("Look again"))
        self.close_button = QPushButton(tr("Close"))
        for button in (self.again, self.close_button):
            button.setAutoDefault(False)
        self._lay_out()
        self.add.clicked.connect(self._on_add)
        self.again.clicked.connect(self.look)
        self.close_button.clicked.connect(self.reject)
        self.table.itemSelectionChanged.connect(self._follow_input)
        self.finished.connect(self._on_finished)
        self._follow_input()

    def look(self) -> None:
        """Ask everybody now, unless that is being done."""
        if self._looking is None:
            self._looking = self._tasks.spawn(self._look(), name="propose mappings")
            self.note.tell(NoteKind.RUNNING, tr("Asking senders and media servers for their films..."))
            self._follow_input()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.again)
        buttons.addStretch(1)
        buttons.addWidget(self.add)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.addWidget(self.note)
        column.addWidget(self.table, 1)
        column.addLayout(buttons)
        give_mnemonics(self)

    def _follow_input(self) -> None:
        self.again.setEnabled(self._looking is None)
        self.add.setEnabled(self._looking is None and self.table.selected_key() is not None)

    def _on_add(self) -> None:
        proposal: Proposal | None = self.table.selected_key()
        if proposal is not None and self._looking is None:
            self._looking = self._tasks.spawn(self._look(adding=proposal), name="add proposed mapping")
            self._follow_input()

    def _on_finished(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self.deleteLater()

    async def _look(self, *, adding: Proposal | None = None) -> None:
        """Add a mapping, where one is given, and ask everybody."""
        try:
            if adding is not None:
                await self._commands.add_mapping(adding.scope, adding.from_path, adding.to_path)
            report = await self._commands.propose_mappings()
        except MetarrError as error:
            if isValid(self):
                self.note.tell(NoteKind.FAILED, say(error.text), aloud=True)
        else:
            if isValid(self):
                self._show(report)
        finally:
            if isValid(self):
                self._looking = None
                self._follow_input()

    def _show(self, report: PathReport) -> None:
        rows = [
            (
                each,
                (self._titles.get(each.scope, each.scope), each.from_path, each.to_path, why(each)),
            )
            for each in report.proposals
        ]
        self.table.show_rows(rows)
        first = self.table.topLevelItem(0)
        if first is not None and self.table.selected_key() is None:
            self.table.setCurrentItem(first)
        kind, words = news(report)
        self.note.tell(kind, words, aloud=True)


def why(proposal: Proposal) -> str:
    """Say what speaks for a mapping: ``47 of 47 films agree``."""
    if not proposal.total:
        words = tr("The folders are called alike")
    else:
        words = fill_in(
            tr("{agree} of {total} films agree"),
            agree=number(proposal.agree),
            total=number(proposal.total),
        )
    if proposal.instead:
        return fill_in(tr("{why}, instead of {path}"), why=words, path=proposal.instead)
    return words


def news(report: PathReport) -> tuple[NoteKind, str]:
    """What to say above the list: who did not answer, and what agrees already."""
    lines = [say(each) for each in report.unasked]
    lines += [
        fill_in(
            tr("{server}: {agree} of {total} films agree."),
            server=title,
            agree=number(each.agree),
            total=number(each.total),
        )
        for title, each in report.agreements
    ]
    if not report.asked:
        lines.append(tr("Set up a media server or connect a sender first: nobody can be asked."))
    elif not report.proposals and not report.unasked:
        lines.append(tr("No mapping is missing or wrong."))
    elif not report.proposals and report.asked > len(report.unasked):
        lines.append(tr("As far as the others tell, no mapping is missing or wrong."))
    bad = bool(report.unasked) or not report.asked
    kind = NoteKind.WARNING if bad else NoteKind.PLAIN if report.proposals else NoteKind.DONE
    return kind, "\n".join(lines)
