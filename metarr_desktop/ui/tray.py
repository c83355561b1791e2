"""The icon in the tray: its shape, its tip, and whether there is a tray at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, QTimer, Signal
from PySide6.QtWidgets import QSystemTrayIcon

from metarr_desktop.ui.glance import ProgramState
from metarr_desktop.ui.icons import app_icon, tray_icon

if TYPE_CHECKING:
    from metarr_desktop.ui.glance import Facts
    from metarr_desktop.ui.theme import Theme
    from metarr_desktop.ui.tray_menu import TrayMenu

LOOK_MS = 1_000
LOOK_SLOWLY_MS = 30_000
LOOK_CLOSELY_FOR_MS = 60_000
MESSAGE_MS = 10_000
TITLE = "Metarr Desktop"


class Tray(QObject):
    """Shown from the first moment on, before anything is known; the menu comes when the core is up.

    A desktop may have no tray, or bring it later: ``appeared`` tells when one is there. While none is
    there it is looked for every second, after a minute every 30 s, and then never again.
    """

    toggle_requested = Signal()
    open_requested = Signal()
    appeared = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._state = ProgramState.READY
        self.clicked_early = False
        self._icon = QSystemTrayIcon(self)
        self._icon.setToolTip(TITLE)
        self._icon.activated.connect(self._on_activated)
        self._icon.messageClicked.connect(self.open_requested)
        self._paint()
        self._icon.show()
        theme.changed.connect(self._paint)
        self._looked = QElapsedTimer()
        self._looked.start()
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._on_look)
        self._was_there = self.is_there
        if not self._was_there:
            self._look.start()

    @property
    def is_there(self) -> bool:
        """Whether a desktop shows the icon; ``isVisible`` of Qt would say so even without a tray."""
        return QSystemTrayIcon.isSystemTrayAvailable()

    @property
    def state(self) -> ProgramState:
        """The shape the icon has."""
        return self._state

    @property
    def tool_tip(self) -> str:
        """What the icon says when pointed at."""
        return self._icon.toolTip()

    def set_menu(self, menu: TrayMenu) -> None:
        """Show this menu on right click."""
        self._icon.setContextMenu(menu)

    def show_facts(self, facts: Facts) -> None:
        """Change shape and tip where they differ."""
        if facts.state is not self._state:
            self._state = facts.state
            self._paint()
        tip = facts.tool_tip()
        if tip != self._icon.toolTip():
            self._icon.setToolTip(tip)

    def tell(self, message: str) -> None:
        """Show a notification of the desktop."""
        self._icon.showMessage(TITLE, message, app_icon(), MESSAGE_MS)

    def hide(self) -> None:
        """Leave the tray."""
        self._look.stop()
        self._icon.hide()

    def _paint(self) -> None:
        self._icon.setIcon(tray_icon(self._state, dark=self._theme.panel_is_dark))

    def _on_look(self) -> None:
        if self.is_there:
            self._look.stop()
            self._was_there = True
            self._icon.hide()
            self._icon.show()
            self.appeared.emit()
        elif self._looked.hasExpired(LOOK_CLOSELY_FOR_MS):
            self._look.setInterval(LOOK_SLOWLY_MS)

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if self._icon.contextMenu() is None:
            self.clicked_early = True
        match reason:
            case QSystemTrayIcon.ActivationReason.Trigger:
                self.toggle_requested.emit()
            case QSystemTrayIcon.ActivationReason.DoubleClick:
                self.open_requested.emit()
