"""The frame of the main window: pages, banners, status bar and keys."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from metarr_desktop.ui.announcing import announce
from metarr_desktop.ui.banner import BannerArea
from metarr_desktop.ui.drop_target import DropTarget
from metarr_desktop.ui.icons import app_icon
from metarr_desktop.ui.keys import connect_keys
from metarr_desktop.ui.reading_order import follow_reading_order
from metarr_desktop.ui.sidebar import Sidebar
from metarr_desktop.ui.wording import plural, tr

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QCloseEvent, QResizeEvent

    from metarr_desktop.ui.actions import Actions
    from metarr_desktop.ui.glance import Facts

WIDTH, HEIGHT = 1040, 680
LEAST_WIDTH, LEAST_HEIGHT = 480, 320
COMPACT_BELOW = 760
TOLD_MS = 6_000


class MainWindow(QMainWindow):
    """Shows one page at a time. Closing it only asks for that; ``may_close`` lets it happen."""

    close_requested = Signal()
    settings_requested = Signal()

    def __init__(
        self, pages: Mapping[str, tuple[str, Callable[[], QWidget]]], *, actions: Actions, version: str
    ) -> None:
        super().__init__()
        self._actions = actions
        self._builders = {key: build for key, (_, build) in pages.items()}
        self.may_close = False
        self.setWindowTitle("Metarr Desktop")
        self.setWindowIcon(app_icon())
        self.setMinimumSize(LEAST_WIDTH, LEAST_HEIGHT)
        self.resize(WIDTH, HEIGHT)
        listed = [(key, title) for key, (title, _) in pages.items() if key != "help"]
        self.sidebar = Sidebar(listed, help_title=tr("Help"))
        self.banners = BannerArea()
        self.stack = QStackedWidget()
        self._listening = QLabel()
        self._counts = QLabel()
        self._lay_out(version)
        self.sidebar.chosen.connect(self.show_page)
        self.sidebar.settings_requested.connect(self.settings_requested)
        self.banners.changed.connect(lambda: follow_reading_order(self))
        actions.told.connect(self.tell)
        self.drop_target = DropTarget(self, over=self.stack)
        self.drop_target.dropped.connect(actions.scan)
        connect_keys(self, self._slots())
        self.show_page(listed[0][0])

    @property
    def page(self) -> QWidget | None:
        """The page that is shown."""
        return self.stack.currentWidget()

    def show_page(self, key: str) -> None:
        """Show a page, which is built where it was not needed before."""
        self.sidebar.select(key)
        page = self._builders[key]()
        if self.stack.indexOf(page) < 0:
            self.stack.addWidget(page)
            self._connect_copy(page)
        self.stack.setCurrentWidget(page)
        self.banners.renew_letters()
        follow_reading_order(self)

    def come_up(self) -> None:
        """Show the window above others."""
        if self.isMinimized():
            self.showNormal()
        self.show()
        self.raise_()
        self.activateWindow()

    def toggle(self) -> None:
        """Hide the window where it is the active one, else bring it up."""
        if self.isVisible() and self.isActiveWindow():
            self.hide()
        else:
            self.come_up()

    def tell(self, message: str) -> None:
        """Say what came of something, for a while."""
        self.statusBar().showMessage(message, TOLD_MS)
        announce(self, message)

    def show_facts(self, facts: Facts) -> None:
        """Bring the frame up to date."""
        self._listening.setText(facts.listening_text())
        counts = facts.counts()
        self._counts.setText(f"{facts.paused_text()} - {counts}" if facts.pause.paused else counts)
        jobs = facts.queue.pending + facts.queue.processing
        spoken = plural("{n} in the queue", "{n} in the queue", jobs)
        self.sidebar.mark("jobs", str(jobs) if jobs else "", spoken=spoken)
        troubled = any(service.alarms for service in facts.services)
        self.sidebar.mark("services", "!" if troubled else "", spoken=tr("needs attention"))
        self.banners.show_problems(facts.problems)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Leave what becomes of it to whoever owns the window."""
        if self.may_close:
            event.accept()
        else:
            event.ignore()
            self.close_requested.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Narrow windows show icons alone."""
        super().resizeEvent(event)
        self.sidebar.set_compact(event.size().width() < COMPACT_BELOW)

    def _lay_out(self, version: str) -> None:
        right = QVBoxLayout()
        right.setContentsMargins(8, 8, 8, 0)
        right.setSpacing(8)
        right.addWidget(self.banners)
        right.addWidget(self.stack, 1)
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.sidebar)
        row.addLayout(right, 1)
        self.setCentralWidget(middle)
        status = self.statusBar()
        status.setSizeGripEnabled(False)
        status.setContentsMargins(8, 0, 8, 0)
        status.addWidget(self._listening, 1)
        status.addWidget(self._counts, 1)
        status.addPermanentWidget(QLabel(version))

    def _slots(self) -> dict[str, Callable[[], object]]:
        pages: dict[str, Callable[[], object]] = {
            f"page {key}": partial(self.show_page, key) for key in self._builders
        }
        return {
            **pages,
            "settings": self.settings_requested.emit,
            "filter": lambda: self._ask_page("focus_filter"),
            "escape": self._on_escape,
            "retry": lambda: self._ask_page("retry"),
            "replay": lambda: self._ask_page("replay"),
            "run now": lambda: self._ask_page("run_now"),
            "cancel": lambda: self._ask_page("cancel"),
            "copy address": lambda: self._actions.copy_address("radarr"),
            "scan path": self._actions.ask_for_scan,
            "pause": self._actions.toggle_pause,
            "refresh": lambda: self._ask_page("refresh"),
            "next pane": lambda: self._go_to_pane(1),
            "previous pane": lambda: self._go_to_pane(-1),
            "hide": self.close,
            "quit": self._actions.quit,
        }

    def _ask_page(self, name: str) -> bool:
        """Have the page do something, where it knows how; True where it says so."""
        method = getattr(self.page, name, None)
        return bool(method()) if method is not None else False

    def _connect_copy(self, page: QWidget) -> None:
        """Copy works in the table of a page alone, so that it never takes the key from a text field."""
        copy = getattr(page, "copy", None)
        view = getattr(page, "view", None) or getattr(getattr(page, "ui", None), "view", None)
        if copy is not None and view is not None:
            shortcut = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), view)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(copy)

    def _on_escape(self) -> None:
        if not self._ask_page("clear_filter"):
            self.close()

    def _go_to_pane(self, step: int) -> None:
        panes = [self.sidebar, self.banners, self.stack]
        panes = [pane for pane in panes if pane.isVisible()]
        focus: QWidget | None = self.focusWidget()
        at = [place for place, pane in enumerate(panes) if focus is not None and pane.isAncestorOf(focus)]
        here = at[0] if at else -1
        target = panes[(here + step) % len(panes)]
        widget = self.page if target is self.stack else target
        first = None if widget is None else _first_focusable(widget)
        if first is not None:
            first.setFocus(Qt.FocusReason.TabFocusReason)


def _first_focusable(pane: QWidget) -> QWidget | None:
    candidates = (pane, *pane.findChildren(QWidget))
    return next(
        (
            widget
            for widget in candidates
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible() and widget.isEnabled()
        ),
        None,
    )
