from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.snapshots import GivenUp
from metarr_desktop.domain.clock import to_ms
from metarr_desktop.storage.insertion import joined_text
from metarr_desktop.storage.orphans import POISONED
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.paths import AppPaths
    from metarr_desktop.domain.text import Text

AT = to_ms(START)


def insert_ended(
    paths: AppPaths,
    number: int,
    *,
    root: int | None = None,
    status: str = "completed",
    error: Text | None = None,
    result: str = "{}",
    started: int | None = AT,
) -> None:
    told = (None, None) if error is None else (str(error), error.to_json())
    with closing(sqlite3.connect(paths.database)) as db, db:
        db.execute(
            "INSERT INTO job_history (id, job_id, type, lane, priority, payload, status, error, error_text,"
            " result, max_retries, created_at, started_at, completed_at, duration_ms, root_id, source)"
            " VALUES (?, ?, 'notify-kodi', 'kodi', 5, '{}', ?, ?, ?, ?, 3, ?, ?, ?, 0, ?, '')",
            (number, number, status, *told, result, AT, started, AT, root or number),
        )


def insert_waiting(paths: AppPaths, number: int, **values: Any) -> None:
    with closing(sqlite3.connect(paths.database)) as db, db:
        columns = {
            "id": number, "type": "notify-kodi", "lane": "kodi", "priority": 5, "payload": "{}",
            "status": "pending", "max_retries": 3, "created_at": AT, "updated_at": AT, "run_after": AT,
            "ready": 1, "root_id": number, **values,
        }  # fmt: skip
        places = ", ".join("?" * len(columns))
        statement = f"INSERT INTO job_queue ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - our own
        db.execute(statement, tuple(columns.values()))


def ids(related: Any) -> list[int]:
    return [getattr(each, "job_id", None) or each.id for each in related]


async def test_a_job_that_was_done_with_another_leads_to_that_one(core: Core, paths: AppPaths) -> None:
    insert_ended(paths, 1)
    insert_ended(paths, 2, result='{"merged_into": 1}')
    insert_ended(paths, 3, root=2)
    assert ids((await core.queries.job(2)).related) == [1, 3]


async def test_a_job_that_joined_a_waiting_one_leads_to_that_one(core: Core, paths: AppPaths) -> None:
    insert_waiting(paths, 1)
    insert_ended(paths, 2, status="skipped", error=joined_text(1), started=None)
    insert_ended(paths, 3, status="skipped", error=joined_text(77), started=None)
    assert ids((await core.queries.job(2)).related) == [1]
    assert ids((await core.queries.job(3)).related) == []


async def test_a_job_that_runs_with_another_leads_to_that_one(core: Core, paths: AppPaths) -> None:
    insert_waiting(paths, 1, status="processing", starts=1, ready=0)
    insert_waiting(paths, 2, status="processing", starts=1, ready=0, merged_into=1)
    assert ids((await core.queries.job(2)).related) == [1]


@pytest.mark.parametrize(
    ("error", "started", "why"),
    [(POISONED, AT, GivenUp.CRASHED), (None, None, GivenUp.EXPIRED), (None, AT, None)],
)
async def test_why_a_job_was_given_up_is_told(
    core: Core, paths: AppPaths, error: Text | None, started: int | None, why: GivenUp | None
) -> None:
    insert_ended(paths, 1, status="failed", error=error, started=started)
    assert (await core.queries.job(1)).given_up is why


async def test_a_waiting_job_knows_that_deliveries_are_paused(core: Core, paths: AppPaths) -> None:
    insert_waiting(paths, 1)
    await core.commands.pause()
    assert (await core.queries.job(1)).lanes["kodi"].state == "paused"
    await core.commands.resume()
    assert (await core.queries.job(1)).lanes == {}
