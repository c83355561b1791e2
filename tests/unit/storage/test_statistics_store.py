from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.statistics import Tally
from metarr_desktop.storage.statistics_store import StatisticsStore, _tallies
from metarr_desktop.storage.totals import count_ended
from tests.fakes import START
from tests.unit.storage.history_rows import Explained, insert_waiting

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql


def work(db: Sql) -> None:
    """Two kodi jobs wait, the younger one more urgent; one scan runs; some of both ended."""
    insert_waiting(db, 1, at=START - timedelta(hours=5), type="notify-kodi", priority=9, ready=0)
    insert_waiting(db, 2, at=START - timedelta(hours=1), type="notify-kodi", priority=1)
    insert_waiting(db, 3, type="scan-movie", status="processing", ready=0)
    for kind, status, hours in (
        ("scan-movie", "completed", 1),
        ("scan-movie", "failed", 23),
        ("scan-movie", "completed", 25),
        ("notify-kodi", "skipped", 1),
        ("notify-kodi", "cancelled", 1),
    ):
        count_ended(db, type=kind, status=status, now=START - timedelta(hours=hours), jobs=2)


async def test_every_type_is_tallied_with_its_really_oldest_job(database: Database) -> None:
    await database.run(work)
    assert await StatisticsStore(database).tallies(now=START) == {
        "notify-kodi": Tally(waiting=2, oldest_waiting=START - timedelta(hours=5)),
        "scan-movie": Tally(running=1, done=2, failed=2),
    }


async def test_nothing_is_read_row_by_row_for_the_statistics(database: Database) -> None:
    def plans(db: Sql, now: datetime) -> list[str]:
        explained = Explained(db)
        _tallies(explained, now)
        return [line.rpartition(": ")[2] for line in explained.lines if ": SCAN" in line]

    await database.run(work)
    running = "SCAN job_queue USING INDEX job_queue_processing"
    assert await database.read(plans, START + timedelta(minutes=1)) == [running]
