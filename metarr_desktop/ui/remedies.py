"""What the buttons of a banner and the problems of the tray menu lead to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from metarr_desktop.app.snapshots import ProblemKind
from metarr_desktop.ui.sender_remedies import OF_SENDERS, SenderRemedies, page_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from metarr_desktop.app.core import Core
    from metarr_desktop.app.snapshots import Problem
    from metarr_desktop.ui.actions import Actions
    from metarr_desktop.ui.glance import Glance
    from metarr_desktop.ui.main_window import MainWindow
    from metarr_desktop.ui.panels.services import OpenSettings

PAGES = {"port": "receiving", "mapping": "library", "proposals": "library proposals"}
"""Settings pages by the word of an action."""


class Remedies:
    """Does what a person chose to do about a problem."""

    def __init__(
        self,
        *,
        core: Core,
        actions: Actions,
        glance: Glance,
        open_settings: OpenSettings,
        window: Callable[[], MainWindow],
    ) -> None:
        self._core = core
        self._actions = actions
        self._glance = glance
        self._open_settings = open_settings
        self._window = window
        self._senders = SenderRemedies(core=core, actions=actions, open_settings=open_settings)

    def on_problem_chosen(self, problem: Problem) -> None:
        """The tray leads to where the problem is settled."""
        self._window().come_up()
        if problem.kind in {ProblemKind.KEY_REJECTED, ProblemKind.NOT_SET_UP}:
            self._open_settings(problem.subject)
        elif problem.kind is ProblemKind.PATH_DRIFT:
            self._open_settings(PAGES["proposals"])
        elif problem.kind in OF_SENDERS:
            self._open_settings(page_of(problem.subject))
        else:
            self._window().show_page("dashboard")

    def act(self, problem: Problem, action: str) -> None:
        """Do what a button of a banner says."""
        if problem.kind in OF_SENDERS:
            self._senders.act(problem.subject, action)
            return
        commands = self._core.commands
        match action.split():
            case ["settings"]:
                self._open_settings(problem.subject)
            case ["port" | "mapping" | "proposals" as word]:
                self._open_settings(PAGES[word])
            case ["use", port]:
                self._actions.start(partial(self._use_port, int(port)), name="use port")
            case ["again"]:
                self._actions.start(commands.restart_listener, name="listen again")
            case ["unlock"]:
                self._actions.start(commands.unlock_keyring, name="unlock keyring")
            case ["help"]:
                self._window().show_page("help")
            case ["folder"]:
                open_folder(self._core.paths.data_dir)
            case ["quit"]:
                self._actions.quit()
            case _:
                self._glance.refresh()

    async def _use_port(self, port: int) -> None:
        await self._core.commands.save_settings(port=port)


def open_folder(folder: Path) -> None:
    """Show a folder in the desktop's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
