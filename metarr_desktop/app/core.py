"""The composition root: builds the program (``building.py``), starts it, and takes it apart again."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from metarr_desktop.app.building import build_parts
from metarr_desktop.app.commands import Commands
from metarr_desktop.app.control import ControlServer
from metarr_desktop.app.database_choice import choose_database
from metarr_desktop.app.database_opening import keep_to_server
from metarr_desktop.app.folder_watch import DEFAULT_TIMES, WatchTimes
from metarr_desktop.app.foundation import Given
from metarr_desktop.app.lock import DataFolderLock
from metarr_desktop.app.logging_setup import LogBook, start_logging
from metarr_desktop.app.other_computers import OtherComputers
from metarr_desktop.app.queries import Queries
from metarr_desktop.app.queue_choice import choose_queue
from metarr_desktop.app.queue_opening import news_of_queue
from metarr_desktop.domain.clock import Clock, ShiftedClock, SystemClock
from metarr_desktop.domain.errors import PortUnavailable, Refused
from metarr_desktop.services.http import Http
from metarr_desktop.services.registry import SERVICES
from metarr_desktop.storage.secrets import KeyringSecrets, SecretStore
from metarr_desktop.webhooks.sources.registry import SOURCES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from metarr_desktop.app.api_key import ApiKey
    from metarr_desktop.app.database_choice import DatabaseChoice
    from metarr_desktop.app.listener import Listener
    from metarr_desktop.app.parts import Parts
    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.app.receiving import Receiving
    from metarr_desktop.app.settings import AppSettings
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.jobs.worker import Worker
    from metarr_desktop.services.declaration import Service
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
    watch_times: WatchTimes = DEFAULT_TIMES,
    http: Http | None = None,
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
        given = Given(
            choice=choice, queue=await choose_queue(given=queue_url, secrets=secrets),
            serve=serve, listen=listen, port=port, host=host,
            clock=clock or SystemClock(), secrets=secrets,
            services=services, sources=sources, watch_times=watch_times,
            http=http or Http(),
        )  # fmt: skip
        core = await _core(paths, stack, book, given)
        if serve:
            logger.info("Metarr Desktop %s on %s", core.queries.version, choice.shown)
            if given.queue.url is not None:
                logger.info("The queue lies on %s", given.queue.shown)
        yield core
        if serve:
            logger.info("Stopping")


async def _core(paths: AppPaths, stack: AsyncExitStack, book: LogBook, given: Given, /) -> Core:
    parts = await build_parts(paths, stack, book, given)
    core = Core(
        paths=paths,
        commands=Commands(parts),
        queries=Queries(parts),
        bus=parts.on.bus,
        tasks=parts.on.tasks,
        log=book,
        settings=parts.on.settings,
        receiving=parts.receiving,
        api_key=parts.api.key,
        secrets=parts.on.secrets,
        listener=parts.listener,
        serving=given.serve,
        stop_requested=parts.stop_requested,
    )
    if parts.worker is not None:
        if parts.on.database.shared:
            await _join_others(parts, stack, worker=parts.worker, choice=given.choice)
        if isinstance(parts.on.clock, ShiftedClock):
            parts.on.tasks.spawn(
                keep_to_server(parts.on.database, parts.on.clock), name="clock of the server"
            )
        await _serve(core, parts, stack, worker=parts.worker)
    return core


async def _join_others(
    parts: Parts, stack: AsyncExitStack, *, worker: Worker, choice: DatabaseChoice
) -> None:
    """Listen to what other computers do on the same database."""
    others = OtherComputers(
        queue=parts.on.queue,
        store=parts.on.stores.jobs,
        history=parts.on.stores.history,
        settings=parts.on.settings,
        bus=parts.on.bus,
        services=[service.key for service in parts.on.services],
        worker=worker,
        clock=parts.on.clock,
    )
    if choice.url is not None:
        await others.listen_to(
            choice.url, password=choice.password, own_name=parts.on.worker_name, stack=stack
        )
    if (news := news_of_queue(parts.on.database, hear=others.hear)) is not None:
        parts.on.tasks.spawn(news.run(), name="queue news")
    parts.on.tasks.spawn(others.run(), name="other computers")


async def _serve(core: Core, parts: Parts, stack: AsyncExitStack, *, worker: Worker) -> None:
    """Recover, then work, receive and answer control; all of it ends within 5 s."""
    recovered = await parts.on.queue.recover()
    if recovered:
        logger.warning("%d jobs were running when the program ended; they run again", recovered)
    await parts.desk.free_keyring_lanes()
    listener, scheduler = parts.listener, parts.scheduler

    async def stop() -> None:
        stops = [scheduler.stop(), worker.stop()]
        more = [each.stop() for each in (listener,) if each is not None]
        more += [each.close() for each in (parts.folder_watch,) if each is not None]
        await asyncio.gather(*stops, *more)

    stack.push_async_callback(stop)
    await parts.api.serve(core, stack)
    if listener is not None:
        with suppress(PortUnavailable):
            await listener.start()
    core.tasks.spawn(worker.run(), name="worker")
    core.tasks.spawn(scheduler.run(), name="scheduler")
    if listener is not None:
        core.tasks.spawn(parts.senders.watch.run(), name="senders")
    if parts.folder_watch is not None:
        core.tasks.spawn(parts.folder_watch.run(), name="library folders")
    control = ControlServer(core)
    await control.start()
    stack.push_async_callback(control.stop)
