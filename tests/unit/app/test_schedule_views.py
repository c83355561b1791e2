from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import time, timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.changes import JobChanged, SettingsChanged
from metarr_desktop.domain.errors import NotFound
from metarr_desktop.domain.jobs import EndStatus, JobStatus
from metarr_desktop.domain.schedules import CLEAN_UP, Daily, Every
from tests.fakes import START, FakeClock

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.domain.changes import Change

NAME = "scheduled-cleanup"


def by_hand(paths: AppPaths, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(paths.database)) as db, db:
        db.execute(sql, values)


async def test_before_the_program_ever_ran_the_default_is_shown(core: Core) -> None:
    shown = (await core.queries.schedules())[0]
    assert (shown.name, str(shown.title), shown.rule) == (NAME, "Clean up history", Daily(time(3, 30)))
    assert START < shown.next_at <= START + timedelta(days=1)
    assert (shown.last_at, shown.last_job_id, shown.last_status) == (None, None, None)


async def test_run_now_is_seen_as_waiting_and_done_once(core: Core) -> None:
    told: list[Change] = []
    core.bus.subscribe(told.append)
    job_id = await core.commands.run_schedule(NAME)
    assert await core.commands.run_schedule(NAME) == job_id
    shown = (await core.queries.schedules())[0]
    assert (shown.last_at, shown.last_job_id, shown.last_status) == (START, job_id, JobStatus.PENDING)
    assert [job.id for job in await core.queries.jobs()] == [job_id]
    assert any(isinstance(change, JobChanged) and change.job.id == job_id for change in told)
    assert SettingsChanged() in told


async def test_another_rhythm_counts_from_now(core: Core) -> None:
    await core.commands.set_schedule(NAME, Every(timedelta(hours=6)))
    shown = (await core.queries.schedules())[0]
    assert (shown.rule, shown.next_at) == (Every(timedelta(hours=6)), START + timedelta(hours=6))


async def test_an_unknown_schedule_is_told_with_those_there_are(core: Core) -> None:
    with pytest.raises(NotFound, match=NAME):
        await core.commands.run_schedule("tea")


async def test_how_the_last_one_ended_is_shown_with_what_it_said(core: Core, paths: AppPaths) -> None:
    await core.commands.set_schedule(NAME, CLEAN_UP.default)
    job_id = await core.commands.run_schedule(NAME)
    by_hand(paths, "DELETE FROM job_queue")
    by_hand(
        paths,
        "INSERT INTO job_history (job_id, type, lane, priority, payload, status, result, retry_count,"
        " max_retries, created_at, completed_at, duration_ms, root_id)"
        " VALUES (?, ?, 'upkeep', 8, '{}', 'completed', '{}', 0, 3, 1, 2, 1, ?)",
        job_id,
        NAME,
        job_id,
    )
    by_hand(
        paths,
        "INSERT INTO job_attempts (job_id, number, started_at, duration_ms, outcome, detail)"
        " VALUES (?, 1, 1, 1, 'done', 'Removed 12 jobs.')",
        job_id,
    )
    shown = (await core.queries.schedules())[0]
    assert (shown.last_status, str(shown.last_detail)) == (EndStatus.COMPLETED, "Removed 12 jobs.")
    by_hand(paths, "DELETE FROM job_history")
    shown = (await core.queries.schedules())[0]
    assert (shown.last_status, shown.last_detail) == (None, None)


async def test_a_clock_set_back_is_allowed_for_in_what_is_shown(core: Core, clock: FakeClock) -> None:
    await core.commands.set_schedule(NAME, Every(timedelta(hours=6)))
    clock.jump(-timedelta(days=30))
    shown = (await core.queries.schedules())[0]
    assert shown.next_at == clock.now() + timedelta(hours=6)


async def test_only_what_this_program_runs_is_shown(core: Core, paths: AppPaths) -> None:
    by_hand(paths, "INSERT INTO schedules VALUES ('scheduled-tea', '{}', 1, 2, 3)")
    assert [shown.name for shown in await core.queries.schedules()] == [
        NAME,
        "scheduled-catch-up",
        "scheduled-path-check",
        "scheduled-drill",
    ]
    assert NAME in core.queries.job_types()
