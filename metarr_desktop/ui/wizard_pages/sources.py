"""The third page of the assistant: Radarr, Sonarr and the others, connected by themselves or by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.address_line import AddressLine
from metarr_desktop.ui.notes import Note, NoteKind
from metarr_desktop.ui.sender_connection import SenderConnection
from metarr_desktop.ui.sender_wording import sender_state_text, steps_by_hand
from metarr_desktop.ui.settings_pages.add_sender import AddSenderPage
from metarr_desktop.ui.wording import fill_in, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.ui.bridge import Bridge


class SourcesStep(AddSenderPage):
    """The form of the settings, and below it what came of each sender that was added or heard of."""

    def __init__(
        self, *, commands: Commands, queries: Queries, tasks: TaskSupervisor, bridge: Bridge
    ) -> None:
        self._by_hand: dict[str, AddressLine] = {}
        self._heard = Note()
        super().__init__(commands=commands, queries=queries, tasks=tasks)
        self.title = tr("Senders")
        self.connections: dict[str, SenderConnection] = {}
        self._column = QVBoxLayout()
        self._hands = QVBoxLayout()
        place = self.body.count() - 1
        self.body.insertLayout(place, self._column)
        self.body.insertWidget(place + 1, self._heard)
        self.body.insertLayout(place + 2, self._hands)
        self.added.connect(lambda name, connect: self._start(lambda: self._follow(name, connect=connect)))
        self.type.activated.connect(lambda _place: self._start(self._show_by_hand))
        for news in (bridge.glance_changed, bridge.settings_changed):
            news.connect(self._on_news)

    async def load(self) -> None:
        """Empty the form, and show who sends already."""
        await super().load()
        await self._show_heard()
        await self._show_by_hand()

    async def save(self) -> bool:
        """Add what was typed and not connected yet; nothing typed is in order."""
        return not self.is_dirty() or await super().save()

    def _on_news(self) -> None:
        if self.isVisible():
            self._start(self._show_heard)

    def _start(self, work: Callable[[], Awaitable[object]]) -> None:
        """What fails is told at the foot of the page."""

        async def run() -> None:
            try:
                await work()
            except MetarrError as error:
                self.tell(error.text)

        self._tasks.spawn(run(), name="assistant")

    async def _follow(self, name: str, *, connect: bool) -> None:
        """Show how a sender that was just added is connected."""

        async def nothing_to_save() -> None:
            return None

        snapshot = await self._queries.sender(name)
        connection = SenderConnection(
            snapshot, commands=self._commands, tasks=self._tasks, ready=lambda: True, prepare=nothing_to_save
        )
        connection.wanted.connect(self._start)
        connection.relabelled.connect(self.refresh_mnemonics)
        connection.ended.connect(lambda: self._start(self._show_heard))
        self.connections[name] = connection
        self._column.addWidget(connection)
        connection.show_sender(snapshot)
        await self._show_heard()
        if connect:
            connection.connect_now()

    async def _show_heard(self) -> None:
        """Say of each sender how it stands, or that none was heard of yet."""
        senders = await self._queries.senders()
        lines, kinds = list[str](), set[NoteKind]()
        for each in senders:
            kind, words = sender_state_text(each)
            kinds.add(kind)
            lines.append(fill_in(tr("{sender}: {state}"), sender=each.name, state=words))
            if each.name in self.connections:
                self.connections[each.name].show_sender(each)
        if not senders:
            self._heard.tell(NoteKind.RUNNING, tr("Waiting for the first webhook..."))
        else:
            worst = NoteKind.DONE if kinds == {NoteKind.DONE} else NoteKind.PLAIN
            self._heard.tell(worst, "\n".join(lines))

    async def _show_by_hand(self) -> None:
        """Show the address for the chosen program, with what is done there."""
        kind = self._kind()
        for address in await self._queries.addresses():
            if address.key == kind and kind not in self._by_hand:
                chosen = self._types[kind]
                steps = steps_by_hand(kind, title=chosen.title, can_connect=chosen.can_connect)
                self._by_hand[kind] = AddressLine(chosen.title, steps=steps)
                self._hands.addWidget(self._by_hand[kind])
            if address.key in self._by_hand:
                self._by_hand[address.key].show_address(address.url)
        for each, line in self._by_hand.items():
            line.setVisible(each == kind)
        self.refresh_mnemonics()
