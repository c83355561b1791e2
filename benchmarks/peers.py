"""Jobs a second of other queues and of ours: claim, do nothing, acknowledge, every commit synced."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import logging
import random
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
from drain import raw_cycles
from harness import BODY, ROOT, folder, goal, report, spread
from huey import SqliteHuey
from litequeue import LiteQueue
from persistqueue import SQLiteAckQueue
from procrastinate import App, PsycopgConnector

from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import JobEnded
from metarr_desktop.domain.clock import SystemClock
from metarr_desktop.domain.jobs import Job, NewJob
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.jobs.handlers import JobType
from metarr_desktop.jobs.queue import JobQueue
from metarr_desktop.jobs.worker import Worker
from metarr_desktop.storage.database import Database, SqliteDatabase, postgres_database
from metarr_desktop.storage.holder import this_process
from metarr_desktop.storage.postgres_schema import prepare_postgres
from metarr_desktop.storage.redis_job_store import RedisJobStore
from metarr_desktop.storage.redis_link import RedisLink
from metarr_desktop.storage.redis_queue import RedisQueue
from metarr_desktop.storage.relayed import RelayedDatabase
from metarr_desktop.storage.schema import prepare
from metarr_desktop.storage.sql_job_store import SqlJobStore
from tests.servers import PostgresServer, RedisServer, server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROUNDS, JOBS = 7, 1_000
PAYLOAD: dict[str, Any] = json.loads(BODY)
TEXT = BODY.decode()
AT_ONCE = 24
FLOOR = "raw sqlite3, claim + archive"
DURABLE_ON_SQLITE = ("persist-queue", "litequeue")
PEERS = ("huey", "litequeue", "persist-queue", "procrastinate")


# --- The floors ---


def raw_sqlite(path: Path) -> float:
    """One claim and one archive a job, each with its commit."""
    return raw_cycles(path, synchronous="FULL", cycles=JOBS, payload=TEXT)


def raw_postgres(url: str) -> float:
    """The same on PostgreSQL, over one connection."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("CREATE TABLE queue (id bigserial PRIMARY KEY, payload text, status text)")
        db.execute("CREATE TABLE history (id bigserial PRIMARY KEY, payload text)")
        db.execute(
            "INSERT INTO queue (payload, status) SELECT %s, 'pending' FROM generate_series(1, %s)",
            (TEXT, JOBS),
        )
        began = time.perf_counter()
        for _ in range(JOBS):
            row = db.execute(
                "UPDATE queue SET status = 'processing' WHERE id = (SELECT id FROM queue"
                " WHERE status = 'pending' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, payload"
            ).fetchone()
            assert row is not None
            with db.transaction():
                db.execute("INSERT INTO history (payload) VALUES (%s)", (row[1],))
                db.execute("DELETE FROM queue WHERE id = %s", (row[0],))
        return JOBS / (time.perf_counter() - began)


# --- The peers, each through its own interface and with its own defaults but for the syncing ---


def persist_queue(path: Path) -> float:
    """``get`` and ``ack`` of SQLiteAckQueue, which keeps what is done."""
    queue = SQLiteAckQueue(str(path / f"persist-{time.time_ns()}"))
    synced(queue._putter, on=False)  # noqa: SLF001 - the library has no setting for it
    for _ in range(JOBS):
        queue.put(TEXT)
    synced(queue._putter)  # noqa: SLF001
    began = time.perf_counter()
    for _ in range(JOBS):
        queue.ack(queue.get(block=False))
    seconds = time.perf_counter() - began
    assert queue.acked_count() == JOBS
    queue.close()
    return JOBS / seconds


def litequeue(path: Path) -> float:
    """``pop`` and ``done``, which keeps what is done."""
    queue = LiteQueue(path / f"lite-{time.time_ns()}.db")
    synced(queue.conn, on=False)
    for _ in range(JOBS):
        queue.put(TEXT)
    synced(queue.conn)
    began = time.perf_counter()
    for _ in range(JOBS):
        queue.done(queue.pop().message_id)
    seconds = time.perf_counter() - began
    assert queue.qsize() == 0
    queue.close()
    return JOBS / seconds


def huey(path: Path) -> float:
    """``dequeue`` and ``execute``. It deletes a job as it takes it: one commit, and a crash loses the job."""
    queue = SqliteHuey(filename=str(path / f"huey-{time.time_ns()}.db"), fsync=True)
    ran: list[str] = []
    task = queue.task()(ran.append)
    synced(queue.storage.conn, on=False)
    for _ in range(JOBS):
        task(TEXT)
    synced(queue.storage.conn)
    began = time.perf_counter()
    for _ in range(JOBS):
        queue.execute(queue.dequeue())
    seconds = time.perf_counter() - began
    assert ran == [TEXT] * JOBS
    queue.storage.close()
    return JOBS / seconds


def synced(db: sqlite3.Connection, *, on: bool = True) -> None:
    """Sync every commit from here on, with all before it on the disk; or, to fill quickly, none."""
    db.execute(f"PRAGMA synchronous={'FULL' if on else 'OFF'}")
    if on:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        assert db.execute("PRAGMA synchronous").fetchone()[0] == 2  # noqa: PLR2004 - FULL
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def procrastinate(url: str) -> float:
    """One worker that takes one job at a time, as it does by default; jobs that are done are kept."""
    return asyncio.run(procrastinate_worker(url, at_once=1))


def procrastinate_at_once(url: str) -> float:
    """One worker that runs several jobs beside one another."""
    return asyncio.run(procrastinate_worker(url, at_once=AT_ONCE))


async def procrastinate_worker(url: str, *, at_once: int) -> float:
    """Let its worker run until nothing is left."""
    app = App(connector=PsycopgConnector(conninfo=url, min_size=at_once + 2, max_size=at_once + 2))
    ran = 0

    async def nothing(**body: object) -> None:
        nonlocal ran
        assert len(body) == len(PAYLOAD)
        ran += 1

    task = app.task(name="nothing")(nothing)
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await task.batch_defer_async(*[PAYLOAD] * JOBS)
        began = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=at_once, install_signal_handlers=False)
        seconds = time.perf_counter() - began
    assert ran == JOBS
    return JOBS / seconds


# --- Ours ---


def ours_sqlite(path: Path) -> float:
    """Worker, queue and store on a new SQLite file."""

    async def run() -> float:
        file = path / f"ours-{time.time_ns()}.db"
        await asyncio.to_thread(prepare, file)
        database = SqliteDatabase(file)
        try:
            return await ours(database, filled=lambda: checkpoint(file))
        finally:
            await database.close()

    return asyncio.run(run())


def ours_redis(path: Path, url: str) -> float:
    """Worker and queue on an empty Redis that syncs every command, with a new SQLite file."""

    async def run() -> float:
        file = path / f"redis-{time.time_ns()}.db"
        await asyncio.to_thread(prepare, file)
        link = RedisLink(url, prefix=f"{file.stem}:")
        queue = RedisQueue(link, holder=this_process(), shared=False)
        database = RelayedDatabase(SqliteDatabase(file), queue, run_id=await link.check())
        try:
            return await ours(database, filled=lambda: checkpoint(file), store=RedisJobStore(database))
        finally:
            await database.close()
            await link.forget_all()
            await link.close()

    return asyncio.run(run())


def ours_postgres(url: str) -> float:
    """Worker, queue and store on an empty PostgreSQL database."""

    async def run() -> float:
        await asyncio.to_thread(prepare_postgres, url)
        database = postgres_database(url)
        try:
            return await ours(database, filled=lambda: None)
        finally:
            await database.close()

    return asyncio.run(run())


def checkpoint(file: Path) -> None:
    """Begin as the peers do: with an empty write-ahead log."""
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


async def ours(database: Database, *, filled: Callable[[], None], store: SqlJobStore | None = None) -> float:
    """Drain with the program's own worker, many jobs at a time; history and attempts are written."""
    bus, clock, tasks = Bus(), SystemClock(), TaskSupervisor()
    queue = JobQueue(store=store or SqlJobStore(database), bus=bus, clock=clock)
    for _ in range(JOBS // 100):
        await queue.add([NewJob(type="nothing", lane="nothing", priority=5, payload=PAYLOAD)] * 100)
    await asyncio.to_thread(filled)
    left, empty = JOBS, asyncio.Event()

    async def nothing(job: Job, _report: object) -> Done:
        assert len(job.payload) == len(PAYLOAD)
        return Done()

    def count(change: object) -> None:
        nonlocal left
        left -= isinstance(change, JobEnded)
        if not left:
            empty.set()

    bus.subscribe(count)
    worker = Worker(
        queue=queue,
        types=[JobType(type="nothing", handler=nothing, lane="nothing", concurrency=AT_ONCE)],
        clock=clock,
        spawn=tasks.spawn,
        rng=random.Random(),
    )
    began = time.perf_counter()
    tasks.spawn(worker.run(), name="worker")
    await empty.wait()
    seconds = time.perf_counter() - began
    await worker.stop()
    await tasks.close()
    return JOBS / seconds


# --- The rounds ---

ON_SQLITE: dict[str, Callable[[Path], float]] = {
    FLOOR: raw_sqlite,
    "persist-queue": persist_queue,
    "litequeue": litequeue,
    "huey": huey,
    "ours on SQLite": ours_sqlite,
}
ON_REDIS = "ours on Redis and SQLite"
ON_POSTGRES: dict[str, Callable[[str], float | None]] = {
    "raw PostgreSQL, claim + archive": raw_postgres,
    "procrastinate": procrastinate,
    f"procrastinate, {AT_ONCE} at once": procrastinate_at_once,
    "ours on PostgreSQL": ours_postgres,
}


def measured(name: str, path: Path, postgres: PostgresServer, redis: RedisServer) -> float | None:
    """Jobs a second of one queue, on a new file or database."""
    if name == ON_REDIS:
        return ours_redis(path, redis.url())
    if name in ON_SQLITE:
        return ON_SQLITE[name](path)
    database = postgres.create_database()
    try:
        return ON_POSTGRES[name](postgres.url(database))
    finally:
        postgres.drop_database(database)


def check_syncing(postgres: PostgresServer) -> None:
    """PostgreSQL must sync each commit, as the others do."""
    with psycopg.connect(postgres.url()) as db:
        for setting in ("fsync", "synchronous_commit"):
            assert db.execute(f"SHOW {setting}").fetchone() == ("on",)


def main() -> None:
    """Measure all in each round, every round beginning with another one."""
    logging.getLogger("procrastinate").setLevel(logging.ERROR)
    logging.getLogger("huey").setLevel(logging.ERROR)
    names = [*ON_SQLITE, ON_REDIS, *ON_POSTGRES]
    rounds: list[dict[str, float]] = []
    with (
        folder() as path,
        server(PostgresServer, within=ROOT.parent) as postgres,
        server(RedisServer, within=ROOT.parent) as redis,
    ):
        check_syncing(postgres)
        for turn in range(ROUNDS):
            first = turn % len(names)
            found = {name: measured(name, path, postgres, redis) for name in names[first:] + names[:first]}
            rounds.append({name: speed for name, speed in found.items() if speed is not None})
    report(
        goal(
            "ours on SQLite, of the faster of the peers that lose no job",
            [one["ours on SQLite"] / max(one[peer] for peer in DURABLE_ON_SQLITE) for one in rounds],
            bar=1.0,
            at_least=True,
        ),
        *(
            goal(
                "ours on PostgreSQL, of procrastinate",
                [one["ours on PostgreSQL"] / one["procrastinate"] for one in rounds],
                bar=1.0,
                at_least=True,
            )
            for _ in range("ours on PostgreSQL" in rounds[0])
        ),
        jobs=JOBS,
        rounds=ROUNDS,
        floor=FLOOR,
        queues={
            name: {
                "jobs_per_s": spread([one[name] for one in rounds]),
                "of_the_floor": spread([one[name] / one[FLOOR] for one in rounds]),
            }
            for name in names
            if name in rounds[0]
        },
        versions={peer: importlib.metadata.version(peer) for peer in PEERS},
    )


if __name__ == "__main__":
    main()
