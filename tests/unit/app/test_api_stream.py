"""Streams on a real socket, fed by a bus that the test speaks on."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from metarr_desktop.app.api_refusals import ApiRefusal
from metarr_desktop.app.api_stream import MOST_WAITING, Streams
from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import JobChanged, JobEnded
from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.domain.jobs import EndStatus
from tests.fakes import FakeClock, until
from tests.unit.domain.test_job_messages import job, record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


@contextmanager
def socket_to(host: str, port: int) -> Iterator[socket.socket]:
    """Connect as somebody who reads nothing unless asked to."""
    with socket.create_connection((host, port)) as client:
        client.settimeout(0)
        yield client


class Source:
    """Streams behind an address of their own."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.tasks = TaskSupervisor()
        self.streams = Streams(bus=self.bus, clock=FakeClock(), tasks=self.tasks, catch_up_s=0.2)
        self.titles: dict[int, str] = {}
        self.looked_up: list[int] = []
        self.ended = 0
        self.address = ""
        self.server: web.Server | None = None

    @property
    def connections(self) -> list[web.RequestHandler]:
        """What the server holds open."""
        assert self.server is not None
        return self.server.connections

    async def title(self, event_id: int) -> str:
        self.looked_up.append(event_id)
        if event_id not in self.titles:
            raise StorageFailed("The database is busy.")
        return self.titles[event_id]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self.streams.answer(request, title=self.title)
        except ApiRefusal as refusal:
            return refusal.response()
        finally:
            self.ended += 1


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    source = Source()
    app = web.Application()
    app.router.add_get("/", source.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    source.server = runner.server
    source.address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield source
    await source.streams.close()
    await runner.cleanup()
    await source.tasks.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def ended(job_id: int, event_id: int | None) -> JobEnded:
    return JobEnded(replace(record(EndStatus.COMPLETED, job_id=job_id), event_id=event_id))


async def test_the_subject_of_a_webhook_is_looked_up_once(
    source: Source, session: aiohttp.ClientSession
) -> None:
    source.titles[3] = "The Matrix (1999)"
    async with session.ws_connect(source.address) as stream:
        for change in (ended(7, 3), ended(8, 3), ended(9, None), ended(10, 4)):
            source.bus.publish(change)
        told = [json.loads(await stream.receive_str())["job"]["subject"] for _ in range(4)]
    assert told == ["The Matrix (1999)", "The Matrix (1999)", "", ""]
    assert source.looked_up == [3, 4]


async def test_the_bus_is_heard_only_while_somebody_listens(
    source: Source, session: aiohttp.ClientSession
) -> None:
    assert source.bus._listeners == []
    async with session.ws_connect(source.address):
        assert len(source.bus._listeners) == 1
        async with session.ws_connect(source.address):
            assert len(source.bus._listeners) == 1
    await until(lambda: source.ended == 2)
    assert source.bus._listeners == []


async def test_a_slow_reader_is_told_so_and_closed(source: Source, session: aiohttp.ClientSession) -> None:
    async with session.ws_connect(source.address) as stream:
        for number in range(MOST_WAITING + 1):
            source.bus.publish(JobChanged(job(id=number)))
        ending = await stream.receive()
        while ending.type is aiohttp.WSMsgType.TEXT:
            ending = await stream.receive()
        assert (ending.type, ending.data) == (aiohttp.WSMsgType.CLOSE, 1013)
        assert ending.extra == "Too slow: 1000 messages wait. Connect again, and read /jobs."
    await until(lambda: source.ended == 1)


async def test_a_reader_that_reads_nothing_at_all_keeps_nothing_open(source: Source) -> None:
    host, port = source.address.removeprefix("http://").split(":")
    with socket_to(host, int(port)) as client:
        await asyncio.get_running_loop().sock_sendall(client, HANDSHAKE)
        await until(lambda: source.streams._open)
        for number in range(200_000):
            if not source.streams._open:
                break
            source.bus.publish(JobChanged(job(id=number)))
            if number % 100 == 0:
                await asyncio.sleep(0)
        assert source.connections
        await until(lambda: source.ended == 1)
        await until(lambda: not source.connections)


async def test_a_stream_that_does_not_answer_is_left_at_the_end(source: Source) -> None:
    host, port = source.address.removeprefix("http://").split(":")
    with socket_to(host, int(port)) as client:
        await asyncio.get_running_loop().sock_sendall(client, HANDSHAKE)
        await until(lambda: source.streams._open)
        async with asyncio.timeout(1):
            await source.streams.close()
        assert source.ended == 1


async def test_a_stream_that_is_asked_for_at_the_end_is_refused(
    source: Source, session: aiohttp.ClientSession
) -> None:
    await source.streams.close()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(source.address)
    assert refused.value.status == 503
