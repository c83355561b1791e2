"""Each kind of store, each on a fresh database; a kind that has no server here skips."""

from __future__ import annotations

import asyncio
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.storage.database import SqliteDatabase, postgres_database
from metarr_desktop.storage.postgres_schema import prepare_postgres
from metarr_desktop.storage.schema import prepare
from tests.contract.harness import MemoryStores, RedisStores, SqlStores

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.job_store import JobStore
    from metarr_desktop.storage.sql import Sql
    from tests.contract.harness import Stores
    from tests.servers import PostgresServer

KINDS = ("memory", "sqlite", "postgres", "redis", "redis-postgres")


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepare one file; tests copy it, since a migration takes longer than they do."""
    path = tmp_path_factory.mktemp("contract") / "empty.db"
    prepare(path)
    return path


@pytest.fixture(scope="module")
def postgres_of_all(postgres_server: PostgresServer) -> Iterator[Database]:
    """Prepare one database for all tests of a module; each empties it, and no connection outlives them."""
    url = postgres_server.url(postgres_server.create_database())
    prepare_postgres(url)
    database = postgres_database(url)
    yield database
    asyncio.run(database.close())


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
            made = await _emptied_stores(request)
        case "redis":
            url = str(request.getfixturevalue("redis_url"))
            made = RedisStores((await _sqlite_stores(empty_sqlite, tmp_path)).database, url)
        case _:
            url = str(request.getfixturevalue("redis_url"))
            made = RedisStores((await _emptied_stores(request)).database, url)
    yield made
    if isinstance(made, RedisStores):
        await made.leave_redis()
    if not kind.endswith("postgres"):
        await made.close()


async def _sqlite_stores(empty: Path, folder: Path) -> SqlStores:
    path = folder / "metarr.db"
    shutil.copy(empty, path)
    made = SqlStores(SqliteDatabase(path))
    await made.prepare()
    return made


async def _emptied_stores(request: pytest.FixtureRequest) -> SqlStores:
    request.getfixturevalue("postgres_server").start()
    database: Database = request.getfixturevalue("postgres_of_all")
    await database.run(_delete_all)
    made = SqlStores(database)
    await made.prepare()
    return made


def _delete_all(sql: Sql) -> None:
    tables = sql.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    for (table,) in tables:
        if table != "schema_migrations":
            sql.execute(f'DELETE FROM "{table}"')  # noqa: S608 - a name of ours


@pytest.fixture
def store(stores: Stores) -> JobStore:
    """Return the store as the process under test has it."""
    return stores.process("here")


@pytest.fixture
def rng() -> random.Random:
    return random.Random(1)
