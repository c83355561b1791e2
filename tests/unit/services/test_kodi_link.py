"""The web socket is held only while somebody waits, and believes nothing it is told."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.services.http import Http
from metarr_desktop.services.kodi_link import (
    KNOWN,
    LARGEST_MESSAGE,
    LINGER_S,
    TRY_AGAIN_S,
    KodiLink,
    read_announcement,
)
from tests.fakes import FakeClock, tools, until
from tests.fakes_http import FakeServer, Reply, unused_port
from tests.fakes_kodi import FakeSocket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FINISHED = "VideoLibrary.OnScanFinished"


@pytest.fixture
async def socket() -> AsyncIterator[FakeSocket]:
    async with FakeSocket() as made:
        yield made


def link_to(port: int, http: Http, clock: FakeClock) -> KodiLink:
    return KodiLink(tools=tools(http, clock), url=f"ws://127.0.0.1:{port}/jsonrpc")


async def test_what_is_waited_for_is_heard(socket: FakeSocket, http: Http, clock: FakeClock) -> None:
    async with link_to(socket.port, http, clock).listening(methods=KNOWN) as ears:
        assert ears.open
        await socket.tell("Player.OnStop")
        await socket.tell("GUI.OnScreensaverActivated")
        await socket.tell(FINISHED)
        heard = await ears.wait_for({FINISHED}, within=60)
    assert heard is not None
    assert heard.method == FINISHED
    assert socket.heard == [], "nothing is ever sent"


async def test_one_connection_serves_all_who_wait_and_is_left_a_little_later(
    socket: FakeSocket, http: Http, clock: FakeClock
) -> None:
    link = link_to(socket.port, http, clock)
    for _ in range(3):
        async with (
            link.listening(methods=KNOWN) as first,
            link.listening(methods=KNOWN) as second,
        ):
            await socket.tell(FINISHED)
            assert await first.wait_for({FINISHED}, within=60)
            assert await second.wait_for({FINISHED}, within=60)
    assert socket.opened == 1
    assert link.held
    await asyncio.sleep(0)
    clock.advance(LINGER_S)
    await until(lambda: not (socket.sockets or link.held))
    async with link.listening(methods=KNOWN) as ears:
        assert ears.open
    assert socket.opened == 2


async def test_nobody_waits_for_longer_than_was_said(
    socket: FakeSocket, http: Http, clock: FakeClock
) -> None:
    async with link_to(socket.port, http, clock).listening(methods=KNOWN) as ears:
        waiting = asyncio.ensure_future(ears.wait_for({FINISHED}, within=30))
        await until(lambda: clock.sleeping)
        await socket.tell("System.OnQuit")
        await asyncio.sleep(0.05)
        assert not waiting.done(), "another message is waited for"
        clock.advance(30)
        assert await waiting is None


async def test_a_link_that_breaks_wakes_who_waits_and_is_not_opened_again(
    socket: FakeSocket, http: Http, clock: FakeClock
) -> None:
    link = link_to(socket.port, http, clock)
    async with link.listening(methods=KNOWN) as ears:
        waiting = asyncio.ensure_future(ears.wait_for({FINISHED}, within=30))
        await socket.close()
        assert await waiting is None
        assert not ears.open
    async with link.listening(methods=KNOWN) as ears:
        assert not ears.open
    assert socket.opened == 1
    clock.advance(TRY_AGAIN_S)
    async with link.listening(methods=KNOWN) as ears:
        assert ears.open


async def test_where_nothing_listens_nothing_is_heard(http: Http, clock: FakeClock) -> None:
    link = link_to(await unused_port(), http, clock)
    async with link.listening(methods=KNOWN) as ears:
        assert not ears.open
        assert await ears.wait_for({FINISHED}, within=30) is None
    assert not link.held


@pytest.mark.parametrize("reply", [Reply.of_html("<h1>Router</h1>"), Reply(status=404), Reply(fault="drop")])
async def test_a_web_server_is_no_web_socket(
    server: FakeServer, http: Http, clock: FakeClock, reply: Reply
) -> None:
    server.respond = lambda _request: reply
    async with link_to(server.port, http, clock).listening(methods=KNOWN) as ears:
        assert not ears.open


async def test_a_message_without_end_closes_the_link(
    socket: FakeSocket, http: Http, clock: FakeClock
) -> None:
    async with link_to(socket.port, http, clock).listening(methods=KNOWN) as ears:
        await socket.say("x" * (LARGEST_MESSAGE + 1))
        await until(lambda: not ears.open)


async def test_what_is_not_understood_is_passed_over(
    socket: FakeSocket, http: Http, clock: FakeClock
) -> None:
    async with link_to(socket.port, http, clock).listening(methods=KNOWN) as ears:
        for words in (
            "",
            "{",
            "[]",
            "5",
            "null",
            b"\xff\x00",
            "[" * 50_000,
            json.dumps({"method": [FINISHED]}),
        ):
            await socket.say(words)
        for _ in range(500):
            await socket.tell("Player.OnStop")
        assert ears.open
        ears.forget()
        await socket.tell(FINISHED)
        await until(lambda: ears.open)
        assert await ears.wait_for({FINISHED}, within=60)


async def test_a_flood_of_what_is_not_waited_for_drowns_nothing(
    socket: FakeSocket, http: Http, clock: FakeClock
) -> None:
    async with link_to(socket.port, http, clock).listening(methods={FINISHED}) as ears:
        for number in range(1_000):
            await socket.tell("VideoLibrary.OnUpdate", id=number, type="movie")
        await socket.tell(FINISHED)
        assert await ears.wait_for({FINISHED}, within=60)


async def test_the_end_of_the_program_is_not_held_up(socket: FakeSocket, clock: FakeClock) -> None:
    http = Http()
    link = link_to(socket.port, http, clock)
    async with asyncio.timeout(5):
        async with link.listening(methods=KNOWN) as ears:
            await http.close()
            await until(lambda: not ears.open)
    assert not link.held


@pytest.mark.parametrize(
    ("data", "added"),
    [
        ({"item": {"id": 1, "type": "movie"}, "added": True}, "movie"),
        ({"id": 1, "type": "episode", "added": True}, "episode"),
        ({"item": {"id": 1, "type": "movie"}}, ""),
        ({"item": [], "added": True}, ""),
        ({"item": {"type": 5}, "added": 1}, ""),
        (None, ""),
        ([], ""),
    ],
)
def test_what_was_added_is_read_in_the_forms_of_all_versions(data: object, added: str) -> None:
    told = {"jsonrpc": "2.0", "method": "VideoLibrary.OnUpdate", "params": {"data": data, "sender": "xbmc"}}
    announcement = read_announcement(json.dumps(told))
    assert announcement is not None
    assert announcement.added == added
