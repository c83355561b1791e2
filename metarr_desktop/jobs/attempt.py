"""One run of a job, while it lasts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.storage.job_store import Run

if TYPE_CHECKING:
    import asyncio

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.jobs.handlers import JobType
    from metarr_desktop.jobs.progress import ProgressReport

DEFAULT_LIMIT = timedelta(minutes=5)


class Attempt:
    """What is known of a run: when it began, by when it has to end, and who broke it off.

    It is ``over`` when its handler returned, and ``abandoned`` when it was settled without it.
    """

    task: asyncio.Task[None]

    def __init__(self, *, job: Job, kind: JobType | None, report: ProgressReport, clock: Clock) -> None:
        self.job = job
        self.kind = kind
        self.report = report
        self.limit_s = (DEFAULT_LIMIT if kind is None else kind.timeout).total_seconds()
        self._clock = clock
        self._started = clock.now()
        self._began = clock.monotonic()
        self.look_at = self._began + self.limit_s
        self.cancelled = False
        self.timed_out = False
        self.over = False
        self.abandoned = False

    def run(self) -> Run:
        """Return when it began and how long it took so far."""
        lasted = timedelta(seconds=self._clock.monotonic() - self._began)
        return Run(started_at=self._started, duration=lasted)

    def forget_cancel(self) -> None:
        """Let the task go on after a cancellation that was meant for its handler."""
        while self.task.cancelling():
            self.task.uncancel()
