"""What the buttons of a banner about a sender lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from metarr_desktop.app.snapshots import ProblemKind
from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.senders import slug
from metarr_desktop.ui.wording import fill_in, tr

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.ui.actions import Actions
    from metarr_desktop.ui.panels.services import OpenSettings

OF_SENDERS = frozenset(
    {
        ProblemKind.ADDRESS_CHANGED,
        ProblemKind.SOURCE_STOPPED,
        ProblemKind.SOURCE_KEY_REJECTED,
        ProblemKind.WEBHOOK_GONE,
        ProblemKind.MISSED,
    }
)


def page_of(sender: str) -> str:
    """Return the key of a sender's page of the settings."""
    return f"source-{slug(sender)}"


class SenderRemedies:
    """What takes long or can go wrong in many ways is done on the sender's page, where it is shown."""

    def __init__(self, *, core: Core, actions: Actions, open_settings: OpenSettings) -> None:
        self._commands = core.commands
        self._queries = core.queries
        self._actions = actions
        self._open_settings = open_settings

    def act(self, sender: str, action: str) -> None:
        """Do what a button says."""
        match action:
            case "connect":
                self._open_settings(f"{page_of(sender)} connect")
            case "copy":
                self._actions.start(lambda: self._copy(sender), name="copy address")
            case "resume":
                self._actions.start(lambda: self._resume(sender), name="resume sender")
            case "catch-up":
                self._actions.start(lambda: self._catch_up(sender), name="catch up")
            case "dismiss":
                self._actions.start(lambda: self._commands.dismiss_missed(sender), name="dismiss")
            case _:
                self._open_settings(page_of(sender))

    async def _copy(self, sender: str) -> None:
        QGuiApplication.clipboard().setText(await self._queries.sender_address(sender))
        self._actions.told.emit(fill_in(tr("Address for {source} copied."), source=sender))

    async def _resume(self, sender: str) -> None:
        self._actions.told.emit(fill_in(tr("Waiting for the test from {source}..."), source=sender))
        report = await self._commands.resume_sender(sender)
        failed = next((line.detail for line in report.lines if not line.ok), None)
        if failed is not None:
            raise Refused(failed)
        self._actions.told.emit(fill_in(tr("{source} calls again."), source=sender))

    async def _catch_up(self, sender: str) -> None:
        job_id = await self._commands.catch_up(sender)
        self._actions.told.emit(fill_in(tr("It catches up as job {id}."), id=job_id))
