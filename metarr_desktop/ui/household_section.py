"""The players of a service and their groups, on its settings page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from metarr_desktop.app.household_views import GroupSnapshot, PlayerSnapshot
from metarr_desktop.domain.forms import Draft
from metarr_desktop.ui.dialogs import ask
from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.group_dialog import GroupDialog
from metarr_desktop.ui.notes import Note
from metarr_desktop.ui.plain_table import PlainTable
from metarr_desktop.ui.player_dialog import PlayerDialog
from metarr_desktop.ui.trial_button import TrialButton
from metarr_desktop.ui.wording import fill_in, one_line, tr

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.household_views import HouseholdForm
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.snapshots import TestReport
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.ui.notes import NoteKind


class HouseholdSection(QWidget):
    """With one player only a button to add another; else everything acts at once, and ``wanted`` carries it.

    What a dialog stored is told by ``wanted`` too, with nothing left to do.
    """

    wanted = Signal(object)
    relabelled = Signal()

    def __init__(self, *, key: str, commands: Commands, queries: Queries, tasks: TaskSupervisor) -> None:
        super().__init__()
        self._key = key
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._household: HouseholdForm | None = None
        self._several = False
        self.heading = QLabel(tr("Players"))
        self.table = PlainTable(tr("Players"), columns=(tr("Player"), tr("Group"), tr("Status")), stretch=0)
        self.add = _button(tr("Add another player..."), self._on_add)
        self.edit = _button("", self._on_edit)
        self.test = TrialButton("", call=self._test, tasks=tasks, ready=lambda: self._player() is not None)
        self.switch = _button("", self._on_switch)
        self.remove = _button("", lambda: self.wanted.emit(self._ask_and_remove))
        self.add_group = _button(tr("Add group..."), self._on_add_group)
        self.note = Note()
        self._lay_out()
        self.table.itemSelectionChanged.connect(self._follow_selection)
        self.table.itemActivated.connect(self._on_edit)
        self.test.began.connect(self.note.forget)
        self.test.ended.connect(self._on_tested)
        self.show_household(None)

    def show_household(self, household: HouseholdForm | None) -> None:
        """Show these players; the selection stays."""
        self._household = household
        several = household is not None and household.several
        self.setVisible(household is not None and bool(several or household.players))
        for widget in (self.heading, self.table, self.edit, self.test, self.switch, self.remove):
            widget.setVisible(several)
        if several != self._several:
            self._several = several
            self._label_buttons()
        self.add_group.setVisible(household is not None)
        if household is not None:
            self.table.show_rows([row for group in household.groups for row in _rows(group)])
        if not several:
            self.note.forget()
        self._follow_selection()

    def add_found(self, name: str, draft: Draft) -> None:
        """Ask for one more player, with what was found of it filled in."""
        dialog = self._open_player(None, group="")
        if dialog is not None:
            dialog.name.setText(name)
            dialog.form.propose(draft)

    def words(self) -> str:
        """What a search for a setting looks through."""
        return " ".join((tr("Players"), tr("Group"))) if self._household is not None else ""

    def _lay_out(self) -> None:
        font = self.heading.font()
        font.setBold(True)
        self.heading.setFont(font)
        buttons = FlowLayout()
        for button in (self.add, self.edit, self.test, self.switch, self.remove, self.add_group):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.heading)
        column.addWidget(self.table)
        column.addLayout(buttons)
        column.addWidget(self.note)

    def _selected(self) -> PlayerSnapshot | GroupSnapshot | None:
        kind, which = self.table.selected_key() or ("", "")
        groups = () if self._household is None else self._household.groups
        for group in groups:
            if kind == "group" and group.slug == which:
                return group
            for player in group.players:
                if kind == "player" and player.id == which:
                    return player
        return None

    def _player(self) -> PlayerSnapshot | None:
        selected = self._selected()
        return selected if isinstance(selected, PlayerSnapshot) else None

    def _label_buttons(self) -> None:
        """What is not shown has no label: it would take a letter from what is."""
        self.edit.setText(tr("Edit...") if self._several else "")
        self.test.relabel(tr("Test player") if self._several else "")
        self.switch.setText("")
        self.remove.setText(tr("Remove") if self._several else "")

    def _follow_selection(self) -> None:
        selected, player = self._selected(), self._player()
        self.edit.setEnabled(selected is not None)
        self.test.setEnabled(player is not None or self.test.is_busy())
        self.switch.setEnabled(player is not None)
        label = tr("Turn on") if player is not None and not player.enabled else tr("Turn off")
        if self._several and self.switch.text().replace("&", "") != label:
            self.switch.setText(label)
            self.relabelled.emit()
        removable = not isinstance(selected, GroupSnapshot) or selected.removable
        self.remove.setEnabled(selected is not None and removable)

    def _on_add(self) -> None:
        selected = self._selected()
        group = selected.name if isinstance(selected, GroupSnapshot) else ""
        self._open_player(None, group=selected.group if isinstance(selected, PlayerSnapshot) else group)

    def _on_edit(self) -> None:
        selected = self._selected()
        if isinstance(selected, PlayerSnapshot):
            self._open_player(selected, group=selected.group)
        elif selected is not None:
            self._open_group(selected)

    def _open_player(self, player: PlayerSnapshot | None, *, group: str) -> PlayerDialog | None:
        if self._household is None:
            return None
        dialog = PlayerDialog(
            self._household,
            player=player,
            group=group,
            commands=self._commands,
            queries=self._queries,
            tasks=self._tasks,
            parent=self,
        )
        dialog.accepted.connect(self._read_anew)
        dialog.open()
        return dialog

    def _on_add_group(self) -> None:
        self._open_group(None)

    def _open_group(self, group: GroupSnapshot | None) -> None:
        dialog = GroupDialog(
            self._key,
            group=group,
            commands=self._commands,
            queries=self._queries,
            tasks=self._tasks,
            parent=self,
        )
        dialog.accepted.connect(self._read_anew)
        dialog.open()

    def _read_anew(self) -> None:
        self.wanted.emit(_nothing)

    def _on_switch(self) -> None:
        player = self._player()
        if player is not None:
            number, on = str(player.id), not player.enabled
            self._want(lambda: self._commands.save_player(self._key, number, Draft(), enabled=on))

    def _want(self, work: Callable[[], object]) -> None:
        self.wanted.emit(work)

    async def _ask_and_remove(self) -> None:
        selected, remove = self._selected(), tr("Remove")
        if isinstance(selected, PlayerSnapshot):
            question = fill_in(tr("Remove the player {name}?"), name=one_line(selected.title))
        elif selected is not None:
            question = fill_in(
                tr("Remove the group {name} and its players? What waits for it is skipped."),
                name=one_line(selected.name),
            )
        else:
            return
        if await ask(self, question, remove, tr("Cancel")) != remove:
            return
        if isinstance(selected, PlayerSnapshot):
            await self._commands.remove_player(self._key, str(selected.id))
        else:
            await self._commands.remove_group(self._key, selected.name)

    async def _test(self) -> TestReport:
        player = self._player()
        return await self._commands.test_player(self._key, None if player is None else str(player.id))

    def _on_tested(self, kind: NoteKind, words: str) -> None:
        self.note.tell(kind, words, aloud=True)
        self._follow_selection()
        self.relabelled.emit()


async def _nothing() -> None:
    """Nothing is left to do: a dialog stored what it showed."""


def _rows(group: GroupSnapshot) -> list[tuple[tuple[str, object], tuple[str, str, str]]]:
    libraries = ", ".join(group.libraries) if group.libraries else tr("All folders")
    told = libraries if group.players else fill_in(tr("{folders}, no player yet"), folders=libraries)
    head = (("group", group.slug), (fill_in(tr("Group {name}"), name=group.name), group.name, told))
    return [
        head,
        *(
            (("player", player.id), (one_line(player.title), group.name, _status(player)))
            for player in group.players
        ),
    ]


def _status(player: PlayerSnapshot) -> str:
    if not player.enabled:
        return tr("Off")
    return tr("On") if player.complete else tr("Not set up")


def _button(label: str, slot: Callable[[], None]) -> QPushButton:
    button = QPushButton(label)
    button.setAutoDefault(False)
    button.clicked.connect(slot)
    return button
