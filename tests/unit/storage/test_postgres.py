from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import errors

from metarr_desktop.domain.errors import NotFound, StorageConflict, StorageFailed
from metarr_desktop.domain.jobs import NewJob
from metarr_desktop.domain.outcomes import Failed
from metarr_desktop.domain.text import Text
from metarr_desktop.storage.database import Database, postgres_database
from metarr_desktop.storage.dialect import POSTGRESQL
from metarr_desktop.storage.event_store import EventStore
from metarr_desktop.storage.failures import DISK_FULL
from metarr_desktop.storage.health import write_nothing
from metarr_desktop.storage.news import PostgresNews
from metarr_desktop.storage.postgres import MANY, postgres_failure
from metarr_desktop.storage.postgres_schema import prepare_postgres
from metarr_desktop.storage.sql_job_store import SqlJobStore, _retry
from tests.fakes import START, until
from tests.unit.storage.history_rows import Ended, insert_ended, insert_events

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from metarr_desktop.storage.sql import Rows, Sql
    from tests.servers import PostgresServer


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[Database]:
    await asyncio.to_thread(prepare_postgres, postgres_url)
    database = postgres_database(postgres_url, sender="here")
    yield database
    await database.close()


def store(db: Sql, name: str, value: str = "1") -> None:
    db.execute("INSERT INTO settings (name, value, updated_at) VALUES (?, ?, 0)", (name, value))


def names(db: Sql) -> list[str]:
    return [row[0] for row in db.execute("SELECT name FROM settings ORDER BY name").fetchall()]


async def test_a_call_is_one_transaction_and_a_hundred_percent_of_a_question_mark_is_text(
    database: Database,
) -> None:
    def store_and_fail(db: Sql) -> None:
        store(db, "b")
        raise KeyError("b")

    await database.run(store, "100%", "50 % of what?")
    with pytest.raises(KeyError):
        await database.run(store_and_fail)
    assert await database.read(names) == ["100%"]
    assert await database.read(
        lambda db: db.execute(
            "SELECT value FROM settings WHERE name LIKE '%' AND name = ?", ("100%",)
        ).fetchone()
    ) == ("50 % of what?",)


async def test_members_of_a_group_fail_alone(database: Database) -> None:
    calls = [database.run(store, name) for name in ("a", "a", "b")]
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert ended[0] is None
    assert isinstance(ended[1], StorageConflict)
    assert ended[2] is None
    assert await database.read(names) == ["a", "b"]
    assert database.problem is None


async def test_text_that_postgresql_cannot_hold_loses_only_what_it_refuses(database: Database) -> None:
    await database.run(store, "a\0b", "half \ud83d of a character")
    (row,) = await database.read(lambda db: db.execute("SELECT name, value FROM settings").fetchall())
    assert row == ("a\ufffdb", "half ? of a character")


@pytest.mark.expects_errors("storage.database: .*read-only transaction")
async def test_the_reading_connection_cannot_write(database: Database) -> None:
    with pytest.raises(StorageFailed):
        await database.read(store, "x")


@pytest.mark.expects_errors("storage.database: The database server cannot be used")
async def test_a_server_that_goes_is_a_sentence_and_work_goes_on_when_it_is_back(
    database: Database, postgres_server: PostgresServer
) -> None:
    await database.run(store, "before")
    await asyncio.to_thread(postgres_server.stop, "immediate")
    with pytest.raises(StorageFailed, match="cannot be used"):
        await database.run(store, "lost")
    assert database.problem is not None
    await asyncio.to_thread(postgres_server.start)

    async def back() -> None:
        while True:
            try:
                return await database.run(store, "after")
            except StorageFailed:
                await asyncio.sleep(0.05)

    await asyncio.wait_for(back(), 20)
    assert await database.read(names) == ["after", "before"]


async def test_a_connection_that_broke_meanwhile_costs_no_call(
    database: Database, postgres_server: PostgresServer
) -> None:
    await database.run(store, "before")
    await asyncio.to_thread(postgres_server.restart, "immediate")
    await database.run(store, "after")
    assert await database.read(names) == ["after", "before"]


async def test_other_processes_hear_what_changed_and_nobody_hears_himself(
    database: Database, postgres_url: str
) -> None:
    def tell(db: Sql, *topics: str | int) -> None:
        db.tell(*topics)

    heard: list[tuple[str | int, ...]] = []
    own: list[tuple[str | int, ...]] = []
    news = PostgresNews(postgres_url, password=None, sender="there", on_news=heard.append)
    echo = PostgresNews(postgres_url, password=None, sender="here", on_news=own.append)
    await news.start()
    await echo.start()

    async def one_is_heard() -> bool:
        await database.run(tell, 7, "lanes", 7)
        await asyncio.sleep(0.02)
        return bool(heard)

    try:
        async with asyncio.timeout(10):
            while not await one_is_heard():
                pass
        assert heard[0] == (7, "lanes")
        await database.run(tell, *range(5_000))
        await until(lambda: (MANY,) in heard)
        assert own == []
    finally:
        await news.close()
        await echo.close()


async def test_what_a_transaction_that_failed_told_is_told_to_nobody(
    database: Database, postgres_url: str
) -> None:
    def tell_and_fail(db: Sql) -> None:
        db.tell(1)
        raise KeyError("no")

    heard: list[tuple[str | int, ...]] = []
    news = PostgresNews(postgres_url, password=None, sender="there", on_news=heard.append)
    await news.start()
    try:
        with pytest.raises(KeyError):
            await database.run(tell_and_fail)

        def tell(db: Sql) -> None:
            db.tell(2)

        async with asyncio.timeout(10):
            while not heard:
                await database.run(tell)
                await asyncio.sleep(0.02)
        assert set(heard) == {(2,)}
    finally:
        await news.close()


@pytest.mark.expects_errors
async def test_a_database_of_a_newer_version_is_refused(postgres_url: str) -> None:
    await asyncio.to_thread(prepare_postgres, postgres_url)
    with psycopg.connect(postgres_url) as db:
        db.execute("INSERT INTO schema_migrations (name, applied) VALUES ('0999_future', '2030-01-01')")
    with pytest.raises(StorageFailed, match="newer"):
        await asyncio.to_thread(prepare_postgres, postgres_url)


async def test_two_programs_that_start_at_once_make_the_tables_once(postgres_url: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(prepare_postgres, postgres_url) for _ in range(3)))
    with psycopg.connect(postgres_url) as db:
        (applied,) = db.execute("SELECT COUNT(*), COUNT(DISTINCT name) FROM schema_migrations").fetchall()
    assert applied[0] == applied[1]


async def test_a_server_out_of_reach_is_a_sentence() -> None:
    with pytest.raises(StorageFailed, match="cannot be used") as caught:
        await asyncio.to_thread(prepare_postgres, "postgresql://metarr:hush@127.0.0.1:1/x")
    assert "hush" not in str(caught.value)


async def test_two_computers_that_retry_one_job_at_the_same_moment_get_one_job(
    database: Database, postgres_url: str
) -> None:
    store, there = SqlJobStore(database), postgres_database(postgres_url)
    await store.add([NewJob(type="notify-x", lane="x", priority=5)], now=START)
    (job,) = (await store.claim({"x": 1}, now=START)).jobs
    await store.settle(job, Failed(error=Text("no")), run=None, now=START)
    retried, commit = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def retry_slowly(db: Sql) -> int:
        again, _ = _retry(db, job.id, 3, None, START)
        loop.call_soon_threadsafe(retried.set)
        commit.wait(10)
        return again.id

    first = asyncio.ensure_future(database.run(retry_slowly))
    await retried.wait()
    second = asyncio.ensure_future(SqlJobStore(there).retry(job.id, max_retries=3, now=START))
    with psycopg.connect(postgres_url, autocommit=True) as db:
        waits = (
            "SELECT COUNT(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        await until(lambda: second.done() or db.execute(waits).fetchone() == (1,))
    commit.set()
    again, new = await second
    assert (again.id, new) == (await first, False)
    await there.close()


async def test_a_retry_looks_for_an_active_job_by_index(database: Database) -> None:
    plans: list[str] = []

    class Explained:
        dialect = POSTGRESQL

        def __init__(self, db: Sql) -> None:
            self.execute_plain, self.tell = db.execute, db.tell

        def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
            if "job_queue" in sql and "nextval" not in sql:
                plans.extend(row[0] for row in self.execute_plain(f"EXPLAIN {sql}", parameters).fetchall())
            return self.execute_plain(sql, parameters)

    def retry_explained(db: Sql) -> None:
        db.execute("SET LOCAL enable_seqscan = off")
        with pytest.raises(NotFound):
            _retry(Explained(db), 5, 3, None, START)

    await database.run(retry_explained)
    assert any("job_queue_retry_of" in line for line in plans)
    assert not any("Seq Scan on job_queue" in line for line in plans)


async def test_an_address_that_cannot_be_read_is_told_without_a_piece_of_it() -> None:
    with pytest.raises(StorageFailed, match="%25") as caught:
        await asyncio.to_thread(prepare_postgres, "postgresql://metarr:hu%sh@127.0.0.1:1/x")
    assert "sh@" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.expects_errors
async def test_a_user_who_may_not_make_tables_is_told_what_to_do(postgres_url: str) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute("DROP ROLE IF EXISTS guest")
        db.execute("CREATE ROLE guest LOGIN")
    with pytest.raises(StorageFailed, match=r"permission denied for schema public.*OWNER TO"):
        await asyncio.to_thread(prepare_postgres, postgres_url.replace("user=metarr", "user=guest"))


def test_what_postgresql_says_becomes_a_sentence_or_stays_a_mistake_of_ours() -> None:
    assert isinstance(postgres_failure(errors.DeadlockDetected("x")), StorageConflict)
    full = postgres_failure(errors.DiskFull("could not extend file"))
    assert full is not None
    assert full.text == DISK_FULL
    assert postgres_failure(errors.SyntaxError("x")) is None
    assert postgres_failure(errors.ProgramLimitExceeded("index row size 4024 exceeds 2704")) is None
    assert postgres_failure(ZeroDivisionError()) is None


@pytest.mark.expects_errors("read-only")
async def test_a_server_that_can_only_be_read_stays_a_problem_until_it_can_be_written(
    database: Database, postgres_url: str
) -> None:
    def lock() -> None:
        with psycopg.connect(postgres_url, autocommit=True) as db:
            db.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            db.execute("SELECT pg_reload_conf()")

    await asyncio.to_thread(lock)
    try:
        async with asyncio.timeout(10):
            while database.problem is None:
                with contextlib.suppress(StorageFailed):
                    await database.run(store, "x")
        assert "read-only" in str(database.problem)
        with pytest.raises(StorageFailed, match="read-only"):
            await database._writer.submit(write_nothing, ())
    finally:
        await asyncio.to_thread(_writable, postgres_url)


def _writable(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("SET default_transaction_read_only = off")
        db.execute("ALTER SYSTEM RESET default_transaction_read_only")
        db.execute("SELECT pg_reload_conf()")


async def test_webhooks_are_read_page_by_page_with_the_roots_of_each(database: Database) -> None:
    await database.run(insert_events, {number: f"Film {number}" for number in range(1, 4)})
    rows = [Ended(id=10, event=2, root=10), Ended(id=11, event=2, root=10), Ended(id=20, event=2, root=20)]
    await database.run(insert_ended, rows)
    events = EventStore(database)
    assert [each.id for each in await events.page(limit=2)] == [3, 2]
    assert [each.id for each in await events.page(limit=2, before=2)] == [1]
    assert await events.page(limit=2, before=2**63 - 1) != ()
    assert await events.all_roots(2, limit=20) == (20, 10)
