"""The Services page: one switch per service, how it stands, and a real test; below it the senders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.dialogs import ask, show_error
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.panels.service_row import ServiceRow
from metarr_desktop.ui.panels.source_rows import SourceRows
from metarr_desktop.ui.reading_order import follow_reading_order
from metarr_desktop.ui.wording import plural, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from PySide6.QtGui import QShowEvent

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.finding_snapshots import FoundSnapshot
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.snapshots import ServiceSnapshot
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.ui.bridge import Bridge
    from metarr_desktop.ui.find_dialog import FindDialog


class OpenSettings(Protocol):
    """Opens a page of the settings, with Enable ticked and what was found filled in, if that is asked."""

    def __call__(self, key: str = ..., *, enable: bool = ..., found: FoundSnapshot | None = ...) -> None:
        """Open it."""


class ServicesPanel(QWidget):
    """Rows in registry order, kept from one refresh to the next so that focus stays."""

    def __init__(
        self,
        *,
        commands: Commands,
        queries: Queries,
        bridge: Bridge,
        tasks: TaskSupervisor,
        open_settings: OpenSettings,
    ) -> None:
        super().__init__()
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._open_settings = open_settings
        self._rows: dict[str, ServiceRow] = {}
        self.find_dialog: FindDialog | None = None
        self.find_button = QPushButton(tr("Find on network"))
        self.find_button.clicked.connect(self._on_find)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self.sources = SourceRows()
        self.sources.settings_requested.connect(open_settings)
        self._column.addWidget(self.sources)
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.find_button, 0, Qt.AlignmentFlag.AlignRight)
        outer.addWidget(scroll)
        bridge.service_changed.connect(self._on_news)
        bridge.jobs_changed.connect(self._on_news)
        bridge.settings_changed.connect(self._on_news)

    def refresh(self) -> None:
        """Show the services as they are now."""
        self._spawn(self.load)

    async def load(self) -> None:
        """Ask for the services and bring the rows up to date."""
        for snapshot in await self._queries.services():
            if snapshot.key not in self._rows:
                self._add_row(snapshot)
            self._rows[snapshot.key].show_snapshot(snapshot)
        widest = max((row.switch.sizeHint().width() for row in self._rows.values()), default=0)
        for row in self._rows.values():
            row.align(widest)
        self.sources.show_senders(await self._queries.senders())
        give_mnemonics(self)
        follow_reading_order(self)

    def focus_first(self) -> None:
        """Put the cursor on the first switch."""
        for row in self._rows.values():
            row.switch.setFocus()
            return

    def showEvent(self, event: QShowEvent) -> None:
        """Read what was missed while nobody looked."""
        super().showEvent(event)
        self.refresh()

    def _on_find(self) -> None:
        if self.find_dialog is None:
            from metarr_desktop.ui.find_dialog import FindDialog  # noqa: PLC0415 - few idle programs need it

            self.find_dialog = FindDialog(commands=self._commands, tasks=self._tasks, parent=self.window())
            self.find_dialog.chosen.connect(self._on_found)
        self.find_dialog.show()
        self.find_dialog.raise_()
        self.find_dialog.activateWindow()
        self.find_dialog.look()

    def _on_found(self, found: FoundSnapshot) -> None:
        self._open_settings(found.service, enable=True, found=found)

    def _on_news(self) -> None:
        if self.isVisible():
            self.refresh()

    def _add_row(self, snapshot: ServiceSnapshot) -> None:
        key = snapshot.key
        row = ServiceRow(snapshot, test=lambda: self._commands.test_service(key), tasks=self._tasks)
        row.switched.connect(lambda on: self._spawn(lambda: self._switch(key, on=on)))
        row.settings.clicked.connect(lambda: self._open_settings(key))
        self._column.insertWidget(self._column.count() - 2, row)
        self._rows[key] = row

    async def _switch(self, key: str, *, on: bool) -> None:
        """The switch acts at once, unless something has to be asked or set up first."""
        snapshot = self._rows[key].snapshot
        if on and not snapshot.configured:
            self._rows[key].show_snapshot(snapshot)
            self._open_settings(key, enable=True)
            return
        if on or not snapshot.waiting or await self._agrees(snapshot):
            await self._commands.set_enabled(key, on)
        await self.load()

    async def _agrees(self, snapshot: ServiceSnapshot) -> bool:
        question = plural(
            "Turn off {service}? {n} waiting job for {service} will be skipped.",
            "Turn off {service}? {n} waiting jobs for {service} will be skipped.",
            snapshot.waiting,
            service=snapshot.title,
        )
        turn_off = tr("Turn off")
        return await ask(self, question, turn_off, tr("Cancel")) == turn_off

    def _spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            try:
                await work()
            except MetarrError as error:
                show_error(self, error.text)

        self._tasks.spawn(run(), name="services page")
