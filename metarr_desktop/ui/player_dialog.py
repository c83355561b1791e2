"""One player of a service: the small form in which it is added or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from metarr_desktop.ui.forms import Form
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.settings_pages.keeping import save_secrets
from metarr_desktop.ui.trial_button import TrialButton
from metarr_desktop.ui.wording import say, tr

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.household_views import HouseholdForm, PlayerSnapshot
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.snapshots import TestReport
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.text import Text


class PlayerDialog(QDialog):
    """Closes once the player is stored; Esc stores nothing."""

    def __init__(
        self,
        household: HouseholdForm,
        *,
        player: PlayerSnapshot | None,
        group: str,
        commands: Commands,
        queries: Queries,
        tasks: TaskSupervisor,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._key = household.key
        self._player = player
        self._commands = commands
        self._tasks = tasks
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Add a player") if player is None else tr("Edit the player"))
        self.name = QLineEdit("" if player is None else player.name)
        self.name.setPlaceholderText(tr("Such as Living room"))
        self.group = QComboBox()
        for each in household.groups:
            self.group.addItem(each.name, each.slug)
        self.group.setCurrentIndex(max(0, self.group.findText(group)))
        self.group.setEnabled(player is None)
        number = 0 if player is None else player.id
        self.form = Form(
            household.fields,
            check=lambda name, value: queries.check_player_field(self._key, name, value),
            tasks=tasks,
            load_secret=lambda field: queries.player_secret(self._key, number, field),
        )
        if player is None:
            self.form.fill({})
        else:
            self.form.fill(player.values, secrets_set=player.secrets_set)
        self.test = TrialButton(
            tr("Test player"),
            call=self._test,
            tasks=tasks,
            ready=lambda: self.form.validate(complete=True),
        )
        self.save = QPushButton(tr("Save"))
        self.save.setDefault(True)
        self.cancel = QPushButton(tr("Cancel"))
        self.note = Note()
        self._lay_out()
        self.test.began.connect(self.note.forget)
        self.test.ended.connect(lambda kind, words: self.note.tell(kind, words, aloud=True))
        self.save.clicked.connect(self._on_save)
        self.cancel.clicked.connect(self.reject)
        self.form.changed.connect(self.note.forget)

    def tell(self, text: Text | str) -> None:
        """Say at the foot of the window what went wrong."""
        self.note.tell(NoteKind.FAILED, say(text), aloud=True)

    def _lay_out(self) -> None:
        fields = QFormLayout()
        fields.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        fields.addRow(tr("Name"), self.name)
        fields.addRow(tr("Group"), self.group)
        for field, title in ((self.name, tr("Name")), (self.group, tr("Group"))):
            field.setAccessibleName(title)
        middle = QWidget()
        body = QVBoxLayout(middle)
        body.addLayout(fields)
        body.addWidget(self.form)
        body.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(middle)
        buttons = QHBoxLayout()
        buttons.addWidget(self.test)
        buttons.addStretch(1)
        for button in (self.save, self.cancel):
            buttons.addWidget(button)
        self.cancel.setAutoDefault(False)
        outer = QVBoxLayout(self)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.note)
        outer.addLayout(buttons)
        self.resize(460, 380)
        give_mnemonics(self)
        self.name.setFocus()

    async def _test(self) -> TestReport:
        named = None if self._player is None else str(self._player.id)
        unsaved = self._player is None or self.form.is_dirty()
        return await self._commands.test_player(self._key, named, self.form.draft() if unsaved else None)

    def _on_save(self) -> None:
        if not self.form.validate(complete=True):
            self.form.focus_first_error()
            return
        self.save.setEnabled(False)
        self._tasks.spawn(self._save(), name="save player")

    async def _save(self) -> None:
        draft, name = self.form.draft(), self.name.text()

        async def store(until_quit: bool) -> object:  # noqa: FBT001 - as ``save_secrets`` calls it
            if self._player is None:
                group = self.group.currentData()
                return await self._commands.add_player(
                    self._key, group, draft, name=name, until_quit=until_quit
                )
            return await self._commands.save_player(
                self._key, str(self._player.id), draft, name=name, until_quit=until_quit
            )

        saved = await save_secrets(self, store, unlock=self._commands.unlock_keyring)
        if not isValid(self):
            return
        self.save.setEnabled(True)
        if saved:
            self.accept()
