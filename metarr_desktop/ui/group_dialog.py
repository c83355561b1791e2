"""A group of players: its name, and the library folders it is told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.mnemonics import give_mnemonics, literal
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.reading_order import follow_reading_order
from metarr_desktop.ui.wording import say, tr

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.household_views import GroupSnapshot
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor


class GroupDialog(QDialog):
    """Closes once the group is stored; Esc stores nothing. The name of a group stays what it was."""

    def __init__(
        self,
        key: str,
        *,
        group: GroupSnapshot | None,
        commands: Commands,
        queries: Queries,
        tasks: TaskSupervisor,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._key = key
        self._slug = "" if group is None else group.slug
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._linked = set[str]() if group is None else set(group.libraries)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Add a group") if group is None else tr("Edit the group"))
        self.name = QLineEdit("" if group is None else group.name)
        self.name.setReadOnly(group is not None)
        self.name.setAccessibleName(tr("Name"))
        self.boxes: dict[str, QCheckBox] = {}
        self._folders = QVBoxLayout()
        self.save = QPushButton(tr("Save"))
        self.save.setDefault(True)
        self.cancel = QPushButton(tr("Cancel"))
        self.note = Note()
        self._lay_out()
        self.save.clicked.connect(self._on_save)
        self.cancel.clicked.connect(self.reject)
        self._tasks.spawn(self._load(), name="folders of a group")

    def _lay_out(self) -> None:
        fields = QFormLayout()
        fields.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        fields.addRow(tr("Name"), self.name)
        explanation = QLabel(
            tr("Tick the library folders that these players show. With none ticked they are told of all.")
        )
        explanation.setWordWrap(True)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.addLayout(self._folders)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(middle)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for button in (self.save, self.cancel):
            buttons.addWidget(button)
        self.cancel.setAutoDefault(False)
        outer = QVBoxLayout(self)
        outer.addLayout(fields)
        outer.addWidget(explanation)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.note)
        outer.addLayout(buttons)
        self.resize(420, 320)
        give_mnemonics(self)
        self.name.setFocus()

    async def _load(self) -> None:
        try:
            folders = await self._queries.libraries()
        except MetarrError as error:
            folders = ()
            self._tell(say(error.text))
        if not isValid(self):
            return
        for folder in folders:
            box = QCheckBox(literal(folder.name))
            box.setToolTip(folder.path)
            box.setChecked(folder.name in self._linked)
            self.boxes[folder.name] = box
            self._folders.addWidget(box)
        give_mnemonics(self)
        follow_reading_order(self)

    def _tell(self, words: str) -> None:
        self.note.tell(NoteKind.FAILED, words, aloud=True)

    def _on_save(self) -> None:
        self.save.setEnabled(False)
        self._tasks.spawn(self._save(), name="save group")

    async def _save(self) -> None:
        ticked = {name for name, box in self.boxes.items() if box.isChecked()}
        try:
            if not self._slug:
                self._slug = (await self._commands.add_group(self._key, self.name.text())).slug
            name = self._slug
            for folder in sorted(ticked - self._linked):
                await self._commands.link_group(self._key, name, folder)
            for folder in sorted(self._linked - ticked):
                await self._commands.unlink_group(self._key, name, folder)
        except MetarrError as error:
            if isValid(self):
                self.save.setEnabled(True)
                self._tell(say(error.text))
            return
        if isValid(self):
            self.accept()
