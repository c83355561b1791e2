"""The pages of the settings window: those that are always there, one per service, one per sender."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from metarr_desktop.ui.sender_remedies import page_of
from metarr_desktop.ui.settings_pages.add_sender import AddSenderPage
from metarr_desktop.ui.settings_pages.advanced import AdvancedPage
from metarr_desktop.ui.settings_pages.general import GeneralPage
from metarr_desktop.ui.settings_pages.library import LibraryPage
from metarr_desktop.ui.settings_pages.receiving import ReceivingPage
from metarr_desktop.ui.settings_pages.schedule import SchedulePage
from metarr_desktop.ui.settings_pages.sender import SenderPage
from metarr_desktop.ui.settings_pages.service import ServicePage
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QStackedWidget

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.sender_snapshots import SenderSnapshot
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.ui.page_list import PageList
    from metarr_desktop.ui.settings_pages.page import SettingsPage


class PageShelf(QObject):
    """Keeps list and stack in step; ``state_changed`` carries the page with more or less to save.

    ``mapping_requested`` carries a sender and a folder of it that is not here, ``emptied`` says that the
    page that was looked at is gone with its sender.
    """

    state_changed = Signal(object)
    mapping_requested = Signal(str, str)
    emptied = Signal()

    def __init__(
        self,
        *,
        commands: Commands,
        queries: Queries,
        tasks: TaskSupervisor,
        titles: PageList,
        stack: QStackedWidget,
    ) -> None:
        super().__init__()
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._list = titles
        self._stack = stack
        self.pages: dict[str, SettingsPage] = {}
        self.library = LibraryPage(commands=commands, queries=queries, tasks=tasks)
        self.add_sender = AddSenderPage(commands=commands, queries=queries, tasks=tasks)
        self._add(GeneralPage(commands=commands, queries=queries, tasks=tasks))
        self._add(ReceivingPage(commands=commands, queries=queries, tasks=tasks))
        self._add(self.add_sender, group=tr("Sources"))
        titles.open_group(tr("Services"))
        self._add(self.library)
        self._add(SchedulePage(commands=commands, queries=queries, tasks=tasks))
        self._add(AdvancedPage(commands=commands, queries=queries, tasks=tasks))

    def sender_page(self, key: str) -> SenderPage | None:
        """Return the page of a sender, where there is one."""
        page = self.pages.get(key)
        return page if isinstance(page, SenderPage) else None

    async def prepare(self, key: str) -> None:
        """Have all pages there are, and read the one of that name anew; unsaved input of it is lost."""
        await self._follow_services()
        await self.follow_senders()
        await self._load(self.pages.get(key) or self.pages["general"])

    async def load_others(self, key: str) -> None:
        """Read the other pages anew, so that the search knows all of them; where somebody types they stay."""
        for each in tuple(self.pages.values()):
            if each.key != key and not each.is_dirty():
                await self._load(each)

    async def follow(self) -> None:
        """Follow changes made elsewhere; unsaved input stays."""
        await self._follow_services()
        await self.follow_senders()
        for each in tuple(self.pages.values()):
            await each.follow()

    async def follow_senders(self) -> None:
        """Have a page for each sender there is, and none for those that are gone."""
        senders = {page_of(each.slug): each for each in await self._queries.senders()}
        for key, page in tuple(self.pages.items()):
            if isinstance(page, SenderPage) and (key not in senders or senders[key].id != page.snapshot.id):
                self._drop(page)
        for key, snapshot in senders.items():
            known = self.sender_page(key)
            if known is None:
                await self._load(self._add_sender(snapshot))
            else:
                known.show_sender(snapshot)

    async def _follow_services(self) -> None:
        for snapshot in await self._queries.services():
            page = self.pages.get(snapshot.key)
            if isinstance(page, ServicePage):
                page.show_status(snapshot)
            else:
                new = ServicePage(snapshot, commands=self._commands, queries=self._queries, tasks=self._tasks)
                self._add(new, group=tr("Services"))
                await _let_others_in()

    def _add_sender(self, snapshot: SenderSnapshot) -> SenderPage:
        page = SenderPage(snapshot, commands=self._commands, queries=self._queries, tasks=self._tasks)
        page.mapping_requested.connect(self.mapping_requested)
        self._add(page, group=tr("Sources"))
        return page

    async def _load(self, page: SettingsPage) -> None:
        await _let_others_in()
        await page.load()
        self._list.set_words(page.key, page.words())
        self.state_changed.emit(page)

    def _add(self, page: SettingsPage, *, group: str = "") -> None:
        self.pages[page.key] = page
        self._stack.addWidget(page)
        self._list.add(page.key, title=page.title, group=group)
        page.state_changed.connect(lambda: self.state_changed.emit(page))

    def _drop(self, page: SettingsPage) -> None:
        if self._stack.currentWidget() is page:
            self.emptied.emit()
        del self.pages[page.key]
        self._list.remove(page.key)
        self._stack.removeWidget(page)
        page.deleteLater()


async def _let_others_in() -> None:
    """Let the rest of the program go on: a page takes some time to be built, and there are many."""
    await asyncio.sleep(0.001)
