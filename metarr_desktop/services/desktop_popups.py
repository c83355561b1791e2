"""Notifications of the desktop this program runs on, through its own service for them.

On Linux that is https://specifications.freedesktop.org/notification-spec/latest/ over the session's D-Bus.
The library is loaded when something is first shown: few computers have it on, and servers have no desktop.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import NothingToDo, Transient

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop_notifier import DesktopNotifier

    from metarr_desktop.services.tools import Spawn

logger = logging.getLogger(__name__)

NAME = "Metarr Desktop"
ICON = "metarr-desktop"
ANSWERS_WITHIN_S = 5.0
NO_DESKTOP = "This computer has no desktop that shows notifications, so there is nobody to tell here."
NOT_SHOWN = "The desktop did not show the notification."


class Popups:
    """Shows notifications; one of a thread takes the place of the one before.

    What it holds of the desktop is let go when the program ends, which ``spawn`` notices.
    """

    def __init__(self, spawn: Spawn) -> None:
        self._spawn = spawn
        self._notifier: DesktopNotifier | None = None
        self._is_kept = False
        self._has_markup = False
        self._shown: dict[str, str] = {}

    async def find(self) -> None:
        """Look for what shows notifications here. Raises NothingToDo where there is nothing."""
        if self._notifier is not None:
            return
        library = await asyncio.to_thread(_load)
        notifier = library.DesktopNotifier(app_name=NAME, app_icon=library.Icon(name=ICON))
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                await notifier.get_capabilities()
                self._has_markup = await _has_markup(notifier)
        except Exception as error:  # noqa: BLE001 - no bus, no such service, an odd answer: each system its own
            logger.info("Nothing shows notifications here: %s", error)
            _let_go(notifier)
            raise NothingToDo(NO_DESKTOP) from None
        except BaseException:
            _let_go(notifier)
            raise
        self._notifier = notifier
        if not self._is_kept:
            self._is_kept = True
            self._spawn(self._keep(), name="notifications of the desktop")

    async def _keep(self) -> None:
        """Hold on to the desktop until cancelled."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._is_kept = False
            self._lose()

    def _lose(self) -> None:
        notifier, self._notifier = self._notifier, None
        self._shown.clear()
        if notifier is not None:
            _let_go(notifier)

    async def show(
        self, title: str, body: str, *, thread: str, urgent: bool, clicked: Callable[[], None]
    ) -> None:
        """Show a notification. Raises NothingToDo, or Transient where what shows them went away."""
        await self.find()
        library = await asyncio.to_thread(_load)
        notifier = self._notifier
        assert notifier is not None  # noqa: S101 - it was found
        was_shown = asyncio.Event()
        notification = library.Notification(
            title=title,
            message=_escaped(body) if self._has_markup else body,
            urgency=library.Urgency.Critical if urgent else library.Urgency.Normal,
            on_dispatched=was_shown.set,
            on_clicked=clicked,
            thread=thread,
        )
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_S):
                await self._clear(notifier, thread)
                await notifier.send_notification(notification)
        except TimeoutError:
            pass
        except Exception as error:  # noqa: BLE001 - as above
            logger.info("The notification was not shown: %s", error)
        if not was_shown.is_set():
            self._lose()  # it is looked for anew
            raise Transient(NOT_SHOWN)
        self._shown[thread] = notification.identifier

    async def _clear(self, notifier: DesktopNotifier, thread: str) -> None:
        """Take the one before away, unless a person did."""
        before = self._shown.pop(thread, None)
        if before is not None and before in await notifier.get_current_notifications():
            await notifier.clear(before)


def _load() -> Any:  # noqa: ANN401 - a module
    import desktop_notifier  # noqa: PLC0415 - as said

    return desktop_notifier


def _escaped(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _let_go(notifier: DesktopNotifier) -> None:
    """Close the connection to the session's bus, where there is one; the library has no call for it."""
    bus = getattr(getattr(notifier, "_backend", None), "bus", None)
    if bus is not None:
        bus.disconnect()


async def _has_markup(notifier: DesktopNotifier) -> bool:
    """Whether what shows notifications reads markup in them; the library does not tell."""
    interface = getattr(getattr(notifier, "_backend", None), "interface", None)
    if interface is None:
        return False
    return "body-markup" in await interface.call_get_capabilities()
