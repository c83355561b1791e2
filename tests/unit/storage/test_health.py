from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import StorageDamaged, StorageFailed
from metarr_desktop.storage import health as module
from metarr_desktop.storage.failures import DAMAGED, DISK_FULL
from metarr_desktop.storage.health import Health
from tests.fakes import until

if TYPE_CHECKING:
    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql


class Disk:
    """Takes a page, or does not, as it is told."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self.asked = 0
        self.told: list[Text | None] = []
        self.health = Health(probe=self.probe, on_change=self.told.append)

    def probe(self) -> asyncio.Future[None]:
        self.asked += 1
        future = asyncio.get_running_loop().create_future()
        if self.failure is None:
            future.set_result(None)
        else:
            future.set_exception(self.failure)
        return future


@pytest.mark.expects_errors("storage.database: The disk is full")
async def test_a_problem_is_over_when_a_page_was_written_and_not_before() -> None:
    disk = Disk()
    disk.failure = StorageFailed(DISK_FULL)
    disk.health.failed(StorageFailed(DISK_FULL))
    disk.health.failed(StorageFailed(DISK_FULL))
    await disk.health.worked()
    assert disk.told == [DISK_FULL]
    disk.failure = None
    await disk.health.worked()
    assert disk.told == [DISK_FULL, None]
    asked = disk.asked
    await disk.health.worked()
    assert disk.asked == asked


@pytest.mark.expects_errors("storage.database: The disk is full")
async def test_the_end_of_a_problem_is_found_without_any_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_AGAIN_S", 0.001)
    disk = Disk()
    disk.failure = StorageFailed(DISK_FULL)
    disk.health.failed(StorageFailed(DISK_FULL))
    await until(lambda: disk.asked > 3)
    assert disk.health.problem == DISK_FULL
    disk.failure = None
    await until(lambda: disk.health.problem is None)
    assert disk.told == [DISK_FULL, None]


@pytest.mark.expects_errors("storage.database: The database is damaged")
async def test_damage_stays_told_until_the_next_start() -> None:
    disk = Disk()
    disk.health.failed(StorageDamaged(DAMAGED))
    await disk.health.worked()
    disk.health.failed(StorageFailed(DISK_FULL))
    assert (disk.health.problem, disk.told, disk.asked) == (DAMAGED, [DAMAGED], 0)
    disk.health.close()


@pytest.mark.expects_errors("storage.database: The disk is full")
async def test_reading_and_writing_no_row_do_not_hide_a_full_disk(database: Database) -> None:
    def limit(sql: Sql, pages: int) -> None:
        sql.execute(f"PRAGMA max_page_count = {pages}")

    def fill(sql: Sql) -> None:
        sql.execute("INSERT INTO settings VALUES ('big', ?, 0)", ("x" * 10_000_000,))

    def look(sql: Sql) -> int:
        return len(sql.execute("SELECT * FROM settings").fetchall())

    await database.run(limit, 100)
    with pytest.raises(StorageFailed):
        await database.run(fill)
    assert await database.read(look) == 0
    assert database.problem == DISK_FULL
