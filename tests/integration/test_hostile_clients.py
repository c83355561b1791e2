"""Clients that hold connections open, and senders that send much at once: both to the real program."""

from __future__ import annotations

import http.client
import json
import socket
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.integration.conftest import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.conftest import Program

HEAD = b"POST /webhooks/radarr HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
HALF_HEAD = HEAD[:50]
HALF_BODY = HEAD + b'Content-Length: 1000\r\n\r\n{"eventType'
POSTS, POSTS_WITHIN_S = 200, 5.0
RENAMES = 1_100


def hold_open(address: str, count: int, *, sent: bytes, stack: ExitStack) -> list[socket.socket]:
    """Open connections that send this and then wait."""
    place = urlsplit(address)
    held = []
    for _ in range(count):
        held.append(stack.enter_context(socket.create_connection((place.hostname, place.port), timeout=10)))
        held[-1].sendall(sent)
    return held


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side closed it; nothing but an answer and the end is ever received on it."""
    connection.settimeout(5)
    try:
        while connection.recv(4_096):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        pass
    return True


def time_of_post(running: Program, body: bytes) -> float:
    """Seconds until the answer 200."""
    began = time.monotonic()
    status, _ = running.post(body)
    assert status == 200
    return time.monotonic() - began


@pytest.mark.parametrize(("halves", "count"), [("heads", 64), ("bodies", 64), ("both", 300)])
def test_connections_held_open_do_not_stop_the_next_sender(
    program: Callable[..., Program], download: bytes, halves: str, count: int
) -> None:
    running = program()
    address = running.start()
    with ExitStack() as stack:
        held = []
        if halves in {"heads", "both"}:
            held += hold_open(address, count, sent=HALF_HEAD, stack=stack)
        if halves in {"bodies", "both"}:
            held += hold_open(address, count, sent=HALF_BODY, stack=stack)
        for _ in range(5):
            assert time_of_post(running, download) < 2
        assert is_closed(held[0])
    assert time_of_post(running, download) < 2
    assert running.stop() == 0
    assert "Traceback" not in running.errors() + running.log()


def test_whoever_sends_half_a_head_is_dropped_after_ten_seconds(program: Callable[..., Program]) -> None:
    running = program()
    address = running.start()
    with ExitStack() as stack:
        (held,) = hold_open(address, 1, sent=HALF_HEAD, stack=stack)
        began = time.monotonic()
        held.settimeout(30)
        assert held.recv(100) == b""
        assert 8 < time.monotonic() - began < 20
    assert running.stop() == 0


def test_two_hundred_webhooks_in_five_seconds_are_all_taken_at_once(
    program: Callable[..., Program], download: bytes
) -> None:
    running = program()
    place = urlsplit(running.start())
    began = time.monotonic()

    def post(number: int) -> float:
        due = began + number * POSTS_WITHIN_S / POSTS
        time.sleep(max(0.0, due - time.monotonic()))
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        with closing(connection):
            sent = time.monotonic()
            connection.request("POST", "/webhooks/radarr", download, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            return time.monotonic() - sent

    with ThreadPoolExecutor(8) as pool:
        seconds = sorted(pool.map(post, range(POSTS)))
    # One of them may meet a moment in which this computer had something else to do.
    assert seconds[-POSTS // 50] < 1, seconds[-10:]
    assert seconds[-1] < 5, seconds[-10:]
    running.wait_for(lambda: running.drained, within_s=60)
    assert running.rows("SELECT COUNT(*) FROM webhook_events") == [(POSTS,)]
    assert running.stop() == 0


def test_a_thousand_renames_in_one_body_are_taken(program: Callable[..., Program]) -> None:
    body = json.loads((SAMPLES / "sonarr" / "rename.json").read_bytes())
    file = body["renamedEpisodeFiles"][0]
    size = len(json.dumps(file))
    body["renamedEpisodeFiles"] = [
        file | {"id": number, "sceneName": "x" * max(0, 1_100 - size)} for number in range(RENAMES)
    ]
    content = json.dumps(body).encode()
    assert 1_100_000 < len(content) < 1_500_000
    running = program()
    running.start()
    began = time.monotonic()
    status, answer = running.post(content, path="/webhooks/sonarr")
    assert (status, answer["status"]) == (200, "queued")
    assert time.monotonic() - began < 5
    running.wait_for(lambda: running.drained)
    ((stored,),) = running.rows("SELECT body FROM webhook_events")
    assert zlib.decompress(stored) == content
    assert running.stop() == 0
