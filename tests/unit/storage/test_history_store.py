from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.storage.history_store import MOST_MEMBERS, _failed_ids, _last_of_types
from metarr_desktop.storage.totals import count_ended
from tests.fakes import START
from tests.unit.storage.history_rows import Ended, Explained, insert_ended, insert_waiting

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.history_store import HistoryStore
    from metarr_desktop.storage.sql import Sql


async def test_the_last_job_of_a_type_is_the_one_that_ended_last_however_it_ended(
    database: Database, history: HistoryStore
) -> None:
    rows = [
        Ended(id=1, type="scan-movie", status="failed", at=START + timedelta(seconds=9)),
        Ended(id=2, type="scan-movie", at=START),
        Ended(id=3, type="notify-kodi", at=START),
    ]
    await database.run(insert_ended, rows)
    last = await history.last_of_types(["scan-movie", "notify-kodi", "notify-plex"])
    assert {kind: record.id for kind, record in last.items()} == {"scan-movie": 1, "notify-kodi": 3}


async def test_failed_jobs_that_were_tried_again_are_not_told_again(
    database: Database, history: HistoryStore
) -> None:
    rows = [
        Ended(id=1, status="failed"),
        Ended(id=2, status="failed"),
        Ended(id=3, status="failed", root=2, retry_of=2),
        Ended(id=4, status="failed"),
    ]
    await database.run(insert_ended, rows)
    await database.run(lambda db: insert_waiting(db, 9, root_id=4, retry_of=4))
    assert await history.failed_ids(limit=10) == (3, 1)
    assert await history.failed_ids(limit=1) == (3,)


async def test_jobs_that_ended_are_counted_by_status(database: Database, history: HistoryStore) -> None:
    def count(db: Sql) -> None:
        for kind, status in (("a", "completed"), ("b", "completed"), ("b", "failed")):
            count_ended(db, type=kind, status=status, now=START)

    await database.run(count)
    ended = await history.ended_since(START - timedelta(hours=1))
    assert ended == {EndStatus.COMPLETED: 2, EndStatus.FAILED: 1}


async def test_what_services_and_the_tray_ask_for_is_found_by_index(database: Database) -> None:
    def plans(db: Sql) -> list[str]:
        explained = Explained(db)
        _last_of_types(explained, ("scan-movie", "notify-kodi"))
        _failed_ids(explained, 500)
        return [line for line in explained.lines if ": SCAN" in line or "TEMP B-TREE" in line]

    assert await database.read(plans) == []


async def test_of_a_very_large_family_only_the_first_jobs_are_read(
    database: Database, history: HistoryStore
) -> None:
    def fill(db: Sql) -> None:
        for number in range(1, MOST_MEMBERS + 50):
            insert_waiting(db, number, root_id=1)
        insert_waiting(db, 9_000, root_id=9_000)

    await database.run(fill)
    small, large = await history.active_families(limit=10)
    assert [job.id for job in small.jobs] == [9_000]
    assert [job.id for job in large.jobs] == list(range(1, MOST_MEMBERS + 1))
