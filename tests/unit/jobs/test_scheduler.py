from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import NotFound, StorageFailed
from metarr_desktop.domain.schedules import Daily, Every, Schedule
from metarr_desktop.domain.text import Text
from metarr_desktop.jobs.scheduler import Scheduler
from metarr_desktop.storage.schedule_store import ScheduleStore
from tests.fakes import START, eventually, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.storage.schedule_store import ScheduleRow
    from tests.unit.jobs.conftest import Engine

NIGHTLY = Schedule(
    name="scheduled-cleanup",
    title=Text("Clean up history"),
    purpose=Text("Removes what is old."),
    lane="upkeep",
    default=Daily(time(3, 30)),
)
SIX_HOURS = timedelta(hours=6)
NIGHT = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
DAY = timedelta(days=1)


class Bench:
    """A scheduler in UTC on a clock that the test turns; every job it adds ends at once."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.clock = engine.clock
        self.store = ScheduleStore(engine.database)
        self.added: list[datetime] = []
        self.wanted = True
        self.scheduler = self.make()

    async def is_wanted(self) -> bool:
        return self.wanted

    def make(self, *, store: ScheduleStore | None = None) -> Scheduler:
        return Scheduler(
            store=store or self.store,
            schedules=[NIGHTLY],
            clock=self.clock,
            spawn=self.engine.tasks.spawn,
            added=self._on_added,
            wanted={NIGHTLY.name: self.is_wanted},
            zone=UTC,
        )

    def _on_added(self, job: Job) -> None:
        self.added.append(self.clock.now())
        with closing(sqlite3.connect(self.engine.database.path)) as db, db:
            db.execute("DELETE FROM job_queue WHERE id = ?", (job.id,))

    async def start(self) -> None:
        self.engine.tasks.spawn(self.scheduler.run(), name="scheduler")
        await self.asleep()

    async def asleep(self) -> None:
        await until(lambda: self.clock.sleeping)

    async def pass_time(self, span: timedelta, *, step: timedelta = timedelta(seconds=60)) -> None:
        end = self.clock.monotonic() + span.total_seconds()
        while self.clock.monotonic() < end:
            self.clock.advance(step)
            await self.asleep()

    async def row(self) -> ScheduleRow:
        return (await self.store.rows())[NIGHTLY.name]


@pytest.fixture
async def bench(engine: Engine) -> AsyncIterator[Bench]:
    bench = Bench(engine)
    yield bench
    await bench.scheduler.stop()


async def test_the_first_start_waits_for_the_time_of_day(bench: Bench) -> None:
    await bench.start()
    assert (await bench.row()).next_at == NIGHT
    assert bench.added == []


async def test_it_runs_at_its_time_each_day(bench: Bench) -> None:
    await bench.start()
    bench.clock.advance(NIGHT - START - timedelta(minutes=1))
    await bench.asleep()
    assert bench.added == []
    await bench.pass_time(timedelta(minutes=3))
    assert bench.added == [NIGHT]
    assert (await bench.row()).next_at == NIGHT + DAY


async def test_where_nothing_is_wanted_the_time_passes_without_a_job(bench: Bench) -> None:
    bench.wanted = False
    await bench.start()
    bench.clock.advance(NIGHT - START - timedelta(minutes=1))
    await bench.asleep()
    await bench.pass_time(timedelta(minutes=3))
    assert bench.added == []
    assert (await bench.row()).next_at == NIGHT + DAY
    bench.wanted = True
    await bench.pass_time(DAY, step=timedelta(minutes=10))
    assert len(bench.added) == 1


async def test_after_a_long_sleep_of_the_computer_it_runs_once_and_then_in_its_rhythm(bench: Bench) -> None:
    await bench.start()
    await bench.scheduler.set_rule(NIGHTLY.name, Every(SIX_HOURS))
    await bench.asleep()
    bench.clock.jump(timedelta(days=10))
    await bench.pass_time(timedelta(minutes=5))
    assert bench.added == [START + timedelta(days=10, minutes=1)]
    assert (await bench.row()).next_at == bench.added[0] + SIX_HOURS


async def test_what_was_missed_while_the_program_was_off_runs_once_at_the_start(bench: Bench) -> None:
    await bench.start()
    await bench.scheduler.stop()
    bench.clock.jump(timedelta(days=3))
    bench.scheduler = bench.make()
    await bench.start()
    await until(lambda: bench.added)
    await bench.pass_time(timedelta(minutes=3))
    assert bench.added == [START + timedelta(days=3)]
    assert (await bench.row()).next_at == NIGHT + timedelta(days=3)


async def test_a_clock_set_back_runs_nothing_twice(bench: Bench) -> None:
    await bench.start()
    bench.clock.advance(NIGHT - START)
    await until(lambda: bench.added)
    await bench.asleep()
    bench.clock.jump(-timedelta(hours=1))
    await bench.pass_time(timedelta(hours=2), step=timedelta(minutes=5))
    assert bench.added == [NIGHT]
    assert (await bench.row()).next_at == NIGHT + DAY


async def test_a_clock_set_back_by_weeks_leaves_nothing_further_away_than_a_day(bench: Bench) -> None:
    await bench.start()
    bench.clock.jump(-timedelta(days=20))
    await bench.pass_time(timedelta(minutes=1))
    assert timedelta(0) < (await bench.row()).next_at - bench.clock.now() <= DAY
    await bench.scheduler.set_rule(NIGHTLY.name, Every(SIX_HOURS))
    await bench.asleep()
    bench.clock.jump(-timedelta(days=20))
    await bench.pass_time(timedelta(minutes=1))
    assert (await bench.row()).next_at - bench.clock.now() <= SIX_HOURS
    assert bench.added == []


async def test_a_changed_schedule_counts_at_once(bench: Bench) -> None:
    await bench.start()
    await bench.scheduler.set_rule(NIGHTLY.name, Every(timedelta(minutes=5)))

    async def moved() -> bool:
        return (await bench.row()).next_at == START + timedelta(minutes=5)

    await eventually(moved)
    await bench.asleep()
    await bench.pass_time(timedelta(minutes=12))
    assert len(bench.added) == 2


async def test_a_rule_broken_by_hand_falls_back_to_the_default(bench: Bench) -> None:
    await bench.start()
    with closing(sqlite3.connect(bench.engine.database.path)) as db, db:
        db.execute("UPDATE schedules SET rule = 'at night', next_at = 'soon'")
    await bench.pass_time(timedelta(minutes=1))
    assert (await bench.row()).next_at == NIGHT


class Failing(ScheduleStore):
    """A database that is busy for a while, and then meets a fault of our own."""

    script: list[Exception]

    async def rows(self) -> Mapping[str, ScheduleRow]:
        if self.script:
            raise self.script.pop(0)
        return await super().rows()


@pytest.mark.expects_errors("schedules could not be looked at")
async def test_a_database_that_fails_is_waited_out(bench: Bench) -> None:
    store = Failing(bench.engine.database)
    store.script = [StorageFailed("The database is busy."), ValueError("a fault"), StorageFailed("Busy.")]
    bench.scheduler = bench.make(store=store)
    await bench.start()
    await bench.pass_time(timedelta(minutes=4))
    assert (await bench.row()).next_at == NIGHT
    bench.clock.advance(NIGHT - START)
    await until(lambda: bench.added)


async def test_run_now_adds_one_job_at_once(bench: Bench) -> None:
    await bench.start()
    job_id = await bench.scheduler.run_now(NIGHTLY.name)
    assert bench.added == [START]
    row = await bench.row()
    assert (row.last_job_id, row.next_at) == (job_id, NIGHT)


async def test_an_unknown_schedule_is_told_with_those_there_are(bench: Bench) -> None:
    with pytest.raises(NotFound, match="scheduled-cleanup"):
        await bench.scheduler.run_now("tea")
    with pytest.raises(NotFound, match="scheduled-cleanup"):
        await bench.scheduler.set_rule("tea", Every(SIX_HOURS))


async def test_it_never_sleeps_longer_than_a_minute(bench: Bench) -> None:
    await bench.start()
    bench.clock.jump(NIGHT - START)
    bench.clock.advance(60)
    await until(lambda: bench.added)
