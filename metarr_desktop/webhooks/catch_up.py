"""Handlers that make up for webhooks which never came: a sender tells each import once, or not at all."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from metarr_desktop.domain.errors import (
    MetarrError,
    NotFound,
    NothingToDo,
    Permanent,
    StorageFailed,
    Transient,
)
from metarr_desktop.domain.events import MediaEvent
from metarr_desktop.domain.knowledge import Knowledge, as_known, names_of, trouble_news
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.senders import slug
from metarr_desktop.domain.text import Text, text
from metarr_desktop.webhooks.body import InvalidBody, read_object
from metarr_desktop.webhooks.calling_again import call_again
from metarr_desktop.webhooks.catch_up_plan import Why, is_connected
from metarr_desktop.webhooks.imports import import_keys
from metarr_desktop.webhooks.missing import (
    MARGIN,
    FoundImport,
    Window,
    found_imports,
    unknown,
    wanted_records,
    with_labels,
)
from metarr_desktop.webhooks.summary import summaries

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from metarr_desktop.domain.events import IncomingWebhook, StoredWebhook
    from metarr_desktop.domain.jobs import Job, NewJob
    from metarr_desktop.domain.routing import Routes
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.jobs.handlers import Report
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.import_store import ImportStore
    from metarr_desktop.storage.issue_store import IssueStore
    from metarr_desktop.webhooks.sources.arr_client import ArrClient
    from metarr_desktop.webhooks.visit_tools import VisitTools

logger = logging.getLogger(__name__)

SILENT_MOST = 20
"""So many imports are made up for without asking."""
MISSED = "{n} imports happened while Metarr Desktop was off."
MISSED_ONE = "1 import happened while Metarr Desktop was off."


class Intake(Protocol):
    """Makes a webhook durable."""

    async def store(self, webhook: IncomingWebhook, /) -> StoredWebhook:
        """Store it with its job in one transaction; raises StorageFailed and stores nothing."""


class RouteReader(Protocol):
    """Knows which events each service is told."""

    async def routes(self) -> Routes:
        """Every route that was set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUpTools:
    """What is needed beside a visit: where imports and complaints are remembered, stored and told.

    ``has_told`` says whether a job has ended well, which is when what it tells is planned.
    ``unread`` are the webhooks that are stored and were not looked at yet.
    ``changed`` is called when something new was learned of a sender.
    """

    imports: ImportStore
    issues: IssueStore
    intake: Intake
    routes: RouteReader
    services: Sequence[Service]
    expires_after: Callable[[], timedelta]
    has_told: Callable[[int], Awaitable[bool]]
    unread: Callable[[], Awaitable[Sequence[int]]]
    changed: Callable[[], None]


class CatchUp:
    """Runs one ``catch-up`` job: stores what is missing, once, and opens a muted connection again."""

    def __init__(self, *, visit: VisitTools, tools: CatchUpTools) -> None:
        self._visit = visit
        self._tools = tools

    async def __call__(self, job: Job, report: Report) -> Done:
        """Catch up; a sender that cannot be asked is skipped with the reason, for it is asked again soon.

        Raises NothingToDo, Transient or StorageFailed.
        """
        sender = await self._sender(job)
        try:
            return await self._catch_up(job, sender, report)
        except (NothingToDo, StorageFailed):
            raise
        except Transient as error:
            if job.retry_count < job.max_retries:
                # One that does not answer does not stop the lane, which is that of all senders.
                raise Transient(error.text) from error
            raise await self._not_asked(sender, error) from error
        except MetarrError as error:
            raise await self._not_asked(sender, error) from error

    async def _sender(self, job: Job) -> Sender:
        number = job.payload.get("sender_id")
        if not isinstance(number, int):
            raise Permanent("This job names no sender.")
        try:
            sender = await self._visit.store.by_id(number)
        except NotFound as error:
            raise NothingToDo(error.text) from error
        if not is_connected(sender):
            raise NothingToDo(text("{sender} is not connected.", sender=sender.name))
        return sender

    async def _not_asked(self, sender: Sender, error: MetarrError) -> NothingToDo:
        kind = self._visit.trouble_here(Knowledge.of(sender), error)
        if kind is not None:
            await self._visit.store.learn(sender.id, trouble_news(kind, error.text))
            self._tools.changed()
        return NothingToDo(
            text("{sender} could not be asked: {reason}", sender=sender.name, reason=str(error))
        )

    async def _catch_up(self, job: Job, sender: Sender, report: Report) -> Done:
        why, known = _why(job), Knowledge.of(sender)
        client = await self._visit.clients.client(sender)
        status = await client.status()
        asked = why is Why.ASKED
        # Until now nobody listened, or a person waits: only by the hour webhooks may be on their way.
        at_once = why is not Why.SCHEDULE
        now = self._visit.clock.now()
        window = Window.of(known, now=status.at or now, at_once=at_once)
        ahead = timedelta() if status.at is None else status.at - now
        missing = await self._missing(client, sender, known, window, ahead=ahead)
        news: dict[str, Any] = {"version": status.version, **trouble_news(None)}
        untold = await self._untold(known)
        # A run that was interrupted has begun already, and is not asked about again.
        if not asked and len(missing) > SILENT_MOST and not untold:
            news |= {"missed": len(missing), "missed_until": as_known(window.until)}
            news |= await call_again(self._visit, client, sender, only_if_muted=why is Why.SCHEDULE)
            await self._learn(sender, news)
            return Done(detail=text(MISSED, n=len(missing)), result={"missed": len(missing)})
        if missing:
            untold = tuple(sorted({*untold, job.id}))
            await self._visit.store.learn(sender.id, {"untold": list(untold), "told_by": None})
        for done, each in enumerate(missing, start=1):
            await self._tools.intake.store(each.webhook(sender, job_id=job.id))
            report(done, len(missing))
        news |= {"caught_up_to": as_known(window.until), "missed": None, "missed_until": None}
        news |= {"untold": list(untold) or None, "told_by": job.id if untold else None}
        news |= await call_again(self._visit, client, sender, only_if_muted=why is Why.SCHEDULE)
        told = await self._stored(untold, sender)
        await self._learn(sender, news)
        if why in {Why.SCHEDULE, Why.ASKED}:  # one that was started just now has not looked at itself yet
            await self._forget_complaints(client, sender)
        return await self._done(told, sender)

    async def _untold(self, known: Knowledge) -> tuple[int, ...]:
        """Return the jobs whose imports nobody was told of; what a job tells is told when it has ended."""
        if known.told_by is not None and await self._tools.has_told(known.told_by):
            return ()
        return known.untold

    async def _forget_complaints(self, client: ArrClient, sender: Sender) -> None:
        """Take for resolved what the sender does not complain of any more: its good news was missed.

        Nothing where webhooks wait for their turn, which may tell just that, or where it does not say.
        """
        try:
            checks = [str(each.get("source") or "") for each in await client.health()]
        except MetarrError as error:
            logger.warning("%s did not say how it is: %s", sender.name, error)
            return
        if all(checks) and not await self._tools.unread():
            now = self._visit.clock.now()
            await self._tools.issues.resolve_others(sender.type, sender.name, checks, now=now)

    async def _missing(
        self, client: ArrClient, sender: Sender, known: Knowledge, window: Window, *, ahead: timedelta
    ) -> list[FoundImport]:
        """Read what was imported inside a window and not told; the sender's clock is so far ahead of ours."""
        source, interface = self._visit.clients.source(sender), self._visit.clients.interface(sender)
        if window.since >= window.until:
            return []
        history = await client.history(window.since)
        records = wanted_records(history, window, event_type=interface.history["eventType"])
        # A long history takes long enough to be seen in the window.
        read = partial(found_imports, source=source, sender=sender, known=known)
        found = await asyncio.to_thread(read, records)
        told = set(await self._unread_keys(sender)) if found else set()
        told |= await self._tools.imports.known([key for each in found for key in each.keys])
        # The same file may have been imported by hand at another time, long before.
        told |= await self._tools.imports.known(
            [key for each in found for key in each.by_hand], since=window.since - ahead - MARGIN
        )
        if not unknown(found, told):
            return []
        labelled = with_labels(records, await client.tags(), owner=interface.owner)
        return unknown(await asyncio.to_thread(read, labelled), told)

    async def _unread_keys(self, sender: Sender) -> list[str]:
        """Return the keys of imports whose webhooks came and only wait for their turn."""
        source = self._visit.clients.source(sender)
        names = names_of(sender, await self._visit.store.senders())
        keys: list[str] = []
        for event_id in await self._tools.unread():
            with suppress(NotFound, Permanent, InvalidBody):
                stored = await self._visit.events.body(event_id)
                if stored.source != source.key or slug(stored.instance or source.title) not in names:
                    continue
                event = source.parse(read_object(stored.body))
                if isinstance(event, MediaEvent):
                    keys += import_keys(event, sender_id=sender.id)
        return keys

    async def _learn(self, sender: Sender, news: Mapping[str, Any]) -> None:
        now = as_known(self._visit.clock.now())
        await self._visit.store.learn(sender.id, {**news, "last_catch_up": now})
        self._tools.changed()

    async def _done(self, events: Sequence[MediaEvent], sender: Sender) -> Done:
        """Tell people of what was recovered, in one message."""
        if not events:
            return Done(detail=text("{sender} told everything.", sender=sender.name))
        routes = await self._tools.routes.routes()
        expires = self._tools.expires_after()

        def fan_out(enabled: frozenset[str]) -> tuple[NewJob, ...]:
            return summaries(
                events,
                sender=sender,
                services=self._tools.services,
                enabled=enabled,
                routes=routes,
                expires_after=expires,
            )

        return Done(detail=_recovered(len(events)), result={"recovered": len(events)}, fan_out=fan_out)

    async def _stored(self, jobs: Sequence[int], sender: Sender) -> list[MediaEvent]:
        """Return what these jobs stored, in the order in which it happened."""
        source = self._visit.clients.source(sender)
        found: list[MediaEvent] = []
        for job_id in jobs:
            for event_id in await self._visit.events.recovered_by(job_id):
                event = source.parse(read_object((await self._visit.events.body(event_id)).body))
                if isinstance(event, MediaEvent):
                    found.append(dataclasses.replace(event, instance=sender.name))
        return found


def _why(job: Job) -> Why:
    try:
        return Why(str(job.payload.get("why", "")))
    except ValueError:
        return Why.SCHEDULE


def _recovered(n: int) -> Text:
    return Text(MISSED_ONE) if n == 1 else text(MISSED, n=n)
