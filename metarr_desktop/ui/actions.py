"""What a person can set off from the window and the tray alike."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from metarr_desktop.domain.errors import MetarrError, NotFound
from metarr_desktop.domain.jobs import Job, JobRecord, JobStatus
from metarr_desktop.ui.dialogs import ask, show_error
from metarr_desktop.ui.job_report import payload_text
from metarr_desktop.ui.models.job_nodes import id_of
from metarr_desktop.ui.scanning import ScanDialog, failure_text, local_paths, scan_news, scan_paths
from metarr_desktop.ui.wording import fill_in, named_job, plural, tr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from PySide6.QtCore import QUrl
    from PySide6.QtWidgets import QWidget

    from metarr_desktop.app.commands import Commands
    from metarr_desktop.app.queries import Queries
    from metarr_desktop.app.tasks import TaskSupervisor

logger = logging.getLogger(__name__)

MORNING = 8
MINUTE = timedelta(minutes=1)


class Actions(QObject):
    """Each returns at once; ``told`` says what came of it, and what fails is shown in a window."""

    told = Signal(str)

    def __init__(self, *, commands: Commands, queries: Queries, tasks: TaskSupervisor) -> None:
        super().__init__()
        self._commands = commands
        self._queries = queries
        self._tasks = tasks
        self._quitting = False
        self.window: QWidget | None = None
        self.before_quit: Callable[[], Awaitable[bool]] | None = None

    def start(self, work: Callable[[], Awaitable[None]], /, *, name: str) -> None:
        """Run something that may fail with a sentence for a person."""
        self._tasks.spawn(self._guarded(work), name=name)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except MetarrError as error:
            logger.info("Not done: %s", error)
            visible = self.window if self.window is not None and self.window.isVisible() else None
            show_error(visible, error.text)

    # Deliveries

    def pause(self, minutes: int | None = None) -> None:
        """Stop delivering for a while, or until resumed."""

        async def work() -> None:
            await self._commands.pause(minutes)

        self.start(work, name="pause")

    def pause_until_morning(self) -> None:
        """Stop delivering until tomorrow at eight."""
        self.pause(minutes_until_morning())

    def resume(self) -> None:
        """Deliver again."""
        self.start(self._commands.resume, name="resume")

    def toggle_pause(self) -> None:
        """Pause where deliveries go out, else resume."""
        if self._queries.pause().paused:
            self.resume()
        else:
            self.pause()

    # Jobs

    def retry_failed(self) -> None:
        """Try every failed job again."""

        async def work() -> None:
            count = await self._commands.retry_failed()
            self.told.emit(
                plural("{n} job is tried again.", "{n} jobs are tried again.", count)
                if count
                else tr("No failed job is left to try again.")
            )

        self.start(work, name="retry failed jobs")

    def retry(self, jobs: Sequence[Job | JobRecord]) -> None:
        """Try ended jobs again; waiting ones run now."""
        self._each(jobs, self._commands.retry_job, name="retry")

    def run_now(self, jobs: Sequence[Job | JobRecord]) -> None:
        """Make waiting jobs due."""
        waiting = [job for job in jobs if isinstance(job, Job) and job.status is JobStatus.PENDING]
        self._each(waiting, self._commands.run_now, name="run now")

    def scan_anyway(self, jobs: Sequence[Job | JobRecord]) -> None:
        """Let scans run that were put off because a video plays."""
        waiting = [job for job in jobs if isinstance(job, Job) and self._queries.may_scan_anyway(job)]
        self._each(waiting, self._commands.scan_anyway, name="scan anyway")

    def cancel(self, jobs: Sequence[Job | JobRecord], *, subject: str) -> None:
        """Ask, and cancel those that are in the queue."""
        active = [job for job in jobs if isinstance(job, Job)]
        if not active:
            return

        async def work() -> None:
            if len(active) == 1:
                name = named_job(active[0].type, active[0].payload)
                question = cancel_question(active[0], f"{name} - {subject}" if subject else name)
            else:
                question = plural(
                    "Cancel {n} job? It will not run.", "Cancel {n} jobs? They will not run.", len(active)
                )
            cancel = tr("Cancel job") if len(active) == 1 else tr("Cancel jobs")
            if await ask(self.window, question, cancel, tr("Keep")) == cancel:
                for job in active:
                    with suppress(NotFound):  # it ended while the question was open
                        await self._commands.cancel_job(job.id)

        self.start(work, name="cancel")

    def replay(self, event_id: int) -> None:
        """Ask, and run a stored webhook once more."""

        async def work() -> None:
            question = tr(
                "Run this webhook again? "
                "The movie is scanned again and every enabled service is notified again."
            )
            replay = tr("Replay")
            if await ask(self.window, question, replay, tr("Cancel")) == replay:
                job_id = await self._commands.replay_event(event_id)
                self.told.emit(fill_in(tr("The webhook runs again as job {id}."), id=job_id))

        self.start(work, name=f"replay webhook {event_id}")

    def copy_payload(self, job_id: int) -> None:
        """Put a job's payload and its webhook on the clipboard."""

        async def work() -> None:
            detail = await self._queries.job(job_id)
            QGuiApplication.clipboard().setText(await asyncio.to_thread(payload_text, detail))
            self.told.emit(tr("Payload copied."))

        self.start(work, name=f"copy payload of job {job_id}")

    # Scans

    def ask_for_scan(self) -> None:
        """Open the form to scan a path."""
        ScanDialog(commands=self._commands, tasks=self._tasks, parent=self.window).open()

    def scan(self, urls: Sequence[QUrl]) -> None:
        """Have what was dropped scanned."""

        async def work() -> None:
            paths, foreign = local_paths(urls)
            titles, failures = await scan_paths(self._commands, paths)
            if titles:
                self.told.emit(scan_news(titles))
            if failures or foreign:
                show_error(self.window, failure_text(failures, foreign=foreign))

        self.start(work, name="scan what was dropped")

    # Receiving

    def copy_address(self, source: str) -> None:
        """Put the address for a sender on the clipboard."""

        async def work() -> None:
            for address in await self._queries.addresses():
                if address.key == source:
                    QGuiApplication.clipboard().setText(address.url)
                    self.told.emit(fill_in(tr("Address for {source} copied."), source=address.title))

        self.start(work, name="copy address")

    def send_test(self, source: str) -> None:
        """Post a sample webhook to our own listener."""

        async def work() -> None:
            await self._commands.send_test(source)
            self.told.emit(tr("A test webhook was sent and stored."))

        self.start(work, name="send test")

    # The program

    def quit(self) -> None:
        """Ask where something would be lost or stays undone, then quit."""
        if not self._quitting:
            self._quitting = True
            self.start(self._quit, name="quit")

    async def _quit(self) -> None:
        try:
            if self.before_quit is not None and not await self.before_quit():
                return
            try:
                running = (await self._queries.status()).queue.processing
            except MetarrError:
                running = 0  # a broken database keeps nobody from quitting
            if running and not await self._agrees_to_quit(running):
                return
            await self._commands.quit()
        finally:
            self._quitting = False

    async def _agrees_to_quit(self, running: int) -> bool:
        question = plural(
            "{n} job is running. It will continue the next time Metarr Desktop starts.",
            "{n} jobs are running. They will continue the next time Metarr Desktop starts.",
            running,
        )
        leave = tr("Quit")
        visible = self.window if self.window is not None and self.window.isVisible() else None
        return await ask(visible, question, leave, tr("Cancel")) == leave

    def _each(
        self, jobs: Sequence[Job | JobRecord], command: Callable[[int], Awaitable[object]], *, name: str
    ) -> None:
        async def work() -> None:
            for job in jobs:
                await command(id_of(job))

        if jobs:
            self.start(work, name=name)


def cancel_question(job: Job, name: str) -> str:
    """Whether to cancel a job, and what that does."""
    if job.status is JobStatus.PROCESSING:
        return fill_in(tr("Cancel {job}? It is running and is stopped where it is."), job=name)
    return fill_in(tr("Cancel {job}? It will not run."), job=name)


def minutes_until_morning(now: datetime | None = None) -> int:
    """Whole minutes until tomorrow at eight, local time."""
    start = now or datetime.now(tz=UTC).astimezone()
    # Combined without an offset, so that a change of clocks in the night counts.
    morning = datetime.combine(start.date() + timedelta(days=1), time(hour=MORNING)).astimezone()
    return max(1, round((morning - start) / MINUTE))
