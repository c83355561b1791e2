"""Tells of what this program itself could not do, through the same services as everything else."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.service_state import is_optional
from metarr_desktop.domain.changes import JobEnded, LaneChanged, ListenerChanged
from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import MetarrError, Refused
from metarr_desktop.domain.events import EventKind, IncomingWebhook, Notice, NoticeKind, read_event
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.lanes import BlockCause
from metarr_desktop.domain.schedules import DRILL
from metarr_desktop.jobs.drill import is_drill
from metarr_desktop.storage.failure_store import AT_ONCE, key_of
from metarr_desktop.storage.job_store import WaitingJobs
from metarr_desktop.webhooks.sources.metarr import KEY_REJECTED, NOT_RECEIVING, SOURCE, UNDELIVERED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.changes import Change
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.errors import PortUnavailable
    from metarr_desktop.domain.events import Event
    from metarr_desktop.jobs.queue import JobQueue
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.failure_store import FailedJob, FailureStore
    from metarr_desktop.storage.job_store import JobStore
    from metarr_desktop.storage.route_store import RouteStore
    from metarr_desktop.storage.service_store import ServiceStore

logger = logging.getLogger(__name__)

BETWEEN_S = 60.0
"""The first failure is told at once, those within a minute after it together."""
MOST_NAMED = 20
OVERLAP = 500
"""Where several computers write, so many rows are looked at again: theirs may have come late."""
NEWS = Notice(
    source=SOURCE.key, kind=NoticeKind.UNDELIVERED, message="", instance=SOURCE.title, unmatched=True
)
NOTHING_WAITS = WaitingJobs(count=0)


class FailureNews:
    """Stores an event for what failed, once, whatever ends in between: its keys are kept with it.

    Where no service is told of such things, nothing is stored. A message about a failure that fails itself is
    not told, and optional services have no failures.
    """

    def __init__(
        self,
        *,
        failures: FailureStore,
        jobs: JobStore,
        rows: ServiceStore,
        routes: RouteStore,
        services: Sequence[Service],
        queue: JobQueue,
        listener_problem: Callable[[], PortUnavailable | None],
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._failures = failures
        self._jobs = jobs
        self._rows = rows
        self._routes = routes
        self._services = tuple(services)
        self._queue = queue
        self._listener_problem = listener_problem
        self._bus = bus
        self._clock = clock
        self._news = asyncio.Event()
        self._began = clock.now()

    async def run(self) -> None:
        """Tell until cancelled."""
        end = self._bus.subscribe(self._hear)
        self._news.set()
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                if await self.tell():
                    await self._clock.sleep(BETWEEN_S)
        finally:
            end()

    async def tell(self) -> bool:
        """Look at all there is to tell, and tell what is new; returns whether something was."""
        told = False
        for look in (self._tell_failures, self._tell_rejected_keys, self._tell_listener):
            try:
                told |= await look()
            except MetarrError as error:
                logger.warning("What failed could not be told: %s", error)
        return told

    def _hear(self, change: Change) -> None:
        failed = isinstance(change, JobEnded) and change.record.status is EndStatus.FAILED
        if failed or isinstance(change, LaneChanged | ListenerChanged):
            self._news.set()

    async def _tell_failures(self) -> bool:
        last = await self._failures.told(now=self._clock.now())
        failed = await self._failures.failed_after(max(0, last - OVERLAP) if self._failures.shared else last)
        if not failed:
            return False
        optional = {row.service for row in await self._rows.rows() if is_optional(row)}
        told = [
            each for each in failed if _service_key(each) not in optional and not _is_told_otherwise(each)
        ]
        is_new = bool(told) and await self._store(
            UNDELIVERED,
            {"count": len(told), "failures": [self._failure(each) for each in told[:MOST_NAMED]]},
            keys=tuple(key_of(each) for each in told),
        )
        if len(failed) == AT_ONCE:
            self._news.set()  # there may be more
        await self._failures.note_told(failed[-1].id, now=self._clock.now())
        return is_new

    def _failure(self, failed: FailedJob) -> Mapping[str, str]:
        if failed.type == DRILL.name:
            return {"service": str(DRILL.title), "title": "", "reason": str(failed.error)}
        key, event = _service_key(failed), _event_of(failed)
        title = next((each.title for each in self._services if each.key == key), key)
        about = "" if event is None else event.display_title
        return {"service": title, "title": about, "reason": str(failed.error)}

    async def _tell_rejected_keys(self) -> bool:
        stops = [each for each in await self._queue.lane_stops() if each.cause is BlockCause.KEY_REJECTED]
        if not stops:
            return False
        optional = {row.service for row in await self._rows.rows() if is_optional(row)}
        waiting, told = await self._jobs.waiting(), False
        for stop in stops:
            name = stop.lane.partition("/")[0]
            service = next((each for each in self._services if each.lane == name), None)
            if service is None or service.key in optional:
                continue
            told |= await self._store(
                KEY_REJECTED,
                {"service": service.title, "waiting": waiting.get(service.job_type, NOTHING_WAITS).count},
                keys=(f"key-rejected:{stop.lane}:{to_ms(stop.since)}",),
            )
        return told

    async def _tell_listener(self) -> bool:
        problem = self._listener_problem()
        if problem is None:
            return False
        return await self._store(
            NOT_RECEIVING,
            {"reason": str(problem)},
            keys=(f"not-receiving:{to_ms(self._began)}",),
        )

    async def _store(self, event: str, body: Mapping[str, Any], *, keys: tuple[str, ...]) -> bool:
        """Store an event, unless one with such a key was stored before, or nobody would be told of it."""
        if not await self._is_anybody_told():
            return False
        webhook = IncomingWebhook(
            source=SOURCE.key,
            event_type=event,
            instance="",
            body=json.dumps({"eventType": event, **body}).encode(),
            remote_address="",
            import_keys=keys,
            once=True,
        )
        with suppress(Refused):
            await self._queue.store(webhook)
            return True
        return False

    async def _is_anybody_told(self) -> bool:
        routes = await self._routes.routes()
        enabled = {row.service for row in await self._rows.rows() if row.enabled}
        return any(
            service.key in enabled and routes.passes(NEWS, service=service.key, choice=service.events)
            for service in self._services
        )


def _service_key(failed: FailedJob) -> str:
    """Return whose job it was; nobody's is empty, such as a scan."""
    kind, _, key = failed.type.partition("-")
    return key if kind in {"notify", "confirm"} else ""


def _event_of(failed: FailedJob) -> Event | None:
    try:
        return read_event(failed.payload["event"])
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _is_told_otherwise(failed: FailedJob) -> bool:
    """Whether it is itself about a failure, or a part of a drill, which tells of all its parts at once."""
    event = _event_of(failed)
    return event is not None and (event.event_kind is EventKind.UNDELIVERED or is_drill(event))
