from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.storage.totals import SLOT_MS, count_ended
from tests.fakes import START

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql


def count(db: Sql, now: datetime, jobs: int = 1) -> None:
    count_ended(db, type="scan-movie", status="completed", now=now, jobs=jobs)


async def test_jobs_of_a_quarter_of_an_hour_are_counted_together(database: Database) -> None:
    for minutes, jobs in ((0, 1), (14, 3), (15, 1)):
        await database.run(count, START + timedelta(minutes=minutes), jobs)

    def rows(db: Sql) -> list[tuple[int, int]]:
        return db.execute("SELECT slot, SUM(jobs) FROM job_totals GROUP BY slot ORDER BY slot").fetchall()

    slot = to_ms(START) // SLOT_MS
    assert await database.read(rows) == [(slot, 4), (slot + 1, 1)]
