from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.jobs import LOW, NewJob
from metarr_desktop.domain.schedules import Daily, Every
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.schedule_store import ScheduleStore
from tests.fakes import START

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.storage.sql_job_store import SqlJobStore

NAME = "scheduled-cleanup"
JOB = NewJob(type=NAME, lane="upkeep", priority=LOW, dedupe_key=NAME)
NIGHTLY = Daily(time(3, 30))
NEXT = START + timedelta(hours=1)
LATER = START + timedelta(days=1)


@pytest.fixture
async def schedules(database: SqliteDatabase) -> ScheduleStore:
    store = ScheduleStore(database)
    await store.seed(NAME, NIGHTLY, next_at=NEXT)
    return store


@pytest.fixture
async def other_process(database: SqliteDatabase) -> AsyncIterator[ScheduleStore]:
    other = SqliteDatabase(database.path)
    yield ScheduleStore(other)
    await other.close()


def by_hand(path: Path, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(sql, values)


async def test_a_schedule_that_is_there_is_not_seeded_again(schedules: ScheduleStore) -> None:
    await schedules.seed(NAME, Every(timedelta(hours=1)), next_at=LATER)
    row = (await schedules.rows())[NAME]
    assert (row.rule, row.next_at, row.last_at, row.last_job_id) == (NIGHTLY, NEXT, None, None)


async def test_firing_adds_the_job_and_moves_the_schedule_in_one_step(
    schedules: ScheduleStore, store: SqlJobStore
) -> None:
    row = (await schedules.rows())[NAME]
    firing = await schedules.fire(row, JOB, next_at=LATER, now=NEXT)
    assert firing is not None
    assert [(job.id, job.type, job.priority, job.lane) for job in await store.jobs()] == [
        (firing.job_id, NAME, LOW, "upkeep")
    ]
    moved = (await schedules.rows())[NAME]
    assert (moved.next_at, moved.last_at, moved.last_job_id) == (LATER, NEXT, firing.job_id)


async def test_of_two_processes_that_saw_it_due_exactly_one_fires(
    schedules: ScheduleStore, other_process: ScheduleStore, store: SqlJobStore
) -> None:
    mine, theirs = (await schedules.rows())[NAME], (await other_process.rows())[NAME]
    fired = [
        await schedules.fire(mine, JOB, next_at=LATER, now=NEXT),
        await other_process.fire(theirs, JOB, next_at=LATER, now=NEXT),
    ]
    assert [each is None for each in fired] == [False, True]
    assert len(await store.jobs()) == 1


async def test_a_job_that_waits_already_is_joined(schedules: ScheduleStore, store: SqlJobStore) -> None:
    first = await schedules.run_now(NAME, JOB, now=START)
    again = await schedules.run_now(NAME, JOB, now=START)
    fired = await schedules.fire((await schedules.rows())[NAME], JOB, next_at=LATER, now=NEXT)
    assert fired is not None
    assert (again.job, again.job_id) == (None, first.job_id)
    assert (fired.job, fired.job_id) == (None, first.job_id)
    assert len(await store.jobs()) == 1


async def test_running_it_now_leaves_its_rhythm_alone(schedules: ScheduleStore) -> None:
    firing = await schedules.run_now(NAME, JOB, now=START)
    row = (await schedules.rows())[NAME]
    assert (row.next_at, row.last_at, row.last_job_id) == (NEXT, START, firing.job_id)


async def test_a_schedule_fired_meanwhile_is_not_moved(schedules: ScheduleStore) -> None:
    row = (await schedules.rows())[NAME]
    await schedules.fire(row, JOB, next_at=LATER, now=NEXT)
    await schedules.move(row, next_at=START)
    assert (await schedules.rows())[NAME].next_at == LATER


async def test_another_rule_counts_at_once_and_keeps_what_ran_last(schedules: ScheduleStore) -> None:
    firing = await schedules.run_now(NAME, JOB, now=START)
    await schedules.set_rule(NAME, Every(timedelta(hours=6)), next_at=LATER)
    row = (await schedules.rows())[NAME]
    assert (row.rule, row.next_at) == (Every(timedelta(hours=6)), LATER)
    assert (row.last_at, row.last_job_id) == (START, firing.job_id)


@pytest.mark.parametrize("next_at", [10**18, "tomorrow", -(10**18), 2.5])
async def test_whatever_a_person_typed_can_be_read_and_mended(
    schedules: ScheduleStore, database: SqliteDatabase, next_at: object
) -> None:
    by_hand(database.path, "UPDATE schedules SET rule = 'at night', next_at = ?, last_at = 'never'", next_at)
    row = (await schedules.rows())[NAME]
    assert (row.rule, row.last_at) == (None, None)
    assert row.next_at > LATER
    await schedules.move(row, next_at=NEXT)
    assert (await schedules.rows())[NAME].next_at == NEXT


async def test_unknown_names_are_read_and_left_alone(
    schedules: ScheduleStore, database: SqliteDatabase
) -> None:
    by_hand(
        database.path, "INSERT INTO schedules VALUES ('scheduled-tea', '{\"daily\": \"17:00\"}', 1, 2, 3)"
    )
    await schedules.fire((await schedules.rows())[NAME], JOB, next_at=LATER, now=NEXT)
    tea = (await schedules.rows())["scheduled-tea"]
    assert (tea.rule, tea.mark, tea.last_job_id) == (Daily(time(17)), 1, 3)
