"""The job types this program runs, each with its handler, lane and rules."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.jobs import (
    CATCH_UP,
    CATCH_UP_LANE,
    INTAKE_LANE,
    SCAN_LANE,
    SCAN_MOVIE,
    WEBHOOK_RECEIVED,
)
from metarr_desktop.domain.schedules import CATCH_UP as CATCH_UP_SCHEDULE
from metarr_desktop.domain.schedules import CLEAN_UP
from metarr_desktop.jobs.handlers import JobType
from metarr_desktop.jobs.notify import Notify
from metarr_desktop.library.maintenance import CleanUp
from metarr_desktop.library.readiness import Readiness
from metarr_desktop.library.scan import ScanMovie

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.jobs.group_lanes import GroupLanes
    from metarr_desktop.library.maintenance import Step
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.services.notifier import Notifier
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.player_store import PlayerStore
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.service_store import ServiceStore
    from metarr_desktop.webhooks.catch_up import CatchUp
    from metarr_desktop.webhooks.catch_up_plan import PlanCatchUps
    from metarr_desktop.webhooks.receive import ReceiveWebhook

LONGEST_CLEAN_UP = timedelta(hours=1)
LONGEST_CATCH_UP = timedelta(minutes=30)


def own_job_types(
    *,
    receive: ReceiveWebhook,
    library: LibraryStore,
    clean_up: Iterable[Step],
    clock: Clock,
) -> tuple[JobType, ...]:
    """Return what is done on this computer: intake, scan and upkeep."""
    return (
        JobType(type=WEBHOOK_RECEIVED, handler=receive, lane=INTAKE_LANE),
        JobType(type=SCAN_MOVIE, handler=ScanMovie(store=library, clock=clock), lane=SCAN_LANE),
        JobType(type=CLEAN_UP.name, handler=CleanUp(clean_up), lane=CLEAN_UP.lane, timeout=LONGEST_CLEAN_UP),
    )


def catch_up_job_types(*, catch_up: CatchUp, plan: PlanCatchUps) -> tuple[JobType, ...]:
    """Return what makes up for webhooks that never came."""
    schedule = CATCH_UP_SCHEDULE
    return (
        JobType(type=CATCH_UP, handler=catch_up, lane=CATCH_UP_LANE, timeout=LONGEST_CATCH_UP),
        JobType(type=schedule.name, handler=plan, lane=schedule.lane),
    )


def notify_job_types(
    *,
    services: Sequence[Service],
    notifiers: Mapping[str, Notifier[Any]],
    store: ServiceStore,
    secrets: SecretStore,
    library: LibraryStore,
    players: PlayerStore,
    lanes: GroupLanes,
    clock: Clock,
) -> tuple[JobType, ...]:
    """Return one type for each service, as it declares it; media servers wait for the files they look at."""
    readiness = Readiness(store=library, clock=clock)
    return tuple(
        JobType(
            type=service.job_type,
            handler=Notify(
                service=service,
                notifier=notifiers[service.key],
                services=store,
                secrets=secrets,
                mappings=library,
                clock=clock,
                players=players,
                ready=None if service.sends_messages else readiness,
            ),
            lane=service.lane,
            retry=service.retry,
            concurrency=service.concurrency,
            delivers=True,
            merge_window=service.merge_window,
            lanes=None if service.member is None else partial(lanes.of, service.key),
        )
        for service in services
    )
