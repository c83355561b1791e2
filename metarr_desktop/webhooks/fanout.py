"""Which jobs an event leads to."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.arrivals import brings
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.groups import NO_HOUSEHOLDS, Households, ToldLane
from metarr_desktop.domain.jobs import HIGH, NORMAL, SCAN_LANE, SCAN_MOVIE, Gathering, NewJob
from metarr_desktop.domain.routing import Routes
from metarr_desktop.domain.senders import slug
from metarr_desktop.domain.text import Text
from metarr_desktop.jobs.ready import WAITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.events import Event
    from metarr_desktop.services.declaration import Service

LONGEST_WAIT_FOR_SCAN = timedelta(seconds=60)
"""So long media servers wait for the scan's first attempt; chat services never wait."""
GATHERING = Gathering(quiet=timedelta(seconds=20), at_most=timedelta(seconds=120))
"""A season pack comes file by file: so long its message waits for the rest."""
GATHERS = Text("Waits for more of the same download.")
COMES_IN_PACKS = frozenset({MediaKind.EPISODE, MediaKind.ALBUM})
CHANGES_FILES = frozenset(Action) - {Action.GRABBED, Action.ADDED, Action.READY}
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
    households: Households = NO_HOUSEHOLDS,
    expires_after: timedelta | None = None,
    confirming: frozenset[str] = frozenset(),
) -> tuple[NewJob, ...]:
    """Plan a scan, where there is something to look at, and one notify job for each service that is told.

    A service with players gets one for each of its groups that the event concerns, in the group's own lane.
    One scan of a folder waits at most; refreshes of one folder that wait together run as one, and messages
    about one download wait for one another; what refreshes nothing, such as a hint on a screen, runs by
    itself. What was recovered from a sender's history is no news to people: they get one summary. What still
    waits after ``expires_after``, for a service or for a drive, is given up. The ``confirming`` services are
    looked at afterwards: who wants to hear when it is ready to watch waits for them. A drill asks no routes,
    waits for nothing and leads to nothing else.
    """
    if isinstance(event, MediaEvent) and event.drill:
        return _drilled(event, services, enabled, households=households, expires_after=expires_after)
    payload = {"event": event.to_payload()}
    folder = event.folder if isinstance(event, MediaEvent) else ""
    refreshes = isinstance(event, MediaEvent) and event.action in CHANGES_FILES
    # Senders may call different folders by one name, as each has path mappings of its own.
    sender = slug(event.instance) or event.source
    place = folder if sender == event.source else f"{sender}:{folder}"
    scans = scans and needs_scan(event)
    scan = NewJob(
        type=SCAN_MOVIE,
        lane=SCAN_LANE,
        priority=HIGH,
        payload=payload,
        dedupe_key=_key(f"{SCAN_MOVIE}:{sender}:{_of_its_own(event)}{folder}"),
        expires_after=expires_after,
    )
    notify = tuple(
        _gathered(
            NewJob(
                type=service.job_type,
                lane=told.lane,
                priority=NORMAL,
                payload={**payload, "group": told.group} if told.group else payload,
                max_retries=service.retry.max_retries,
                waits_for=SCAN_MOVIE if scans and service.waits_for_scan else None,
                waits_at_most=LONGEST_WAIT_FOR_SCAN if scans and service.waits_for_scan else None,
                merge_key=_key(place) if service.merge_window and refreshes and folder else None,
                expires_after=expires_after,
            ),
            event,
            service=service,
        )
        for service in services
        if service.key in enabled and _is_told(service, event, routes)
        for told in _told(service, event, households)
    )
    told = [each for each in services if each.key in enabled and _is_told(each, event, routes)]
    # Of players only those count that would refresh: a group may have nothing to do with a folder.
    looked_at = any(
        each.seen_within and each.key in confirming and _told(each, event, households) for each in told
    )
    ready = _ready(event, services, enabled, routes, expires_after=expires_after) if looked_at else ()
    return (scan, *notify, *ready) if scans else (*notify, *ready)


def _ready(
    event: Event,
    services: Sequence[Service],
    enabled: frozenset[str],
    routes: Routes,
    *,
    expires_after: timedelta | None,
) -> tuple[NewJob, ...]:
    """Plan the messages that it is ready to watch, where a server is told; of books none is."""
    if not isinstance(event, MediaEvent) or not brings(event) or event.kind is MediaKind.BOOK:
        return ()
    ready = replace(event, action=Action.READY)
    return tuple(
        _gathered(
            NewJob(
                type=service.job_type,
                lane=service.lane,
                priority=NORMAL,
                payload={"event": ready.to_payload()},
                max_retries=service.retry.max_retries,
                reason=WAITS,
                expires_after=expires_after,
            ),
            ready,
            service=service,
        )
        for service in services
        if service.key in enabled and service.sends_messages and _is_told(service, ready, routes)
    )


def _drilled(
    event: MediaEvent,
    services: Sequence[Service],
    enabled: frozenset[str],
    *,
    households: Households,
    expires_after: timedelta | None,
) -> tuple[NewJob, ...]:
    """Plan one job for each service that is on, and each of its groups."""
    payload = {"event": event.to_payload()}
    return tuple(
        NewJob(
            type=service.job_type,
            lane=told.lane,
            priority=NORMAL,
            payload={**payload, "group": told.group} if told.group else payload,
            max_retries=service.retry.max_retries,
            expires_after=expires_after,
        )
        for service in services
        if service.key in enabled
        for told in _told(service, event, households)
    )


def _told(service: Service, event: Event, households: Households) -> tuple[ToldLane, ...]:
    if service.member is None:
        return (ToldLane(lane=service.lane),)
    return households.told(service.key, event)


def _gathered(job: NewJob, event: Event, *, service: Service) -> NewJob:
    """Let a message about a part of a download wait for the other parts; what comes alone goes at once."""
    if not service.sends_messages or not isinstance(event, MediaEvent) or not _is_part_of_download(event):
        return job
    words = f"{event.source}:{event.instance}:{event.download_id}:{event.kind}:{event.folder}"
    if event.action is Action.READY:
        words = f"ready:{words}"
    return replace(job, merge_key=_key(words), gathering=GATHERING, reason=GATHERS)


def _is_part_of_download(event: MediaEvent) -> bool:
    imported = event.action in {Action.IMPORTED, Action.UPGRADED, Action.READY}
    return imported and event.kind in COMES_IN_PACKS and bool(event.download_id)


def _of_its_own(event: Event) -> str:
    """Mark what no other scan of the same folder can do along: it knows which files are gone."""
    if isinstance(event, MediaEvent) and event.action in {Action.DELETED, Action.RENAMED}:
        return f"{event.action}:"
    return ""


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
