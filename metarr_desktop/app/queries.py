"""Everything there is to see; the window and the command line share it. Nothing here writes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from metarr_desktop import __version__
from metarr_desktop.app.household_queries import HouseholdQueries
from metarr_desktop.app.job_views import JobViews
from metarr_desktop.app.lane_views import held_lanes
from metarr_desktop.app.origins import Origins
from metarr_desktop.app.problems import find_problems
from metarr_desktop.app.schedule_views import read_schedules
from metarr_desktop.app.sender_queries import SenderQueries
from metarr_desktop.app.service_state import form_of, snapshot_of
from metarr_desktop.app.settings import complaint
from metarr_desktop.app.snapshots import (
    LibrarySnapshot,
    Listening,
    PauseSnapshot,
    Problem,
    QueueSnapshot,
    ServiceForm,
    ServiceSnapshot,
    SettingsSnapshot,
    SourceAddress,
    StatusSnapshot,
    TodaySnapshot,
    library_snapshot,
)
from metarr_desktop.domain.jobs import EndStatus, Job, QueuePlace
from metarr_desktop.domain.statistics import Statistics, Tally, sum_of
from metarr_desktop.jobs.recipients import member_fields
from metarr_desktop.services.forms import check_field
from metarr_desktop.storage.job_store import WaitingJobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.logging_setup import LogLine
    from metarr_desktop.app.parts import Parts
    from metarr_desktop.app.route_views import ServiceRoutes
    from metarr_desktop.app.snapshots import (
        EventDetail,
        EventSnapshot,
        FamilySnapshot,
        HistoryFilter,
        HistoryPage,
        JobDetail,
        LaneSnapshot,
        ScheduleSnapshot,
    )
    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.domain.history import HistoryCursor
    from metarr_desktop.domain.media import LibraryFolder
    from metarr_desktop.domain.paths import PathMapping
    from metarr_desktop.domain.routing import Route
    from metarr_desktop.domain.text import Text
    from metarr_desktop.domain.tracing import Hop

LAST_AMONG = 50
"""Scans that were asked for may have come after the last webhook."""
RETRY_AT_ONCE = 500
"""At most so many failed jobs are tried again by one command."""

NOTHING_WAITS = WaitingJobs(count=0)


class Queries(SenderQueries, HouseholdQueries):
    """Reads. All but the synchronous ones go to the reading connection."""

    version = __version__

    def __init__(self, parts: Parts) -> None:
        SenderQueries.__init__(self, parts)
        HouseholdQueries.__init__(self, parts)
        self._sources = parts.on.sources
        self._types = tuple(kind.type for kind in parts.types)
        self._delivering = tuple(kind for kind in parts.types if kind.delivers)
        self._database = parts.on.database
        self._job_store = parts.on.stores.jobs
        self._history = parts.on.stores.history
        self._schedules = parts.schedules
        self._schedule_store = parts.on.stores.schedules
        self._statistics = parts.on.stores.statistics
        self._events = parts.on.stores.events
        self._service_store = parts.on.stores.services
        self._routes = parts.route_desk
        self._path_scopes = parts.path_scopes
        self._queue = parts.on.queue
        self._settings = parts.on.settings
        self._receiving = parts.receiving
        self._listener = parts.listener
        self._serving = parts.worker is not None
        self._log = parts.log
        self._clock = parts.on.clock
        titles = {source.key: source.title for source in parts.on.sources}
        self._origins = Origins(sources=titles, store=parts.on.stores.senders)
        self._views = JobViews(
            job_store=parts.on.stores.jobs,
            history=parts.on.stores.history,
            events=parts.on.stores.events,
            origins=self._origins,
        )

    # The program

    async def status(self) -> StatusSnapshot:
        """The program at a glance."""
        counts = await self._job_store.counts()
        oldest = counts.oldest_pending_at
        return StatusSnapshot(
            version=self.version,
            running=self._serving,
            listening=self.listening(),
            pause=self.pause(),
            queue=QueueSnapshot(
                pending=counts.pending,
                processing=counts.processing,
                oldest_pending=None if oldest is None else self._clock.now() - oldest,
            ),
            services=await self.services(),
        )

    async def today(self) -> TodaySnapshot:
        """Counts since local midnight."""
        local = self._clock.now().astimezone()
        # Rebuilt without its offset, so that a change of clocks since midnight counts.
        midnight = datetime(local.year, local.month, local.day).astimezone()
        ended = await self._history.ended_since(midnight)
        newest, senders = await self._events.newest(limit=LAST_AMONG), dict(self.sources())
        last = next((event for event in newest if event.source in senders), None)
        return TodaySnapshot(
            webhooks=await self._events.count_since(midnight),
            done=ended.get(EndStatus.COMPLETED, 0),
            failed=ended.get(EndStatus.FAILED, 0),
            last_source=None if last is None else (await self._origins.titles()).of(last),
            last_at=None if last is None else last.received_at,
        )

    async def statistics(self) -> Statistics:
        """What waits, runs, and ended in the last 24 hours: of every job type and service there is."""
        now = self._clock.now()
        found = await self._statistics.tallies(now=now)
        types = {kind: found.get(kind, Tally()) for kind in (*self._types, *sorted(found))}
        services = {each.key: found.get(each.job_type, Tally()) for each in self._services}
        return Statistics(
            at=now,
            total=sum_of(found.values()),
            types=types,
            services=services,
            titles={each.key: each.title for each in self._services},
        )

    def pause(self) -> PauseSnapshot:
        """Whether deliveries are paused."""
        paused, until = self._queue.pause()
        return PauseSnapshot(paused=paused, until=until if paused else None)

    def listening(self) -> Listening | None:
        """The address webhooks arrive at, or None."""
        return None if self._listener is None else self._listener.listening

    async def problems(self) -> tuple[Problem, ...]:
        """What a person should know about, worst first."""
        last = await self._history.last_of_types(["scan-movie"])
        titles, keys = await self._lane_titles()
        return find_problems(
            listener=None if self._listener is None else self._listener.problem,
            storage=self._database.problem,
            keyring=self._secrets.state,
            stops=await self._queue.lane_stops(),
            titles=titles,
            keys=keys,
            last_scan=last.get("scan-movie"),
            port=self._settings.port,
            senders=await self._sender_views.standing(port=self._settings.port),
        )

    def log(self, *, limit: int = 2_000) -> tuple[LogLine, ...]:
        """Return the last lines of the log, oldest first."""
        return self._log.lines(limit=limit)

    def settings(self) -> SettingsSnapshot:
        """The program's own settings."""
        return self._settings.snapshot

    def setting_values(self) -> Mapping[str, PlainValue]:
        """Every setting that a person chooses, by name."""
        return self._settings.values()

    def setting_complaint(self, name: str, value: PlainValue) -> Text | None:
        """Say what is wrong with a value of a setting, or None."""
        return complaint(name, value)

    def parse_settings(self, typed: Mapping[str, str]) -> dict[str, PlainValue]:
        """Turn what was typed on a command line into values. Raises Refused."""
        return self._settings.parse(typed)

    async def addresses(self) -> tuple[SourceAddress, ...]:
        """Return the address to paste into each sender. Raises SecretsUnavailable where it needs the key."""
        await self._receiving.find_addresses()
        listening = self.listening()
        port = self._settings.port if listening is None else listening.port
        return await self._receiving.addresses(port=port)

    # Jobs

    async def jobs(self, *, after: QueuePlace | None = None, limit: int | None = None) -> tuple[Job, ...]:
        """Rows of the queue in the order they run: all, or so many that come after one."""
        return await self._job_store.jobs(after=after, limit=limit)

    async def families(self, *, limit: int = 500) -> tuple[FamilySnapshot, ...]:
        """Webhooks of which a job waits or runs, with all their jobs, newest first."""
        return await self._views.families(limit=limit)

    async def family(self, root_id: int) -> FamilySnapshot | None:
        """One webhook with all its jobs."""
        return await self._views.family(root_id)

    async def recent(self, *, limit: int = 20) -> tuple[FamilySnapshot, ...]:
        """Return the last webhooks with their jobs, newest first."""
        return await self._views.recent(limit=limit)

    async def history(
        self, wanted: HistoryFilter, /, *, before: HistoryCursor | None = None, limit: int = 100
    ) -> HistoryPage:
        """One page of ended jobs, newest first."""
        return await self._views.history(wanted, before=before, limit=limit)

    async def events(self, *, before: int | None = None, limit: int = 100) -> tuple[EventSnapshot, ...]:
        """Stored webhooks, newest first: the last ones, or those stored before that one."""
        return await self._views.events(before=before, limit=limit)

    async def event(self, event_id: int) -> EventDetail:
        """One stored webhook with everything it became. Raises NotFound."""
        return await self._views.event(event_id)

    async def event_title(self, event_id: int) -> str:
        """What a stored webhook was about; empty where that is not known."""
        event = (await self._events.events([event_id])).get(event_id)
        return "" if event is None else event.title

    async def job(self, job_id: int) -> JobDetail:
        """Everything known of one job. Raises NotFound."""
        detail = await self._views.job(job_id)
        return replace(detail, lanes={lane.lane: lane for lane in await self.lanes()})

    async def lanes(self) -> tuple[LaneSnapshot, ...]:
        """Return the lanes that take no jobs now, those included whose deliveries are paused."""
        titles, _ = await self._lane_titles()
        delivering = {lane for kind in self._delivering for lane in kind.all_lanes()}
        return held_lanes(
            stops=await self._queue.lane_stops(),
            pause=self.pause(),
            # Of a group that was removed nothing is told any more.
            delivering=delivering & titles.keys(),
            titles=titles,
        )

    def on_several_computers(self) -> bool:
        """Whether jobs may run on other computers than this one."""
        return self._job_store.shared

    async def retryable(self) -> int:
        """How many failed jobs were not tried again since; counts no further than ``retry_failed`` goes."""
        return len(await self._history.failed_ids(limit=RETRY_AT_ONCE))

    def job_types(self) -> tuple[str, ...]:
        """Return the job types this program runs."""
        return self._types

    def usual_sources(self) -> tuple[tuple[str, str], ...]:
        """Key and title of the sources that can be connected, for short lists."""
        return tuple((each.key, each.title) for each in self._sources if each.interface is not None)

    def sources(self) -> tuple[tuple[str, str], ...]:
        """Key and title of each source that sends us webhooks."""
        return tuple((source.key, source.title) for source in self._sources if source.routed)

    def event_sources(self) -> tuple[tuple[str, str], ...]:
        """Key and title of everything that stored events come from."""
        return tuple((source.key, source.title) for source in self._sources)

    # Schedules

    async def schedules(self) -> tuple[ScheduleSnapshot, ...]:
        """Recurring work: when it is due, and how it went last."""
        return await read_schedules(
            self._schedules,
            store=self._schedule_store,
            job_store=self._job_store,
            history=self._history,
            now=self._clock.now(),
        )

    def schedule_names(self) -> frozenset[str]:
        """Names of recurring work, which are its job types."""
        return frozenset(schedule.name for schedule in self._schedules)

    # Services

    async def services(self) -> tuple[ServiceSnapshot, ...]:
        """Every service in the order of the registry."""
        rows = {row.service: row for row in await self._service_store.rows()}
        stops = {stop.lane: stop for stop in await self._queue.lane_stops()}
        titles, keys = await self._lane_titles()
        waiting = await self._job_store.waiting()
        last = await self._history.last_of_types([service.job_type for service in self._services])
        return tuple(
            [
                snapshot_of(
                    service,
                    rows[service.key],
                    secrets=self._secrets,
                    stops={lane: stop for lane, stop in stops.items() if keys.get(lane) == service.key},
                    titles=titles,
                    waiting=waiting.get(service.job_type, NOTHING_WAITS),
                    last=last.get(service.job_type),
                    household=None if service.member is None else await self._read_household(service),
                )
                for service in self._services
                if service.key in rows
            ]
        )

    async def service_form(self, key: str) -> ServiceForm:
        """What a service's settings page starts from. Raises NotFound."""
        service, row = self._service(key), await self._service_store.row(key)
        household = None if service.member is None else await self._read_household(service)
        return form_of(service, row, secrets=self._secrets, household=household)

    async def secret(self, key: str, field: str) -> str | None:
        """Return a secret for the person to see. Raises SecretsUnavailable."""
        at = await self.secrets_at(key) if field in member_fields(self._service(key)) else key
        return await self._secrets.get(f"{at}/{field}")

    def check_field(self, key: str, field: str, value: PlainValue) -> Text | None:
        """Return what is wrong with one value as typed, or None."""
        return check_field(self._service(key), field, value)

    async def routes(self, service: str) -> ServiceRoutes:
        """Return which events a service is told, of whom. Raises NotFound."""
        return await self._routes.routes(service)

    def check_route(self, service: str, route: Route) -> Text | None:
        """Return what is wrong with a service's rules as typed, or None."""
        return self._routes.check(service, route)

    # Library

    async def libraries(self) -> tuple[LibrarySnapshot, ...]:
        """Return the folders of this computer, and whether each is there now."""
        folders = await self._library.libraries()
        return await asyncio.to_thread(lambda: tuple(_seen(folder) for folder in folders))

    async def trace(self, path: str, from_scope: str, to_scope: str) -> tuple[Hop, ...]:
        """Follow a path from a sender, or from here, to here or to a service. Raises NotFound or Refused.

        Scopes are the key of a source, the name of a sender, ``here``, and the key of a service.
        """
        return await self._path_scopes.trace(path, from_scope, to_scope)

    async def mappings(self) -> tuple[PathMapping, ...]:
        """Every path mapping."""
        return await self._library.mappings()


def _seen(folder: LibraryFolder) -> LibrarySnapshot:
    """Look at a folder of the library. It blocks."""
    path = Path(folder.path)
    try:
        return library_snapshot(folder, found=path.is_dir(), anchored=(path / folder.anchor).exists())
    except OSError:  # nobody may look
        return library_snapshot(folder, found=False, anchored=False)
