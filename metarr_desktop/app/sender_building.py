"""Builds what belongs to senders: their desk, their connections, and the jobs that catch up with them."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from metarr_desktop.app.job_types import catch_up_job_types
from metarr_desktop.app.sender_desk import SenderDesk
from metarr_desktop.app.sender_views import SenderViews
from metarr_desktop.app.sender_watch import SenderWatch
from metarr_desktop.domain.changes import SettingsChanged
from metarr_desktop.domain.jobs import CRITICAL, WEBHOOK_RECEIVED, EndStatus
from metarr_desktop.webhooks.catch_up import CatchUp, CatchUpTools
from metarr_desktop.webhooks.catch_up_plan import PlanCatchUps
from metarr_desktop.webhooks.connection import Connection
from metarr_desktop.webhooks.sender_config import SenderClients
from metarr_desktop.webhooks.visit import VisitTools

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from metarr_desktop.app.receiving import Receiving
    from metarr_desktop.app.sender_keys import SenderKeys
    from metarr_desktop.app.settings import AppSettings
    from metarr_desktop.app.snapshots import Listening
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.jobs.handlers import JobType
    from metarr_desktop.jobs.queue import JobQueue
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.services.http import Http
    from metarr_desktop.storage.event_store import EventStore
    from metarr_desktop.storage.history_store import HistoryStore
    from metarr_desktop.storage.import_store import ImportStore
    from metarr_desktop.storage.issue_store import IssueStore
    from metarr_desktop.storage.job_store import JobStore
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.route_store import RouteStore
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.sender_store import SenderStore
    from metarr_desktop.webhooks.sources.declaration import Source

UNREAD_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderMaterial:
    """What the parts of senders are built from; ``listening`` tells where webhooks arrive now."""

    sources: Sequence[Source]
    services: Sequence[Service]
    store: SenderStore
    events: EventStore
    imports: ImportStore
    issues: IssueStore
    routes: RouteStore
    library: LibraryStore
    secrets: SecretStore
    keys: SenderKeys
    receiving: Receiving
    settings: AppSettings
    listening: Callable[[], Listening | None]
    http: Http
    queue: JobQueue
    job_store: JobStore
    history: HistoryStore
    bus: Bus
    clock: Clock
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderParts:
    """What was built."""

    desk: SenderDesk
    views: SenderViews
    connection: Connection
    watch: SenderWatch
    types: tuple[JobType, ...]


def build_senders(of: SenderMaterial) -> SenderParts:
    """Build the parts; nothing runs yet."""
    visit = VisitTools(
        clients=SenderClients(
            sources={source.key: source for source in of.sources},
            secrets=of.secrets,
            http=of.http,
            clock=of.clock,
        ),
        store=of.store,
        events=of.events,
        keys=of.keys,
        door=lambda: of.receiving.door(of.listening()),
        clock=of.clock,
        computer=platform.node().partition(".")[0] or "this computer",
        shared=of.shared,
    )
    tools = CatchUpTools(
        imports=of.imports,
        intake=of.queue,
        routes=of.routes,
        services=of.services,
        expires_after=lambda: of.settings.deliver_within,
        has_told=partial(_has_ended_well, of),
        unread=partial(_unread, of),
        changed=lambda: of.bus.publish(SettingsChanged()),
    )
    connection = Connection(tools=visit, bus=of.bus)
    return SenderParts(
        desk=SenderDesk(
            sources=of.sources,
            store=of.store,
            secrets=of.secrets,
            keys=of.keys,
            bus=of.bus,
            clock=of.clock,
        ),
        views=SenderViews(
            sources=of.sources,
            store=of.store,
            issues=of.issues,
            library=of.library,
            secrets=of.secrets,
            keys=of.keys,
            receiving=of.receiving,
            clock=of.clock,
        ),
        connection=connection,
        watch=SenderWatch(
            store=of.store,
            connection=connection,
            receiving=of.receiving,
            queue=of.queue,
            bus=of.bus,
            clock=of.clock,
        ),
        types=catch_up_job_types(catch_up=CatchUp(visit=visit, tools=tools), plan=PlanCatchUps(visit=visit)),
    )


async def _has_ended_well(of: SenderMaterial, job_id: int) -> bool:
    """Whether a job is done; one of which nothing is kept any more is so for long."""
    record = await of.history.record(job_id)
    if record is not None:
        return record.status is EndStatus.COMPLETED
    return await of.job_store.job(job_id) is None


async def _unread(of: SenderMaterial) -> list[int]:
    """Ids of the webhooks that wait for their turn; they stand at the head of the queue."""
    found: list[int] = []
    page = await of.job_store.jobs(limit=UNREAD_AT_ONCE)
    while page:
        found += [job.event_id for job in page if job.type == WEBHOOK_RECEIVED and job.event_id is not None]
        if page[-1].priority > CRITICAL or len(page) < UNREAD_AT_ONCE:
            break
        page = await of.job_store.jobs(after=page[-1], limit=UNREAD_AT_ONCE)
    return found
