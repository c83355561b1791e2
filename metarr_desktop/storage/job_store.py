"""What the engine asks of the place that keeps its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime, timedelta

    from metarr_desktop.domain.events import IncomingWebhook, StoredWebhook
    from metarr_desktop.domain.jobs import Job, JobRecord, NewJob, QueueCounts
    from metarr_desktop.domain.lanes import LaneStop
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a claim found: a job to run now, or the instant at which to ask again (None: no such)."""

    job: Job | None = None
    next_due: datetime | None = None
    reopened: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a settlement changed: the job itself, its record if it ended, and other jobs it touched."""

    job: Job
    record: JobRecord | None = None
    changed: tuple[Job, ...] = ()
    stopped: LaneStop | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a job that is over: when it began and how long it took."""

    started_at: datetime
    duration: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingJobs:
    """Waiting jobs of one type; ``error`` is why one of them was not done yet."""

    count: int
    error: Text | None = None


class JobStore(Protocol):
    """Durable jobs. Each method is one transaction, and raises StorageFailed where it cannot be."""

    async def store_webhook(self, webhook: IncomingWebhook, *, now: datetime) -> tuple[StoredWebhook, Job]:
        """Insert the raw event and its ``webhook-received`` job."""

    async def add(self, jobs: Collection[NewJob], *, now: datetime) -> tuple[Job, ...]:
        """Insert jobs that are due at once."""

    async def claim(self, lanes: Collection[str], *, now: datetime, longest: bool = False) -> Claim:
        """Take the first job of these lanes, or with ``longest`` the one that has waited longest.

        Stopped lanes are passed over; a lane whose stop is over opens and is told in ``reopened``.
        """

    async def settle(self, job: Job, outcome: Outcome, *, run: Run | None, now: datetime) -> Settlement:
        """Record an attempt (``run`` None: there was none) and end the job or put it back.

        Raises NotFound where the job is not in the queue any more.
        """

    async def recover(self, *, now: datetime) -> tuple[Job, ...]:
        """Put back what was running when the process died; each such run is a ``crashed`` attempt."""

    async def retry(self, job_id: int, *, max_retries: int, now: datetime) -> tuple[Job, bool]:
        """Insert a new job for an ended one, or return the active one (False). Raises NotFound."""

    async def replay(self, event_id: int, *, now: datetime) -> Job:
        """Insert a new ``webhook-received`` for a stored event, a new root. Raises NotFound."""

    async def run_now(self, job_id: int, *, now: datetime) -> Job:
        """Make a waiting job due. Raises NotFound, or Refused where it is running."""

    async def open_lane(self, lane: str, *, now: datetime) -> tuple[tuple[Job, ...], int]:
        """End a lane's block; returns the jobs that were tried in vain, and how many wait there.

        A rate limit is not ended: it is obeyed exactly.
        """

    async def lane_stops(self) -> tuple[LaneStop, ...]:
        """Return the lanes that take no jobs."""

    async def jobs(self) -> tuple[Job, ...]:
        """Every row of the queue, by priority, due time and id."""

    async def job(self, job_id: int) -> Job | None:
        """One row of the queue."""

    async def waiting(self) -> Mapping[str, WaitingJobs]:
        """How many jobs of each type wait, and why one of them does."""

    async def counts(self) -> QueueCounts:
        """How much there is to do."""
