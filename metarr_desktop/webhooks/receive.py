"""Handler of ``webhook-received``: gives a stored body its meaning and plans what follows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.domain.errors import NotFound, NothingToDo, Permanent
from metarr_desktop.domain.events import Action, Ignored
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.text import Text, text
from metarr_desktop.webhooks.body import SMALL_BODY, read_object
from metarr_desktop.webhooks.fanout import plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.domain.jobs import Job, NewJob
    from metarr_desktop.jobs.handlers import Report
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.webhooks.sources.declaration import Source


class EventBodies(Protocol):
    """Reads back the raw bodies the intake stored."""

    async def body(self, event_id: int, /) -> tuple[str, bytes]:
        """Return source key and raw body; raises NotFound where the event is gone."""


class ReceiveWebhook:
    """Runs one ``webhook-received`` job."""

    def __init__(
        self,
        *,
        events: EventBodies,
        sources: Sequence[Source],
        services: Sequence[Service],
        expires_after: Callable[[], timedelta] | None = None,
    ) -> None:
        self._events = events
        self._sources = {source.key: source for source in sources}
        self._services = tuple(services)
        self._expires_after = expires_after

    async def __call__(self, job: Job, _report: Report) -> Done:
        """Parse the body; raises NothingToDo for what leads to no work, Permanent for what has no meaning."""
        key, body = await self._read(job)
        source = self._sources.get(key)
        if source is None:
            raise Permanent(text("Metarr Desktop does not know {source}.", source=key))
        if len(body) > SMALL_BODY:
            found = await asyncio.to_thread(_parse, source, body)
        else:
            found = _parse(source, body)
        if isinstance(found, Ignored):
            raise NothingToDo(found.reason, event_title=found.title or None)
        return self._done(source, found)

    async def _read(self, job: Job) -> tuple[str, bytes]:
        event_id = job.event_id if job.event_id is not None else job.payload.get("event_id")
        if not isinstance(event_id, int):
            raise Permanent("This job names no webhook.")
        try:
            return await self._events.body(event_id)
        except NotFound as error:
            raise Permanent("The webhook of this job is no longer stored.") from error

    def _done(self, source: Source, event: MediaEvent) -> Done:
        def fan_out(enabled: frozenset[str]) -> tuple[NewJob, ...]:
            return plan(
                event,
                services=self._services,
                enabled=enabled,
                scans=source.scans,
                expires_after=None if self._expires_after is None else self._expires_after(),
            )

        return Done(detail=_detail(event), event_title=event.display_title, fan_out=fan_out)


def _parse(source: Source, body: bytes) -> MediaEvent | Ignored:
    return source.parse(read_object(body))


def _detail(event: MediaEvent) -> Text:
    if event.action is Action.UPGRADED:
        return text("{title} was upgraded.", title=event.display_title)
    return text("{title} was imported.", title=event.display_title)
