"""The listener as the program keeps it: moved, refused, and back again."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.app.snapshots import ProblemKind
from metarr_desktop.domain.errors import NotFound, PortUnavailable, Refused, StorageFailed
from tests.fakes import MemorySecretStore, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture
def secrets() -> MemorySecretStore:
    return MemorySecretStore()


@pytest.fixture
async def core(tmp_path: Path, secrets: MemorySecretStore) -> AsyncIterator[Core]:
    async with open_core(AppPaths(tmp_path / "data"), serve=True, port=0, secrets=secrets) as core:
        yield core


@pytest.fixture
def taken() -> Iterator[int]:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        yield other.getsockname()[1]


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
        return port


async def health(port: int, **headers: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/health", headers=headers) as answer,
    ):
        return answer.status


def port_of(core: Core) -> int:
    listening = core.queries.listening()
    assert listening is not None
    return listening.port


async def test_a_taken_port_is_refused_and_the_old_one_goes_on(core: Core, taken: int) -> None:
    await core.commands.save_settings(port=free_port())
    before = port_of(core)
    with pytest.raises(PortUnavailable, match="used by another program"):
        await core.commands.save_settings(port=taken)
    assert core.queries.settings().port == before
    assert await health(before) == 200
    assert await core.queries.problems() == ()


async def test_a_new_port_is_used_at_once_and_kept(core: Core, tmp_path: Path) -> None:
    new = free_port()
    await core.commands.save_settings(port=new)
    assert port_of(core) == new
    assert await health(new) == 200


@pytest.mark.expects_errors("no such table: settings")
async def test_what_could_not_be_stored_is_not_used(core: Core) -> None:
    rules, taken = core.receiving.rules(), free_port()
    with closing(sqlite3.connect(core.paths.database, timeout=10)) as database:
        database.execute("ALTER TABLE settings RENAME TO gone")
    with pytest.raises(StorageFailed):
        await core.commands.save_settings(base_path="/metarr", require_key_locally=False)
    with pytest.raises(StorageFailed):
        await core.commands.save_settings(port=taken)
    assert core.receiving.rules() == rules
    assert core.queries.settings().port == 3000
    assert port_of(core) != taken
    assert await health(port_of(core)) == 200


async def test_saving_something_else_does_not_touch_the_listener(core: Core) -> None:
    port = port_of(core)
    await core.commands.save_settings(theme="dark", allow="local")
    assert port_of(core) == port


async def test_a_program_whose_port_is_taken_says_so_and_can_move(
    tmp_path: Path, secrets: MemorySecretStore, taken: int
) -> None:
    async with open_core(AppPaths(tmp_path / "data"), serve=True, port=taken, secrets=secrets) as core:
        assert core.queries.listening() is None
        (problem,) = await core.queries.problems()
        assert (problem.kind, problem.subject) == (ProblemKind.PORT_IN_USE, str(taken))
        with pytest.raises(Refused, match="not receiving"):
            await core.commands.send_test("radarr")
        await core.commands.save_settings(port=free_port())
        assert await core.queries.problems() == ()
        assert (await core.commands.send_test("radarr", event="Test"))[0] == 200


async def test_with_a_required_key_even_this_computer_has_to_name_it(
    core: Core, secrets: MemorySecretStore
) -> None:
    await core.commands.save_settings(require_key_locally=True)
    key = secrets.secrets["receiving/key"]
    port = port_of(core)
    assert await health(port) == 401
    assert await health(port, **{"X-Api-Key": key}) == 200
    status, event_id = await core.commands.send_test("sonarr")
    assert (status, event_id) == (200, 1)


async def test_below_a_base_path_samples_still_arrive(core: Core) -> None:
    await core.commands.save_settings(base_path="/metarr")
    assert (await core.commands.send_test("radarr", event="Test"))[0] == 200
    assert await health(port_of(core)) == 404


async def test_only_shipped_samples_can_be_sent(core: Core) -> None:
    with pytest.raises(NotFound, match="Known are"):
        await core.commands.send_test("jabber")
    for event in ("NoSuch", "../../pyproject", "/etc/passwd"):
        with pytest.raises(NotFound, match="There are"):
            await core.commands.send_test("radarr", event=event)


async def test_todays_counts_are_those_of_today(core: Core) -> None:
    await core.commands.send_test("radarr")

    async def counted() -> Any:
        today = await core.queries.today()
        return (today.webhooks, today.done, today.failed, today.last_source) == (1, 1, 0, "Radarr")

    await eventually(counted)


async def test_a_request_that_never_ends_does_not_hold_up_the_end(
    tmp_path: Path, secrets: MemorySecretStore
) -> None:
    loop = asyncio.get_running_loop()
    async with open_core(AppPaths(tmp_path / "data"), serve=True, port=0, secrets=secrets) as core:
        _, writer = await asyncio.open_connection("127.0.0.1", port_of(core))
        writer.write(b"POST /webhooks/radarr HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
                     b"Content-Type: application/json\r\n\r\n{")  # fmt: skip
        await writer.drain()
        began = loop.time()
    assert loop.time() - began < 5
    writer.close()
