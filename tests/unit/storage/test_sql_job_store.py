from __future__ import annotations

import sqlite3
import sys
import zlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.domain.jobs import NewJob
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.storage.claiming import claim
from metarr_desktop.storage.event_store import EventStore
from metarr_desktop.storage.holder import Holder
from metarr_desktop.storage.job_store import Run
from metarr_desktop.storage.orphans import recover
from metarr_desktop.storage.settlement import settle
from tests.fakes import START
from tests.unit.storage.history_rows import Explained

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql
    from metarr_desktop.storage.sql_job_store import SqlJobStore

LANES = dict.fromkeys(("intake", "scan", "kodi", "discord"), 100)


def notify(lane: str = "discord", **changes: object) -> NewJob:
    values: dict[str, object] = {"type": f"notify-{lane}", "lane": lane, "priority": 5, **changes}
    return NewJob(**values)  # type: ignore[arg-type]


async def claimed(store: SqlJobStore, new: NewJob | None = None) -> Job:
    await store.add([new or notify()], now=START)
    claim = await store.claim(LANES, now=START)
    assert claim.job is not None
    return claim.job


async def test_claim_and_settlement_read_no_more_of_the_queue_than_indexes_give(
    store: SqlJobStore, database: Database
) -> None:
    await store.add([notify("kodi", merge_key="/a"), notify("kodi", merge_key="/b"), notify()], now=START)
    lines: list[str] = []
    holder = Holder(worker="here")
    run = Run(started_at=START, duration=timedelta(seconds=1))
    window = timedelta(seconds=15)

    def work(sql: Sql) -> None:
        explained = Explained(sql)
        for turn in (0, 9):
            for job in claim(explained, holder, LANES, START, turn, 2).jobs:
                settle(explained, holder, job, Done(), run, START, (), window)
        recover(explained, holder, START, ())
        lines.extend(explained.slow)

    await database.run(work)
    few = ("job_queue_processing", "SCAN lanes", "SCAN merge_windows")
    grouped = "GROUP BY lane: USE TEMP B-TREE FOR GROUP BY"
    assert [each for each in lines if grouped not in each and not any(one in each for one in few)] == []
    assert any("job_queue_processing" in each for each in lines)


async def test_people_use_the_queue_from_another_connection_while_we_do(
    store: SqlJobStore, tmp_path: Path
) -> None:
    await store.add([notify("kodi", priority=8), notify("discord")], now=START)
    shell = sqlite3.connect(tmp_path / "metarr.db", timeout=2)
    try:
        rows = shell.execute("SELECT type, status FROM job_queue ORDER BY priority, created_at").fetchall()
        assert rows == [("notify-discord", "pending"), ("notify-kodi", "pending")]
        shell.execute("UPDATE job_queue SET priority = 2 WHERE type = 'notify-kodi'")
        shell.commit()
    finally:
        shell.close()
    claim = await store.claim(LANES, now=START)
    assert claim.job is not None
    assert claim.job.type == "notify-kodi"


async def test_times_broken_by_hand_end_nothing(store: SqlJobStore, database: Database) -> None:
    await store.add([notify(), notify()], now=START)

    def damage(sql: sqlite3.Connection) -> None:
        sql.execute(
            "UPDATE job_queue SET run_after = datetime('now'), ready = 0, created_at = 'x' WHERE id = 1"
        )
        sql.execute(
            "INSERT INTO lanes (lane, state, reason, since, until) VALUES ('kodi', 'paused', 'x', 'y', 'z')"
        )

    await database.run(damage)
    claim = await store.claim(LANES, now=START)
    assert claim.job is not None
    assert claim.job.id == 2
    assert (await store.claim(LANES, now=START)).next_due is None
    assert [stop.lane for stop in await store.lane_stops()] == ["kodi"]
    assert len(await store.jobs()) == 2
    assert len((await store.recover(now=START)).jobs) == 1


async def test_a_row_marked_as_running_by_hand_does_not_hold_up_the_claim(
    store: SqlJobStore, database: Database
) -> None:
    await store.add([notify(), notify()], now=START)

    def damage(sql: sqlite3.Connection) -> None:
        sql.execute("UPDATE job_queue SET status = 'processing' WHERE id = 1")

    await database.run(damage)
    claim = await store.claim(LANES, now=START, limit=2)
    assert [job.id for job in claim.jobs] == [2]
    assert len((await store.recover(now=START)).jobs) == 2


async def test_a_start_broken_by_hand_ends_nothing(store: SqlJobStore, database: Database) -> None:
    await claimed(store)

    def damage(sql: sqlite3.Connection) -> None:
        sql.execute("UPDATE job_queue SET started_at = datetime('now')")

    await database.run(damage)
    assert len((await store.recover(now=START)).jobs) == 1


async def test_a_large_body_is_not_compressed_on_the_loop(store: SqlJobStore, database: Database) -> None:
    body = b'{"eventType": "Download"}'.ljust(1024 * 1024)
    webhook = IncomingWebhook(
        source="radarr", event_type="Download", instance="", body=body, remote_address="127.0.0.1"
    )
    compressed_here: list[object] = []

    def profile(_frame: object, event: str, called: object) -> None:
        if event == "c_call" and called is zlib.compress:
            compressed_here.append(called)

    sys.setprofile(profile)
    try:
        stored, _ = await store.store_webhook(webhook, now=START)
    finally:
        sys.setprofile(None)
    assert compressed_here == []
    assert (await EventStore(database).body(stored.event_id)).body == body


@pytest.mark.parametrize("far", ["run_after = 1000000000000000000", "expires_at = 1000000000000000000"])
async def test_a_time_beyond_all_time_set_by_hand_holds_up_its_own_job_only(
    store: SqlJobStore, database: Database, far: str
) -> None:
    await store.add([notify("kodi"), notify("discord")], now=START)
    later = to_ms(START) + 60_000

    def by_hand(sql: Sql) -> None:
        sql.execute("UPDATE job_queue SET ready = 0, run_after = ? WHERE lane = 'kodi'", (later,))
        sql.execute(f"UPDATE job_queue SET {far} WHERE lane = 'kodi'")  # noqa: S608

    await database.run(by_hand)
    claim = await store.claim(LANES, now=START)
    assert [job.lane for job in claim.jobs] == ["discord"]
    assert claim.next_due is not None
    assert claim.next_due > START
