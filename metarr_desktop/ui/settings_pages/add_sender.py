"""The settings page on which a sender is added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout

from metarr_desktop.domain.forms import Draft, FieldSpec
from metarr_desktop.domain.senders import LONGEST_NAME, slug
from metarr_desktop.domain.text import text
from metarr_desktop.ui.field_editors import only_scroll_when_focused
from metarr_desktop.ui.forms import Form
from metarr_desktop.ui.settings_pages.keeping import save_secrets
from metarr_desktop.ui.settings_pages.page import SettingsPage
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.sender_snapshots import SenderSnapshot
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.domain.text import Text

KEY = "sources"
NAME = FieldSpec(name="name", title="Name", kind="text", required=True, description="What it is called here.")


class AddSenderPage(SettingsPage):
    """A form for each type, made when first chosen; ``added`` carries the name and whether to connect."""

    added = Signal(str, bool)

    def __init__(self, *, commands: Commands, queries: Queries, tasks: TaskSupervisor) -> None:
        super().__init__(key=KEY, title=tr("Add a source"))
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._types = {each.key: each for each in queries.sender_types()}
        self._forms: dict[str, Form] = {}
        self._senders: tuple[SenderSnapshot, ...] = ()
        self.type = QComboBox()
        for each in self._types.values():
            self.type.addItem(each.title, each.key)
        only_scroll_when_focused(self.type)
        self.type.activated.connect(self._show_type)
        self._fields = QVBoxLayout()
        self.connect_button = QPushButton()
        self.connect_button.setAutoDefault(False)
        self.connect_button.clicked.connect(self._on_connect)
        self._lay_out()
        self._show_type()

    @property
    def form(self) -> Form:
        """The form of the chosen type."""
        return self._forms[self._kind()]

    async def load(self) -> None:
        """Empty every form, and propose names that are free."""
        self._senders = await self._queries.senders()
        for kind in self._forms:
            self._fill(kind)
        self._show_type()

    async def follow(self) -> None:
        """Propose a free name, where nothing was typed."""
        if not self.is_dirty():
            await self.load()

    def is_dirty(self) -> bool:
        """Whether something was typed."""
        return self.form.is_dirty()

    async def save(self) -> bool:
        """Add what was typed, without connecting."""
        return await self._add(connect=False)

    def choose(self, kind: str) -> None:
        """Choose a type, such as ``radarr``."""
        if kind in self._types and not self.is_dirty():
            self.type.setCurrentIndex(self.type.findData(kind))
            self._show_type()

    def words(self) -> str:
        """The types, and the fields of the chosen one."""
        titles = " ".join(each.title for each in self._types.values())
        return f"{titles} {tr('Connect')} {self.form.words()}"

    def focus_first(self) -> None:
        """Begin with the type."""
        self.type.setFocus()

    def _lay_out(self) -> None:
        label = QLabel(tr("Program"))
        label.setBuddy(self.type)
        row = QHBoxLayout()
        row.addWidget(label)
        row.addWidget(self.type)
        row.addStretch(1)
        self._hint = QLabel()
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        self._hint.setWordWrap(True)
        self.body.addLayout(row)
        self.body.addWidget(self._hint)
        self.body.addLayout(self._fields)
        self.body.addWidget(self.connect_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addStretch(1)

    def _kind(self) -> str:
        return str(self.type.currentData())

    def _show_type(self) -> None:
        kind = self._kind()
        if kind not in self._forms:
            self._forms[kind] = self._make_form(kind)
            self._fields.addWidget(self._forms[kind])
            self._fill(kind)
        for each, form in self._forms.items():  # a form of more fields leaves no gap below one of fewer
            form.setVisible(each == kind)
        connects = self._types[kind].can_connect
        self.connect_button.setText(tr("Connect") if connects else tr("Add"))
        self._hint.setText(
            tr("Metarr Desktop adds its own webhook there and waits for its test to arrive.")
            if connects
            else tr("Its webhook is set up by hand: the next page says how.")
        )
        self.refresh_mnemonics()
        self.state_changed.emit()

    def _make_form(self, kind: str) -> Form:
        async def nothing_kept(_field: str) -> str | None:
            return None

        form = Form(
            (NAME, *self._queries.new_sender_form(kind).fields),
            check=lambda name, value: self._check(kind, name, value),
            tasks=self._tasks,
            load_secret=nothing_kept,
        )
        form.changed.connect(self.state_changed)
        form.relabelled.connect(self.refresh_mnemonics)
        return form

    def _fill(self, kind: str) -> None:
        values = self._queries.new_sender_form(kind).values
        name = free_name(self._types[kind].title, kind=kind, senders=self._senders)
        self._forms[kind].fill({**values, NAME.name: name})

    def _check(self, kind: str, name: str, value: PlainValue) -> Text | None:
        if name != NAME.name:
            return self._queries.check_sender_field(kind, name, value)
        words = " ".join(str(value).split())
        if not slug(words) or len(words) > LONGEST_NAME:
            return text(
                "A name has at least one letter from a to z or a digit, and at most {most} characters.",
                most=LONGEST_NAME,
            )
        if any(is_taken(each, words, kind=kind) for each in self._senders):
            return text("There is a sender called {name} already. Choose another name.", name=words)
        return None

    def _on_connect(self) -> None:
        self._tasks.spawn(self._connect(), name="add a source")

    async def _connect(self) -> None:
        await self._add(connect=self._types[self._kind()].can_connect)

    async def _add(self, *, connect: bool) -> bool:
        kind, form = self._kind(), self.form
        if not form.validate(complete=connect):
            form.focus_first_error()
            self.show_focus()
            return False
        draft = form.draft()
        values = dict(draft.values)
        name = " ".join(str(values.pop(NAME.name)).split())
        if not await save_secrets(
            self,
            lambda until_quit: self._commands.add_sender(
                name, type=kind, draft=Draft(values=values, secrets=draft.secrets), until_quit=until_quit
            ),
            unlock=self._commands.unlock_keyring,
        ):
            return False
        await self.load()
        self.added.emit(name, connect)
        return True


def is_taken(sender: SenderSnapshot, name: str, *, kind: str) -> bool:
    """Whether a sender has that name; one that was only seen by its webhooks may be set up under it."""
    return sender.slug == slug(name) and (sender.type != kind or bool(sender.url))


def free_name(title: str, *, kind: str, senders: tuple[SenderSnapshot, ...]) -> str:
    """Return the title of a type, with a number where a sender is called so already."""
    name, number = title, 1
    while any(is_taken(each, name, kind=kind) for each in senders):
        number += 1
        name = f"{title} {number}"
    return name
