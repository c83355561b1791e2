"""Streams on a real socket, fed by a bus that the test speaks on."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web

from metarr_desktop.app import api_stream
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
    from collections.abc import AsyncIterator


class Source:
    """Streams behind an address of their own."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.tasks = TaskSupervisor()
        self.streams = Streams(bus=self.bus, clock=FakeClock(), tasks=self.tasks)
        self.titles: dict[int, str] = {}
        self.looked_up: list[int] = []
        self.ended = 0
        self.address = ""

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
    async with session.ws_connect(source.address) as socket:
        for change in (ended(7, 3), ended(8, 3), ended(9, None), ended(10, 4)):
            source.bus.publish(change)
        told = [json.loads(await socket.receive_str())["job"]["subject"] for _ in range(4)]
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
    async with session.ws_connect(source.address) as socket, session.ws_connect(source.address) as quick:
        for number in range(MOST_WAITING + 1):
            source.bus.publish(JobChanged(job(id=number)))
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 1013
        await quick.close()
    await until(lambda: source.ended == 2)


async def test_a_reader_that_reads_nothing_at_all_keeps_nothing_open(
    source: Source, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_stream, "CATCH_UP_S", 0.2)
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(source.address.rpartition(":")[2]), limit=1
    )
    writer.write(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    assert await reader.readline() == b"HTTP/1.1 101 Switching Protocols\r\n"
    waiting: Any = next(iter(source.streams._open))._waiting
    for number in range(100_000):
        if source.ended:
            break
        source.bus.publish(JobChanged(job(id=number)))
        if number % 100 == 0:
            await asyncio.sleep(0)
    assert waiting.qsize() == MOST_WAITING
    await until(lambda: source.ended == 1)
    writer.transport.abort()


async def test_a_stream_that_is_asked_for_at_the_end_is_refused(
    source: Source, session: aiohttp.ClientSession
) -> None:
    await source.streams.close()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(source.address)
    assert refused.value.status == 503
