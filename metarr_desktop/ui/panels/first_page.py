"""What the Dashboard shows before the first webhook: how to connect a sender, by itself or by hand."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.wording import fill_in, say, tr

if TYPE_CHECKING:
    from PySide6.QtGui import QShowEvent

    from metarr_desktop.app.snapshots import SourceAddress
    from metarr_desktop.ui.ports import Ports

FIRST_SOURCE = "radarr"


class FirstPage(QScrollArea):
    """Ways to the page that adds a sender, a test webhook, and the steps with the address to paste.

    ``settings_requested`` carries the page of the settings that is wanted.
    """

    settings_requested = Signal(str)

    def __init__(self, ports: Ports) -> None:
        super().__init__()
        self._queries = ports.queries
        self._tasks = ports.tasks
        self._actions = ports.actions
        self._rows: dict[str, AddressRow] = {}
        self.trouble = _label("")
        self.trouble.hide()
        self.connect_first = QPushButton(tr("Connect Radarr"))
        self.connect_other = QPushButton(tr("Connect another program"))
        self.connect_first.clicked.connect(lambda: self.settings_requested.emit(f"sources {FIRST_SOURCE}"))
        self.connect_other.clicked.connect(lambda: self.settings_requested.emit("sources"))
        self.send_test = QPushButton(tr("Send a test webhook"))
        self.send_test.clicked.connect(lambda: ports.actions.send_test(FIRST_SOURCE))
        self._lay_out()
        ports.bridge.settings_changed.connect(self._on_settings_changed)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the addresses when somebody looks."""
        super().showEvent(event)
        self._tasks.spawn(self.load(), name="first page")

    async def load(self) -> None:
        """Show the addresses as they are now."""
        try:
            addresses = await self._queries.addresses()
        except MetarrError as error:
            self.trouble.setText(say(error.text))
            self.trouble.show()
            return
        self.trouble.hide()
        for address in addresses:
            if address.key in self._rows:
                self._rows[address.key].show_address(address)

    def _on_settings_changed(self) -> None:
        if self.isVisible():
            self._tasks.spawn(self.load(), name="first page")

    def _lay_out(self) -> None:
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inner = QWidget()
        column = QVBoxLayout(inner)
        heading = _label(tr("No webhooks yet. Connect Radarr to get started."))
        font = heading.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        heading.setFont(font)
        column.addWidget(heading)
        buttons = FlowLayout()
        for button in (self.connect_first, self.connect_other, self.send_test):
            buttons.addWidget(button)
        column.addLayout(buttons)
        column.addSpacing(8)
        column.addWidget(_label(tr("Or do it by hand:")))
        column.addWidget(_label(tr('1. In Radarr open Settings > Connect, add "Webhook".')))
        column.addWidget(
            _label(tr("2. Tick On File Import, On File Upgrade, On Rename, On Movie File Delete."))
        )
        column.addWidget(_label(tr("3. Paste this address as Webhook URL. Method: POST.")))
        sources = dict(self._queries.sources())
        first = QGridLayout()
        self._add_row(first, FIRST_SOURCE, sources.get(FIRST_SOURCE, FIRST_SOURCE.title()))
        column.addLayout(first)
        column.addWidget(self.trouble)
        column.addWidget(_label(tr("4. Press Test in Radarr. It appears here at once.")))
        column.addStretch(1)
        self.setWidget(inner)
        give_mnemonics(self)

    def _add_row(self, grid: QGridLayout, key: str, title: str) -> None:
        row = AddressRow(title)
        row.copy.clicked.connect(partial(self._actions.copy_address, key))
        self._rows[key] = row
        place = grid.rowCount()
        for column, widget in enumerate((row.label, row.line, row.copy)):
            grid.addWidget(widget, place, column)
        grid.setColumnStretch(1, 1)


class AddressRow:
    """The address for one sender, to read and to copy."""

    def __init__(self, title: str) -> None:
        name = fill_in(tr("Address for {source}"), source=title)
        self.label = QLabel(title)
        self.label.setMinimumWidth(self.label.fontMetrics().horizontalAdvance("Radarr") + 12)
        self.line = QLineEdit()
        self.line.setReadOnly(True)
        self.line.setAccessibleName(name)
        self.line.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.label.setBuddy(self.line)
        self.copy = QPushButton(tr("Copy"))
        self.copy.setAccessibleName(fill_in(tr("Copy address for {source}"), source=title))

    def show_address(self, address: SourceAddress) -> None:
        """Show the address from its beginning."""
        if self.line.text() != address.url:
            self.line.setText(address.url)
            self.line.setCursorPosition(0)


def _label(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label
