"""Builds the parts of the program on their foundation and hands them to each other; nothing runs yet."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.api import Api
from metarr_desktop.app.api_key import ApiKey
from metarr_desktop.app.delivery_types import delivery_types
from metarr_desktop.app.drill_building import drill_type, wants_drills
from metarr_desktop.app.failure_news import FailureNews
from metarr_desktop.app.folder_watch import FolderWatch
from metarr_desktop.app.foundation import lay_foundation
from metarr_desktop.app.hand_written import HandWrittenPlayers
from metarr_desktop.app.household_reader import HouseholdReader
from metarr_desktop.app.job_types import own_job_types
from metarr_desktop.app.listener import Listener
from metarr_desktop.app.mute import Mute
from metarr_desktop.app.notifiers import build_notifiers
from metarr_desktop.app.parts import Parts
from metarr_desktop.app.path_desk import PathCheck
from metarr_desktop.app.path_scopes import PathScopes
from metarr_desktop.app.receiving import Receiving
from metarr_desktop.app.route_desk import RouteDesk
from metarr_desktop.app.sample_sender import SampleSender
from metarr_desktop.app.scan_requests import ScanRequests
from metarr_desktop.app.sender_building import build_senders
from metarr_desktop.app.sender_keys import SenderKeys
from metarr_desktop.app.service_building import (
    finding_desk,
    household_desk,
    path_desk,
    server_places,
    service_desk,
    sign_in_desk,
)
from metarr_desktop.app.template_desk import TemplateDesk
from metarr_desktop.app.triggers import Triggers
from metarr_desktop.app.upkeep import Upkeep
from metarr_desktop.domain.schedules import CATCH_UP, CLEAN_UP, DRILL, PATH_CHECK
from metarr_desktop.jobs.handlers import JobType
from metarr_desktop.jobs.scheduler import Scheduler
from metarr_desktop.jobs.worker import Worker
from metarr_desktop.services.desktop import SERVICE as DESKTOP
from metarr_desktop.storage.backup import back_up
from metarr_desktop.storage.secrets import KeyringSecrets
from metarr_desktop.storage.upkeep import tidy_up
from metarr_desktop.webhooks.catch_up_plan import any_connected
from metarr_desktop.webhooks.receive import ReceiveWebhook
from metarr_desktop.webhooks.server import WebhookServer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AsyncExitStack
    from datetime import datetime
    from pathlib import Path

    from metarr_desktop.app.foundation import Foundation, Given
    from metarr_desktop.app.logging_setup import LogBook
    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.app.sender_building import SenderParts
    from metarr_desktop.app.server_places import ServerPlaces
    from metarr_desktop.app.service_desk import ServiceDesk
    from metarr_desktop.services.notifier import Notifier

SCHEDULES = (CLEAN_UP, CATCH_UP, PATH_CHECK, DRILL)
LONGEST_PATH_CHECK = timedelta(minutes=10)


async def build_parts(paths: AppPaths, stack: AsyncExitStack, book: LogBook, given: Given, /) -> Parts:
    """Build everything; what has to be closed is on the stack."""
    on = await lay_foundation(paths, stack, given)
    notifiers = build_notifiers(on)
    household = household_desk(on)
    places = server_places(on, notifiers)
    desk = service_desk(on, notifiers, household, places)
    keys = SenderKeys(store=on.stores.senders, secrets=on.secrets, bus=on.bus, spawn=on.tasks.spawn)
    await keys.refresh()
    routed = [source for source in on.sources if source.routed]
    receiving = Receiving(settings=on.settings, secrets=on.secrets, sources=routed, source_keys=keys.digests)
    key = ApiKey(settings=on.settings, secrets=on.secrets)
    api = Api(key=key, bus=on.bus, clock=on.clock, tasks=on.tasks)
    scans = ScanRequests(
        queue=on.queue, library=on.stores.library, services=[each.key for each in on.services]
    )
    listener = None
    if given.serve and given.listen:
        triggers = Triggers(scans=scans, digests=lambda: _digests(receiving, key))
        listener = _listener(on, receiving, extra=[*api.routes, triggers])
    senders = build_senders(
        on, keys=keys, receiving=receiving, listening=lambda: None if listener is None else listener.listening
    )
    if isinstance(on.secrets, KeyringSecrets):
        on.secrets.on_usable = partial(_go_on, on, desk, senders)
    paths_of = path_desk(on, places)
    types = (
        *_job_types(on, notifiers, _upkeep(on, paths, given)),
        *senders.types,
        JobType(
            type=PATH_CHECK.name,
            handler=PathCheck(paths_of),
            lane=PATH_CHECK.lane,
            timeout=LONGEST_PATH_CHECK,
        ),
        drill_type(on),
    )
    return Parts(
        on=on,
        types=types,
        schedules=SCHEDULES,
        scheduler=_scheduler(on, places),
        desk=desk,
        path_desk=paths_of,
        finding=finding_desk(on),
        sign_ins=sign_in_desk(on, notifiers),
        household=household,
        route_desk=RouteDesk(
            services=on.services,
            sources=on.sources,
            senders=on.stores.senders,
            store=on.stores.routes,
            bus=on.bus,
        ),
        template_desk=TemplateDesk(
            services=on.services,
            sources=on.sources,
            store=on.stores.templates,
            events=on.stores.events,
            bus=on.bus,
            clock=on.clock,
        ),
        mute=Mute(notes=on.stores.notes.of(DESKTOP.key, clock=on.clock), bus=on.bus, clock=on.clock),
        senders=senders,
        receiving=receiving,
        api=api,
        samples=SampleSender(listener=listener, secrets=on.secrets, sources=[each.key for each in routed]),
        scans=scans,
        path_scopes=PathScopes(
            library=on.stores.library,
            senders=on.stores.senders,
            players=on.stores.players,
            sources=on.sources,
            services=on.services,
        ),
        log=book,
        stop_requested=asyncio.Event(),
        listener=listener,
        worker=_worker(on, types) if given.serve else None,
        folder_watch=_folder_watch(on, scans, given) if given.serve else None,
        failure_news=_failure_news(on, listener) if given.serve else None,
    )


def _failure_news(on: Foundation, listener: Listener | None) -> FailureNews:
    return FailureNews(
        failures=on.stores.failures,
        jobs=on.stores.jobs,
        rows=on.stores.services,
        routes=on.stores.routes,
        services=on.services,
        queue=on.queue,
        listener_problem=lambda: None if listener is None else listener.problem,
        bus=on.bus,
        clock=on.clock,
    )


def _go_on(on: Foundation, desk: ServiceDesk, senders: SenderParts) -> None:
    """Try again what waited for the keyring."""
    on.tasks.spawn(desk.free_keyring_lanes(), name="keyring answers again")
    senders.watch.look_soon()


def _listener(on: Foundation, receiving: Receiving, *, extra: Sequence[Any]) -> Listener:
    server = WebhookServer(
        intake=on.queue, rules=receiving.rules, bus=on.bus, sources=on.sources, extra=extra
    )
    return Listener(server=server, receiving=receiving, settings=on.settings, bus=on.bus)


def _digests(receiving: Receiving, key: ApiKey) -> tuple[str, ...]:
    """Return the digests of the keys that open what needs a key always, those of people and of programs."""
    digest = receiving.rules().key_sha256
    return key.digests if digest is None else (digest, *key.digests)


def _job_types(on: Foundation, notifiers: Mapping[str, Notifier[Any]], upkeep: Upkeep) -> tuple[JobType, ...]:
    stores = on.stores
    households = HouseholdReader(
        players=stores.players,
        library=stores.library,
        lanes=on.lanes,
        hand_written=HandWrittenPlayers(services=on.services, adoption=stores.adoption, clock=on.clock),
    )
    households.follow(on.bus, on.tasks)
    receive = ReceiveWebhook(
        events=stores.events,
        senders=stores.senders,
        imports=stores.imports,
        issues=stores.issues,
        routes=stores.routes,
        sources=on.sources,
        services=on.services,
        clock=on.clock,
        households=households,
        expires_after=lambda: on.settings.deliver_within,
        confirming=partial(_confirming, on),
    )
    return (
        *own_job_types(receive=receive, library=stores.library, clean_up=upkeep.steps(), clock=on.clock),
        *delivery_types(on, notifiers),
    )


async def _confirming(on: Foundation) -> frozenset[str]:
    """Return the media servers that are looked at after a refresh."""
    rows = await on.stores.services.rows()
    able = {each.key for each in on.services if each.seen_within}
    return frozenset(row.service for row in rows if row.service in able and row.values.get("confirm", True))


def _upkeep(on: Foundation, paths: AppPaths, given: Given) -> Upkeep:
    file = given.choice.file
    return Upkeep(
        database=on.database,
        paths=paths,
        settings=on.settings,
        clock=on.clock,
        library=on.stores.library,
        imports=on.stores.imports,
        issues=on.stores.issues,
        notes=on.stores.notes,
        back_up=None if on.database.shared else partial(_copy, file, paths.backups),
        tidy=lambda: tidy_up(on.database, file),
    )


def _copy(file: Path, folder: Path, now: datetime) -> str:
    """Copy the database for the nightly clean-up; returns the name of the copy."""
    return back_up(file, folder, now=now).path.name


def _scheduler(on: Foundation, places: ServerPlaces) -> Scheduler:
    return Scheduler(
        store=on.stores.schedules,
        schedules=SCHEDULES,
        clock=on.clock,
        spawn=on.tasks.spawn,
        added=lambda job: on.queue.tell((job,)),
        wanted={
            CATCH_UP.name: partial(any_connected, on.stores.senders),
            PATH_CHECK.name: places.any_on,
            DRILL.name: partial(wants_drills, on),
        },
    )


def _worker(on: Foundation, types: Sequence[JobType]) -> Worker:
    return Worker(
        queue=on.queue,
        types=types,
        clock=on.clock,
        spawn=on.tasks.spawn,
        rng=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        heartbeat_s=on.settings.lease.total_seconds() / 3,
    )


def _folder_watch(on: Foundation, scans: ScanRequests, given: Given) -> FolderWatch:
    return FolderWatch(
        library=on.stores.library, scans=scans, bus=on.bus, clock=on.clock, times=given.watch_times
    )
