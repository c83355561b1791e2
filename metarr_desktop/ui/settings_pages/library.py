"""Settings of the library: folders of this computer, and how other paths map to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
)

from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.folder_section import FolderSection
from metarr_desktop.ui.mapping_proposals import MappingProposals
from metarr_desktop.ui.plain_table import PlainTable
from metarr_desktop.ui.settings_pages.page import SettingsPage
from metarr_desktop.ui.trace_dialog import TraceDialog
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.snapshots import ServiceSnapshot
    from metarr_desktop.app.tasks import TaskSupervisor


class LibraryPage(SettingsPage):
    """Adding and removing act at once; only a mapping that is being typed can be unsaved."""

    def __init__(self, *, commands: Commands, queries: Queries, tasks: TaskSupervisor) -> None:
        super().__init__(key="library", title=tr("Library"))
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self.folders = FolderSection(commands)
        self._sources: dict[str, str] = {}
        self._services: dict[str, str] = {}
        self._mappings = PlainTable(tr("Path mappings"), columns=(tr("For"), tr("From"), tr("To")), stretch=1)
        self._scope = QComboBox()
        self._from = QLineEdit()
        self._to = QLineEdit()
        self._remove_mapping = _button(tr("Remove mapping"), self._on_remove_mapping)
        self._add_mapping = _button(tr("Add mapping"), lambda: self._spawn(self.save))
        self._propose = _button(tr("Propose mappings..."), self.show_proposals)
        self._trace = _button(tr("Trace a path..."), self._on_trace)
        self._lay_out()
        self.folders.wanted.connect(self._on_wanted)
        self._mappings.itemSelectionChanged.connect(self._follow_input)
        for line in (self._from, self._to):
            line.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
            line.textChanged.connect(self._follow_input)
        self._follow_input()
        self.refresh_mnemonics()

    async def load(self) -> None:
        """Show folders and mappings; a mapping being typed is thrown away."""
        self._from.clear()
        self._to.clear()
        await self._load_tables()

    async def follow(self) -> None:
        """Show folders and mappings changed elsewhere; a mapping being typed stays."""
        await self._load_tables()

    def is_dirty(self) -> bool:
        """Whether a mapping was begun and not added."""
        return bool(self._from.text().strip() or self._to.text().strip())

    async def save(self) -> bool:
        """Add the mapping that was typed."""
        scope, source, target = self._scope.currentData(), self._from.text().strip(), self._to.text().strip()
        if not (source and target):
            self.tell(tr("Enter both paths of the mapping."))
            (self._to if source else self._from).setFocus()
            return False
        if not await self.tell_failure(lambda: self._commands.add_mapping(scope, source, target)):
            return False
        await self.load()
        return True

    def words(self) -> str:
        """What stands on the page."""
        return " ".join(
            (
                tr("Folders"),
                tr("Add folder..."),
                tr("Anchor file"),
                tr("NFO required"),
                tr("Watch"),
                tr("Path mappings"),
                tr("Add mapping"),
                tr("Propose mappings..."),
                tr("Trace a path..."),
            )
        )

    def focus_first(self) -> None:
        """Begin with the folders."""
        self.folders.table.setFocus()

    def begin_mapping(self, scope: str, source: str) -> None:
        """Begin a mapping of a sender's folder, unsaved: where it lies here is what is missing."""
        place = self._scope.findData(scope)
        self._scope.setCurrentIndex(max(0, place))
        self._from.setText(source)
        self._to.setFocus()

    def show_proposals(self) -> None:
        """Ask senders and media servers what should be mapped, and offer it."""
        dialog = MappingProposals(
            commands=self._commands,
            tasks=self._tasks,
            titles={**self._sources, **self._services},
            parent=self,
        )
        dialog.open()
        dialog.look()

    def _lay_out(self) -> None:
        mapping_actions = FlowLayout()
        for widget in (self._add_mapping, self._remove_mapping, self._propose, self._trace):
            mapping_actions.addWidget(widget)
        fields = QFormLayout()
        fields.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        fields.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for title, field in ((tr("For"), self._scope), (tr("From"), self._from), (tr("To"), self._to)):
            field.setAccessibleName(tr("Mapping: {field}").format(field=title))
            fields.addRow(title, field)
        explanation = QLabel(
            tr("A sender's path becomes this computer's; for a service it becomes that service's.")
        )
        explanation.setWordWrap(True)
        for part in (_heading(tr("Folders")), self.folders, _heading(tr("Path mappings")), explanation):
            self.body.addWidget(part)
        self.body.addWidget(self._mappings)
        self.body.addLayout(fields)
        self.body.addLayout(mapping_actions)
        self.body.addStretch(1)

    def _spawn(self, work: Callable[[], Awaitable[object]]) -> None:
        async def run() -> None:
            await work()

        self._tasks.spawn(run(), name="library settings")

    async def _load_tables(self) -> None:
        libraries, mappings = await self._queries.libraries(), await self._queries.mappings()
        types = dict(self._queries.sources())
        senders = {sender.slug: sender.name for sender in await self._queries.senders()}
        self._sources = {**types, **{key: name for key, name in senders.items() if key not in types}}
        self._services = scope_titles(await self._queries.services())
        titles = {**self._sources, **self._services}
        if {self._scope.itemData(place) for place in range(self._scope.count())} != set(titles):
            chosen = self._scope.currentData()
            self._scope.clear()
            for key, title in titles.items():
                self._scope.addItem(title, key)
            self._scope.setCurrentIndex(max(0, self._scope.findData(chosen)))
        self.folders.show_libraries(libraries)
        self._mappings.show_rows(
            [
                (
                    (mapping.scope, mapping.from_path),
                    (titles.get(mapping.scope, mapping.scope), mapping.from_path, mapping.to_path),
                )
                for mapping in mappings
            ]
        )
        self._follow_input()

    def _follow_input(self) -> None:
        self._remove_mapping.setEnabled(self._mappings.selected_key() is not None)
        self._add_mapping.setEnabled(self.is_dirty())
        self.state_changed.emit()

    def _on_trace(self) -> None:
        dialog = TraceDialog(
            queries=self._queries,
            tasks=self._tasks,
            sources=self._sources,
            services=self._services,
            parent=self,
        )
        dialog.open()

    def _on_remove_mapping(self) -> None:
        scope, source = self._mappings.selected_key()
        self._on_wanted(lambda: self._commands.remove_mapping(scope, source))

    def _on_wanted(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do what a person asked for; what fails is told at the foot of the page."""

        async def run() -> None:
            await self.tell_failure(work)
            await self._load_tables()

        self._spawn(run)


def scope_titles(services: Sequence[ServiceSnapshot]) -> dict[str, str]:
    """Return the scopes of services, and behind each those of its groups, where it has several players."""
    titles: dict[str, str] = {}
    for service in services:
        titles[service.key] = service.title
        household = service.household
        for group in household.groups if household is not None and household.several else ():
            titles[f"{service.key}/{group.slug}"] = f"{service.title} ({group.name})"
    return titles


def _button(label: str, slot: Callable[[], None]) -> QPushButton:
    button = QPushButton(label)
    button.setAutoDefault(False)
    button.clicked.connect(slot)
    return button


def _heading(title: str) -> QLabel:
    label = QLabel(title)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label
