from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.settings import AppSettings
from metarr_desktop.app.upkeep import RemovedHistory, Upkeep
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.errors import Permanent, StorageFailed
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.library.maintenance import CleanUp
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.schema import prepare
from metarr_desktop.storage.settings_store import SettingsStore
from tests.fakes import START, FakeClock, no_report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.app.paths import AppPaths

JOB = Job(
    id=1,
    type="scheduled-cleanup",
    lane="upkeep",
    priority=8,
    status=JobStatus.PROCESSING,
    payload={},
    created_at=START,
    updated_at=START,
    run_after=START,
    root_id=1,
)


class Bench:
    """Upkeep with stand-ins for what other modules do; they note what they were asked."""

    def __init__(self, paths: AppPaths) -> None:
        paths.prepare()
        prepare(paths.database)
        self.database = SqliteDatabase(paths.database)
        self.settings = AppSettings(store=SettingsStore(self.database), bus=Bus(), clock=FakeClock())
        self.asked: dict[str, object] = {}
        self.disk_is_full = False
        self.handler = CleanUp(
            Upkeep(
                database=self.database,
                paths=paths,
                settings=self.settings,
                clock=FakeClock(),
                remove_history=self.remove_history,
                remove_counters=self.remove_counters,
                back_up=self.back_up,
                tidy=self.tidy,
            ).steps()
        )

    async def remove_history(self, *, done_before: datetime, failed_before: datetime) -> RemovedHistory:
        self.asked["history"] = (START - done_before, START - failed_before)
        return RemovedHistory(done=12, failed=1, webhooks=9)

    async def remove_counters(self, before: datetime) -> int:
        self.asked["counters"] = START - before
        return 4

    def back_up(self, now: datetime) -> str:
        if self.disk_is_full:
            raise StorageFailed("The disk is full.")
        return f"metarr-{now:%Y-%m-%d}.db"

    async def tidy(self) -> None:
        self.asked["tidy"] = True


@pytest.fixture
async def bench(paths: AppPaths) -> AsyncIterator[Bench]:
    bench = Bench(paths)
    yield bench
    await bench.database.close()


async def test_the_settings_say_what_is_old(bench: Bench) -> None:
    await bench.settings.save({"keep_done_days": 5, "keep_failed_days": 1000})
    await bench.handler(JOB, no_report)
    assert bench.asked["history"] == (timedelta(days=5), timedelta(days=1000))
    assert bench.asked["counters"] == timedelta(days=1000)


async def test_everything_that_was_done_is_said(bench: Bench, paths: AppPaths) -> None:
    done = await bench.handler(JOB, no_report)
    assert str(done.detail) == (
        "Backup saved as metarr-2026-11-24.db."
        " Removed from the history: 12 done, 1 failed, and 9 webhooks. Old counters removed: 4."
    )
    assert done.result["removed"] == {
        "done": 12,
        "failed": 1,
        "webhooks": 9,
        "orphaned_webhooks": 0,
        "counters": 4,
        "files": 0,
    }
    assert done.result["steps"] == ["backup", "history", "webhooks", "counters", "files", "database"]
    assert bench.asked["history"] == (timedelta(days=30), timedelta(days=90))
    assert bench.asked["tidy"] is True


async def test_a_backup_that_fails_stops_nothing_else(bench: Bench) -> None:
    bench.disk_is_full = True
    with pytest.raises(Permanent, match=r"Backup: The disk is full\. Apart from that: Removed from"):
        await bench.handler(JOB, no_report)
    assert bench.asked["tidy"] is True


async def test_what_there_is_nothing_for_is_no_step(bench: Bench, paths: AppPaths) -> None:
    steps = Upkeep(database=bench.database, paths=paths, settings=bench.settings, clock=FakeClock()).steps()
    assert [step.key for step in steps] == ["webhooks", "files"]
