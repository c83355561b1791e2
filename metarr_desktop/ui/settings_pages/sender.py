"""The settings page of one sender: who it is, how it stands, and its connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton

from metarr_desktop.domain.errors import MetarrError, NotFound, Refused
from metarr_desktop.ui.address_line import AddressLine
from metarr_desktop.ui.dialogs import ask, show_news
from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.forms import Form
from metarr_desktop.ui.mnemonics import literal
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.sender_connection import NEVER_CONNECTED, SenderConnection
from metarr_desktop.ui.sender_facts import SenderFacts, bold
from metarr_desktop.ui.sender_remedies import page_of
from metarr_desktop.ui.sender_wording import sender_state_text, steps_by_hand
from metarr_desktop.ui.settings_pages.form_page import FormPage
from metarr_desktop.ui.settings_pages.keeping import save_secrets
from metarr_desktop.ui.wording import fill_in, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from PySide6.QtGui import QShowEvent

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.sender_snapshots import SenderSnapshot
    from metarr_desktop.app.snapshots import ServiceForm
    from metarr_desktop.app.tasks import TaskSupervisor


class SenderPage(FormPage):
    """Fields are saved with the window's Save; every button below them acts at once.

    ``mapping_requested`` carries the scope of a mapping and the sender's folder it is to be about.
    """

    mapping_requested = Signal(str, str)

    def __init__(
        self, snapshot: SenderSnapshot, *, commands: Commands, queries: Queries, tasks: TaskSupervisor
    ) -> None:
        super().__init__(key=page_of(snapshot.slug), title=snapshot.name)
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._stored: ServiceForm | None = None
        self.snapshot = snapshot
        self.enable = QCheckBox(literal(fill_in(tr("Enable {service}"), service=self.title)))
        self.enable.clicked.connect(self.state_changed)
        self._status = Note()
        self.connection = SenderConnection(
            snapshot, commands=commands, tasks=tasks, ready=self._ready, prepare=self._save_for_connecting
        )
        self.facts = SenderFacts()
        self.address = AddressLine(
            snapshot.name,
            steps=steps_by_hand(snapshot.type, title=snapshot.type_title, can_connect=snapshot.can_connect),
        )
        self.new_key = self._button(tr("New key"), self._renew_key)
        self.remove = self._button(tr("Remove"), self._remove)
        self._connect_signals()
        self.show_sender(snapshot)

    # What the window asks

    async def load(self) -> None:
        """Show what is stored, building the form the first time."""
        try:
            stored = await self._queries.sender_form(self.title)
        except NotFound:  # removed meanwhile: the page goes as well
            return
        if self._form is None:
            self._build(stored)
        self._stored = stored
        self.enable.setChecked(stored.enabled)
        self.form.allow_incomplete(allowed=True)
        self.form.fill(stored.values, secrets_set=stored.secrets_set)
        self.connection.forget()
        self.refresh_mnemonics()
        self.state_changed.emit()

    async def follow(self) -> None:
        """Show what was changed elsewhere, unless something was typed in the meantime."""
        if self.isVisible():
            await self._show_address()
        try:
            stored = await self._queries.sender_form(self.title)
        except NotFound:
            return
        if stored != self._stored and not self.is_dirty():
            await self.load()

    def show_sender(self, snapshot: SenderSnapshot) -> None:
        """Show how the sender stands now."""
        self.snapshot = snapshot
        kind, words = sender_state_text(snapshot)
        self._status.tell(kind, fill_in(tr("Status: {state}"), state=words))
        self.connection.show_sender(snapshot)
        self.facts.show_sender(snapshot)

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for the address when somebody looks: its key may lie in the keyring."""
        super().showEvent(event)
        self._tasks.spawn(self._show_address(), name="address of a sender")

    def is_dirty(self) -> bool:
        """Whether a field or Enable differs from what is stored."""
        return super().is_dirty() or self._new_enabled() is not None

    async def save(self) -> bool:
        """Store the draft; with something wrong nothing is stored."""
        if not self.form.validate():
            self.show_errors()
            return False
        if not await self._store():
            return False
        await self.load()
        return True

    def offers_defaults(self) -> bool:
        """An address and a key have none."""
        return False

    def words(self) -> str:
        """The labels of the form and of what stands below it."""
        below = (tr("Connect"), tr("Do it by hand"), tr("New key"), tr("Folders"), tr("Catch up now"))
        return " ".join((super().words(), self.snapshot.type_title, *below))

    # Parts

    def _connect_signals(self) -> None:
        self.state_changed.connect(self._on_state_changed)
        self.connection.relabelled.connect(self.refresh_mnemonics)
        self.connection.wanted.connect(self._start)
        self.connection.ended.connect(
            lambda: self._tasks.spawn(self._show_address(), name="address of a sender")
        )
        self.facts.relabelled.connect(self.refresh_mnemonics)
        self.facts.mapping_requested.connect(
            lambda path: self.mapping_requested.emit(self.snapshot.slug, path)
        )
        self.address.copied.connect(lambda: self._tell_done(tr("Address copied.")))

    def _build(self, stored: ServiceForm) -> None:
        head = QHBoxLayout()
        head.addWidget(self.enable)
        head.addWidget(self._status, 1)
        self._outer.insertLayout(0, head)
        self.put_form(
            Form(
                stored.fields,
                check=lambda name, value: self._queries.check_sender_field(self.snapshot.type, name, value),
                tasks=self._tasks,
                load_secret=lambda name: self._queries.sender_secret(self.title, name),
            )
        )
        layout = self.form.layout()
        if layout is not None:
            layout.setContentsMargins(0, 0, 0, 0)
        for part in (self.connection, self.facts, bold(tr("Address")), self.address):
            self.body.addWidget(part)
        last = FlowLayout()
        for button in (self.new_key, self.remove):
            last.addWidget(button)
        self.body.addLayout(last)
        self.body.addStretch(1)

    def _button(self, label: str, work: Callable[[], Awaitable[None]]) -> QPushButton:
        button = QPushButton(label)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._start(work))
        return button

    def _start(self, work: Callable[[], Awaitable[object]]) -> None:
        """What fails is told at the foot of the page."""

        async def run() -> None:
            self.note.forget()
            try:
                await work()
            except MetarrError as error:
                self.tell(error.text)

        self._tasks.spawn(run(), name="sender")

    def _new_enabled(self) -> bool | None:
        ticked = self.enable.isChecked()
        return None if self._stored is None or ticked == self._stored.enabled else ticked

    async def _store(self) -> bool:
        enabled, draft = self._new_enabled(), self.form.draft()
        if self.form.is_dirty() and not await save_secrets(
            self,
            lambda until_quit: self._commands.save_sender(self.title, draft, until_quit=until_quit),
            unlock=self._commands.unlock_keyring,
        ):
            return False
        if enabled is None:
            return True
        return await self.tell_failure(lambda: self._commands.set_sender_enabled(self.title, enabled=enabled))

    async def _show_address(self) -> None:
        try:
            self.address.show_address(await self._queries.sender_address(self.title))
        except NotFound:
            return
        except MetarrError as error:  # the key of the address lies in a locked keyring
            self.tell(error.text)

    def _tell_done(self, words: str) -> None:
        self.note.tell(NoteKind.DONE, words, aloud=True)

    def _on_state_changed(self) -> None:
        if self.is_dirty():
            self.connection.mark_stale()

    # What its buttons do

    def _ready(self) -> bool:
        self.note.forget()
        if self.form.validate(complete=True):
            return True
        self.show_errors()
        return False

    async def _save_for_connecting(self) -> None:
        if not self.is_dirty():
            return
        if not await self._store():
            raise Refused("Nothing was saved, so nothing was connected.")
        await self.load()

    async def _renew_key(self) -> None:
        """The address changes with its key, so this is asked first."""
        renew = tr("New key")
        question = fill_in(tr("Addresses change. Update {sender}?"), sender=self.title)
        if await ask(self, question, renew, tr("Cancel")) != renew:
            return
        connected = self.snapshot.state not in NEVER_CONNECTED
        await self._commands.renew_sender_key(self.title)
        await self._show_address()
        told = tr("{sender} has the new key.") if connected else tr("Paste the new address into {sender}.")
        self._tell_done(fill_in(told, sender=self.title))

    async def _remove(self) -> None:
        """The page goes with its sender, so what was done is told in a window."""
        remove = tr("Remove")
        question = fill_in(
            tr("Remove {sender}? Its webhook is taken away there. The history stays."), sender=self.title
        )
        if await ask(self, question, remove, tr("Cancel")) == remove:
            window = self.window()
            show_news(window, await self._commands.remove_sender(self.title))
