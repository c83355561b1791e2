"""The Help page: addresses to paste, the keys, and where the log is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.mnemonics import give_mnemonics
from metarr_desktop.ui.panels.first_page import AddressRow
from metarr_desktop.ui.wording import fill_in, say, tr

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from PySide6.QtGui import QShowEvent

    from metarr_desktop.ui.ports import Ports


class HelpPanel(QScrollArea):
    """Everything on one page that scrolls with the keyboard."""

    def __init__(
        self,
        ports: Ports,
        *,
        log_file: Path,
        keys: Sequence[tuple[str, str]],
        open_folder: Callable[[], object],
        open_assistant: Callable[[], object],
    ) -> None:
        super().__init__()
        self._queries = ports.queries
        self._tasks = ports.tasks
        self._rows: dict[str, AddressRow] = {}
        self.setAccessibleName(tr("Help"))
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        inner = QWidget()
        self._column = QVBoxLayout(inner)
        self._add_heading(fill_in(tr("Metarr Desktop {version}"), version=ports.queries.version))
        self._add_text(
            tr(
                "Metarr Desktop receives webhooks from Radarr, Sonarr and Lidarr, keeps them in a queue and "
                "passes the news on to your services. A webhook is stored before it is answered, "
                "so nothing is lost."
            )
        )
        self.assistant = QPushButton(tr("Setup assistant"))
        self.assistant.clicked.connect(lambda _checked=False: open_assistant())
        self._column.addWidget(self.assistant, 0, Qt.AlignmentFlag.AlignLeft)
        self._add_heading(tr("Addresses"))
        self._add_text(
            tr("In the sender open Settings > Connect, add a webhook and paste its address. Method: POST.")
        )
        grid = QGridLayout()
        for key, title in ports.queries.usual_sources():
            row = AddressRow(title)
            row.copy.clicked.connect(lambda _checked=False, key=key: ports.actions.copy_address(key))
            self._rows[key] = row
            place = grid.rowCount()
            for column, widget in enumerate((row.label, row.line, row.copy)):
                grid.addWidget(widget, place, column)
        self._column.addLayout(grid)
        self._add_heading(tr("Keys"))
        self._add_keys(keys)
        self._add_heading(tr("Log"))
        self._add_text(str(log_file))
        self.open_folder = QPushButton(tr("Open folder"))
        self.open_folder.setAccessibleName(tr("Open log folder"))
        self.open_folder.clicked.connect(lambda _checked=False: open_folder())
        self._column.addWidget(self.open_folder, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)
        self.setWidget(inner)
        give_mnemonics(self)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the addresses when somebody looks."""
        super().showEvent(event)
        self._tasks.spawn(self.load(), name="help page")

    async def load(self) -> None:
        """Show the addresses as they are now."""
        try:
            addresses = await self._queries.addresses()
        except MetarrError as error:
            for row in self._rows.values():
                row.line.setPlaceholderText(say(error.text))
            return
        for address in addresses:
            if address.key in self._rows:
                self._rows[address.key].show_address(address)

    def _add_heading(self, text: str) -> None:
        label = QLabel(text)
        font = label.font()
        font.setBold(True)
        label.setFont(font)
        if self._column.count():
            self._column.addSpacing(8)
        self._column.addWidget(label)

    def _add_text(self, text: str) -> None:
        label = QLabel(text)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._column.addWidget(label)

    def _add_keys(self, keys: Sequence[tuple[str, str]]) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        for place, (key, meaning) in enumerate(keys):
            grid.addWidget(QLabel(key), place, 0)
            grid.addWidget(QLabel(meaning), place, 1)
        grid.setColumnStretch(1, 1)
        self._column.addLayout(grid)
