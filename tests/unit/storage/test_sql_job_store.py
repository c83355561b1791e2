from __future__ import annotations

import sqlite3
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.domain.jobs import AttemptOutcome, JobStatus, NewJob
from metarr_desktop.domain.outcomes import Done, Failed, Retry
from metarr_desktop.domain.text import Text
from metarr_desktop.storage.job_store import Run
from tests.fakes import START

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.event_store import EventStore
    from metarr_desktop.storage.history_store import HistoryStore
    from metarr_desktop.storage.sql_job_store import SqlJobStore

LANES = dict.fromkeys(("intake", "scan", "kodi", "discord"), 100)
RUN = Run(started_at=START, duration=timedelta(milliseconds=250))
BODY = b'{"eventType": "Download"}'
LATER = START + timedelta(seconds=1)


def webhook() -> IncomingWebhook:
    return IncomingWebhook(
        source="radarr", event_type="Download", instance="Radarr", body=BODY, remote_address="127.0.0.1"
    )


def notify(lane: str = "discord", **changes: object) -> NewJob:
    values: dict[str, object] = {"type": f"notify-{lane}", "lane": lane, "priority": 5, **changes}
    return NewJob(**values)  # type: ignore[arg-type]


async def claimed(store: SqlJobStore, new: NewJob | None = None) -> Job:
    await store.add([new or notify()], now=START)
    claim = await store.claim(LANES, now=START)
    assert claim.job is not None
    return claim.job


async def test_a_webhook_and_its_job_are_stored_together(store: SqlJobStore, events: EventStore) -> None:
    stored, job = await store.store_webhook(webhook(), now=START)
    assert (job.id, job.event_id, job.type, job.priority, job.root_id) == (
        stored.job_id,
        stored.event_id,
        "webhook-received",
        1,
        stored.job_id,
    )
    assert await store.jobs() == (job,)
    assert await events.body(stored.event_id) == ("radarr", BODY)


async def test_claims_go_by_priority_then_due_time_then_id(store: SqlJobStore) -> None:
    added = (
        await store.add(
            [notify("kodi", priority=8), notify("discord"), notify("kodi", priority=3), notify("discord")],
            now=START,
        )
    ).jobs
    order = []
    while (claim := await store.claim(LANES, now=START)).job is not None:
        assert claim.job.status is JobStatus.PROCESSING
        order.append(claim.job.id)
    ids = [job.id for job in added]
    assert order == [ids[2], ids[1], ids[3], ids[0]]


async def test_the_longest_waiting_job_can_be_claimed_out_of_turn(store: SqlJobStore) -> None:
    (old,) = (await store.add([notify("kodi", priority=8)], now=START)).jobs
    await store.add([notify("discord", priority=1)], now=LATER)
    claim = await store.claim(LANES, now=LATER, turn=9)
    assert claim.job is not None
    assert claim.job.id == old.id


async def test_lanes_that_are_not_open_are_left_alone(store: SqlJobStore) -> None:
    await store.add([notify("kodi")], now=START)
    assert (await store.claim({"discord": 100}, now=START)).job is None
    assert (await store.claim({"kodi": 100}, now=START)).job is not None


async def test_recovery_puts_running_jobs_back_with_a_crashed_attempt(
    store: SqlJobStore, history: HistoryStore
) -> None:
    job = await claimed(store)
    (recovered,) = (await store.recover(now=LATER)).jobs
    assert (recovered.id, recovered.status, recovered.starts) == (job.id, JobStatus.PENDING, 1)
    (attempt,) = (await history.attempts([job.id]))[job.id]
    assert (attempt.outcome, attempt.duration) == (AttemptOutcome.CRASHED, timedelta(seconds=1))
    again = (await store.claim(LANES, now=LATER)).job
    assert again is not None
    assert again.starts == 2


async def test_a_retry_of_a_waiting_job_makes_it_due(store: SqlJobStore) -> None:
    job = await claimed(store)
    await store.settle(job, Retry(error=Text("x"), delay=timedelta(hours=1)), run=RUN, now=START)
    due, new = await store.retry(job.id, max_retries=3, now=LATER)
    assert (due.id, due.run_after, new) == (job.id, LATER, False)
    assert (await store.claim(LANES, now=LATER)).job is not None


async def test_a_running_job_cannot_be_run_now(store: SqlJobStore) -> None:
    job = await claimed(store)
    with pytest.raises(Refused):
        await store.run_now(job.id, now=START)
    with pytest.raises(NotFound):
        await store.run_now(999, now=START)


async def test_a_replay_is_a_new_root_of_the_same_webhook(store: SqlJobStore) -> None:
    stored, root = await store.store_webhook(webhook(), now=START)
    again = await store.replay(stored.event_id, now=LATER)
    assert (again.event_id, again.root_id) == (stored.event_id, again.id)
    assert again.root_id != root.root_id
    with pytest.raises(NotFound):
        await store.replay(999, now=LATER)


async def test_an_id_is_never_used_twice(store: SqlJobStore) -> None:
    job = await claimed(store)
    await store.settle(job, Done(), run=RUN, now=START)
    (next_job,) = (await store.add([notify()], now=START)).jobs
    assert next_job.id == job.id + 1


async def test_counts_name_the_oldest_waiting_job(store: SqlJobStore) -> None:
    job = await claimed(store)
    await store.add([notify()], now=LATER)
    await store.add([notify()], now=LATER + timedelta(seconds=5))
    counts = await store.counts()
    assert (counts.pending, counts.processing, counts.oldest_pending_at) == (2, 1, LATER)
    assert job.status is JobStatus.PROCESSING


async def test_the_claim_uses_its_indexes_at_every_step(store: SqlJobStore, database: Database) -> None:
    def plans(sql: sqlite3.Connection) -> list[str]:
        head = "FROM job_queue WHERE lane = 'x' AND ready = 1 ORDER BY"
        statements = [
            f"SELECT priority, run_after, id {head} priority, run_after, id LIMIT 1",
            f"SELECT run_after, id {head} run_after, id LIMIT 1",
            "UPDATE job_queue SET ready = 1 WHERE ready = 0 AND status = 'pending' AND run_after <= 5",
            "SELECT MIN(run_after) FROM job_queue WHERE ready = 0 AND status = 'pending'",
            "SELECT id FROM job_queue WHERE waits_for = 3",
        ]
        return [str(sql.execute(f"EXPLAIN QUERY PLAN {each}").fetchall()) for each in statements]

    for plan in await database.read(plans):
        assert "USING" in plan
        assert "INDEX job_queue_" in plan
        assert "TEMP B-TREE" not in plan


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


async def test_a_retry_of_any_link_of_a_chain_returns_its_active_job(store: SqlJobStore) -> None:
    first = await claimed(store)
    await store.settle(first, Failed(error=Text("no")), run=RUN, now=START)
    await store.retry(first.id, max_retries=3, now=START)
    second = (await store.claim(LANES, now=START)).job
    assert second is not None
    await store.settle(second, Failed(error=Text("no")), run=RUN, now=START)
    third, _ = await store.retry(second.id, max_retries=3, now=START)
    again, new = await store.retry(first.id, max_retries=3, now=START)
    assert (again.id, new) == (third.id, False)


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


async def test_waiting_jobs_are_summed_up_by_type(store: SqlJobStore) -> None:
    job = await claimed(store)
    await store.settle(job, Retry(error=Text("No answer."), delay=timedelta(hours=1)), run=RUN, now=START)
    await store.add([notify(), notify("kodi")], now=START)
    waiting = await store.waiting()
    assert {kind: (each.count, str(each.error)) for kind, each in waiting.items()} == {
        "notify-discord": (2, "No answer."),
        "notify-kodi": (1, "None"),
    }
