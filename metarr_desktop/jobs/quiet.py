"""Puts messages off that come in somebody's quiet hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotNow
from metarr_desktop.domain.events import EventKind, Notice, NoticeKind
from metarr_desktop.domain.quiet_hours import QuietHours
from metarr_desktop.domain.text import text
from metarr_desktop.jobs.digest import digest_key
from metarr_desktop.services.declaration import MessageConfig

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from metarr_desktop.domain.events import Event
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.services.declaration import Group, ServiceConfig

QUIET = "Quiet hours until {time}."
PROBLEMS = frozenset({EventKind.UNDELIVERED, EventKind.HEALTH, EventKind.FAILED, EventKind.INTERACTION})


def check_quiet(config: ServiceConfig | Group, events: Sequence[Event], *, now: datetime) -> None:
    """Raise NotNow until the quiet hours are over, unless it is a problem that is told at once.

    Messages wait one by one, or where a person wants a digest under one key.
    """
    if not isinstance(config, MessageConfig) or not config.quiet_hours:
        return
    if config.quiet_breaks and any(is_problem(event) for event in events):
        return
    hours = QuietHours.parse(config.quiet_hours)
    end = hours.end(now)
    if end is not None:
        reason = text(QUIET, time=f"{hours.ends:%H:%M}")
        raise NotNow(reason, until=end, merge_key=digest_key(config, events))


def waits_for_quiet(job: Job) -> bool:
    """Whether a job was put off until quiet hours are over."""
    return job.reason is not None and job.reason.template == QUIET


def wanted_note(job_id: int) -> str:
    """Return the name of the note that a person wants this message now, quiet hours or not."""
    return f"now/{job_id}"


def is_problem(event: Event) -> bool:
    """Whether something is wrong; that it is well again can wait."""
    well = isinstance(event, Notice) and event.kind is NoticeKind.RESTORED
    return event.event_kind in PROBLEMS and not well
