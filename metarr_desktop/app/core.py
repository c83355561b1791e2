"""The composition root: the one place where the parts are built and put together, and taken apart again."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.api import Api
from metarr_desktop.app.api_key import ApiKey
from metarr_desktop.app.commands import Commands
from metarr_desktop.app.control import ControlServer
from metarr_desktop.app.database_choice import choose_database
from metarr_desktop.app.database_opening import clock_of, keep_to_server, open_database
from metarr_desktop.app.job_types import notify_job_types, own_job_types
from metarr_desktop.app.listener import Listener
from metarr_desktop.app.lock import DataFolderLock
from metarr_desktop.app.logging_setup import LogBook, start_logging
from metarr_desktop.app.other_computers import OtherComputers
from metarr_desktop.app.parts import Parts
from metarr_desktop.app.queries import Queries
from metarr_desktop.app.queue_choice import choose_queue
from metarr_desktop.app.queue_opening import news_of_queue, open_queue
from metarr_desktop.app.receiving import Receiving
from metarr_desktop.app.sample_sender import SampleSender
from metarr_desktop.app.service_desk import ServiceDesk
from metarr_desktop.app.settings import AppSettings
from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.app.upkeep import Upkeep
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.clock import Clock, ShiftedClock, SystemClock
from metarr_desktop.domain.errors import PortUnavailable, Refused
from metarr_desktop.domain.schedules import CLEAN_UP
from metarr_desktop.jobs.queue import JobQueue
from metarr_desktop.jobs.scheduler import Scheduler
from metarr_desktop.jobs.worker import Worker
from metarr_desktop.services.http import Http
from metarr_desktop.services.registry import SERVICES
from metarr_desktop.storage.backup import back_up
from metarr_desktop.storage.event_store import EventStore
from metarr_desktop.storage.history_store import HistoryStore
from metarr_desktop.storage.holder import this_process
from metarr_desktop.storage.library_store import LibraryStore
from metarr_desktop.storage.schedule_store import ScheduleStore
from metarr_desktop.storage.secrets import KeyringSecrets, SecretStore
from metarr_desktop.storage.service_store import ServiceStore
from metarr_desktop.storage.settings_store import SettingsStore
from metarr_desktop.storage.statistics_store import StatisticsStore
from metarr_desktop.storage.upkeep import tidy_up
from metarr_desktop.webhooks.server import WebhookServer
from metarr_desktop.webhooks.sources.registry import SOURCES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from metarr_desktop.app.database_choice import DatabaseChoice
    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.app.queue_choice import QueueChoice
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.database import Database
    from metarr_desktop.webhooks.sources.declaration import Source

logger = logging.getLogger(__name__)

NO_QUEUE_TO_SHARE = (
    "A worker without a listener needs a database that others use too."
    " Name one: --database-url postgresql://user@host/database."
)


@dataclass(slots=True, kw_only=True)
class Core:
    """The program without a window. ``on_open`` is called when another start asks for the window.

    It is ``serving`` where it runs jobs; a pure worker does, and has no listener.
    """

    paths: AppPaths
    commands: Commands
    queries: Queries
    bus: Bus
    tasks: TaskSupervisor
    log: LogBook
    settings: AppSettings
    receiving: Receiving
    api_key: ApiKey
    secrets: SecretStore
    listener: Listener | None
    serving: bool
    stop_requested: asyncio.Event
    on_open: Callable[[], None] | None = field(default=None)


@asynccontextmanager
async def open_core(  # noqa: PLR0913 - what a start can be asked for
    paths: AppPaths,
    *,
    serve: bool,
    port: int | None = None,
    host: str | None = None,
    database_url: str | None = None,
    queue_url: str | None = None,
    listen: bool = True,
    clock: Clock | None = None,
    secrets: SecretStore | None = None,
    services: Sequence[Service] = SERVICES,
    sources: Sequence[Source] = SOURCES,
) -> AsyncIterator[Core]:
    """Open the data folder and, with ``serve``, run the program on it until the block ends.

    Without ``listen`` it runs jobs and receives no webhooks, which needs a database that others share. Raises
    Refused where another program holds the folder, StorageFailed where the database cannot be used. A port
    that is taken is no error here: ``core.listener.problem`` says so, and the rest works.
    """
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(paths.prepare)
        lock = DataFolderLock(paths.lock)
        await lock.acquire(serving=serve)
        stack.callback(lock.release)
        book = LogBook()
        book.attach(asyncio.get_running_loop())
        stack.callback(start_logging(paths.log_file, book=book))
        secrets = secrets or KeyringSecrets()
        choice = await choose_database(paths, given=database_url, secrets=secrets)
        if not listen and choice.url is None:
            raise Refused(NO_QUEUE_TO_SHARE)
        given = _Given(
            choice=choice, queue=await choose_queue(given=queue_url, secrets=secrets),
            serve=serve, listen=listen, port=port, host=host,
            clock=clock or SystemClock(), secrets=secrets,
            services=services, sources=sources,
        )  # fmt: skip
        core = await _build(paths, stack, book, given)
        if serve:
            logger.info("Metarr Desktop %s on %s", core.queries.version, choice.shown)
            if given.queue.url is not None:
                logger.info("The queue lies on %s", given.queue.shown)
        yield core
        if serve:
            logger.info("Stopping")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
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


async def _build(paths: AppPaths, stack: AsyncExitStack, book: LogBook, given: _Given, /) -> Core:
    serve, choice, secrets, services, sources = (
        given.serve,
        given.choice,
        given.secrets,
        given.services,
        given.sources,
    )
    bus = Bus()
    holder = this_process(folder=await asyncio.to_thread(paths.folder_id))
    database = await open_database(choice, stack, bus=bus, sender=holder.worker, serve=serve)
    clock = await clock_of(database, given.clock)
    tasks = TaskSupervisor()
    stack.push_async_callback(tasks.close)
    settings = await _settings(database, bus=bus, clock=clock, given=given)
    holder = replace(holder, lease=settings.lease)
    database, job_store = await open_queue(
        given.queue, database, stack, bus=bus, holder=holder, now=clock.now()
    )
    events = EventStore(database)
    history, library = HistoryStore(database), LibraryStore(database)
    service_store = ServiceStore(database)
    await service_store.seed([service.key for service in services], now=clock.now())
    queue = JobQueue(store=job_store, bus=bus, clock=clock)
    paused, until = settings.pause
    queue.set_pause(paused=paused, until=until)

    schedules, schedule_store = (CLEAN_UP,), ScheduleStore(database)
    scheduler = Scheduler(
        store=schedule_store,
        schedules=schedules,
        clock=clock,
        spawn=tasks.spawn,
        added=lambda job: queue.tell((job,)),
    )
    upkeep = Upkeep(
        database=database,
        paths=paths,
        settings=settings,
        clock=clock,
        back_up=None if database.shared else partial(_copy, choice.file, paths.backups),
        tidy=lambda: tidy_up(database, choice.file),
    )

    http = Http()
    stack.push_async_callback(http.close)
    notifiers: dict[str, Any] = {
        service.key: service.notifier(http=http, clock=clock) for service in services
    }
    types = (
        *own_job_types(
            events=events,
            library=library,
            settings=settings,
            sources=sources,
            services=services,
            clean_up=upkeep.steps(),
            clock=clock,
        ),
        *notify_job_types(
            services=services,
            notifiers=notifiers,
            store=service_store,
            secrets=secrets,
            library=library,
            clock=clock,
        ),
    )
    desk = ServiceDesk(
        services=services,
        notifiers=notifiers,
        store=service_store,
        secrets=secrets,
        queue=queue,
        bus=bus,
        clock=clock,
    )
    if isinstance(secrets, KeyringSecrets):
        secrets.on_usable = lambda: tasks.spawn(desk.free_keyring_lanes(), name="keyring answers again")
    receiving = Receiving(settings=settings, secrets=secrets, sources=sources)
    api_key = ApiKey(settings=settings, secrets=secrets)
    api = Api(key=api_key, bus=bus, clock=clock, tasks=tasks)
    listener, worker = None, None
    if serve and given.listen:
        server = WebhookServer(
            intake=queue, rules=receiving.rules, bus=bus, sources=sources, extra=api.routes
        )
        listener = Listener(server=server, receiving=receiving, settings=settings, bus=bus)
    if serve:
        worker = Worker(
            queue=queue,
            types=types,
            clock=clock,
            spawn=tasks.spawn,
            rng=random.Random(),  # noqa: S311 - spreads retries, guards nothing
            heartbeat_s=settings.lease.total_seconds() / 3,
        )
    parts = Parts(
        services=services,
        sources=sources,
        types=types,
        schedules=schedules,
        database=database,
        job_store=job_store,
        history=history,
        statistics=StatisticsStore(database),
        events=events,
        service_store=service_store,
        schedule_store=schedule_store,
        library=library,
        secrets=secrets,
        queue=queue,
        scheduler=scheduler,
        desk=desk,
        settings=settings,
        receiving=receiving,
        samples=SampleSender(listener=listener, secrets=secrets, sources=[each.key for each in sources]),
        log=book,
        bus=bus,
        clock=clock,
        stop_requested=asyncio.Event(),
        listener=listener,
        worker=worker,
    )
    core = Core(
        paths=paths,
        commands=Commands(parts),
        queries=Queries(parts),
        bus=bus,
        tasks=tasks,
        log=book,
        settings=settings,
        receiving=receiving,
        api_key=api_key,
        secrets=secrets,
        listener=listener,
        serving=serve,
        stop_requested=parts.stop_requested,
    )
    if worker is not None:
        if database.shared:
            others = OtherComputers(
                queue=queue, store=job_store, history=history, settings=settings, bus=bus,
                services=[service.key for service in services], worker=worker, clock=clock,
            )  # fmt: skip
            await _hear(others, stack, tasks, database=database, choice=choice, own_name=holder.worker)
        if isinstance(clock, ShiftedClock):
            tasks.spawn(keep_to_server(database, clock), name="clock of the server")
        await _serve(
            core,
            stack,
            queue=queue,
            desk=desk,
            api=api,
            listener=listener,
            worker=worker,
            scheduler=scheduler,
        )
    return core


def _copy(file: Path, folder: Path, now: datetime) -> str:
    """Copy the database for the nightly clean-up; returns the name of the copy."""
    return back_up(file, folder, now=now).path.name


async def _hear(
    others: OtherComputers,
    stack: AsyncExitStack,
    tasks: TaskSupervisor,
    *,
    database: Database,
    choice: DatabaseChoice,
    own_name: str,
) -> None:
    """Listen to what other computers do on the same database."""
    if choice.url is not None:
        await others.listen_to(choice.url, password=choice.password, own_name=own_name, stack=stack)
    if (news := news_of_queue(database, hear=others.hear)) is not None:
        tasks.spawn(news.run(), name="queue news")
    tasks.spawn(others.run(), name="other computers")


async def _settings(database: Database, *, bus: Bus, clock: Clock, given: _Given) -> AppSettings:
    settings = AppSettings(store=SettingsStore(database), bus=bus, clock=clock)
    await settings.load()
    settings.override(port=given.port, host=given.host)
    return settings


async def _serve(
    core: Core,
    stack: AsyncExitStack,
    *,
    queue: JobQueue,
    desk: ServiceDesk,
    api: Api,
    listener: Listener | None,
    worker: Worker,
    scheduler: Scheduler,
) -> None:
    """Recover, then work, receive and answer control; all of it ends within 5 s."""
    recovered = await queue.recover()
    if recovered:
        logger.warning("%d jobs were running when the program ended; they run again", recovered)
    await desk.free_keyring_lanes()

    async def stop() -> None:
        stops = [scheduler.stop(), worker.stop()]
        await asyncio.gather(*stops, *([] if listener is None else [listener.stop()]))

    stack.push_async_callback(stop)
    await api.serve(core, stack)
    if listener is not None:
        with suppress(PortUnavailable):
            await listener.start()
    core.tasks.spawn(worker.run(), name="worker")
    core.tasks.spawn(scheduler.run(), name="scheduler")
    control = ControlServer(core)
    await control.start()
    stack.push_async_callback(control.stop)
