"""A fresh database on disk, with the services seeded, as the core opens it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.storage.database import SqliteDatabase, postgres_database
from metarr_desktop.storage.event_store import EventStore
from metarr_desktop.storage.history_store import HistoryStore
from metarr_desktop.storage.postgres_schema import prepare_postgres
from metarr_desktop.storage.schema import prepare
from metarr_desktop.storage.service_store import ServiceStore
from metarr_desktop.storage.sql_job_store import SqlJobStore
from tests.fakes import START

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.storage.database import Database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    path = tmp_path / "metarr.db"
    prepare(path)
    database = SqliteDatabase(path)
    yield database
    await database.close()


@pytest.fixture
def store(database: SqliteDatabase) -> SqlJobStore:
    return SqlJobStore(database)


@pytest.fixture
def history(database: SqliteDatabase) -> HistoryStore:
    return HistoryStore(database)


@pytest.fixture
def events(database: SqliteDatabase) -> EventStore:
    return EventStore(database)


@pytest.fixture
async def services(database: SqliteDatabase) -> ServiceStore:
    services = ServiceStore(database)
    await services.seed(["kodi", "discord", "pushover"], now=START)
    return services


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """Open an empty database of each kind in turn."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        await asyncio.to_thread(prepare_postgres, url)
        made: Database = postgres_database(url, sender="here")
    else:
        prepare(tmp_path / "metarr.db")
        made = SqliteDatabase(tmp_path / "metarr.db")
    yield made
    await made.close()
