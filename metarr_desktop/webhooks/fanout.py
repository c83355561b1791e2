"""Which jobs an event leads to."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.jobs import HIGH, NORMAL, SCAN_LANE, SCAN_MOVIE, NewJob
from metarr_desktop.domain.routing import Routes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.events import Event
    from metarr_desktop.services.declaration import Service

LONGEST_WAIT_FOR_SCAN = timedelta(seconds=60)
"""So long media servers wait for the scan's first attempt; chat services never wait."""
CHANGES_FILES = frozenset(Action) - {Action.GRABBED, Action.ADDED}
NO_ROUTES = Routes()
LONGEST_KEY = 1_000
"""Bytes of a key: an index of PostgreSQL takes 2,704, and a folder may be longer."""


def plan(
    event: Event,
    *,
    services: Sequence[Service],
    enabled: frozenset[str],
    scans: bool,
    routes: Routes = NO_ROUTES,
    expires_after: timedelta | None = None,
) -> tuple[NewJob, ...]:
    """Plan a scan, where there is something to look at, and one notify job for each service that is told.

    One scan of a folder waits at most; refreshes of one folder that wait together run as one, and what
    refreshes nothing, such as a hint on a screen, runs by itself. What was recovered from a sender's
    history is no news to people: they get one summary. A delivery that still waits after
    ``expires_after`` is given up.
    """
    payload = {"event": event.to_payload()}
    folder = event.folder if isinstance(event, MediaEvent) else ""
    refreshes = isinstance(event, MediaEvent) and event.action in CHANGES_FILES
    scans = scans and needs_scan(event)
    scan = NewJob(
        type=SCAN_MOVIE,
        lane=SCAN_LANE,
        priority=HIGH,
        payload=payload,
        dedupe_key=_key(f"{SCAN_MOVIE}:{event.source}:{folder}"),
    )
    notify = tuple(
        NewJob(
            type=service.job_type,
            lane=service.lane,
            priority=NORMAL,
            payload=payload,
            max_retries=service.retry.max_retries,
            waits_for=SCAN_MOVIE if scans and service.waits_for_scan else None,
            waits_at_most=LONGEST_WAIT_FOR_SCAN if scans and service.waits_for_scan else None,
            merge_key=_key(folder) if service.merge_window is not None and refreshes and folder else None,
            expires_after=expires_after,
        )
        for service in services
        if service.key in enabled and _is_told(service, event, routes)
    )
    return (scan, *notify) if scans else notify


def needs_scan(event: Event) -> bool:
    """Whether an event changed what lies in a film's folder on the disk."""
    return (
        isinstance(event, MediaEvent)
        and event.kind is MediaKind.MOVIE
        and event.action in CHANGES_FILES
        and not event.files_kept
    )


def _is_told(service: Service, event: Event, routes: Routes) -> bool:
    if event.recovered and isinstance(event, MediaEvent) and service.sends_messages:
        return False
    return routes.passes(event, service=service.key, choice=service.events)


def _key(words: str) -> str:
    """Return the words themselves, or what stands for them where they are too long."""
    data = words.encode("utf-8", "surrogatepass")
    return words if len(data) <= LONGEST_KEY else hashlib.sha256(data).hexdigest()
