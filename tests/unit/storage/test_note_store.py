"""Notes of services."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.storage.database import Database, SqliteDatabase
from metarr_desktop.storage.note_store import NoteStore
from metarr_desktop.storage.schema import prepare
from tests.fakes import START, FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "metarr.db"
    prepare(path)
    database = SqliteDatabase(path)
    yield database
    await database.close()


async def test_a_note_is_of_one_service_and_the_last_one_written_counts(database: Database) -> None:
    store, clock = NoteStore(database), FakeClock()
    discord, kodi = store.of("discord", clock=clock), store.of("kodi", clock=clock)
    await discord.put("message/7", {"id": "1"})
    await discord.put("message/7", {"id": "2"})
    await kodi.put("message/7", {"seen": True})
    assert await discord.get("message/7") == {"id": "2"}
    assert await store.named("message/7") == {"discord": {"id": "2"}, "kodi": {"seen": True}}
    await discord.drop("message/7")
    await discord.drop("message/7")
    assert await discord.get("message/7") is None
    assert await kodi.get("message/7") == {"seen": True}


async def test_a_damaged_note_reads_as_empty(database: Database) -> None:
    notes = NoteStore(database).of("kodi", clock=FakeClock())
    await notes.put("state", {"a": 1})
    await database.run(lambda sql: sql.execute("UPDATE service_notes SET value = '[1'"))
    assert await notes.get("state") == {}


async def test_old_notes_are_forgotten_and_those_written_anew_are_not(database: Database) -> None:
    store, clock = NoteStore(database), FakeClock()
    notes = store.of("kodi", clock=clock)
    await notes.put("old", {})
    await notes.put("kept", {})
    clock.advance(timedelta(days=91))
    await notes.put("kept", {})
    assert await store.forget_older(START + timedelta(days=1)) == 1
    assert await notes.get("old") is None
    assert await notes.get("kept") == {}
