"""What the engine asks of the place that keeps its jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime, timedelta

    from metarr_desktop.domain.events import IncomingWebhook, StoredWebhook
    from metarr_desktop.domain.jobs import Job, JobRecord, NewJob, Progress, QueueCounts, QueuePlace
    from metarr_desktop.domain.lanes import LaneStop
    from metarr_desktop.domain.outcomes import Outcome
    from metarr_desktop.domain.text import Text

OUT_OF_TURN = 10
"""Every so many claims takes the job that has waited longest."""
POISONED_AT = 3
"""A job whose run ended with the process so many times in a row is not run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insertion:
    """Jobs that were added, and the records of those that joined a waiting twin instead.

    ``moved`` waited before, and wait longer now, or shorter: for more of what was added.
    """

    jobs: tuple[Job, ...]
    joined: tuple[JobRecord, ...] = ()
    moved: tuple[Job, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What a claim found: jobs to run now, and the instant at which to ask again (None: no such).

    Fewer jobs than asked for means that there are no more now. ``reopened`` are lanes whose stop is over,
    ``expired`` jobs that waited too long, and ``held`` jobs that wait for their merge window.
    """

    jobs: tuple[Job, ...] = ()
    next_due: datetime | None = None
    reopened: tuple[str, ...] = ()
    expired: tuple[JobRecord, ...] = ()
    held: tuple[Job, ...] = ()

    @property
    def job(self) -> Job | None:
        """The first of the jobs."""
        return self.jobs[0] if self.jobs else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What a settlement changed.

    ``job`` is the job itself, ``records`` what ended (it, jobs merged into it, children that joined a twin),
    ``changed`` other jobs it touched, ``stopped`` the stop it gave its lane, and ``opened`` whether it ended
    one. A stop that is not ``kept`` holds in this process only.
    """

    job: Job
    records: tuple[JobRecord, ...] = ()
    changed: tuple[Job, ...] = ()
    stopped: LaneStop | None = None
    opened: bool = False
    kept: bool = True

    @property
    def record(self) -> JobRecord | None:
        """How the job itself ended; None where it waits again."""
        return next((record for record in self.records if record.job_id == self.job.id), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What became of jobs whose process ended: put back, or over because they crashed too often.

    ``jobs`` are those that wait again, and those that waited for one that is over.
    """

    jobs: tuple[Job, ...] = ()
    records: tuple[JobRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases:
    """Of the jobs a process believes it runs: those it lost, and those a person wants cancelled."""

    lost: tuple[int, ...] = ()
    cancelled: tuple[int, ...] = ()


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

    @property
    def shared(self) -> bool:
        """Whether other processes may work on the same jobs."""

    async def store_webhook(self, webhook: IncomingWebhook, *, now: datetime) -> tuple[StoredWebhook, Job]:
        """Insert the raw event and its ``webhook-received`` job.

        What is to be told ``once`` only raises Refused where one of its keys was named before.
        """

    async def add(self, jobs: Collection[NewJob], *, now: datetime) -> Insertion:
        """Insert jobs; one whose ``dedupe_key`` waits already joins that job.

        They are due at once, but for those that wait for a sibling or have a ``gathering``. The latter are
        due when no more of their lane and merge key came for a while, and so are those that came before:
        jobs that still wait for their time and were never run.
        """

    async def claim(self, lanes: Mapping[str, int], *, now: datetime, turn: int = 0, limit: int = 1) -> Claim:
        """Take at most ``limit`` jobs of these lanes, of each lane no more than run at once (its number).

        Order is priority, due time, id. ``turn`` counts the jobs claimed before: every tenth is the one that
        has waited longest. Stopped lanes are passed over; a lane whose stop is over opens. Waiting jobs of a
        claimed job's lane and merge key are claimed with it.
        """

    async def settle(
        self,
        job: Job,
        outcome: Outcome,
        *,
        run: Run | None,
        now: datetime,
        merged: Sequence[Outcome] = (),
        merge_window: timedelta | None = None,
    ) -> Settlement:
        """Record an attempt (``run`` None: there was none) and end the job or put it back.

        ``merged`` are the outcomes of the jobs it leads, each with its own counts; none means the same one.
        Jobs of the same merge key wait for ``merge_window`` after a success. Raises NotFound where the job is
        not in the queue any more, or is run by another process since.
        """

    async def renew(self, job_ids: Collection[int]) -> Leases:
        """Go on holding these jobs, where jobs are held for a time; a heartbeat."""

    async def recover(self, *, now: datetime, running: Collection[int] = ()) -> Recovery:
        """Put back what ran when its process died; each such run is a ``crashed`` attempt.

        Where jobs are held for a time, that is what nobody holds any more, else everything. ``running`` is
        what this process runs and never takes back.
        """

    async def leave(self) -> None:
        """Tell other processes that this one runs nothing more."""

    async def report_progress(self, job: Job, progress: Progress, *, now: datetime) -> Job | None:
        """Store how far a running job is; None where it is not ours any more."""

    async def make_due(self, waits: Mapping[int, datetime], *, now: datetime) -> tuple[Job, ...]:
        """Make waiting jobs due, by id, that still wait for the instant given.

        It is over by elapsed time: so is a sibling's time, and a merge window that ends then.
        """

    async def end_stop(self, lane: str, *, until: datetime) -> bool:
        """End a stop that was to last until this instant; False where there is none such."""

    async def request_cancel(self, job_id: int, *, now: datetime) -> Job:
        """Ask the process that runs a job to cancel it. Raises NotFound, or Refused where none could."""

    async def retry(
        self, job_id: int, *, max_retries: int, expires_after: timedelta | None = None, now: datetime
    ) -> tuple[Job, bool]:
        """Insert a new job for an ended one, or return the active one (False). Raises NotFound."""

    async def replay(self, event_id: int, *, now: datetime) -> Job:
        """Insert a new ``webhook-received`` for a stored event, a new root. Raises NotFound."""

    async def run_now(self, job_id: int, *, now: datetime) -> Job:
        """Make a waiting job due. Raises NotFound, or Refused where it is running."""

    async def open_lane(
        self, lane: str, *, now: datetime, local: bool = False
    ) -> tuple[tuple[Job, ...], int]:
        """End a lane's block or breaker; returns the jobs that were tried in vain, and how many wait there.

        A rate limit is not ended: it is obeyed exactly. ``local``: this process had stopped it for itself.
        """

    async def lane_stops(self) -> tuple[LaneStop, ...]:
        """Return the lanes that take no jobs."""

    async def jobs(self, *, after: QueuePlace | None = None, limit: int | None = None) -> tuple[Job, ...]:
        """Rows of the queue by priority, due time and id: all, or so many that come after one."""

    async def job(self, job_id: int) -> Job | None:
        """One row of the queue."""

    async def waiting(self) -> Mapping[str, WaitingJobs]:
        """How many jobs of each type wait, and why one of them does."""

    async def counts(self) -> QueueCounts:
        """How much there is to do."""
