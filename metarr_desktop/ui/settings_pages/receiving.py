"""Settings of the webhook listener: who may send, the port, the key and the addresses to paste."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QPushButton, QWidget

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.forms import FieldSpec
from metarr_desktop.ui.dialogs import ask
from metarr_desktop.ui.forms import Form
from metarr_desktop.ui.mnemonics import literal
from metarr_desktop.ui.notes import NoteKind
from metarr_desktop.ui.settings_pages.form_page import FormPage
from metarr_desktop.ui.settings_pages.keeping import save_receiving
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.snapshots import SourceAddress
    from metarr_desktop.app.tasks import TaskSupervisor

FIELDS = (
    FieldSpec(
        name="allow",
        title="Allow from",
        kind="choice",
        default="local",
        choices=(("local", "This computer only"), ("home", "My home network")),
        description="From other devices a key is always required.",
    ),
    FieldSpec(name="port", title="Port", kind="integer", default=3000, minimum=1, maximum=65_535),
    FieldSpec(
        name="require_key_locally",
        title="Require a key",
        kind="boolean",
        default=False,
        description="Also from programs on this computer.",
    ),
    FieldSpec(
        name="allow_only",
        title="Only these addresses",
        kind="text",
        description="Empty means every device of the home network.",
        placeholder="192.168.1.30, 192.168.2.0/24",
        advanced=True,
    ),
    FieldSpec(
        name="base_path",
        title="Base path",
        kind="text",
        description="Where a reverse proxy shows Metarr Desktop below another address.",
        placeholder="/metarr",
        advanced=True,
    ),
    FieldSpec(
        name="trusted_proxies",
        title="Trusted proxies",
        kind="text",
        description="Their word is taken for who sent a webhook.",
        placeholder="127.0.0.1",
        advanced=True,
    ),
)


class ReceivingPage(FormPage):
    """The listener's settings, and one address per source with a Copy button."""

    def __init__(self, *, commands: Commands, queries: Queries, tasks: TaskSupervisor) -> None:
        super().__init__(key="receiving", title=tr("Receiving"))
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self.put_form(Form(FIELDS, check=queries.setting_complaint, tasks=tasks))
        heading = QLabel(tr("Addresses"))
        heading.setTextFormat(Qt.TextFormat.PlainText)
        font = heading.font()
        font.setBold(True)
        heading.setFont(font)
        self.body.addWidget(heading)
        self._addresses: dict[str, QLineEdit] = {}
        self._table = QWidget()
        self._grid = QGridLayout(self._table)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(self._table)
        self._new_key = QPushButton(tr("New key"))
        self._new_key.setAutoDefault(False)
        self._new_key.clicked.connect(self._on_new_key)
        self.body.addWidget(self._new_key, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addStretch(1)

    async def load(self) -> None:
        """Show the stored settings and the addresses that follow from them."""
        settings = self._queries.settings()
        self.form.fill({spec.name: getattr(settings, spec.name) for spec in FIELDS})
        await self.load_addresses()
        self.refresh_mnemonics()
        self.state_changed.emit()

    async def load_addresses(self) -> None:
        """Show the addresses as they are now; what is unsaved in the form stays."""
        try:
            addresses = await self._queries.addresses()
        except MetarrError as error:  # the key of the addresses lies in a locked keyring
            self.tell(error.text)
            return
        for address in addresses:
            if address.key not in self._addresses:
                self._add_address(address)
            line = self._addresses[address.key]
            if line.text() != address.url:
                line.setText(address.url)
                line.setCursorPosition(0)

    async def save(self) -> bool:
        """Store what changed; a port that cannot be used is told under its field."""
        if not self.form.validate():
            self.show_errors()
            return False
        return await save_receiving(self, self._commands, self.form.changes())

    def words(self) -> str:
        """The labels of the form and what stands below it."""
        return f"{super().words()} {tr('Addresses')} {tr('New key')}"

    def _add_address(self, address: SourceAddress) -> None:
        row = self._grid.rowCount()
        line = QLineEdit()
        line.setReadOnly(True)
        line.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        line.setAccessibleName(tr("Address for {source}").format(source=address.title))
        label = QLabel(literal(address.title))
        label.setBuddy(line)
        copy = QPushButton(tr("Copy"))
        copy.setAutoDefault(False)
        copy.setAccessibleName(tr("Copy address for {source}").format(source=address.title))
        copy.clicked.connect(partial(self._on_copy, address.key))
        for column, widget in enumerate((label, line, copy)):
            self._grid.addWidget(widget, row, column)
        self._addresses[address.key] = line

    def _on_copy(self, key: str, _checked: bool = False) -> None:  # noqa: FBT001, FBT002 - Qt's signal
        QGuiApplication.clipboard().setText(self._addresses[key].text())
        self.note.tell(NoteKind.DONE, tr("Address copied."), aloud=True)

    def _on_new_key(self) -> None:
        self._tasks.spawn(self._replace_key(), name="new key")

    async def _replace_key(self) -> None:
        """Everything that sends to us has to learn the new addresses, so this is asked first."""
        answer = await ask(
            self, tr("Addresses change. Update Radarr, Sonarr and Lidarr."), tr("New key"), tr("Cancel")
        )
        if answer == tr("New key") and await self.tell_failure(self._commands.new_key):
            await self.load_addresses()
