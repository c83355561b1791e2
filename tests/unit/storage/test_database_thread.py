from __future__ import annotations

import asyncio
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import Refused, StorageFailed
from metarr_desktop.storage import database_thread as module
from metarr_desktop.storage.database_thread import LARGEST_GROUP, LONGEST_GROUP_S, PAUSE_SHARE, DatabaseThread
from metarr_desktop.storage.sqlite import SqliteConnection
from tests.fakes import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from metarr_desktop.storage.sql import Sql


class Times(threading.Event):
    """Time as the thread sees it: it passes when a call says so, and a pause is only noted."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0.0)
        return self.is_set()


class Recorded(SqliteConnection):
    """SQLite in memory that notes how transactions go; ``trouble`` is raised instead of a commit."""

    steps: list[str]
    trouble: Exception | None = None
    before_commit: threading.Event | None = None

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        self.steps.append(sql)
        return super().execute(sql, parameters)

    def commit(self) -> None:
        if self.before_commit is not None:
            self.before_commit.wait(10)
        if self.trouble is not None:
            raise self.trouble
        super().commit()


class Bench:
    """A thread on such a connection, and a gate that lets calls gather behind the first."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.connections: list[Recorded] = []
        self.refusals: list[Exception] = []
        self.gate = threading.Event()
        self.ran: list[str] = []
        self.thread = DatabaseThread(self.connect, name="bench", atomic=True)

    def connect(self) -> Recorded:
        if self.refusals:
            raise self.refusals.pop()
        connection = sqlite3.connect(":memory:", isolation_level=None, factory=Recorded)
        connection.steps = []
        connection.execute("CREATE TABLE names (name TEXT PRIMARY KEY)")
        connection.steps = self.steps
        self.connections.append(connection)
        return connection

    def submit(self, work: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        return self.thread.submit(work, args)

    def write(self, sql: Sql, name: str) -> str:
        self.ran.append(name)
        sql.execute("INSERT INTO names VALUES (?)", (name,))
        return name

    def write_behind_gate(self, sql: Sql, name: str) -> str:
        self.gate.wait(10)
        return self.write(sql, name)

    def refuse(self, sql: Sql, name: str) -> None:
        self.write(sql, name)
        raise Refused("no")

    def end_transaction(self, sql: Sql, name: str) -> None:
        self.ran.append(name)
        sql.execute("INSERT INTO names VALUES ('twice')")
        sql.execute("INSERT OR ROLLBACK INTO names VALUES ('twice')")

    async def grouped(self, *calls: tuple[Callable[..., Any], str]) -> list[Any]:
        """Run calls that wait together behind a first one, ``first``; returns what became of all."""
        futures = [self.submit(self.write_behind_gate, "first")]
        await until(lambda: self.steps)
        futures += [self.submit(work, name) for work, name in calls]
        self.gate.set()
        return await asyncio.gather(*futures, return_exceptions=True)

    async def names(self) -> list[str]:
        def read(sql: Sql) -> list[str]:
            return [row[0] for row in sql.execute("SELECT name FROM names ORDER BY name").fetchall()]

        found: list[str] = await self.submit(read)
        return found

    def count(self, start: str) -> int:
        return sum(step.startswith(start) for step in self.steps)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    bench.gate.set()
    await bench.thread.close()


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch, bench: Bench) -> Times:
    times = Times()
    bench.thread._closing = times
    monkeypatch.setattr(module, "time", times)
    return times


async def test_one_call_alone_has_no_savepoint_and_no_pause(times: Times, bench: Bench) -> None:
    assert await bench.submit(bench.write, "a") == "a"
    assert bench.steps == ["BEGIN IMMEDIATE", "INSERT INTO names VALUES (?)", "COMMIT"]
    assert times.pauses == []


async def test_calls_that_wait_together_share_one_commit(bench: Bench) -> None:
    results = await bench.grouped(*((bench.write, name) for name in "abc"))
    assert results == ["first", "a", "b", "c"]
    assert (bench.count("BEGIN"), bench.count("COMMIT")) == (1, 1)
    assert (bench.count("SAVEPOINT"), bench.count("RELEASE")) == (3, 3)
    assert await bench.names() == ["a", "b", "c", "first"]


async def test_a_member_that_raises_undoes_itself_alone(bench: Bench) -> None:
    results = await bench.grouped((bench.write, "a"), (bench.refuse, "b"), (bench.write, "c"))
    assert isinstance(results.pop(2), Refused)
    assert results == ["first", "a", "c"]
    assert await bench.names() == ["a", "c", "first"]


async def test_a_first_call_that_raises_leaves_those_behind_it_alone(bench: Bench) -> None:
    first = bench.submit(bench.refuse, "a")
    then = bench.submit(bench.write, "b")
    with pytest.raises(Refused):
        await first
    assert await then == "b"
    assert await bench.names() == ["b"]


async def test_a_commit_that_fails_fails_every_member(bench: Bench) -> None:
    await bench.submit(bench.write, "before")
    bench.steps.clear()
    bench.connections[0].trouble = sqlite3.OperationalError("disk I/O error")
    results = await bench.grouped((bench.write, "a"), (bench.write, "b"))
    assert [type(each) for each in results] == [StorageFailed] * 3
    bench.connections[0].trouble = None
    assert bench.ran == ["before", "first", "a", "b"]
    assert await bench.names() == ["before"]


async def test_a_transaction_that_the_database_ended_fails_every_member_and_none_is_retried(
    bench: Bench,
) -> None:
    results = await bench.grouped((bench.write, "a"), (bench.end_transaction, "b"), (bench.write, "c"))
    assert results.pop() == "c"
    assert all(isinstance(each, Exception) for each in results)
    assert sorted(bench.ran) == ["a", "b", "c", "first"]
    assert await bench.names() == ["c"]


async def test_nobody_is_told_before_the_commit(bench: Bench) -> None:
    await bench.submit(bench.write, "before")
    committing = threading.Event()
    bench.connections[0].before_commit = committing
    futures = [bench.submit(bench.write, name) for name in "abc"]
    await until(lambda: len(bench.ran) == 4)
    await asyncio.sleep(0)
    assert not any(future.done() for future in futures)
    committing.set()
    assert await asyncio.gather(*futures) == ["a", "b", "c"]


async def test_a_group_has_no_more_members_than_it_may_and_pauses_then(times: Times, bench: Bench) -> None:
    calls = [(bench.write, f"name {n}") for n in range(LARGEST_GROUP + 7)]
    results = await bench.grouped(*calls)
    assert len(results) == LARGEST_GROUP + 8
    await until(lambda: times.pauses)
    assert (bench.count("COMMIT"), len(times.pauses)) == (2, 1)
    first = bench.steps[: bench.steps.index("COMMIT")]
    assert sum(step.startswith("INSERT") for step in first) == LARGEST_GROUP


async def test_a_group_takes_no_more_calls_after_its_time_and_pauses_a_quarter_of_it(
    times: Times, bench: Bench
) -> None:
    def slow(sql: Sql, name: str) -> None:
        bench.write(sql, name)
        times.now += LONGEST_GROUP_S * 0.6

    await bench.grouped(*((slow, name) for name in "abcd"))
    await until(lambda: len(times.pauses) == 2)
    assert bench.count("COMMIT") == 2
    assert times.pauses == [pytest.approx(LONGEST_GROUP_S * 1.2 * PAUSE_SHARE)] * 2


async def test_a_group_that_is_not_full_makes_no_pause(times: Times, bench: Bench) -> None:
    await bench.grouped((bench.write, "a"), (bench.write, "b"))
    assert times.pauses == []


async def test_a_caller_that_went_away_disturbs_no_other(bench: Bench) -> None:
    futures = [bench.submit(bench.write_behind_gate, "first")]
    futures += [bench.submit(bench.write, name) for name in "ab"]
    futures[1].cancel()
    bench.gate.set()
    assert list(await asyncio.gather(futures[0], futures[2])) == ["first", "b"]
    assert await bench.names() == ["a", "b", "first"]


async def test_what_was_submitted_is_done_before_the_thread_ends(bench: Bench) -> None:
    futures = [bench.submit(bench.write_behind_gate, "first"), bench.submit(bench.write, "a")]
    bench.gate.set()
    await bench.thread.close()
    assert await asyncio.gather(*futures) == ["first", "a"]
    with pytest.raises(StorageFailed):
        await bench.submit(bench.write, "late")


async def test_a_connection_that_could_not_be_opened_is_tried_again_after_a_second(
    times: Times, bench: Bench
) -> None:
    bench.refusals.append(StorageFailed("The server is away."))
    for _ in range(2):
        with pytest.raises(StorageFailed, match="away"):
            await bench.submit(bench.write, "a")
    times.now += 1
    assert await bench.submit(bench.write, "a") == "a"


async def test_a_connection_that_broke_is_opened_anew(bench: Bench) -> None:
    await bench.submit(bench.write, "a")
    bench.connections[0].broken = True
    assert await bench.submit(bench.write, "b") == "b"
    assert len(bench.connections) == 2
    assert await bench.names() == ["b"]
