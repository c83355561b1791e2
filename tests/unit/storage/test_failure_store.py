from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.text import text
from metarr_desktop.storage.failure_store import FailureStore
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database


async def ended(database: Database, job_id: int, kind: str, *, status: str = "failed") -> None:
    error = text("{service} is off.", service="Kodi")
    await database.run(
        lambda db: db.execute(
            "INSERT INTO job_history (job_id, type, lane, priority, payload, status, error, error_text,"
            " retry_count, max_retries, created_at, completed_at, duration_ms, root_id)"
            " VALUES (?, ?, 'x', 5, ?, ?, ?, ?, 0, 3, 0, 0, 0, ?)",
            (job_id, kind, '{"event": 1}', status, str(error), error.to_json(), job_id),
        )
    )


async def test_only_deliveries_and_scans_that_failed_are_read_in_order(any_database: Database) -> None:
    store = FailureStore(any_database)
    assert await store.told(now=START) == 0
    for job_id, kind in enumerate(("notify-kodi", "webhook-received", "confirm-kodi", "scan-movie"), 1):
        await ended(any_database, job_id, kind)
    await ended(any_database, 9, "notify-kodi", status="completed")
    failed = await store.failed_after(0)
    assert [each.type for each in failed] == ["notify-kodi", "confirm-kodi", "scan-movie"]
    assert (str(failed[0].error), failed[0].payload, failed[0].job_id) == ("Kodi is off.", {"event": 1}, 1)
    assert [each.job_id for each in await store.failed_after(failed[1].id)] == [4]


async def test_the_place_to_go_on_never_goes_back(any_database: Database) -> None:
    store = FailureStore(any_database)
    await ended(any_database, 1, "notify-kodi")
    newest = await store.told(now=START)
    for job_id in (2, 3, 4):
        await ended(any_database, job_id, "notify-kodi")
    assert await store.told(now=START) == newest
    await store.note_told(newest + 1, now=START)
    await store.note_told(newest, now=START)
    assert await store.told(now=START) == newest + 1


@pytest.mark.parametrize("written", ["x", "-1", "999999"])
async def test_what_somebody_wrote_there_by_hand_is_the_end_of_the_history(
    any_database: Database, written: str
) -> None:
    store = FailureStore(any_database)
    await ended(any_database, 1, "notify-kodi")
    newest = await store.told(now=START)
    await any_database.run(lambda db: db.execute("UPDATE settings SET value = ?", (written,)))
    assert await store.told(now=START) == newest
