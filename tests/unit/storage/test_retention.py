from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from metarr_desktop.storage.retention import (
    LARGEST_BATCH,
    RemovedCounts,
    _forgotten_webhooks,
    _remove_jobs,
    remove_old,
    retention_limits,
)
from metarr_desktop.storage.totals import count_ended
from tests.fakes import START
from tests.unit.storage.history_rows import Ended, Explained, insert_ended, insert_events, insert_waiting

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

DAY = timedelta(days=1)


async def clean_up(database: Database, **changes: object) -> RemovedCounts:
    done, failed = retention_limits(START)
    values = {"done_before": done, "failed_before": failed, "now": START, **changes}
    return await remove_old(database, **values)  # type: ignore[arg-type]


async def ids(database: Database, table: str, column: str = "id") -> list[int]:
    def read(db: Sql) -> list[int]:
        rows = db.execute(f"SELECT {column} FROM {table} ORDER BY {column}").fetchall()  # noqa: S608
        return [row[0] for row in rows]

    return await database.read(read)


async def test_done_jobs_go_after_30_days_and_failed_ones_after_90(database: Database) -> None:
    rows = [
        Ended(id=number, status=status, at=START - timedelta(days=days, seconds=seconds))
        for number, (status, days, seconds) in enumerate(
            [
                ("completed", 30, 0), ("completed", 30, 1), ("skipped", 31, 0), ("cancelled", 31, 0),
                ("failed", 31, 0), ("failed", 90, 0), ("failed", 90, 1),
            ],
            1,
        )
    ]  # fmt: skip
    await database.run(insert_ended, rows)
    assert await clean_up(database) == RemovedCounts(jobs=4, attempts=4)
    assert await ids(database, "job_history") == [1, 5, 6]
    assert await ids(database, "job_attempts", "job_id") == [1, 5, 6]


async def test_a_family_that_is_still_at_work_keeps_all_its_rows(database: Database) -> None:
    old = START - 200 * DAY
    rows = [
        Ended(id=1, at=old),
        Ended(id=2, at=old, root=1),
        Ended(id=3, at=old),
        Ended(id=4, at=old, root=3),
    ]
    await database.run(insert_ended, rows)
    await database.run(lambda db: insert_waiting(db, 9, root_id=1))
    await clean_up(database)
    assert await ids(database, "job_history") == [1, 2]


async def test_a_webhook_goes_with_the_last_job_that_refers_to_it(database: Database) -> None:
    await database.run(insert_events, dict.fromkeys(range(1, 5), "Dune"), START - 200 * DAY)
    rows = [
        Ended(id=1, at=START - 100 * DAY, event=1),
        Ended(id=2, at=START - 100 * DAY, event=2),
        Ended(id=3, at=START - 50 * DAY, event=2, status="failed"),
        Ended(id=4, at=START - 100 * DAY, event=3),
    ]
    await database.run(insert_ended, rows)
    await database.run(lambda db: insert_waiting(db, 9, event_id=3))
    assert await clean_up(database) == RemovedCounts(jobs=3, attempts=3, webhooks=2)
    assert await ids(database, "webhook_events") == [2, 3]


async def test_a_webhook_of_the_last_day_stays_whatever_refers_to_it(database: Database) -> None:
    await database.run(insert_events, {1: "New"}, START - DAY + timedelta(seconds=1))
    await database.run(insert_events, {2: "Old"}, START - DAY - timedelta(seconds=1))
    await database.run(insert_ended, [Ended(id=1, at=START - timedelta(hours=1), event=1)])
    await clean_up(database, done_before=START)
    assert await ids(database, "webhook_events") == [1]


@pytest.mark.parametrize(
    ("now", "kept"),
    [
        (
            datetime(2026, 4, 10, 3, 30, tzinfo=ZoneInfo("Europe/Berlin")),
            datetime(2026, 3, 11, 1, 30, tzinfo=UTC),
        ),
        (
            datetime(2026, 11, 10, 3, 30, tzinfo=ZoneInfo("Europe/Berlin")),
            datetime(2026, 10, 11, 2, 30, tzinfo=UTC),
        ),
    ],
)
async def test_a_change_of_the_clocks_takes_and_gives_no_hour(
    database: Database, now: datetime, kept: datetime
) -> None:
    done, failed = retention_limits(now)
    assert (done, failed) == (kept, kept - 60 * DAY)
    rows = [Ended(id=1, at=kept), Ended(id=2, at=kept - timedelta(milliseconds=1))]
    await database.run(insert_ended, rows)
    await clean_up(database, done_before=done, failed_before=failed, now=now)
    assert await ids(database, "job_history") == [1]


async def test_rows_go_in_batches_with_a_rest_after_each(database: Database) -> None:
    left: list[int] = []

    async def rest() -> None:
        left.append(len(await ids(database, "job_history")))

    await database.run(insert_ended, [Ended(id=number, at=START - 100 * DAY) for number in range(1, 1202)])
    await clean_up(database, batch=10_000, between=rest)
    steps = [before - after for before, after in zip([1201, *left], left, strict=False)]
    assert max(steps) <= LARGEST_BATCH
    assert left[-1] == 0
    assert len([step for step in steps if step]) >= 3


async def test_jobs_that_stay_do_not_stop_the_ones_behind_them(database: Database) -> None:
    rows = [Ended(id=number, at=START - 100 * DAY, root=number) for number in range(1, 31)]
    await database.run(insert_ended, rows)

    def keep(db: Sql) -> None:
        for number in range(1, 21):
            insert_waiting(db, 100 + number, root_id=number)

    await database.run(keep)
    await clean_up(database, batch=5)
    assert await ids(database, "job_history") == list(range(1, 21))


async def test_a_clean_up_that_is_stopped_has_kept_families_whole(database: Database) -> None:
    async def stop() -> None:
        raise asyncio.CancelledError

    await database.run(insert_ended, [Ended(id=number, at=START - 100 * DAY) for number in range(1, 21)])
    with pytest.raises(asyncio.CancelledError):
        await clean_up(database, batch=5, between=stop)
    jobs = await ids(database, "job_history")
    assert len(jobs) == 15
    assert await ids(database, "job_attempts", "job_id") == jobs


async def test_old_counters_go_too(database: Database) -> None:
    for days in (1, 10):
        await database.run(
            lambda db, at: count_ended(db, type="a", status="failed", now=at), START - days * DAY
        )
    await clean_up(database)
    assert len(await ids(database, "job_totals", "slot")) == 1


async def test_what_is_old_is_found_by_index(database: Database) -> None:
    def plans(db: Sql) -> list[str]:
        explained = Explained(db)
        _remove_jobs(explained, "completed", 2**60, (-1, -1), 500, START)
        _forgotten_webhooks(explained, START, (-1, -1))
        return [line for line in explained.lines if ": SCAN" in line or "TEMP B-TREE" in line]

    await database.run(insert_events, {1: "Dune"}, START - 5 * DAY)
    await database.run(insert_ended, [Ended(id=1, event=1)])
    assert await database.run(plans) == []
