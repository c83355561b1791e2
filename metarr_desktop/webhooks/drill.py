"""Handler of ``scheduled-drill``: sends an import that never was the whole way, and tells how it went."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.domain.errors import NotFound, NothingToDo, Permanent, Refused
from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.domain.jobs import WEBHOOK_RECEIVED, EndStatus, Job, JobRecord
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.domain.text import Text, text
from metarr_desktop.jobs.drill import ASLEEP
from metarr_desktop.webhooks.sources.metarr import DRILL, SOURCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.events import StoredWebhook
    from metarr_desktop.domain.lanes import LaneStop
    from metarr_desktop.jobs.handlers import Report
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.history_store import Family

LONGEST_S = 240.0
LOOK_S = 0.5


class Chain(Protocol):
    """The queue, as far as a drill needs it."""

    async def store(self, webhook: IncomingWebhook, /) -> StoredWebhook:
        """Store it with its job in one transaction."""

    async def cancel(self, job_id: int, /) -> None:
        """End a waiting job. Raises NotFound or Refused."""

    async def lane_stops(self) -> tuple[LaneStop, ...]:
        """Return the lanes that take no jobs now."""

    def pause(self) -> tuple[bool, datetime | None]:
        """Whether deliveries are paused now."""


class Families(Protocol):
    """Reads what grew from a root job."""

    async def families(self, root_ids: Collection[int], /) -> Sequence[Family]:
        """Return the families that are there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How a drill went: titles of services, and what is wrong with the failed ones."""

    answered: tuple[str, ...]
    asleep: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    optional: tuple[tuple[str, str], ...]

    def words(self, *, seconds: float) -> Text:
        """Say it in one line."""
        parts = [f"{title}: {reason}" for title, reason in self.failed]
        parts += [f"{title} (optional): {reason}" for title, reason in self.optional]
        said = "; ".join(part.rstrip(".") for part in parts)
        if self.asleep:
            asleep = f"Switched off, as it seems: {', '.join(self.asleep)}"
            said = f"{said}. {asleep}" if said else asleep
        if self.failed:
            return text("Drill: {problems}.", problems=said)
        total = len(self.answered) + len(self.asleep) + len(self.optional)
        passed = text(
            "Drill passed: {n} of {total} services answered in {seconds} s.",
            n=len(self.answered),
            total=total,
            seconds=f"{seconds:.1f}",
        )
        return text("{passed} {more}.", passed=str(passed), more=said) if said else passed


class Drill:
    """Runs one drill, and waits for its family at most 4 minutes; what still waits then is cancelled.

    Optional services do not fail it, nor do those that may be switched off and do not answer.
    """

    def __init__(
        self,
        *,
        chain: Chain,
        families: Families,
        services: Sequence[Service],
        optional: Callable[[], Awaitable[Collection[str]]],
        clock: Clock,
    ) -> None:
        self._chain = chain
        self._families = families
        self._services = {service.job_type: service for service in services}
        self._optional = optional
        self._clock = clock

    async def __call__(self, _job: Job, report: Report) -> Done:
        """Drill once. Raises Permanent where a service failed, NothingToDo where there is nothing to try."""
        if self._chain.pause()[0]:
            raise NothingToDo("Deliveries are paused, so nothing was tried.")
        began = self._clock.monotonic()
        stored = await self._chain.store(
            IncomingWebhook(
                source=SOURCE.key,
                event_type=DRILL,
                instance="",
                body=json.dumps({"eventType": DRILL}).encode(),
                remote_address="",
            )
        )
        members = await self._wait(stored.job_id, report, until=began + LONGEST_S)
        seconds = self._clock.monotonic() - began
        intake = next((each for each in members if each.type == WEBHOOK_RECEIVED), None)
        if not isinstance(intake, JobRecord) or intake.status is not EndStatus.COMPLETED:
            raise Permanent(_unread(intake))
        told = [each for each in members if each.type in self._services]
        if not told:
            raise NothingToDo("No service is turned on, so there is nothing to try.")
        stops = {stop.lane: stop for stop in await self._chain.lane_stops()}
        tally = self._tally(told, stops=stops, optional=await self._optional())
        words = tally.words(seconds=seconds)
        if tally.failed:
            raise Permanent(words)
        return Done(
            detail=words,
            result={
                "answered": list(tally.answered),
                "asleep": list(tally.asleep),
                "event_id": stored.event_id,
            },
        )

    async def _wait(self, root_id: int, report: Report, *, until: float) -> list[Job | JobRecord]:
        """Look until all of the family ended, or the time is over; what waits then is cancelled."""
        while True:
            members = await self._members(root_id)
            waiting = [each for each in members if isinstance(each, Job)]
            report(len(members) - len(waiting), len(members))
            if members and not waiting:
                return members
            if self._clock.monotonic() >= until:
                break
            await self._clock.sleep(LOOK_S)
        for each in waiting:
            with suppress(NotFound, Refused):
                await self._chain.cancel(each.id)
        # As it was before: why each one waited is what there is to tell.
        return members

    async def _members(self, root_id: int) -> list[Job | JobRecord]:
        return [each for family in await self._families.families([root_id]) for each in family.members]

    def _tally(
        self, told: Sequence[Job | JobRecord], *, stops: Mapping[str, LaneStop], optional: Collection[str]
    ) -> Tally:
        """Sum up by service: of several groups the worst one counts."""
        asleep, failed, well = set[str](), dict[str, str](), set[str]()
        for each in told:
            service = self._services[each.type]
            if isinstance(each, JobRecord):
                if each.status is EndStatus.COMPLETED:
                    well.add(service.key)
                elif each.status is not EndStatus.SKIPPED:
                    failed.setdefault(service.key, str(each.error or "It was not tried."))
                elif each.error is not None and each.error.template == ASLEEP:
                    asleep.add(service.key)  # else it was turned off in between
                continue
            stop = stops.get(each.lane)
            if each.error is None and service.retry.patient and not _is_blocked(stop):
                asleep.add(service.key)
            else:
                reason = each.error or (None if stop is None else stop.reason)
                failed.setdefault(service.key, str(reason or "It was not tried in time."))
        titles = {service.key: service.title for service in self._services.values()}
        return Tally(
            answered=tuple(title for key, title in titles.items() if key in well - asleep - failed.keys()),
            asleep=tuple(title for key, title in titles.items() if key in asleep - failed.keys()),
            failed=tuple((titles[key], why) for key, why in failed.items() if key not in optional),
            optional=tuple((titles[key], why) for key, why in failed.items() if key in optional),
        )


def _is_blocked(stop: LaneStop | None) -> bool:
    return stop is not None and stop.state is LaneState.BLOCKED


def _unread(intake: Job | JobRecord | None) -> Text:
    if intake is None or intake.error is None:
        return Text("Drill: the import that was made up for it was not looked at in time.")
    return text("Drill: the import that was made up for it failed: {reason}", reason=str(intake.error))
