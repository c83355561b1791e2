"""The library folders of this computer: a table of them, and what is asked of the selected one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHeaderView,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from metarr_desktop.ui.dialogs import ask
from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.library_conditions import LibraryConditions, conditions_text, status_text
from metarr_desktop.ui.plain_table import PlainTable
from metarr_desktop.ui.wording import fill_in, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.snapshots import LibrarySnapshot

OPTIONS = 3


class FolderSection(QWidget):
    """Everything acts at once: ``wanted`` carries what is to be run, and then the folders read anew."""

    wanted = Signal(object)

    def __init__(self, commands: Commands) -> None:
        super().__init__()
        self._commands = commands
        self._libraries: dict[int, LibrarySnapshot] = {}
        self.table = PlainTable(
            tr("Folders"),
            columns=(tr("Name"), tr("Folder"), tr("Type"), tr("Options"), tr("Status")),
            stretch=1,
        )
        self.table.header().setSectionResizeMode(OPTIONS, QHeaderView.ResizeMode.Stretch)
        self.conditions = LibraryConditions()
        self._kind = QComboBox()
        for kind, label in (("movies", tr("Movies")), ("tv", tr("Series")), ("music", tr("Music"))):
            self._kind.addItem(label, kind)
        self._add = QPushButton(tr("Add folder..."))
        self._remove = QPushButton(tr("Remove folder"))
        self._lay_out()
        self.table.itemSelectionChanged.connect(self._follow_selection)
        self.conditions.changed.connect(self._on_conditions)
        self._add.clicked.connect(self._on_add)
        self._remove.clicked.connect(lambda: self.wanted.emit(self._ask_and_remove))
        self._follow_selection()

    def show_libraries(self, libraries: Sequence[LibrarySnapshot]) -> None:
        """Show these; the selection stays, and what is being typed for it."""
        kinds = {
            self._kind.itemData(place): self._kind.itemText(place) for place in range(self._kind.count())
        }
        self._libraries = {library.id: library for library in libraries}
        blocked = self.table.blockSignals(True)  # noqa: FBT003 - Qt takes it so
        self.table.show_rows(
            [
                (
                    library.id,
                    (
                        library.name,
                        library.path,
                        kinds[library.type],
                        conditions_text(library),
                        status_text(library),
                    ),
                )
                for library in libraries
            ]
        )
        self.table.blockSignals(blocked)
        self._follow_selection()

    async def add_folder(self, path: str) -> None:
        """Add a folder of the chosen type."""
        await self._commands.add_library(path, type=self._kind.currentData())

    def _lay_out(self) -> None:
        label = QLabel(tr("Type"))
        label.setBuddy(self._kind)
        row = FlowLayout()
        for widget in (label, self._kind, self._add, self._remove):
            row.addWidget(widget)
        for button in (self._add, self._remove):
            button.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.table)
        column.addLayout(row)
        column.addWidget(self.conditions)

    def _follow_selection(self) -> None:
        library = self._libraries.get(self.table.selected_key())
        self._remove.setEnabled(library is not None)
        self.conditions.show_library(library)

    def _on_conditions(self, changes: dict[str, Any]) -> None:
        key = self.table.selected_key()
        if key is not None:
            self.wanted.emit(lambda: self._commands.set_library(key, **changes))

    def _on_add(self) -> None:
        picker = QFileDialog(self, tr("Add folder"))
        picker.setFileMode(QFileDialog.FileMode.Directory)
        picker.setOption(QFileDialog.Option.ShowDirsOnly)
        picker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picker.fileSelected.connect(self._on_chosen)
        picker.open()

    def _on_chosen(self, path: str) -> None:
        work: Callable[[], Awaitable[None]] = lambda: self.add_folder(path)  # noqa: E731 - one line of work
        self.wanted.emit(work)

    async def _ask_and_remove(self) -> None:
        key, name, remove = self.table.selected_key(), self.table.selected_text(), tr("Remove")
        question = fill_in(tr("Remove {name} from the library? Its files stay as they are."), name=name)
        if key is not None and await ask(self, question, remove, tr("Cancel")) == remove:
            await self._commands.remove_library(key)
