"""What every part of the program stands on: the database with its stores, the queue, settings and the bus."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from metarr_desktop.app.database_opening import clock_of, open_database
from metarr_desktop.app.hand_written import HandWrittenPlayers
from metarr_desktop.app.presence import Presence
from metarr_desktop.app.queue_opening import open_queue
from metarr_desktop.app.settings import AppSettings
from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.bus import Bus
from metarr_desktop.jobs.group_lanes import GroupLanes
from metarr_desktop.jobs.queue import JobQueue
from metarr_desktop.storage.event_store import EventStore
from metarr_desktop.storage.failure_store import FailureStore
from metarr_desktop.storage.history_store import HistoryStore
from metarr_desktop.storage.holder import this_process
from metarr_desktop.storage.import_store import ImportStore
from metarr_desktop.storage.issue_store import IssueStore
from metarr_desktop.storage.library_store import LibraryStore
from metarr_desktop.storage.note_store import NoteStore
from metarr_desktop.storage.player_adoption import PlayerAdoption
from metarr_desktop.storage.player_store import PlayerStore
from metarr_desktop.storage.route_store import RouteStore
from metarr_desktop.storage.schedule_store import ScheduleStore
from metarr_desktop.storage.sender_store import SenderStore
from metarr_desktop.storage.service_store import ServiceStore
from metarr_desktop.storage.settings_store import SettingsStore
from metarr_desktop.storage.statistics_store import StatisticsStore
from metarr_desktop.storage.template_store import TemplateStore

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AsyncExitStack

    from metarr_desktop.app.database_choice import DatabaseChoice
    from metarr_desktop.app.folder_watch import WatchTimes
    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.app.queue_choice import QueueChoice
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.services.http import Http
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.job_store import JobStore
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.webhooks.sources.declaration import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What ``open_core`` was asked for."""

    choice: DatabaseChoice
    queue: QueueChoice
    serve: bool
    listen: bool
    port: int | None
    host: str | None
    clock: Clock
    secrets: SecretStore
    services: Sequence[Service]
    sources: Sequence[Source]
    watch_times: WatchTimes
    http: Http


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """What is kept, noun by noun, all of it in one database."""

    jobs: JobStore
    history: HistoryStore
    statistics: StatisticsStore
    events: EventStore
    services: ServiceStore
    players: PlayerStore
    adoption: PlayerAdoption
    senders: SenderStore
    imports: ImportStore
    issues: IssueStore
    routes: RouteStore
    notes: NoteStore
    templates: TemplateStore
    failures: FailureStore
    schedules: ScheduleStore
    library: LibraryStore

    @classmethod
    def on(cls, database: Database, *, jobs: JobStore) -> Stores:
        """Return the stores of a database; its jobs may lie in a queue beside it."""
        return cls(
            jobs=jobs,
            history=HistoryStore(database),
            statistics=StatisticsStore(database),
            events=EventStore(database),
            services=ServiceStore(database),
            players=PlayerStore(database),
            adoption=PlayerAdoption(database),
            senders=SenderStore(database),
            imports=ImportStore(database),
            issues=IssueStore(database),
            routes=RouteStore(database),
            notes=NoteStore(database),
            templates=TemplateStore(database),
            failures=FailureStore(database),
            schedules=ScheduleStore(database),
            library=LibraryStore(database),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """Open and ready; ``worker_name`` is this process among those that share the queue."""

    services: Sequence[Service]
    sources: Sequence[Source]
    database: Database
    stores: Stores
    queue: JobQueue
    lanes: GroupLanes
    settings: AppSettings
    secrets: SecretStore
    http: Http
    bus: Bus
    clock: Clock
    tasks: TaskSupervisor
    worker_name: str
    presence: Presence


async def lay_foundation(paths: AppPaths, stack: AsyncExitStack, given: Given, /) -> Foundation:
    """Open the database and the queue; what has to be closed is on the stack. Raises StorageFailed."""
    bus = Bus()
    holder = this_process(folder=await asyncio.to_thread(paths.folder_id))
    database = await open_database(given.choice, stack, bus=bus, sender=holder.worker, serve=given.serve)
    clock = await clock_of(database, given.clock)
    tasks = TaskSupervisor()
    stack.push_async_callback(tasks.close)
    settings = AppSettings(store=SettingsStore(database), bus=bus, clock=clock)
    await settings.load()
    settings.override(port=given.port, host=given.host)
    database, jobs = await open_queue(
        given.queue,
        database,
        stack,
        bus=bus,
        holder=replace(holder, lease=settings.lease),
        now=clock.now(),
    )
    stores = Stores.on(database, jobs=jobs)
    await stores.services.seed([service.key for service in given.services], now=clock.now())
    hand_written = HandWrittenPlayers(services=given.services, adoption=stores.adoption, clock=clock)
    await hand_written.take_over(tell=True)
    queue = JobQueue(store=jobs, bus=bus, clock=clock)
    lanes = GroupLanes(stores.players, changed=queue.wake.set)
    await lanes.refresh()
    paused, until = settings.pause
    queue.set_pause(paused=paused, until=until)
    stack.push_async_callback(given.http.close)
    return Foundation(
        services=given.services,
        sources=given.sources,
        database=database,
        stores=stores,
        queue=queue,
        lanes=lanes,
        settings=settings,
        secrets=given.secrets,
        http=given.http,
        bus=bus,
        clock=clock,
        tasks=tasks,
        worker_name=holder.worker,
        presence=Presence(),
    )
