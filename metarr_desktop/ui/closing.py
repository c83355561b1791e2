"""What closing the main window means: the program goes on, and a person is told so once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from metarr_desktop.ui.dialogs import ask_once
from metarr_desktop.ui.wording import tr

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.ui.actions import Actions
    from metarr_desktop.ui.main_window import MainWindow
    from metarr_desktop.ui.tray import Tray


class Closing:
    """Hides the window, quits, or asks which, by the setting and by whether there is a tray."""

    def __init__(self, window: MainWindow, *, core: Core, actions: Actions, tray: Tray) -> None:
        self._window = window
        self._core = core
        self._actions = actions
        self._tray = tray
        self._asking = False
        window.close_requested.connect(self._on_close_requested)

    def _on_close_requested(self) -> None:
        if not self._asking:
            self._actions.start(self._close, name="close window")

    async def _close(self) -> None:
        settings = self._core.queries.settings()
        choice = settings.close_button
        if choice == "ask" and not self._tray.is_there:
            choice = await self._ask()
        if choice == "quit":
            self._actions.quit()
            return
        self._window.hide()
        if self._tray.is_there and not settings.told_still_running:
            self._tray.tell(
                tr(
                    "Metarr Desktop is still running. It keeps receiving webhooks. "
                    "Use the tray icon to open or quit."
                )
            )
            await self._core.commands.save_settings(told_still_running=True)

    async def _ask(self) -> Literal["keep", "quit"]:
        keep, leave = tr("Keep running"), tr("Quit")
        question = tr(
            "Keep receiving webhooks in the background? Start Metarr Desktop again to reopen this window."
        )
        self._asking = True
        try:
            answer = await ask_once(
                self._window, question, keep, leave, remember=tr("Remember my choice"), escape=keep
            )
        finally:
            self._asking = False
        choice: Literal["keep", "quit"] = "quit" if answer.button == leave else "keep"
        if answer.remember:
            await self._core.commands.save_settings(close_button=choice)
        return choice
