from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.core import open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.errors import Refused, StorageFailed
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.queue_place import queue_name
from tests import servers
from tests.fakes import MemorySecretStore

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.app.core import Core


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METARR_QUEUE_URL", raising=False)


async def opened(
    stack: AsyncExitStack, folder: Path, queue_url: str | None, *, database_url: str | None = None
) -> Core:
    core = open_core(
        AppPaths(folder),
        serve=False,
        queue_url=queue_url,
        database_url=database_url,
        secrets=MemorySecretStore(),
    )
    return await stack.enter_async_context(core)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"appendonly": "no"}, "appendonly is no"),
        ({"maxmemory-policy": "allkeys-lru"}, "maxmemory-policy allkeys-lru"),
    ],
)
async def test_a_redis_that_may_forget_jobs_is_refused_with_what_to_set(
    tmp_path: Path, settings: dict[str, str], named: str
) -> None:
    with servers.server(servers.RedisServer, settings=settings) as redis, pytest.raises(Refused) as refused:
        async with AsyncExitStack() as stack:
            await opened(stack, tmp_path, redis.url())
    assert named in str(refused.value)
    assert '"appendonly yes" and "maxmemory-policy noeviction"' in str(refused.value)
    assert "redis.conf" in str(refused.value)


async def test_a_redis_that_is_not_there_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed, match=r"Nothing was started.* --queue-url database\."):
        async with AsyncExitStack() as stack:
            await opened(stack, tmp_path, f"unix://{tmp_path}/none.sock")


async def test_a_refused_redis_leaves_the_queue_where_it_was(tmp_path: Path) -> None:
    with pytest.raises(StorageFailed):
        async with AsyncExitStack() as stack:
            await opened(stack, tmp_path, f"unix://{tmp_path}/none.sock")
    database = SqliteDatabase(AppPaths(tmp_path).database)
    assert await queue_name(database) is None
    await database.close()


async def test_the_queue_of_a_file_has_one_name_whether_or_not_it_lies_in_redis_now(
    tmp_path: Path, redis_url: str
) -> None:
    names = set()
    for url in (redis_url, None, redis_url):
        async with AsyncExitStack() as stack:
            await opened(stack, tmp_path, url)
        database = SqliteDatabase(AppPaths(tmp_path).database)
        names.add(await queue_name(database))
        await database.close()
    assert len(names) == 1
    assert None not in names


async def test_a_shared_queue_is_not_taken_back_by_accident(
    tmp_path: Path, redis_url: str, postgres_url: str
) -> None:
    async with AsyncExitStack() as stack:
        await opened(stack, tmp_path / "one", redis_url, database_url=postgres_url)
    with pytest.raises(Refused, match="--queue-url database"):
        async with AsyncExitStack() as stack:
            await opened(stack, tmp_path / "other", None, database_url=postgres_url)
    for url in ("database", None):
        async with AsyncExitStack() as stack:
            await opened(stack, tmp_path / "other", url, database_url=postgres_url)
