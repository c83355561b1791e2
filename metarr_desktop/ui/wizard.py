"""The setup assistant: five pages in a window of their own, each of which can be skipped."""

from __future__ import annotations

from string import ascii_lowercase, digits
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.ui.announcing import announce
from metarr_desktop.ui.dialogs import show_error
from metarr_desktop.ui.mnemonics import renew_mnemonics
from metarr_desktop.ui.reading_order import follow_reading_order
from metarr_desktop.ui.wizard_pages.done import DoneStep
from metarr_desktop.ui.wizard_pages.receiving import ReceivingStep
from metarr_desktop.ui.wizard_pages.services import ServicesStep
from metarr_desktop.ui.wizard_pages.sources import SourcesStep
from metarr_desktop.ui.wizard_pages.welcome import WelcomePage
from metarr_desktop.ui.wording import fill_in, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.ui.bridge import Bridge
    from metarr_desktop.ui.panels.services import OpenSettings
    from metarr_desktop.ui.settings_pages.page import SettingsPage

WIDTH, HEIGHT = 620, 380
LARGER = 1.3
EVERY_LETTER = ascii_lowercase + digits


class Wizard(QDialog):
    """Goes on only where a page could keep what stands there; closing it keeps what was kept so far."""

    def __init__(
        self,
        *,
        commands: Commands,
        queries: Queries,
        bridge: Bridge,
        tasks: TaskSupervisor,
        open_settings: OpenSettings,
        has_tray: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._moving = False
        self.setWindowTitle(tr("Setup assistant"))
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.resize(WIDTH, HEIGHT)
        self.pages: tuple[SettingsPage, ...] = (
            WelcomePage(),
            ReceivingStep(commands=commands, queries=queries, tasks=tasks),
            SourcesStep(commands=commands, queries=queries, tasks=tasks, bridge=bridge),
            ServicesStep(
                commands=commands, queries=queries, tasks=tasks, bridge=bridge, open_settings=open_settings
            ),
            DoneStep(commands=commands, queries=queries, tasks=tasks, has_tray=has_tray),
        )
        self.stack = QStackedWidget()
        for page in self.pages:
            self.stack.addWidget(page)
        self._heading = QLabel()
        font = self._heading.font()
        font.setPointSizeF(font.pointSizeF() * LARGER)
        self._heading.setFont(font)
        self._step = QLabel()
        self._foot = QWidget()
        self.skip = self._button(self._on_skip)
        self.back = self._button(self._on_back)
        self.next = self._button(self._on_next)
        self.next.setDefault(True)
        self._lay_out()

    @property
    def page(self) -> SettingsPage:
        """The page that is shown."""
        return cast("SettingsPage", self.stack.currentWidget())

    def begin(self) -> None:
        """Show the window with its first page."""
        self.show()
        self.raise_()
        self.activateWindow()
        self._spawn(lambda: self._go(0))

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self._heading, 1)
        head.addWidget(self._step)
        foot = QHBoxLayout(self._foot)
        foot.setContentsMargins(0, 0, 0, 0)
        foot.addWidget(self.skip)
        foot.addStretch(1)
        foot.addWidget(self.back)
        foot.addWidget(self.next)
        column = QVBoxLayout(self)
        column.addLayout(head)
        column.addWidget(self.stack, 1)
        column.addWidget(self._foot)

    def _button(self, act: Callable[[], object]) -> QPushButton:
        button = QPushButton()
        button.setAutoDefault(False)
        button.clicked.connect(lambda _checked=False: act())
        return button

    def _spawn(self, work: Callable[[], Awaitable[None]]) -> None:
        async def run() -> None:
            try:
                await work()
            except MetarrError as error:
                show_error(self, error.text)

        self._tasks.spawn(run(), name="assistant")

    async def _go(self, place: int) -> None:
        """Show a page as things stand now."""
        page = self.pages[place]
        await page.load()
        self.stack.setCurrentWidget(page)
        last = place == len(self.pages) - 1
        step = fill_in(tr("Step {n} of {total}"), n=place + 1, total=len(self.pages))
        self._heading.setText(page.title)
        self._step.setText(step)
        self.skip.setText(tr("Set up later") if place == 0 else tr("Skip"))
        self.skip.setVisible(not last)
        self.back.setText(tr("Back"))
        self.back.setVisible(place > 0)
        self.next.setText(tr("Start") if place == 0 else tr("Finish") if last else tr("Next"))
        # Next is Alt+N on every page, whatever stands there.
        renew_mnemonics(page, taken=EVERY_LETTER)
        renew_mnemonics(self._foot)
        page.refresh_mnemonics()
        follow_reading_order(self)
        if place in {0, len(self.pages) - 1}:
            self.next.setFocus()
        else:
            page.focus_first()
        announce(self, f"{step}: {page.title}")

    def _on_next(self) -> None:
        self._spawn(self._next)

    async def _next(self) -> None:
        """Keep what stands here and go on; with something wrong the page says so and stays."""
        if self._moving:
            return
        self._moving = True
        self.next.setEnabled(False)
        try:
            if not await self.page.save():
                return
        finally:
            self._moving = False
            self.next.setEnabled(True)
        await self._on_from_here()

    async def _on_from_here(self) -> None:
        place = self.stack.currentIndex()
        if place == len(self.pages) - 1:
            self.accept()
        else:
            await self._go(place + 1)

    def _on_skip(self) -> None:
        if self.stack.currentIndex() == 0:
            self.reject()
        elif not self._moving:
            self._spawn(self._on_from_here)

    def _on_back(self) -> None:
        if not self._moving:
            self._spawn(lambda: self._go(max(0, self.stack.currentIndex() - 1)))
