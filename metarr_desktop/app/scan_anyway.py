"""Lets a scan run that its service put off, such as one that waits for a video to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.domain.text import text
from metarr_desktop.library.connection import ANCHOR_MISSING
from metarr_desktop.library.readiness import WAITS_FOR_FILES
from metarr_desktop.services.kodi import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.job_store import JobStore
    from metarr_desktop.storage.note_store import ServiceNotes

NO_CHOICE = frozenset({*WAITS_FOR_FILES, ANCHOR_MISSING}) | PATIENCE
"""Reasons that no person can wave away: there is nothing to look at yet, or a player is at work."""


def note_name(job_id: int) -> str:
    """Return the name of the note that tells a service to wait no longer with a job."""
    return f"anyway/{job_id}"


def may_scan_anyway(job: Job, *, services: Sequence[Service]) -> bool:
    """Whether a service whose players are watched put a job off for a reason that a person decides."""
    return (
        job.status is JobStatus.PENDING
        and job.deferrals > 0
        and _service_of(job, services) is not None
        and not (job.reason is not None and job.reason.template in NO_CHOICE)
    )


async def find_put_off(job_id: int, *, jobs: JobStore, services: Sequence[Service]) -> Service:
    """Return the service that put a job off. Raises NotFound, or Refused where none did."""
    job = await jobs.job(job_id)
    if job is None:
        raise NotFound(text("Job {id} is not in the queue.", id=job_id))
    service = _service_of(job, services)
    if service is None or not may_scan_anyway(job, services=services):
        raise Refused(text("Job {id} does not wait for a video to end.", id=job_id))
    return service


async def write_note(notes: ServiceNotes, job_id: int) -> None:
    """Tell the service to wait no longer with a job."""
    await notes.put(note_name(job_id), {"anyway": True})


def _service_of(job: Job, services: Sequence[Service]) -> Service | None:
    return next(
        (
            each
            for each in services
            if each.job_type == job.type and each.member is not None and not each.sends_messages
        ),
        None,
    )
