"""Jobs, runs and outcomes as contract tests use them again and again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.domain.jobs import NewJob
from metarr_desktop.domain.lanes import BlockCause
from metarr_desktop.domain.outcomes import Blocked, Done, Retry
from metarr_desktop.domain.text import Text
from metarr_desktop.storage.job_store import Run
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.storage.job_store import JobStore, Settlement

LANES = dict.fromkeys(("intake", "scan", "kodi", "discord"), 100)
BODY = b'{"eventType": "Download"}'
LASTED = timedelta(milliseconds=250)
NO_ANSWER = Text("No answer.")


def at(seconds: float) -> datetime:
    """Instant so long after the start."""
    return START + timedelta(seconds=seconds)


def run(began: datetime = START) -> Run:
    return Run(started_at=began, duration=LASTED)


def webhook() -> IncomingWebhook:
    return IncomingWebhook(
        source="radarr", event_type="Download", instance="Radarr", body=BODY, remote_address="127.0.0.1"
    )


def notify(lane: str = "discord", **changes: Any) -> NewJob:
    return NewJob(**{"type": f"notify-{lane}", "lane": lane, "priority": 5, **changes})


def scan(**changes: Any) -> NewJob:
    return NewJob(**{"type": "scan-movie", "lane": "scan", "priority": 3, **changes})


def unreachable(seconds: float = 5, *, patient: bool = False) -> Retry:
    return Retry(error=NO_ANSWER, delay=timedelta(seconds=seconds), connection=True, patient=patient)


def again(seconds: float = 5) -> Retry:
    return Retry(error=Text("Server error."), delay=timedelta(seconds=seconds))


def limited(seconds: float) -> Retry:
    return Retry(error=Text("Slow down."), delay=timedelta(seconds=seconds), rate_limited=True)


def rejected() -> Blocked:
    return Blocked(reason=Text("Key rejected."), cause=BlockCause.KEY_REJECTED)


async def added(store: JobStore, *new: NewJob, now: datetime = START) -> tuple[Job, ...]:
    return (await store.add(new, now=now)).jobs


async def take(store: JobStore, now: datetime = START, **lanes: int) -> Job:
    """Claim the next job, which has to be there."""
    job = (await store.claim(lanes or LANES, now=now)).job
    assert job is not None
    return job


async def claimed(store: JobStore, new: NewJob | None = None, *, now: datetime = START) -> Job:
    """Add a job and claim it."""
    (job,) = await added(store, new or notify(), now=now)
    taken = await take(store, now)
    assert taken.id == job.id
    return taken


async def nothing(store: JobStore, now: datetime, **lanes: int) -> datetime | None:
    """Find nothing to claim; returns when to ask again."""
    claim = await store.claim(lanes or LANES, now=now)
    assert claim.jobs == ()
    return claim.next_due


async def settled(
    store: JobStore, job: Job, outcome: Outcome, *, now: datetime | None = None, **more: Any
) -> Settlement:
    """Settle a job that was run since it was claimed."""
    began = job.started_at or START
    return await store.settle(job, outcome, run=run(began), now=now or began, **more)


async def through(store: JobStore, new: NewJob, outcome: Outcome, *, now: datetime = START) -> Settlement:
    """Add, claim and settle one job."""
    return await settled(store, await claimed(store, new, now=now), outcome, now=now)


async def family(store: JobStore, *children: NewJob, now: datetime = START) -> tuple[Job, Settlement]:
    """Receive a webhook and let its job plan these children."""
    await store.store_webhook(webhook(), now=now)
    parent = await take(store, now, intake=1)
    return parent, await settled(store, parent, Done(fan_out=lambda _: children), now=now)
