"""The steps of the nightly clean-up, put together from the settings and the stores."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.domain.text import Text, text
from metarr_desktop.library.maintenance import Step, Swept, remove_temporary_files
from metarr_desktop.storage.upkeep import remove_orphaned_webhooks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.app.settings import AppSettings
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.storage.database import Database

BETWEEN_S = 0.02
"""After each transaction of a long clean-up everybody else has so long."""
JUST_NOW = timedelta(days=1)
"""What came in since then is left alone, whatever refers to it."""
KEEP_COUNTERS = timedelta(days=400)
"""Counters of ended jobs are small, and a year of them is worth comparing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedHistory:
    """What the retention took: done and failed jobs, and webhooks that went with them."""

    done: int = 0
    failed: int = 0
    webhooks: int = 0


class RemoveHistory(Protocol):
    """Takes ended jobs out of the history."""

    async def __call__(self, *, done_before: datetime, failed_before: datetime) -> RemovedHistory:
        """Remove what ended before then; raises StorageFailed."""


class Upkeep:
    """Makes the steps. What this program cannot do, or its database does not need, is None and no step."""

    def __init__(
        self,
        *,
        database: Database,
        paths: AppPaths,
        settings: AppSettings,
        clock: Clock,
        remove_history: RemoveHistory | None = None,
        remove_counters: Callable[[datetime], Awaitable[int]] | None = None,
        back_up: Callable[[datetime], str] | None = None,
        tidy: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._database = database
        self._paths = paths
        self._settings = settings
        self._clock = clock
        self._remove_history = remove_history
        self._remove_counters = remove_counters
        self._back_up = back_up
        self._tidy = tidy

    def steps(self) -> tuple[Step, ...]:
        """Return the steps in their order: a copy is made before anything is removed."""
        steps = (
            (self._back_up, Step(key="backup", title=Text("Backup"), run=self._copy)),
            (self._remove_history, Step(key="history", title=Text("History"), run=self._sweep_history)),
            (True, Step(key="webhooks", title=Text("Webhooks without jobs"), run=self._sweep_webhooks)),
            (self._remove_counters, Step(key="counters", title=Text("Counters"), run=self._sweep_counters)),
            (True, Step(key="files", title=Text("Unfinished files"), run=self._sweep_files)),
            (self._tidy, Step(key="database", title=Text("Database"), run=self._mend)),
        )
        return tuple(step for possible, step in steps if possible)

    async def _copy(self) -> Swept:
        assert self._back_up is not None  # noqa: S101 - else it is no step
        name = await asyncio.to_thread(self._back_up, self._clock.now())
        return Swept(detail=text("Backup saved as {file}.", file=name))

    async def _sweep_history(self) -> Swept:
        assert self._remove_history is not None  # noqa: S101 - else it is no step
        now, settings = self._clock.now(), self._settings.snapshot
        removed = await self._remove_history(
            done_before=now - timedelta(days=settings.keep_done_days),
            failed_before=now - timedelta(days=settings.keep_failed_days),
        )
        counts = {"done": removed.done, "failed": removed.failed, "webhooks": removed.webhooks}
        detail = text(
            "Removed from the history: {done} done, {failed} failed, and {webhooks} webhooks.", **counts
        )
        return Swept(detail=detail if any(counts.values()) else None, removed=counts)

    async def _sweep_webhooks(self) -> Swept:
        removed = await remove_orphaned_webhooks(
            self._database,
            before=self._clock.now() - JUST_NOW,
            between=lambda: asyncio.sleep(BETWEEN_S),
        )
        detail = text("Webhooks without jobs removed: {n}.", n=removed) if removed else None
        return Swept(detail=detail, removed={"orphaned_webhooks": removed})

    async def _sweep_counters(self) -> Swept:
        assert self._remove_counters is not None  # noqa: S101 - else it is no step
        settings = self._settings.snapshot
        kept = max(timedelta(days=max(settings.keep_done_days, settings.keep_failed_days)), KEEP_COUNTERS)
        removed = await self._remove_counters(self._clock.now() - kept)
        detail = text("Old counters removed: {n}.", n=removed) if removed else None
        return Swept(detail=detail, removed={"counters": removed})

    async def _sweep_files(self) -> Swept:
        folders = (self._paths.data_dir, self._paths.backups)
        removed = await asyncio.to_thread(remove_temporary_files, folders, now=self._clock.now())
        detail = text("Unfinished files removed: {n}.", n=removed) if removed else None
        return Swept(detail=detail, removed={"files": removed})

    async def _mend(self) -> Swept:
        assert self._tidy is not None  # noqa: S101 - else it is no step
        await self._tidy()
        return Swept()
