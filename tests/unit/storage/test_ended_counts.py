from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from metarr_desktop.storage.ended_counts import KEPT, drop_old_counters, ended_since
from metarr_desktop.storage.totals import count_ended
from tests.fakes import START
from tests.unit.storage.history_rows import Ended, Explained, insert_ended

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql


def end(db: Sql, rows: Sequence[Ended]) -> None:
    """What a settlement does."""
    insert_ended(db, rows)
    for row in rows:
        count_ended(db, type=row.type, status=row.status, now=row.at)


async def test_counts_are_exact_from_any_instant_on(database: Database) -> None:
    dice = Random(2)
    rows = [
        Ended(
            id=number,
            at=START + timedelta(milliseconds=dice.randrange(3 * 3_600_000)),
            type=dice.choice(("scan-movie", "notify-kodi")),
            status=dice.choice(("completed", "failed")),
        )
        for number in range(1, 501)
    ]
    await database.run(end, rows)
    for minutes in (0, 7.5, 15, 22, 90, 179, 500):
        since = START + timedelta(minutes=minutes)
        wanted: dict[tuple[str, str], int] = {}
        for row in rows:
            if row.at >= since:
                wanted[row.type, row.status] = wanted.get((row.type, row.status), 0) + 1
        assert await database.read(ended_since, since) == wanted


async def test_a_job_that_ended_at_the_very_edge_counts_once(database: Database) -> None:
    await database.run(end, [Ended(id=1, at=START), Ended(id=2, at=START - timedelta(milliseconds=1))])
    key = ("notify-discord", "completed")
    assert await database.read(ended_since, START) == {key: 1}
    assert await database.read(ended_since, START - timedelta(milliseconds=1)) == {key: 2}


async def test_the_history_is_never_counted_as_a_whole(database: Database) -> None:
    def plans(db: Sql, since: datetime) -> list[str]:
        explained = Explained(db)
        ended_since(explained, since)
        return [line for line in explained.lines if ": SCAN" in line]

    await database.run(end, [Ended(id=1)])
    assert await database.read(plans, START - timedelta(minutes=7)) == []


async def test_old_counters_are_dropped_and_younger_ones_kept(database: Database) -> None:
    rows = [Ended(id=1, at=START), Ended(id=2, at=START - KEPT - timedelta(minutes=16))]
    await database.run(end, rows)
    await database.run(drop_old_counters, START)
    kept = await database.read(lambda db: db.execute("SELECT SUM(jobs) FROM job_totals").fetchone()[0])
    assert kept == 1
    assert sum((await database.read(ended_since, START - timedelta(hours=24))).values()) == 1
