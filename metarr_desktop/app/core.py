"""The composition root: the one place where the parts are built and put together, and taken apart again."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.commands import Commands
from metarr_desktop.app.control import ControlServer
from metarr_desktop.app.listener import Listener
from metarr_desktop.app.lock import DataFolderLock
from metarr_desktop.app.logging_setup import LogBook, start_logging
from metarr_desktop.app.parts import Parts
from metarr_desktop.app.queries import Queries
from metarr_desktop.app.receiving import Receiving
from metarr_desktop.app.sample_sender import SampleSender
from metarr_desktop.app.service_desk import ServiceDesk
from metarr_desktop.app.settings import AppSettings
from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import StorageChanged
from metarr_desktop.domain.clock import Clock, SystemClock
from metarr_desktop.domain.errors import PortUnavailable
from metarr_desktop.domain.jobs import INTAKE_LANE, SCAN_LANE, SCAN_MOVIE, WEBHOOK_RECEIVED
from metarr_desktop.jobs.handlers import JobType
from metarr_desktop.jobs.notify import Notify
from metarr_desktop.jobs.queue import JobQueue
from metarr_desktop.jobs.worker import Worker
from metarr_desktop.library.scan import ScanMovie
from metarr_desktop.services.http import Http
from metarr_desktop.services.registry import SERVICES
from metarr_desktop.storage.database import sqlite_database
from metarr_desktop.storage.event_store import EventStore
from metarr_desktop.storage.history_store import HistoryStore
from metarr_desktop.storage.library_store import LibraryStore
from metarr_desktop.storage.schema import prepare
from metarr_desktop.storage.secrets import KeyringSecrets, SecretStore
from metarr_desktop.storage.service_store import ServiceStore
from metarr_desktop.storage.settings_store import SettingsStore
from metarr_desktop.storage.sql_job_store import SqlJobStore
from metarr_desktop.storage.statistics_store import StatisticsStore
from metarr_desktop.webhooks.receive import ReceiveWebhook
from metarr_desktop.webhooks.server import WebhookServer
from metarr_desktop.webhooks.sources.registry import SOURCES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.webhooks.sources.declaration import Source

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Core:
    """The program without a window. ``on_open`` is called when another start asks for the window."""

    paths: AppPaths
    commands: Commands
    queries: Queries
    bus: Bus
    tasks: TaskSupervisor
    log: LogBook
    settings: AppSettings
    receiving: Receiving
    secrets: SecretStore
    listener: Listener | None
    stop_requested: asyncio.Event
    on_open: Callable[[], None] | None = field(default=None)


@asynccontextmanager
async def open_core(
    paths: AppPaths,
    *,
    serve: bool,
    port: int | None = None,
    host: str | None = None,
    clock: Clock | None = None,
    secrets: SecretStore | None = None,
    services: Sequence[Service] = SERVICES,
    sources: Sequence[Source] = SOURCES,
) -> AsyncIterator[Core]:
    """Open the data folder and, with ``serve``, run the program on it until the block ends.

    Raises Refused where another program holds the folder, StorageFailed where the database cannot be
    used. A port that is taken is no error here: ``core.listener.problem`` says so, and the rest works.
    """
    async with AsyncExitStack() as stack:
        await asyncio.to_thread(paths.prepare)
        lock = DataFolderLock(paths.lock)
        await lock.acquire(serving=serve)
        stack.callback(lock.release)
        book = LogBook()
        book.attach(asyncio.get_running_loop())
        stack.callback(start_logging(paths.log_file, book=book))
        await asyncio.to_thread(prepare, paths.database)
        core = await _build(
            paths, stack, book,
            serve=serve, port=port, host=host,
            clock=clock or SystemClock(), secrets=secrets or KeyringSecrets(),
            services=services, sources=sources,
        )  # fmt: skip
        if serve:
            logger.info("Metarr Desktop %s on %s", core.queries.version, paths.data_dir)
        yield core
        if serve:
            logger.info("Stopping")


async def _build(
    paths: AppPaths,
    stack: AsyncExitStack,
    book: LogBook,
    *,
    serve: bool,
    port: int | None,
    host: str | None,
    clock: Clock,
    secrets: SecretStore,
    services: Sequence[Service],
    sources: Sequence[Source],
) -> Core:
    bus = Bus()
    database = sqlite_database(paths.database, on_health=lambda _problem: bus.publish(StorageChanged()))
    stack.push_async_callback(database.close)
    tasks = TaskSupervisor()
    stack.push_async_callback(tasks.close)
    job_store, events = SqlJobStore(database), EventStore(database)
    history, library = HistoryStore(database), LibraryStore(database)
    service_store = ServiceStore(database)
    await service_store.seed([service.key for service in services], now=clock.now())
    settings = AppSettings(store=SettingsStore(database), bus=bus, clock=clock)
    await settings.load()
    settings.override(port=port, host=host)
    queue = JobQueue(store=job_store, bus=bus, clock=clock)
    paused, until = settings.pause
    queue.set_pause(paused=paused, until=until)

    http = Http()
    stack.push_async_callback(http.close)
    notifiers: dict[str, Any] = {
        service.key: service.notifier(http=http, clock=clock) for service in services
    }
    types = [
        JobType(
            type=WEBHOOK_RECEIVED,
            handler=ReceiveWebhook(events=events, sources=sources, services=services),
            lane=INTAKE_LANE,
        ),
        JobType(type=SCAN_MOVIE, handler=ScanMovie(store=library, clock=clock), lane=SCAN_LANE),
        *(
            JobType(
                type=service.job_type,
                handler=Notify(
                    service=service,
                    notifier=notifiers[service.key],
                    services=service_store,
                    secrets=secrets,
                    mappings=library,
                    clock=clock,
                ),
                lane=service.lane,
                retry=service.retry,
                concurrency=service.concurrency,
                delivers=True,
                merge_window=service.merge_window,
            )
            for service in services
        ),
    ]
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
    listener, worker = None, None
    if serve:
        server = WebhookServer(intake=queue, rules=receiving.rules, bus=bus, sources=sources)
        listener = Listener(server=server, receiving=receiving, settings=settings, bus=bus)
        worker = Worker(
            queue=queue,
            types=types,
            clock=clock,
            spawn=tasks.spawn,
            rng=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
    parts = Parts(
        services=services,
        sources=sources,
        types=types,
        database=database,
        job_store=job_store,
        history=history,
        statistics=StatisticsStore(database),
        events=events,
        service_store=service_store,
        library=library,
        secrets=secrets,
        queue=queue,
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
        secrets=secrets,
        listener=listener,
        stop_requested=parts.stop_requested,
    )
    if listener is not None and worker is not None:
        await _serve(core, stack, queue=queue, desk=desk, listener=listener, worker=worker)
    return core


async def _serve(
    core: Core,
    stack: AsyncExitStack,
    *,
    queue: JobQueue,
    desk: ServiceDesk,
    listener: Listener,
    worker: Worker,
) -> None:
    """Recover, then work, receive and answer control; all of it ends within 5 s."""
    recovered = await queue.recover()
    if recovered:
        logger.warning("%d jobs were running when the program ended; they run again", recovered)
    await desk.free_keyring_lanes()

    async def stop() -> None:
        await asyncio.gather(listener.stop(), worker.stop())

    stack.push_async_callback(stop)
    with suppress(PortUnavailable):
        await listener.start()
    core.tasks.spawn(worker.run(), name="worker")
    control = ControlServer(core)
    await control.start()
    stack.push_async_callback(control.stop)
