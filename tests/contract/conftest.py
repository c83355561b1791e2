"""Each kind of store, each on a fresh database; a kind that has no server here skips."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.storage.database import SqliteDatabase, postgres_database
from metarr_desktop.storage.postgres_schema import prepare_postgres
from metarr_desktop.storage.schema import prepare
from tests.contract.harness import MemoryStores, RedisStores, SqlStores

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.storage.job_store import JobStore
    from tests.contract.harness import Stores

KINDS = ("memory", "sqlite", "postgres", "redis", "redis-postgres")


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare one file; tests copy it, since a migration takes longer than they do."""
    path = tmp_path_factory.mktemp("contract") / "empty.db"
    prepare(path)
    return path


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def stores(
    kind: str, empty_sqlite: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Stores]:
    made: Stores
    match kind:
        case "memory":
            made = MemoryStores()
        case "sqlite":
            made = await _sqlite_stores(empty_sqlite, tmp_path)
        case "postgres":
            made = await _postgres_stores(request)
        case "redis":
            url = str(request.getfixturevalue("redis_url"))
            made = RedisStores((await _sqlite_stores(empty_sqlite, tmp_path)).database, url)
        case _:
            url = str(request.getfixturevalue("redis_url"))
            made = RedisStores((await _postgres_stores(request)).database, url)
    yield made
    await made.close()


async def _sqlite_stores(empty: Path, folder: Path) -> SqlStores:
    path = folder / "metarr.db"
    shutil.copy(empty, path)
    made = SqlStores(SqliteDatabase(path))
    await made.prepare()
    return made


async def _postgres_stores(request: pytest.FixtureRequest) -> SqlStores:
    url = str(request.getfixturevalue("postgres_url"))
    prepare_postgres(url)
    made = SqlStores(postgres_database(url))
    await made.prepare()
    return made


@pytest.fixture
def store(stores: Stores) -> JobStore:
    """Return the store as the process under test has it."""
    return stores.process("here")


@pytest.fixture
def rng() -> random.Random:
    return random.Random(1)
