"""Notifications on the desktop this program runs on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NothingToDo, NotNow
from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.routing import EventChoice
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.declaration import Delivery, MessageConfig, Service
from metarr_desktop.services.desktop_popups import Popups
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.trial import Trial
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import TestStep
    from metarr_desktop.services.tools import Tools

LONGEST_TITLE, LONGEST_BODY = 40, 120
BETWEEN = timedelta(seconds=60)
MUTED = "muted"
"""Name of the note that says until when nothing is shown; ``until`` is null for as long as it stands."""
URGENT = frozenset({EventKind.UNDELIVERED, EventKind.HEALTH, EventKind.INTERACTION, EventKind.FAILED})
SUMMARIES = {
    EventKind.DOWNLOADED: "{n} downloaded",
    EventKind.UPGRADED: "{n} upgraded",
    EventKind.READY: "{n} ready to watch",
    EventKind.DELETED: "{n} deleted",
    EventKind.REQUESTS: "{n} requests",
    EventKind.UNDELIVERED: "{n} problems",
    EventKind.HEALTH: "{n} messages about health",
    EventKind.FAILED: "{n} downloads failed",
    EventKind.INTERACTION: "{n} downloads wait for you",
}


class DesktopConfig(MessageConfig):
    """Settings of this desktop: there is nothing to enter."""


@dataclass(slots=True)
class _Kind:
    """What was shown of one kind of event, and what waits to be shown together: titles by job."""

    shown_at: float | None = None
    waiting: dict[int, str] = field(default_factory=dict)
    together: set[int] = field(default_factory=set)


class DesktopNotifier(Notifier[DesktopConfig]):
    """Shows one notification of a kind in a minute, and what comes meanwhile together after it."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._popups = Popups(tools.spawn)
        self._kinds: dict[EventKind, _Kind] = {}

    async def send(self, config: DesktopConfig, notification: Notification) -> Delivery:  # noqa: ARG002 - it has no fields of its own
        """Show it. Raises NothingToDo while nobody wants it, and NotNow where one was shown just now."""
        kind = notification.event.event_kind
        state = self._kinds.setdefault(kind, _Kind())
        if notification.job_id in state.together:
            state.together.discard(notification.job_id)
            return Delivery(detail=Text("Shown in one notification with others."))
        try:
            await self._check_wanted(notification)
        except NothingToDo:
            state.waiting.pop(notification.job_id, None)
            raise
        self._wait_for_others(state, notification)
        state.waiting[notification.job_id] = notification.title
        title, body = _words(notification, state, kind)
        before, state.shown_at = state.shown_at, self.clock.monotonic()
        try:
            await self._popups.show(
                title, body, thread=kind.value, urgent=kind in URGENT, clicked=self._click(notification)
            )
        except BaseException:
            state.shown_at = before
            raise
        state.together |= set(state.waiting) - {notification.job_id}
        state.waiting.clear()
        return Delivery(detail=Text("Shown on this computer's desktop."))

    async def test(self, config: DesktopConfig) -> list[TestStep]:  # noqa: ARG002 - as above
        """Look for what shows notifications here, and show nothing."""

        async def look() -> Text:
            await self._popups.find()
            return Text("This desktop shows notifications.")

        trial = Trial(clock=self.clock)
        await trial.step("Desktop", look)
        return trial.steps

    async def _check_wanted(self, notification: Notification) -> None:
        """Raise NothingToDo where a person muted notifications, or looks at the window anyway."""
        if not notification.job_id:
            return  # a person asked for this one
        muted = await self.notes.get(MUTED)
        if muted is not None:
            until = _time_of(muted.get("until"))
            if until is None:
                await self.notes.put(MUTED, muted)  # a note nobody writes anew is forgotten some day
                raise NothingToDo("Notifications are muted.")
            if self.clock.now() < until:
                shown = until.astimezone().strftime("%H:%M")
                raise NothingToDo(text("Notifications are muted until {time}.", time=shown))
            await self.notes.drop(MUTED)
        window = self.tools.window
        if window is not None and window.watched:
            raise NothingToDo("The window of Metarr Desktop was in front, which shows it.")

    def _wait_for_others(self, state: _Kind, notification: Notification) -> None:
        """Raise NotNow within a minute after one of the kind was shown; it is told with the next."""
        if state.shown_at is None or not notification.job_id:
            return
        left = BETWEEN - timedelta(seconds=self.clock.monotonic() - state.shown_at)
        if left > timedelta(0):
            state.waiting[notification.job_id] = notification.title
            raise NotNow("Shown together with what comes in this minute.", until=self.clock.now() + left)

    def _click(self, notification: Notification) -> Callable[[], None]:
        """Return what a click does: open the page it is about, else the window."""

        def clicked() -> None:
            link = notification.link or ""
            if link.startswith(("https://", "http://")):
                self.tools.spawn(asyncio.to_thread(_browse, link), name="open the page of a notification")
            elif self.tools.window is not None:
                self.tools.window.come_up()

        return clicked


def _browse(link: str) -> None:
    import webbrowser  # noqa: PLC0415 - for a click alone

    webbrowser.open(link)


def _words(notification: Notification, state: _Kind, kind: EventKind) -> tuple[str, str]:
    """Return title and body of one, or of all that waited."""
    if len(state.waiting) > 1:
        title = SUMMARIES.get(kind, "{n} messages").replace("{n}", str(len(state.waiting)))
        body = ", ".join(clean(each) for each in state.waiting.values())
    else:
        title, body = clean(notification.title), clean(notification.body)
    return cut(title, LONGEST_TITLE), cut(body, LONGEST_BODY)


def _time_of(stored: object) -> datetime | None:
    try:
        return datetime.fromisoformat(stored) if isinstance(stored, str) else None
    except ValueError:
        return None


SERVICE = Service(
    key="desktop",
    title="Desktop notification",
    config=DesktopConfig,
    notifier=DesktopNotifier,
    docs="docs/services/desktop.md",
    events=EventChoice(takes=frozenset(EventKind), default=frozenset({EventKind.UNDELIVERED})),
)
