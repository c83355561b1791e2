"""Connections on a real socket: what stalls or crowds others out is closed, what works is not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import pytest
from aiohttp import web

from metarr_desktop.webhooks.connections import ConnectionLimits, Connections
from metarr_desktop.webhooks.heads import HEADERS, HEADERS_BYTES
from tests.fakes import eventually
from tests.unit.webhooks.listening import DOWNLOAD, HEAD, listen, send_raw

if TYPE_CHECKING:
    from metarr_desktop.webhooks.guard import Caller
    from tests.unit.webhooks.listening import Listening

WHOLE = HEAD + f"Content-Length: {len(DOWNLOAD)}\r\n\r\n".encode() + DOWNLOAD
HALF_HEAD = HEAD[:40]
HALF_BODY = HEAD + b"Content-Length: 1000\r\n\r\n{"
QUICK = ConnectionLimits(head_s=0.2, body_s=0.3, idle_s=0.6)
LONG = 60.0
PATIENCE_S = 5.0


class Client:
    """One connection to the listener, from a loopback address of its own."""

    def __init__(self, port: int, *, source: str = "127.0.0.1") -> None:
        self._port = port
        self._source = source

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection(
            "127.0.0.1", self._port, local_addr=(self._source, 0)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    async def send(self, content: bytes) -> None:
        self.writer.write(content)
        await self.writer.drain()

    async def status(self) -> int:
        """Read one answer to its end."""
        async with asyncio.timeout(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            await self.reader.readexactly(length)
        return int(head.split(b" ")[1])

    async def closed_after(self) -> float:
        """Seconds until the listener closes the connection; what it says before does not matter."""
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionError):
                await self.reader.read()
        return time.monotonic() - began

    @property
    def open(self) -> bool:
        return not self.reader.at_eof() and self.reader.exception() is None


async def clients(
    stack: contextlib.AsyncExitStack, listening: Listening, count: int, *, sent: bytes, source: str
) -> list[Client]:
    """Open connections that send this and then nothing."""
    opened = []
    for _ in range(count):
        client = await stack.enter_async_context(Client(listening.port, source=source))
        await client.send(sent)
        opened.append(client)
    return opened


@pytest.mark.parametrize("sent", [b"", b"P", HALF_HEAD, b"\r\n" * 10])
async def test_a_head_that_does_not_come_is_waited_for_since_the_connection(sent: bytes) -> None:
    limits = ConnectionLimits(head_s=0.2, body_s=LONG, idle_s=LONG)
    async with listen(limits=limits) as listening, Client(listening.port) as client:
        await client.send(sent)
        assert await client.closed_after() > 0.1
        await listening.still_works()


async def test_one_byte_now_and_then_does_not_buy_time() -> None:
    limits = ConnectionLimits(head_s=0.2, body_s=LONG, idle_s=LONG)
    async with listen(limits=limits) as listening, Client(listening.port) as client:
        closing = asyncio.create_task(client.closed_after())
        with contextlib.suppress(ConnectionError):
            for byte in HEAD:
                await client.send(bytes([byte]))
                await asyncio.sleep(0.03)
                if closing.done():
                    break
        assert await closing < PATIENCE_S


async def test_the_next_head_on_a_kept_connection_has_its_time_from_its_first_byte() -> None:
    limits = ConnectionLimits(head_s=0.3, body_s=LONG, idle_s=LONG)
    async with listen(limits=limits) as listening, Client(listening.port) as client:
        await client.send(WHOLE)
        assert await client.status() == 200
        await asyncio.sleep(0.6)
        await client.send(WHOLE)
        assert await client.status() == 200
        await client.send(HALF_HEAD)
        assert await client.closed_after() > 0.15
        assert len(listening.intake.stored) == 2


async def test_an_idle_connection_is_kept_for_a_while() -> None:
    limits = ConnectionLimits(head_s=LONG, body_s=LONG, idle_s=0.4)
    async with listen(limits=limits) as listening, Client(listening.port) as client:
        await client.send(WHOLE)
        assert await client.status() == 200
        assert await client.closed_after() > 0.2


async def test_a_body_that_nobody_reads_is_not_waited_for() -> None:
    class Deaf:
        prefix = "/deaf"

        async def answer(self, _request: web.Request, _caller: Caller, /) -> web.StreamResponse:
            await asyncio.Event().wait()
            raise AssertionError

    limits = ConnectionLimits(head_s=LONG, body_s=0.3, idle_s=LONG)
    async with listen(limits=limits, extra=[Deaf()]) as listening, Client(listening.port) as client:
        await client.send(HALF_BODY.replace(b"/webhooks/radarr", b"/deaf"))
        assert await client.closed_after() > 0.15


async def test_a_slow_store_is_no_stalled_client() -> None:
    async with listen(limits=QUICK) as listening, Client(listening.port) as client:
        listening.intake.gate = asyncio.Event()
        await client.send(WHOLE)
        await listening.intake.entered.wait()
        await asyncio.sleep(1.0)
        listening.intake.gate.set()
        assert await client.status() == 200


async def test_a_late_body_is_told_so_before_the_connection_ends() -> None:
    options = {"read_within": timedelta(seconds=0.1), "limits": QUICK}
    async with listen(**options) as listening, Client(listening.port) as client:
        await client.send(HALF_BODY)
        assert await client.status() == 408
        await client.closed_after()


async def test_the_rest_of_a_refused_body_is_read_so_that_the_sender_hears_why() -> None:
    async with listen() as listening, Client(listening.port) as client:
        size = 20 * 1024 * 1024
        await client.send(HEAD + f"Content-Length: {size}\r\n\r\n".encode())
        assert await client.status() == 413
        chunk = b"x" * 1024 * 1024
        for _ in range(20):
            await client.send(chunk)
        await client.send(WHOLE)
        assert await client.status() == 200


@pytest.mark.parametrize("sent", [b"", HALF_HEAD, HALF_BODY, WHOLE])
async def test_connections_held_open_do_not_stop_the_next_sender(sent: bytes) -> None:
    limits = ConnectionLimits(in_all=20, of_one=8)
    async with listen(limits=limits) as listening, contextlib.AsyncExitStack() as stack:
        held = await clients(stack, listening, 8, sent=sent, source="127.0.0.1")
        async with Client(listening.port) as ninth:
            await ninth.send(WHOLE)
            assert await ninth.status() == 200
        assert await held[0].closed_after() < PATIENCE_S
        assert all(client.open for client in held[1:])
        others = await clients(stack, listening, 8, sent=sent, source="127.0.0.2")
        assert all(client.open for client in (*held[1:], *others))


async def test_there_are_so_many_connections_in_all(caplog: pytest.LogCaptureFixture) -> None:
    limits = ConnectionLimits(in_all=20, of_one=8)
    async with listen(limits=limits) as listening, contextlib.AsyncExitStack() as stack:
        for number in range(2, 12):
            await clients(stack, listening, 8, sent=HALF_HEAD, source=f"127.0.0.{number}")
            await listening.still_works()
        connections = listening.server._connections
        assert connections is not None

        async def few() -> bool:
            return len(connections) <= 20

        await eventually(few)
    assert [message for message in caplog.messages if "Too many connections" in message] == [
        "Too many connections at once, now from 127.0.0.4. The oldest unfinished one is closed"
    ]


async def test_who_is_being_answered_is_never_closed_to_make_room() -> None:
    limits = ConnectionLimits(of_one=4)
    async with listen(limits=limits) as listening, contextlib.AsyncExitStack() as stack:
        listening.intake.gate = asyncio.Event()
        working = await clients(stack, listening, 4, sent=WHOLE, source="127.0.0.1")

        async def all_entered() -> bool:
            connections = listening.server._connections
            return connections is not None and not any(each.waits_for_client for each in connections._open)

        await eventually(all_entered)
        async with Client(listening.port) as fifth:
            with contextlib.suppress(ConnectionError):
                await fifth.send(WHOLE)
            assert await fifth.closed_after() < PATIENCE_S
        listening.intake.gate.set()
        assert [await client.status() for client in working] == [200] * 4


class Choking(asyncio.Protocol):
    """Fails on whatever it gets, as older aiohttp does on some targets."""

    def data_received(self, data: bytes) -> None:
        raise ValueError(data)


async def test_what_the_parser_chokes_on_ends_the_connection_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="asyncio")
    connections = Connections(ConnectionLimits())
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: connections.wrap(Choking()), "127.0.0.1", 0)
    async with server, Client(server.sockets[0].getsockname()[1]) as client:
        await client.send(b"GET http://[/hidden-key HTTP/1.1\r\n\r\n")
        await client.closed_after()
    connections.close()
    assert len(connections) == 0
    assert "hidden-key" not in caplog.text


def head(*fields: str) -> bytes:
    lines = ["GET /health HTTP/1.1", "Host: localhost", "Connection: close", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


@pytest.mark.parametrize(
    ("content", "statuses"),
    [
        (head(*(f"X-{number}: 1" for number in range(HEADERS - 2))), {200}),
        (head(*(f"X-{number}: 1" for number in range(HEADERS))), {431}),
        (head(*(f"X-{number}: 1" for number in range(10_000))), {400, 431}),
        (head("X: " + "x" * 8_000), {200}),
        (head("X: " + "x" * 8_300), {400}),
        (head(*("X: " + "x" * 8_000 for _ in range(3))), {200}),
        (head(*("X: " + "x" * 8_000 for _ in range(HEADERS_BYTES // 8_000 + 1))), {431}),
        (head().replace(b"/health", b"/health?" + b"x" * 7_900), {200}),
        (head().replace(b"/health", b"/health?" + b"x" * 8_300), {400}),
        (b"\r\n\r\n" + head(), {200}),
    ],
    ids=[
        "fields",
        "many-fields",
        "ten-thousand-fields",
        "field",
        "long-field",
        "headers",
        "long-headers",
        "line",
        "long-line",
        "empty-lines",
    ],
)
async def test_heads_have_limits(listening: Listening, content: bytes, statuses: set[int]) -> None:
    answer = await send_raw(listening.port, content)
    assert int(answer.split(b" ")[1]) in statuses
    await listening.still_works()


@pytest.mark.parametrize("start", [b"", b"\r\n", b"\r\n\r\n"])
async def test_a_head_that_never_ends_is_cut_off(listening: Listening, start: bytes) -> None:
    async with Client(listening.port) as client:
        sent = 0
        with contextlib.suppress(ConnectionError):
            await client.send(start + b"GET /health HTTP/1.1\r\n")
            for _ in range(1_000):
                await client.send(b"X-Header: " + b"x" * 1_000 + b"\r\n")
                sent += 1_000
                await asyncio.sleep(0)
                if not client.open:
                    break
        assert await client.closed_after() < PATIENCE_S
        await listening.still_works()


async def test_requests_one_after_the_other_without_waiting_are_all_answered(listening: Listening) -> None:
    async with Client(listening.port) as client:
        await client.send(WHOLE * 20)
        assert [await client.status() for _ in range(20)] == [200] * 20
        await client.send(WHOLE[:-10])
        await asyncio.sleep(0.05)
        await client.send(WHOLE[-10:])
        assert await client.status() == 200


async def test_a_conversation_may_be_silent_for_long() -> None:
    class Talk:
        prefix = "/talk"

        async def answer(self, request: web.Request, _caller: Caller, /) -> web.StreamResponse:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(f"You said {message.data}")
            return socket

    async with (
        listen(limits=QUICK, extra=[Talk()]) as listening,
        listening.session.ws_connect(listening.base + "/talk") as socket,
    ):
        await asyncio.sleep(1.0)
        await socket.send_str("hello")
        assert await socket.receive_str(timeout=PATIENCE_S) == "You said hello"


async def test_the_request_behind_a_body_that_nobody_read_is_no_endless_head() -> None:
    large = b'{"eventType": "Test", "padding": "' + b"x" * 300_000 + b'"}'
    fields = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(large)
    refused = b"POST /webhooks/jabber HTTP/1.1\r\nHost: localhost\r\n" + fields + large
    taken = b"POST /webhooks/radarr HTTP/1.1\r\nHost: localhost\r\n" + fields + large
    async with listen() as listening, Client(listening.port) as client:
        for _ in range(10):  # where the bytes are cut is not ours to say
            await client.send(refused + taken)
            assert [await client.status(), await client.status()] == [404, 200]
        await client.send(refused)
        assert await client.status() == 404
        with contextlib.suppress(ConnectionError):
            for _ in range(20):
                await client.send(b"x" * 1_000_000)
        assert await client.closed_after() < PATIENCE_S
