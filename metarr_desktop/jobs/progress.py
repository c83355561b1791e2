"""How far a running job is, told by its handler and stored now and then."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.domain.jobs import Progress

if TYPE_CHECKING:
    import asyncio

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.text import Text
    from metarr_desktop.jobs.queue import JobQueue
    from metarr_desktop.jobs.tasks import Spawn

STORE_EVERY_S = 1.0


class ProgressReport:
    """Takes what a handler tells, as often as it likes, and stores the last word at most once a second.

    The last word is stored too, a second later, unless the job ended meanwhile.
    """

    def __init__(self, job: Job, *, queue: JobQueue, clock: Clock, spawn: Spawn) -> None:
        self._job = job
        self._queue = queue
        self._clock = clock
        self._spawn = spawn
        self._latest: Progress | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended = False

    def __call__(self, done: int, total: int, note: Text | None = None) -> None:
        """Tell that ``done`` of ``total`` steps are done."""
        if self._ended:
            return
        self._latest = Progress(done=done, total=total, note=note)
        if self._task is None:
            self._task = self._spawn(self._store(), name=f"progress of job {self._job.id}")

    async def _store(self) -> None:
        while (latest := self._latest) is not None and not self._ended:
            self._latest = None
            with suppress(StorageFailed):  # the next word is stored when the database works again
                await self._queue.report_progress(self._job, latest)
            await self._clock.sleep(STORE_EVERY_S)
        self._task = None

    def end(self) -> None:
        """Store nothing more: the job is over."""
        self._ended = True
        if self._task is not None:
            self._task.cancel()
            self._task = None
