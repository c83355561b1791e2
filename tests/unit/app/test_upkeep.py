from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.settings import AppSettings
from metarr_desktop.app.upkeep import Upkeep
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import Permanent, StorageFailed
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.library.maintenance import CleanUp
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.import_store import ImportShape, ImportStore
from metarr_desktop.storage.issue_store import IssueStore
from metarr_desktop.storage.library_store import LibraryStore
from metarr_desktop.storage.note_store import NoteStore
from metarr_desktop.storage.schema import prepare
from metarr_desktop.storage.settings_store import SettingsStore
from tests.fakes import START, FakeClock, no_report

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.storage.sql import Sql

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
AGES = {"completed": (4, 29, 31), "failed": (31, 89, 91)}


def ended(sql: Sql) -> None:
    """Insert jobs that ended so many days ago."""
    number = 0
    for status, days in AGES.items():
        for each in days:
            number += 1
            at = to_ms(START - timedelta(days=each))
            sql.execute(
                "INSERT INTO job_history (job_id, type, priority, payload, status, created_at, completed_at,"
                " root_id, lane) VALUES (?, 'notify-x', 5, '{}', ?, ?, ?, ?, 'x')",
                (number, status, at, at, number),
            )


def left(sql: Sql) -> list[int]:
    rows = sql.execute("SELECT completed_at FROM job_history ORDER BY completed_at").fetchall()
    return [(to_ms(START) - at) // 86_400_000 for (at,) in rows]


class Bench:
    """Upkeep on a real database; what other modules do with files is noted."""

    def __init__(self, paths: AppPaths) -> None:
        paths.prepare()
        prepare(paths.database)
        self.database = SqliteDatabase(paths.database)
        self.settings = AppSettings(store=SettingsStore(self.database), bus=Bus(), clock=FakeClock())
        self.tidied = False
        self.disk_is_full = False
        self.handler = CleanUp(
            Upkeep(
                database=self.database,
                paths=paths,
                settings=self.settings,
                clock=FakeClock(),
                library=LibraryStore(self.database),
                imports=ImportStore(self.database),
                issues=IssueStore(self.database),
                notes=NoteStore(self.database),
                back_up=self.back_up,
                tidy=self.tidy,
            ).steps()
        )

    def back_up(self, now: datetime) -> str:
        if self.disk_is_full:
            raise StorageFailed("The disk is full.")
        return f"metarr-{now:%Y-%m-%d}.db"

    async def tidy(self) -> None:
        self.tidied = True


@pytest.fixture
async def bench(paths: AppPaths) -> AsyncIterator[Bench]:
    bench = Bench(paths)
    await bench.database.run(ended)
    yield bench
    await bench.database.close()


async def test_the_settings_say_what_is_old(bench: Bench) -> None:
    await bench.settings.save({"keep_done_days": 5, "keep_failed_days": 1000})
    await bench.handler(JOB, no_report)
    assert await bench.database.read(left) == [91, 89, 31, 4]


async def test_everything_that_was_done_is_said(bench: Bench) -> None:
    told: list[tuple[int, int, str]] = []
    done = await bench.handler(JOB, lambda done, total, note=None: told.append((done, total, str(note))))
    assert str(done.detail) == (
        "Backup saved as metarr-2026-11-24.db. Removed from the history: 2 jobs and 0 webhooks."
    )
    assert done.result["removed"] == {
        "jobs": 2,
        "webhooks": 0,
        "movies": 0,
        "import_keys": 0,
        "health_issues": 0,
        "service_notes": 0,
        "files": 0,
    }
    assert done.result["steps"] == ["backup", "history", "records", "files", "database"]
    assert told[1] == (1, 5, "History")
    assert await bench.database.read(left) == [89, 31, 29, 4]
    assert bench.tidied


async def test_a_backup_that_fails_stops_nothing_else(bench: Bench) -> None:
    bench.disk_is_full = True
    with pytest.raises(Permanent, match=r"Backup: The disk is full\. Apart from that: Removed from"):
        await bench.handler(JOB, no_report)
    assert bench.tidied


def records(sql: Sql) -> None:
    """Films deleted and imports told so many days ago."""
    sql.execute("INSERT INTO libraries (id, name, path, type, created_at) VALUES (1, 'F', '/f', 'movies', 0)")
    for days in (6, 8):
        sql.execute(
            "INSERT INTO movies (library_id, title, folder, created_at, updated_at, deleted_at)"
            " VALUES (1, 'Dune', ?, 0, 0, ?)",
            (f"/f/{days}", to_ms(START - timedelta(days=days))),
        )
    sql.execute(
        "INSERT INTO movies (library_id, title, folder, created_at, updated_at)"
        " VALUES (1, 'Dune', '/f/0', 0, 0)"
    )


async def test_films_that_were_deleted_a_week_ago_are_forgotten(bench: Bench) -> None:
    await bench.database.run(records)
    imports = ImportStore(bench.database)
    for number, days in enumerate((89, 91)):
        at = START - timedelta(days=days)
        await imports.note(number, [f"key {days}"], shape=ImportShape.FILE, now=at)
    done = await bench.handler(JOB, no_report)
    rows = await bench.database.read(lambda sql: sql.execute("SELECT folder FROM movies").fetchall())
    assert sorted(folder for (folder,) in rows) == ["/f/0", "/f/6"]
    assert await imports.known(["key 89", "key 91"]) == {"key 89"}
    assert done.result["removed"]["movies"] == 1
    assert "Deleted films forgotten: 1." in str(done.detail)
