from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.storage.import_store import ImportShape, ImportStore
from metarr_desktop.storage.sql_job_store import SqlJobStore
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database

FILE, COMPLETE, RECOVERED = ImportShape.FILE, ImportShape.COMPLETE, ImportShape.RECOVERED


class Told:
    """Notes imports in the order of their calls."""

    def __init__(self, store: ImportStore) -> None:
        self.store = store

    async def __call__(self, event_id: int, *keys: str, shape: ImportShape = FILE) -> int | None:
        return await self.store.note(event_id, keys, shape=shape, now=START + timedelta(minutes=event_id))


@pytest.fixture
def imports(any_database: Database) -> ImportStore:
    return ImportStore(any_database)


@pytest.fixture
def told(imports: ImportStore) -> Told:
    return Told(imports)


async def test_what_nobody_told_is_new(told: Told) -> None:
    assert await told(1, "a") is None
    assert await told(2, "b", "c") is None


async def test_a_whole_download_after_its_files_is_known(told: Told) -> None:
    await told(1, "a")
    await told(2, "b")
    assert await told(3, "a", "b", shape=COMPLETE) == 1


async def test_files_after_their_whole_download_are_known(told: Told) -> None:
    await told(1, "a", "b", shape=COMPLETE)
    assert await told(2, "a") == 1
    assert await told(3, "b") == 1


async def test_a_download_of_which_something_is_new_is_told(told: Told) -> None:
    await told(1, "a")
    assert await told(2, "a", "b", shape=COMPLETE) is None
    assert await told(3, "b") == 2


async def test_a_file_that_is_imported_once_more_is_told_once_more(told: Told) -> None:
    await told(1, "a")
    assert await told(2, "a") is None
    assert await told(3, "a", shape=COMPLETE) == 1


async def test_a_whole_download_that_is_imported_once_more_is_told_once_more(told: Told) -> None:
    await told(1, "a", "b", shape=COMPLETE)
    assert await told(2, "a") == 1
    assert await told(3, "a", "b", shape=COMPLETE) is None
    assert await told(4, "b") == 1


async def test_the_history_never_tells_anything_twice(told: Told) -> None:
    await told(1, "a", shape=RECOVERED)
    assert await told(2, "a", shape=RECOVERED) == 1


@pytest.mark.parametrize("shape", list(ImportShape))
async def test_the_same_event_is_never_folded_onto_itself(told: Told, shape: ImportShape) -> None:
    for _ in range(3):
        assert await told(1, "a", "b", shape=shape) is None


async def test_a_folded_event_is_folded_each_time_it_is_asked(told: Told) -> None:
    await told(1, "a", shape=COMPLETE)
    assert [await told(2, "a") for _ in range(3)] == [1, 1, 1]


async def test_what_the_history_tells_later_is_known(told: Told) -> None:
    await told(1, "a")
    assert await told(2, "a", shape=RECOVERED) == 1
    assert await told(3, "b", shape=RECOVERED) is None
    assert await told(4, "b") == 3


async def test_what_was_recovered_keeps_its_keys_from_the_moment_it_is_stored(
    any_database: Database, imports: ImportStore, told: Told
) -> None:
    webhook = IncomingWebhook(
        source="radarr",
        event_type="Download",
        instance="Radarr",
        body=b"{}",
        remote_address="",
        recovered=9,
        import_keys=("a", "b"),
    )
    stored, _ = await SqlJobStore(any_database).store_webhook(webhook, now=START)
    assert await imports.known(["a", "b", "c"]) == {"a", "b"}
    assert await told(stored.event_id, "a", "b", shape=RECOVERED) is None
    assert await told(stored.event_id + 1, "a") == stored.event_id
    assert await imports.recovered_titles(9, limit=5) == (("",), 1)
    assert await imports.recovered_titles(8, limit=5) == ((), 0)


async def test_many_keys_are_looked_up_at_once(imports: ImportStore, told: Told) -> None:
    keys = [f"k{number}" for number in range(1_200)]
    await told(1, *keys)
    assert len(await imports.known([*keys, "other"])) == 1_200
    assert await imports.known([]) == frozenset()


async def test_old_imports_are_forgotten(imports: ImportStore, told: Told) -> None:
    await told(1, "a")
    await told(2, "b")
    assert await imports.forget_before(START + timedelta(minutes=2)) == 1
    assert await imports.known(["a", "b"]) == {"b"}
