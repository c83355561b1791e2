"""The steps of the nightly clean-up, put together from the settings and the stores."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.text import Text, text
from metarr_desktop.library.deletion import GRACE
from metarr_desktop.library.maintenance import Step, Swept, remove_temporary_files
from metarr_desktop.storage.retention import remove_old, retention_limits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.app.settings import AppSettings
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.import_store import ImportStore
    from metarr_desktop.storage.issue_store import IssueStore
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.note_store import NoteStore

KEEP_IMPORTS = timedelta(days=90)
KEEP_ISSUES = timedelta(days=30)
KEEP_NOTES = timedelta(days=90)
BETWEEN_S = 0.02
"""After each transaction of a long clean-up everybody else has so long."""


class Upkeep:
    """Makes the steps. Without ``back_up``, where the database is no file of ours, there is no such step."""

    def __init__(
        self,
        *,
        database: Database,
        paths: AppPaths,
        settings: AppSettings,
        clock: Clock,
        library: LibraryStore,
        imports: ImportStore,
        issues: IssueStore,
        notes: NoteStore,
        tidy: Callable[[], Awaitable[object]],
        back_up: Callable[[datetime], str] | None = None,
    ) -> None:
        self._database = database
        self._paths = paths
        self._settings = settings
        self._clock = clock
        self._library = library
        self._imports = imports
        self._issues = issues
        self._notes = notes
        self._back_up = back_up
        self._tidy = tidy

    def steps(self) -> tuple[Step, ...]:
        """Return the steps in their order: a copy is made before anything is removed."""
        steps = (
            (self._back_up, Step(key="backup", title=Text("Backup"), run=self._copy)),
            (True, Step(key="history", title=Text("History"), run=self._sweep_history)),
            (True, Step(key="records", title=Text("Records"), run=self._sweep_records)),
            (True, Step(key="files", title=Text("Unfinished files"), run=self._sweep_files)),
            (True, Step(key="database", title=Text("Database"), run=self._mend)),
        )
        return tuple(step for possible, step in steps if possible)

    async def _copy(self) -> Swept:
        assert self._back_up is not None  # noqa: S101 - else it is no step
        name = await asyncio.to_thread(self._back_up, self._clock.now())
        return Swept(detail=text("Backup saved as {file}.", file=name))

    async def _sweep_history(self) -> Swept:
        now, settings = self._clock.now(), self._settings.snapshot
        done_before, failed_before = retention_limits(
            now, done_days=settings.keep_done_days, failed_days=settings.keep_failed_days
        )
        removed = await remove_old(
            self._database,
            done_before=done_before,
            failed_before=failed_before,
            now=now,
            between=lambda: asyncio.sleep(BETWEEN_S),
        )
        counts = {"jobs": removed.jobs, "webhooks": removed.webhooks}
        detail = text("Removed from the history: {jobs} jobs and {webhooks} webhooks.", **counts)
        return Swept(detail=detail if any(counts.values()) else None, removed=counts)

    async def _sweep_records(self) -> Swept:
        """Forget what is no longer needed: deleted films, imports that nobody repeats, complaints, notes."""
        now = self._clock.now()
        counts = {
            "movies": await self._library.forget_deleted(now - GRACE),
            "import_keys": await self._imports.forget_before(now - KEEP_IMPORTS),
            "health_issues": await self._issues.forget_before(now - KEEP_ISSUES),
            "service_notes": await self._notes.forget_older(now - KEEP_NOTES),
        }
        detail = text("Deleted films forgotten: {n}.", n=counts["movies"]) if counts["movies"] else None
        return Swept(detail=detail, removed=counts)

    async def _sweep_files(self) -> Swept:
        folders = (self._paths.data_dir, self._paths.backups)
        removed = await asyncio.to_thread(remove_temporary_files, folders, now=self._clock.now())
        detail = text("Unfinished files removed: {n}.", n=removed) if removed else None
        return Swept(detail=detail, removed={"files": removed})

    async def _mend(self) -> Swept:
        await self._tidy()
        return Swept()
