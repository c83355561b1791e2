"""The settings window: a list of pages on the left, one page on the right, Save and Cancel below."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.dialogs import ask, show_error
from metarr_desktop.ui.notes import NoteKind
from metarr_desktop.ui.page_shelf import PageShelf
from metarr_desktop.ui.reading_order import follow_reading_order
from metarr_desktop.ui.sender_remedies import page_of
from metarr_desktop.ui.settings_layout import SettingsLayout
from metarr_desktop.ui.settings_pages.sender import SenderPage
from metarr_desktop.ui.settings_pages.service import ServicePage
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from PySide6.QtGui import QCloseEvent, QHideEvent
    from PySide6.QtWidgets import QWidget

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.finding_snapshots import FoundSnapshot
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.ui.bridge import Bridge, JobBatch
    from metarr_desktop.ui.settings_pages.page import SettingsPage


class SettingsDialog(QDialog):
    """One page at a time may hold unsaved changes: leaving it asks what to do with them."""

    def __init__(
        self,
        *,
        commands: Commands,
        queries: Queries,
        bridge: Bridge,
        tasks: TaskSupervisor,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._loading = asyncio.Lock()
        self._busy = asyncio.Lock()
        ui = SettingsLayout(self)
        self._find, self._list, self._stack = ui.find, ui.list, ui.stack
        self._restore, self._save, self._cancel = ui.restore, ui.save, ui.cancel
        self._shelf = PageShelf(
            commands=commands, queries=queries, tasks=tasks, titles=self._list, stack=self._stack
        )
        self._pages = self._shelf.pages
        self._shelf.state_changed.connect(self._on_state_changed)
        self._shelf.mapping_requested.connect(
            lambda scope, path: self._spawn(lambda: self._begin_mapping(scope, path))
        )
        self._shelf.emptied.connect(lambda: self._show_page(self._shelf.add_sender.key))
        self._shelf.add_sender.added.connect(
            lambda name, connect: self._spawn(lambda: self._show_added(name, connect=connect))
        )
        self._show_page("general")
        self._find.textChanged.connect(self._list.filter)
        self._list.chosen.connect(self._on_page_chosen)
        self._restore.clicked.connect(lambda: self._page().restore_defaults())
        self._save.clicked.connect(self._on_save)
        self._cancel.clicked.connect(lambda: self._spawn(self._discard_and_hide))
        self._shortcut("Ctrl+F", self._find.setFocus)
        self._shortcut("Ctrl+S", self._on_save)
        self._shortcut("Ctrl+T", self._on_test)
        for keys in ("F6", "Shift+F6"):
            self._shortcut(keys, self._on_other_pane)
        bridge.service_changed.connect(lambda: self._spawn(self._refresh))
        bridge.settings_changed.connect(lambda: self._spawn(self._refresh))
        bridge.jobs_changed.connect(self._on_jobs_changed)
        bridge.glance_changed.connect(self._on_news)

    def open_page(
        self,
        key: str = "general",
        *,
        enable: bool = False,
        found: FoundSnapshot | None = None,
    ) -> None:
        """Show the window with a page: one of its own, such as ``general``, a service's or a sender's.

        ``sources radarr`` is the page that adds one, with the type chosen, and ``source-radarr connect``
        connects the one of that name; ``library proposals`` proposes path mappings. With ``enable`` the
        service's check box is ticked, and what was ``found`` is filled in, both unsaved.
        """
        fresh = not self.isVisible()
        self.show()
        self.raise_()
        self.activateWindow()
        self._spawn(lambda: self._open(key, fresh=fresh, enable=enable, found=found))

    async def may_leave(self) -> bool:
        """Ask what to do with unsaved changes; False when the person stays."""
        page = self._page()
        if not self.isVisible() or not page.is_dirty():
            return True
        if self._busy.locked():
            return False
        async with self._busy:
            save, discard, cancel = tr("Save"), tr("Discard"), tr("Cancel")
            question = tr("Save changes to {page}?").format(page=page.title)
            answer = await ask(self, question, save, discard, cancel)
            if answer == save:
                return await page.save()
            if answer == discard:
                await page.load()
            return answer == discard

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close at once when there is nothing to lose, else ask first."""
        if self._page().is_dirty():
            event.ignore()
            self._spawn(self._leave_and_hide)
        else:
            event.accept()

    def hideEvent(self, event: QHideEvent) -> None:
        """What was done is no news when the window comes up again."""
        super().hideEvent(event)
        self._page().forget_what_was_done()

    def reject(self) -> None:
        """Esc empties the search first, then closes."""
        if self._find.text():
            self._find.clear()
        else:
            self.close()

    def _shortcut(self, keys: str, slot: Callable[[], object]) -> None:
        QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def _spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        self._tasks.spawn(self._told(work), name="settings")

    async def _told(self, work: Callable[[], Awaitable[None]]) -> None:
        """Nothing fails in silence: what a page does not tell itself is told here."""
        try:
            await work()
        except MetarrError as error:
            show_error(self, error.text)

    def _page(self) -> SettingsPage:
        return cast("SettingsPage", self._stack.currentWidget())

    async def _open(self, key: str, *, fresh: bool, enable: bool, found: FoundSnapshot | None) -> None:
        """Show a page as soon as it is loaded, then load the others."""
        key, _, word = key.partition(" ")
        async with self._loading:
            if fresh:
                await self._shelf.prepare(key)
            else:
                await self._shelf.follow_senders()
        await self._open_loaded(key, word, enable=enable, found=found)
        if fresh:
            async with self._loading:
                await self._shelf.load_others(self._page().key)

    async def _open_loaded(self, key: str, word: str, *, enable: bool, found: FoundSnapshot | None) -> None:
        if self._pages.get(key) is not self._page() and not await self.may_leave():
            return
        self._show_page(key if key in self._pages else "general")
        page = self._page()
        if page is self._shelf.add_sender and word:
            self._shelf.add_sender.choose(word)
        if page is self._shelf.library and word == "proposals":
            self._shelf.library.show_proposals()
        if isinstance(page, SenderPage) and word == "connect":
            page.connection.connect_now()
        if isinstance(page, ServicePage):
            if enable:
                page.tick_enable()
            if found is not None:
                page.propose_found(found)
        page.focus_first()

    async def _refresh(self) -> None:
        """Follow changes made elsewhere; unsaved input stays."""
        if self.isVisible():
            async with self._loading:
                await self._shelf.follow()

    async def _begin_mapping(self, scope: str, path: str) -> None:
        async with self._loading:
            pass  # what is loaded only afterwards would show its own again
        if await self.may_leave():
            self._show_page(self._shelf.library.key)
            self._shelf.library.begin_mapping(scope, path)

    async def _show_added(self, name: str, *, connect: bool) -> None:
        """Go on where the sender that was just added is shown, and connect it there."""
        await self._follow_senders()
        page = self._shelf.sender_page(page_of(name))
        if page is not None:
            self._show_page(page.key)
            if connect:
                page.connection.connect_now()

    def _show_page(self, key: str) -> None:
        page = self._pages[key]
        if page is not self._page():
            self._page().forget_what_was_done()
        self._list.select(key)
        self._stack.setCurrentWidget(page)
        follow_reading_order(self)
        self.setWindowTitle(tr("Settings - {page}").format(page=page.title))
        self._on_state_changed(page)

    def _on_page_chosen(self, key: str) -> None:
        """Go there, or stay until it is settled what becomes of the changes here."""
        here = self._page()
        if key == here.key:
            return
        if here.is_dirty():
            self._list.select(here.key)
            self._spawn(lambda: self._leave_for(key))
        else:
            self._show_page(key)

    def _on_state_changed(self, page: SettingsPage) -> None:
        unsaved = page.is_dirty()
        self._list.mark(page.key, unsaved=unsaved)
        if unsaved:
            page.forget_what_was_done()
        if page is self._page():
            self._save.setEnabled(unsaved)
            self._restore.setVisible(page.offers_defaults())

    def _on_jobs_changed(self, batch: JobBatch) -> None:
        """Follow the runs of recurring work, where somebody looks at them."""
        page = self._page()
        if page.key == "schedule" and self.isVisible():
            kinds = self._queries.schedule_names()
            if any(job.type in kinds for job in batch.jobs):
                self._spawn(page.follow)

    def _on_news(self) -> None:
        """Follow what a sender sends, where somebody looks at it."""
        if isinstance(self._page(), SenderPage) and self.isVisible():
            self._spawn(self._follow_senders)

    async def _follow_senders(self) -> None:
        async with self._loading:
            await self._shelf.follow_senders()

    def _on_save(self) -> None:
        if self._page().is_dirty() and not self._busy.locked():
            self._spawn(self._save_page)

    def _on_test(self) -> None:
        page = self._page()
        if isinstance(page, ServicePage):
            page.trial_bar.test_button.click()
        elif isinstance(page, SenderPage) and page.connection.isVisible():
            page.connection.button.click()

    def _on_other_pane(self) -> None:
        if self._list.hasFocus() or self._find.hasFocus():
            self._page().focus_first()
        else:
            self._list.setFocus()

    async def _save_page(self) -> None:
        async with self._busy:
            page = self._page()
            if await page.save():
                page.note.tell(NoteKind.DONE, tr("Saved."), aloud=True)

    async def _leave_for(self, key: str) -> None:
        if await self.may_leave():
            self._show_page(key)

    async def _leave_and_hide(self) -> None:
        if await self.may_leave():
            self.hide()

    async def _discard_and_hide(self) -> None:
        if self._page().is_dirty():
            await self._page().load()
        self.hide()
