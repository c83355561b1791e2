"""Handler of ``webhook-received``: gives a stored body its meaning and plans what follows."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.domain.errors import NotFound, NothingToDo, Permanent
from metarr_desktop.domain.events import Action, EventKind, Ignored, MediaEvent, Notice, NoticeKind
from metarr_desktop.domain.groups import NO_HOUSEHOLDS
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage.import_store import ImportShape
from metarr_desktop.webhooks.body import SMALL_BODY, read_object
from metarr_desktop.webhooks.fanout import plan
from metarr_desktop.webhooks.imports import import_keys

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence
    from datetime import datetime, timedelta

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.events import Event
    from metarr_desktop.domain.groups import Households
    from metarr_desktop.domain.jobs import Job, NewJob
    from metarr_desktop.domain.routing import Routes
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.jobs.handlers import Report
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.event_store import StoredBody
    from metarr_desktop.webhooks.sources.declaration import Source

HEALTH = frozenset({NoticeKind.HEALTH, NoticeKind.RESTORED})
DONE_DETAILS = {
    Action.IMPORTED: "{title} was imported.",
    Action.UPGRADED: "{title} was upgraded.",
    Action.RENAMED: "Files of {title} were renamed.",
    Action.DELETED: "{title} was deleted.",
    Action.GRABBED: "{title} was grabbed.",
    Action.ADDED: "{title} was added.",
    Action.SCANNED: "{title} is to be looked at.",
    Action.READY: "{title} is ready to watch.",
}
NOTICE_DETAILS = {
    NoticeKind.HEALTH: "{sender} has a problem: {message}",
    NoticeKind.RESTORED: "{sender} is well again: {message}",
    NoticeKind.UPDATED: "{sender} was updated: {message}",
    NoticeKind.INTERACTION: "{sender} waits for a person: {title}",
    NoticeKind.FAILURE: "A download failed: {title}",
    NoticeKind.REQUEST: "{title}: {message}",
    NoticeKind.ISSUE: "{title}: {message}",
    NoticeKind.CAUGHT_UP: "{message}",
    NoticeKind.UNDELIVERED: "{title}: {message}",
}


class EventBodies(Protocol):
    """Reads back the raw bodies the intake stored."""

    async def body(self, event_id: int, /) -> StoredBody:
        """Return sender and raw body; raises NotFound where the event is gone."""


class Senders(Protocol):
    """Knows who sends."""

    async def seen(
        self,
        type: str,  # noqa: A002 - the public word
        instance: str,
        *,
        default: str,
        now: datetime,
        contact: bool = True,
    ) -> Sender | None:
        """Return the sender of a webhook, and note the contact, if it was one."""


class Imports(Protocol):
    """Remembers what was imported."""

    async def note(
        self, event_id: int, keys: Collection[str], *, shape: ImportShape, now: datetime
    ) -> int | None:
        """Keep the keys of an import; returns the event that told all of it before."""


class Issues(Protocol):
    """Remembers what senders complain of."""

    async def note(self, event_id: int, notice: Notice, *, now: datetime) -> bool:
        """Keep or resolve a complaint; returns whether it is news."""


class RouteReader(Protocol):
    """Knows which events each service is told."""

    async def routes(self) -> Routes:
        """Every route that was set."""


class HouseholdReader(Protocol):
    """Knows the groups of the services that have players."""

    async def households(self) -> Households:
        """Return every group, with what says where folders lie here."""


class ReceiveWebhook:
    """Runs one ``webhook-received`` job."""

    def __init__(  # noqa: PLR0913 - all that a webhook is judged by
        self,
        *,
        events: EventBodies,
        senders: Senders,
        imports: Imports,
        issues: Issues,
        routes: RouteReader,
        sources: Sequence[Source],
        services: Sequence[Service],
        clock: Clock,
        households: HouseholdReader | None = None,
        expires_after: Callable[[], timedelta] | None = None,
        confirming: Callable[[], Awaitable[frozenset[str]]] | None = None,
    ) -> None:
        self._households = households
        self._events = events
        self._senders = senders
        self._imports = imports
        self._issues = issues
        self._routes = routes
        self._sources = {source.key: source for source in sources}
        self._services = tuple(services)
        self._clock = clock
        self._expires_after = expires_after
        self._confirming = confirming

    async def __call__(self, job: Job, _report: Report) -> Done:
        """Parse the body; raises NothingToDo for what leads to no work, Permanent for what has no meaning.

        What a person replays is looked at as if nothing of it had been told before.
        """
        event_id, stored = await self._read(job)
        source = self._sources.get(stored.source)
        if source is None:
            raise Permanent(text("Metarr Desktop does not know {source}.", source=stored.source))
        if len(stored.body) > SMALL_BODY:
            found = await asyncio.to_thread(_parse, source, stored.body)
        else:
            found = _parse(source, stored.body)
        sender = await self._sender(source, stored)
        if isinstance(found, Ignored):
            raise NothingToDo(found.reason, event_title=found.title or None)
        event = dataclasses.replace(
            found,
            instance=sender.name if sender is not None else stored.instance,
            recovered=stored.recovered,
        )
        if sender is not None and not sender.enabled:
            if isinstance(event, MediaEvent):  # what is skipped now is not missing later
                await self._look_for_news(event_id, event, sender)
            raise NothingToDo(
                text("{sender} is turned off.", sender=sender.name), event_title=event.display_title
            )
        news = await self._look_for_news(event_id, event, sender)
        if news is not None and job.payload.get("replayed") is not True:
            raise NothingToDo(news, event_title=event.display_title)
        return await self._done(source, event)

    async def _read(self, job: Job) -> tuple[int, StoredBody]:
        event_id = job.event_id if job.event_id is not None else job.payload.get("event_id")
        if not isinstance(event_id, int):
            raise Permanent("This job names no webhook.")
        try:
            return event_id, await self._events.body(event_id)
        except NotFound as error:
            raise Permanent("The webhook of this job is no longer stored.") from error

    async def _sender(self, source: Source, stored: StoredBody) -> Sender | None:
        if not source.routed:
            return None
        return await self._senders.seen(
            source.key,
            stored.instance,
            default=source.title,
            now=self._clock.now(),
            contact=not stored.recovered,
        )

    async def _look_for_news(self, event_id: int, event: Event, sender: Sender | None) -> Text | None:
        """Remember what is told, and return why it is no news; None where it is."""
        if isinstance(event, MediaEvent) and event.drill:
            return None
        now = self._clock.now()
        if isinstance(event, Notice):
            is_news = event.kind not in HEALTH or await self._issues.note(event_id, event, now=now)
            return None if is_news else _no_news(event)
        keys = import_keys(event, sender_id=0 if sender is None else sender.id)
        shape = ImportShape.COMPLETE if event.complete else ImportShape.FILE
        if event.recovered:
            shape = ImportShape.RECOVERED
        told_by = await self._imports.note(event_id, keys, shape=shape, now=now) if keys else None
        return None if told_by is None else text("Webhook {id} told of this import already.", id=told_by)

    async def _done(self, source: Source, event: Event) -> Done:
        routes = await self._routes.routes()
        confirming = frozenset[str]()
        if self._confirming is not None and routes.ask_for(EventKind.READY):
            confirming = await self._confirming()
        households = NO_HOUSEHOLDS if self._households is None else await self._households.households()

        def fan_out(enabled: frozenset[str]) -> tuple[NewJob, ...]:
            return plan(
                event,
                services=self._services,
                enabled=enabled,
                scans=source.scans,
                routes=routes,
                households=households,
                expires_after=None if self._expires_after is None else self._expires_after(),
                confirming=confirming,
            )

        return Done(detail=_detail(event), event_title=event.display_title, fan_out=fan_out)


def _parse(source: Source, body: bytes) -> Event | Ignored:
    return source.parse(read_object(body))


def _no_news(notice: Notice) -> Text:
    if notice.kind is NoticeKind.RESTORED:
        return Text("Nothing was known to be wrong.")
    return Text("This was told before and is not resolved yet.")


def _detail(event: Event) -> Text:
    if isinstance(event, MediaEvent):
        if event.drill:
            return Text("A drill: every service is tried, and nobody is told.")
        if event.files_kept:
            return text("{title} was removed, its files were kept.", title=event.display_title)
        return text(DONE_DETAILS[event.action], title=event.display_title)
    return text(
        NOTICE_DETAILS[event.kind],
        sender=event.instance or event.source.capitalize(),
        title=event.display_title,
        message=event.message.partition("\n")[0],
    )
