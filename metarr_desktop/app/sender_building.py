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
from metarr_desktop.webhooks.visit_tools import VisitTools

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.app.foundation import Foundation
    from metarr_desktop.app.receiving import Receiving
    from metarr_desktop.app.sender_keys import SenderKeys
    from metarr_desktop.app.snapshots import Listening
    from metarr_desktop.jobs.handlers import JobType

UNREAD_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderParts:
    """What was built."""

    desk: SenderDesk
    views: SenderViews
    connection: Connection
    watch: SenderWatch
    types: tuple[JobType, ...]


def build_senders(
    on: Foundation,
    *,
    keys: SenderKeys,
    receiving: Receiving,
    listening: Callable[[], Listening | None],
) -> SenderParts:
    """Build the parts; nothing runs yet. ``listening`` tells where webhooks arrive now."""
    visit = VisitTools(
        clients=SenderClients(
            sources={source.key: source for source in on.sources},
            secrets=on.secrets,
            http=on.http,
            clock=on.clock,
        ),
        store=on.stores.senders,
        events=on.stores.events,
        keys=keys,
        door=lambda: receiving.door(listening()),
        clock=on.clock,
        computer=platform.node().partition(".")[0] or "this computer",
        shared=on.database.shared,
    )
    tools = CatchUpTools(
        imports=on.stores.imports,
        issues=on.stores.issues,
        intake=on.queue,
        routes=on.stores.routes,
        services=on.services,
        expires_after=lambda: on.settings.deliver_within,
        has_told=partial(_has_ended_well, on),
        unread=partial(_unread, on),
        changed=lambda: on.bus.publish(SettingsChanged()),
    )
    connection = Connection(tools=visit, bus=on.bus)
    return SenderParts(
        desk=SenderDesk(
            sources=on.sources,
            store=on.stores.senders,
            secrets=on.secrets,
            keys=keys,
            bus=on.bus,
            clock=on.clock,
        ),
        views=SenderViews(
            sources=on.sources,
            store=on.stores.senders,
            issues=on.stores.issues,
            library=on.stores.library,
            secrets=on.secrets,
            keys=keys,
            receiving=receiving,
            clock=on.clock,
        ),
        connection=connection,
        watch=SenderWatch(
            store=on.stores.senders,
            connection=connection,
            receiving=receiving,
            queue=on.queue,
            bus=on.bus,
            clock=on.clock,
        ),
        types=catch_up_job_types(catch_up=CatchUp(visit=visit, tools=tools), plan=PlanCatchUps(visit=visit)),
    )


async def _has_ended_well(on: Foundation, job_id: int) -> bool:
    """Whether a job is done; one of which nothing is kept any more is so for long."""
    record = await on.stores.history.record(job_id)
    if record is not None:
        return record.status is EndStatus.COMPLETED
    return await on.stores.jobs.job(job_id) is None


async def _unread(on: Foundation) -> list[int]:
    """Ids of the webhooks that wait for their turn; they stand at the head of the queue."""
    found: list[int] = []
    page = await on.stores.jobs.jobs(limit=UNREAD_AT_ONCE)
    while page:
        found += [job.event_id for job in page if job.type == WEBHOOK_RECEIVED and job.event_id is not None]
        if page[-1].priority > CRITICAL or len(page) < UNREAD_AT_ONCE:
            break
        page = await on.stores.jobs.jobs(after=page[-1], limit=UNREAD_AT_ONCE)
    return found
