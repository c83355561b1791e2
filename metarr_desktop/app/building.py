"""Builds the parts of the program and hands them to each other; nothing runs yet."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.api import Api
from metarr_desktop.app.api_key import ApiKey
from metarr_desktop.app.database_opening import clock_of, open_database
from metarr_desktop.app.folder_watch import FolderWatch
from metarr_desktop.app.job_types import notify_job_types, own_job_types
from metarr_desktop.app.listener import Listener
from metarr_desktop.app.parts import Parts
from metarr_desktop.app.path_scopes import PathScopes
from metarr_desktop.app.queue_opening import open_queue
from metarr_desktop.app.receiving import Receiving
from metarr_desktop.app.route_desk import RouteDesk
from metarr_desktop.app.sample_sender import SampleSender
from metarr_desktop.app.scan_requests import ScanRequests
from metarr_desktop.app.sender_building import SenderMaterial, SenderParts, build_senders
from metarr_desktop.app.sender_keys import SenderKeys
from metarr_desktop.app.service_desk import ServiceDesk
from metarr_desktop.app.settings import AppSettings
from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.app.triggers import Triggers
from metarr_desktop.app.upkeep import Upkeep
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.schedules import CATCH_UP, CLEAN_UP
from metarr_desktop.jobs.queue import JobQueue
from metarr_desktop.jobs.scheduler import Scheduler
from metarr_desktop.jobs.worker import Worker
from metarr_desktop.services.http import Http
from metarr_desktop.storage.backup import back_up
from metarr_desktop.storage.event_store import EventStore
from metarr_desktop.storage.history_store import HistoryStore
from metarr_desktop.storage.holder import this_process
from metarr_desktop.storage.import_store import ImportStore
from metarr_desktop.storage.issue_store import IssueStore
from metarr_desktop.storage.library_store import LibraryStore
from metarr_desktop.storage.route_store import RouteStore
from metarr_desktop.storage.schedule_store import ScheduleStore
from metarr_desktop.storage.secrets import KeyringSecrets
from metarr_desktop.storage.sender_store import SenderStore
from metarr_desktop.storage.service_store import ServiceStore
from metarr_desktop.storage.settings_store import SettingsStore
from metarr_desktop.storage.statistics_store import StatisticsStore
from metarr_desktop.storage.upkeep import tidy_up
from metarr_desktop.webhooks.catch_up_plan import any_connected
from metarr_desktop.webhooks.receive import ReceiveWebhook
from metarr_desktop.webhooks.server import WebhookServer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AsyncExitStack
    from datetime import datetime
    from pathlib import Path

    from metarr_desktop.app.database_choice import DatabaseChoice
    from metarr_desktop.app.folder_watch import WatchTimes
    from metarr_desktop.app.logging_setup import LogBook
    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.app.queue_choice import QueueChoice
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.database import Database
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


async def build_parts(paths: AppPaths, stack: AsyncExitStack, book: LogBook, given: Given, /) -> Parts:
    """Build everything; what has to be closed is on the stack."""
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
    sender_store, route_store = SenderStore(database), RouteStore(database)
    imports, issues = ImportStore(database), IssueStore(database)
    await service_store.seed([service.key for service in services], now=clock.now())
    queue = JobQueue(store=job_store, bus=bus, clock=clock)
    paused, until = settings.pause
    queue.set_pause(paused=paused, until=until)

    schedules, schedule_store = (CLEAN_UP, CATCH_UP), ScheduleStore(database)
    scheduler = Scheduler(
        store=schedule_store,
        schedules=schedules,
        clock=clock,
        spawn=tasks.spawn,
        added=lambda job: queue.tell((job,)),
        wanted={CATCH_UP.name: partial(any_connected, sender_store)},
    )
    upkeep = Upkeep(
        database=database,
        paths=paths,
        settings=settings,
        clock=clock,
        library=library,
        imports=imports,
        issues=issues,
        back_up=None if database.shared else partial(_copy, choice.file, paths.backups),
        tidy=lambda: tidy_up(database, choice.file),
    )

    receive = ReceiveWebhook(
        events=events,
        senders=sender_store,
        imports=imports,
        issues=issues,
        routes=route_store,
        sources=sources,
        services=services,
        clock=clock,
        expires_after=lambda: settings.deliver_within,
    )
    http = Http()
    stack.push_async_callback(http.close)
    notifiers: dict[str, Any] = {
        service.key: service.notifier(http=http, clock=clock) for service in services
    }
    types = (
        *own_job_types(receive=receive, library=library, clean_up=upkeep.steps(), clock=clock),
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
    keys = SenderKeys(store=sender_store, secrets=secrets, bus=bus, spawn=tasks.spawn)
    await keys.refresh()
    routed = [source for source in sources if source.routed]
    receiving = Receiving(settings=settings, secrets=secrets, sources=routed, source_keys=keys.digests)
    key = ApiKey(settings=settings, secrets=secrets)
    api = Api(key=key, bus=bus, clock=clock, tasks=tasks)
    scans = ScanRequests(queue=queue, library=library, services=[each.key for each in services])
    listener, worker = None, None
    if serve and given.listen:
        triggers = Triggers(scans=scans, digests=lambda: _digests(receiving, key))
        server = WebhookServer(
            intake=queue, rules=receiving.rules, bus=bus, sources=sources, extra=[*api.routes, triggers]
        )
        listener = Listener(server=server, receiving=receiving, settings=settings, bus=bus)
    senders = build_senders(
        SenderMaterial(
            sources=sources,
            services=services,
            store=sender_store,
            events=events,
            imports=imports,
            issues=issues,
            routes=route_store,
            library=library,
            secrets=secrets,
            keys=keys,
            receiving=receiving,
            settings=settings,
            listening=lambda: None if listener is None else listener.listening,
            http=http,
            queue=queue,
            job_store=job_store,
            history=history,
            bus=bus,
            clock=clock,
            shared=database.shared,
        )
    )
    if isinstance(secrets, KeyringSecrets):
        secrets.on_usable = partial(_go_on, tasks, desk, senders)
    types = (*types, *senders.types)
    folder_watch = None
    if serve:
        folder_watch = FolderWatch(
            library=library, scans=scans, bus=bus, clock=clock, times=given.watch_times
        )
        worker = Worker(
            queue=queue,
            types=types,
            clock=clock,
            spawn=tasks.spawn,
            rng=random.Random(),  # noqa: S311 - spreads retries, guards nothing
            heartbeat_s=settings.lease.total_seconds() / 3,
        )
    return Parts(
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
        sender_store=sender_store,
        imports=imports,
        issues=issues,
        route_store=route_store,
        schedule_store=schedule_store,
        library=library,
        secrets=secrets,
        queue=queue,
        scheduler=scheduler,
        desk=desk,
        route_desk=RouteDesk(
            services=services, sources=sources, senders=sender_store, store=route_store, bus=bus
        ),
        sender_desk=senders.desk,
        sender_views=senders.views,
        connection=senders.connection,
        sender_watch=senders.watch,
        settings=settings,
        receiving=receiving,
        api=api,
        samples=SampleSender(listener=listener, secrets=secrets, sources=[each.key for each in routed]),
        scans=scans,
        path_scopes=PathScopes(library=library, senders=sender_store, sources=sources, services=services),
        log=book,
        bus=bus,
        clock=clock,
        tasks=tasks,
        worker_name=holder.worker,
        stop_requested=asyncio.Event(),
        listener=listener,
        worker=worker,
        folder_watch=folder_watch,
    )


def _go_on(tasks: TaskSupervisor, desk: ServiceDesk, senders: SenderParts) -> None:
    """Try again what waited for the keyring."""
    tasks.spawn(desk.free_keyring_lanes(), name="keyring answers again")
    senders.watch.look_soon()


def _digests(receiving: Receiving, key: ApiKey) -> tuple[str, ...]:
    """Return the digests of the keys that open what needs a key always, those of people and of programs."""
    digest = receiving.rules().key_sha256
    return key.digests if digest is None else (digest, *key.digests)


def _copy(file: Path, folder: Path, now: datetime) -> str:
    """Copy the database for the nightly clean-up; returns the name of the copy."""
    return back_up(file, folder, now=now).path.name


async def _settings(database: Database, *, bus: Bus, clock: Clock, given: Given) -> AppSettings:
    settings = AppSettings(store=SettingsStore(database), bus=bus, clock=clock)
    await settings.load()
    settings.override(port=given.port, host=given.host)
    return settings
