"""The job types that deliver, one or two for each service, as it declares them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.receiving import own_addresses
from metarr_desktop.domain.jobs import CONFIRM_LANE
from metarr_desktop.jobs.composer import Composer
from metarr_desktop.jobs.confirm import CONCURRENCY, ONE_LOOK, Confirm
from metarr_desktop.jobs.handlers import JobType
from metarr_desktop.jobs.notify import Notify
from metarr_desktop.jobs.ready import LetGo, ReadyToWatch
from metarr_desktop.library.readiness import Readiness
from metarr_desktop.services.notifier import MediaServer
from metarr_desktop.services.wake import Waker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.foundation import Foundation
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.services.notifier import Notifier


def delivery_types(on: Foundation, notifiers: Mapping[str, Notifier[Any]]) -> tuple[JobType, ...]:
    """Return what notifies each service, and what looks whether things arrived there."""
    stores = on.stores
    readiness = Readiness(store=stores.library, clock=on.clock)
    wording = Composer(stores.templates)
    titles = {each.key: each.title for each in on.services}
    arrivals = ReadyToWatch(notes=stores.notes, titles=titles, clock=on.clock)
    waker = Waker(clock=on.clock, addresses=own_addresses)
    found: list[JobType] = []
    for service in on.services:
        notify = Notify(
            service=service,
            notifier=notifiers[service.key],
            services=stores.services,
            secrets=on.secrets,
            mappings=stores.library,
            clock=on.clock,
            players=stores.players,
            # Media servers wait for the files they look at, and messages for what was seen there.
            ready=None if service.sends_messages else readiness,
            arrivals=arrivals if service.sends_messages else None,
            wording=wording,
            waker=None if service.sends_messages else waker,
        )
        found.append(_notify_type(on, service, notify))
        found += _confirm_types(on, service, notify, notifiers[service.key])
    return tuple(found)


def _notify_type(on: Foundation, service: Service, notify: Notify) -> JobType:
    return JobType(
        type=service.job_type,
        handler=notify,
        lane=service.lane,
        retry=service.retry,
        concurrency=service.concurrency,
        delivers=True,
        merge_window=service.merge_window,
        lanes=None if service.member is None else partial(on.lanes.of, service.key),
    )


def _confirm_types(
    on: Foundation, service: Service, notify: Notify, notifier: Notifier[Any]
) -> tuple[JobType, ...]:
    if service.seen_within is None or not isinstance(notifier, MediaServer):
        return ()
    tell = LetGo(families=on.stores.history, run_now=on.queue.run_now)
    confirm = Confirm(service=service, notify=notify, notifier=notifier, clock=on.clock, tell=tell)
    return (
        JobType(
            type=service.confirm_type,
            handler=confirm,
            lane=CONFIRM_LANE,
            retry=service.retry,
            concurrency=CONCURRENCY,
            timeout=ONE_LOOK,
        ),
    )
