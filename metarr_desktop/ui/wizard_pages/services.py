"""The fourth page of the assistant: what was found on the network, and the other services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.forms import Draft
from metarr_desktop.ui.find_dialog import place_words, report_words
from metarr_desktop.ui.flow_layout import FlowLayout
from metarr_desktop.ui.mnemonics import literal
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.settings_pages.keeping import save_secrets
from metarr_desktop.ui.settings_pages.page import SettingsPage
from metarr_desktop.ui.sign_in_button import SignInButton
from metarr_desktop.ui.wording import fill_in, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.finding_snapshots import FoundSnapshot
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.ui.bridge import Bridge
    from metarr_desktop.ui.panels.services import OpenSettings


class FoundChoice(QWidget):
    """One place: a box to tick where nothing else is needed, else a way to what is."""

    brought = Signal(object)
    wanted = Signal(object)
    told = Signal(object, str)

    def __init__(self, found: FoundSnapshot, *, commands: Commands, tasks: TaskSupervisor) -> None:
        super().__init__()
        self.found = found
        words = place_words(found)
        self.box = QCheckBox(literal(words))
        self.box.setVisible(found.complete and not found.set_up)
        label = QLabel(words)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setVisible(not found.complete or found.set_up)
        label.setWordWrap(True)
        self.known = Note()
        self.known.tell(NoteKind.DONE, tr("Already set up") if found.set_up else "")
        self.sign_in = SignInButton(
            begin=lambda: commands.begin_sign_in(found.service, found.values), tasks=tasks
        )
        self.sign_in.brought.connect(self.brought)
        self.sign_in.told.connect(self.told)
        self.set_up = QPushButton(tr("Set up"))
        self.set_up.setAutoDefault(False)
        self.set_up.setAccessibleName(
            fill_in(tr("Set up {service} {name}"), service=found.title, name=found.name)
        )
        self.set_up.clicked.connect(lambda: self.wanted.emit(found))
        self.set_up.setVisible(not found.complete and not found.set_up and found.sign_in is None)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 2)
        grid.setColumnStretch(0, 1)
        for column, widget in enumerate((self.box, self.sign_in, self.set_up, self.known)):
            grid.addWidget(widget, 0, column)
        grid.addWidget(label, 0, 0)
        if found.sign_in is not None and not found.set_up:
            self.sign_in.offer(found.sign_in)


class ServicesStep(SettingsPage):
    """What is ticked is set up and switched on when the person goes on."""

    def __init__(
        self,
        *,
        commands: Commands,
        queries: Queries,
        tasks: TaskSupervisor,
        bridge: Bridge,
        open_settings: OpenSettings,
    ) -> None:
        super().__init__(key="services", title=tr("Services"))
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._open_settings = open_settings
        self._looked = self._looking = False
        self.choices: list[FoundChoice] = []
        self.others: dict[str, QPushButton] = {}
        self.news = Note()
        self.again = QPushButton(tr("Look again"))
        self.again.setAutoDefault(False)
        self.again.clicked.connect(lambda: self._start(self.look))
        self._places = QVBoxLayout()
        self._buttons = FlowLayout()
        self._set_up = Note()
        self.body.addWidget(self.news)
        self.body.addLayout(self._places)
        self.body.addWidget(self.again, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self._set_up)
        self.body.addWidget(QLabel(tr("Set up others:")))
        self.body.addLayout(self._buttons)
        self.body.addStretch(1)
        bridge.service_changed.connect(self._on_news)

    async def load(self) -> None:
        """Show the services there are, and look for them the first time."""
        await self._show_services()
        if not self._looked:
            self._looked = True
            self._start(self.look)

    async def look(self) -> None:
        """Ask the network, which takes three seconds."""
        if self._looking:
            return
        self._looking = True
        self.news.tell(NoteKind.RUNNING, tr("Looking for Kodi, Jellyfin, Plex and others..."), aloud=True)
        try:
            report = await self._commands.find_services()
        finally:
            self._looking = False
        if isValid(self):
            self._show_found(report.found)
            kind, words = report_words(report)
            self.news.tell(kind, words, aloud=True)
            if self.again.hasFocus():
                self.focus_first()

    async def save(self) -> bool:
        """Set up what is ticked, and switch it on."""
        for choice in self.choices:
            if choice.box.isChecked():
                if not await self._keep_found(choice.found):
                    return False
                choice.box.setChecked(False)
        return True

    def focus_first(self) -> None:
        """Begin with the first place, where one was found."""
        boxes = [choice.box for choice in self.choices if choice.box.isVisibleTo(self)]
        (boxes[0] if boxes else self.again).setFocus()

    def _show_found(self, found: tuple[FoundSnapshot, ...]) -> None:
        for choice in self.choices:
            self._places.removeWidget(choice)
            choice.hide()
            choice.deleteLater()
        self.choices = [FoundChoice(each, commands=self._commands, tasks=self._tasks) for each in found]
        for choice in self.choices:
            choice.brought.connect(lambda draft, choice=choice: self._on_brought(choice, draft))
            choice.told.connect(lambda kind, words: self.note.tell(kind, words, aloud=True))
            choice.wanted.connect(self._on_wanted)
            self._places.addWidget(choice)
        self.refresh_mnemonics()

    async def _show_services(self) -> None:
        services = await self._queries.services()
        for each in services:
            if each.key not in self.others:
                button = QPushButton(literal(each.title))
                button.setAutoDefault(False)
                words = fill_in(tr("Set up {service}"), service=each.title)
                button.setAccessibleName(words)
                button.clicked.connect(lambda _on=False, key=each.key: self._open_settings(key, enable=True))
                self.others[each.key] = button
                self._buttons.addWidget(button)
        names = ", ".join(each.title for each in services if each.configured and each.enabled)
        self._set_up.tell(NoteKind.DONE, fill_in(tr("Set up: {names}"), names=names) if names else "")
        self.refresh_mnemonics()

    def _on_news(self) -> None:
        if self.isVisible():
            self._start(self._show_services)

    def _on_brought(self, choice: FoundChoice, draft: Draft) -> None:
        async def keep() -> None:
            if await self._keep(choice.found.service, draft):
                choice.sign_in.hide()
                choice.known.tell(NoteKind.DONE, tr("Signed in"))

        self._start(keep)

    def _on_wanted(self, found: FoundSnapshot) -> None:
        self._open_settings(found.service, enable=True, found=found)

    async def _keep_found(self, found: FoundSnapshot) -> bool:
        """Set up what was ticked: a player more, or the one place a service has."""
        draft = Draft(values=found.values)
        if not found.is_player:
            return await self._keep(found.service, draft)

        async def add() -> None:
            await self._commands.add_player(found.service, "", draft, name=found.name)
            await self._commands.set_enabled(found.service, True)

        return await self.tell_failure(add)

    async def _keep(self, key: str, draft: Draft) -> bool:
        return await save_secrets(
            self,
            lambda until_quit: self._commands.save_service(key, draft, enabled=True, until_quit=until_quit),
            unlock=self._commands.unlock_keyring,
        )

    def _start(self, work: Callable[[], Awaitable[object]]) -> None:
        async def run() -> None:
            try:
                await work()
            except MetarrError as error:
                self.tell(error.text)

        self._tasks.spawn(run(), name="assistant")
