from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.storage.leap import leap
from tests.unit.storage.history_rows import Ended, insert_ended

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database

TYPES = "SELECT MIN(type) FROM job_history WHERE type > ?"


async def test_each_value_comes_once_and_in_order(database: Database) -> None:
    assert await database.read(leap, TYPES) == []
    kinds = ("b", "a", "c", "b", "a")
    await database.run(insert_ended, [Ended(id=number, type=kind) for number, kind in enumerate(kinds, 1)])
    assert await database.read(leap, TYPES) == ["a", "b", "c"]
