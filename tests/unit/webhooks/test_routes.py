"""Who is heard where: keys of sources, the list of devices, proxies, and guesses, on the real listener."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from metarr_desktop.domain.networks import parse_networks
from metarr_desktop.webhooks.guard import ReceivingRules
from metarr_desktop.webhooks.slowing import Slowing
from tests.unit.webhooks.listening import API_KEY, DOWNLOAD, JSON, KEY, digest, listen, send_raw

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.unit.webhooks.listening import Listening

OWN = "own-key-0123456789"
WITH_KEY: dict[str, Any] = {"local_needs_key": True, "key_sha256": digest(KEY)}
BEHIND_PROXY: dict[str, Any] = {"key_sha256": digest(KEY), "trusted_proxies": parse_networks("127.0.0.1")}


class Waits:
    """A sleep that notes for how long, and returns when told."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.over = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await self.over.wait()


# --- Instances and their keys ---


async def test_the_name_in_the_address_tells_instances_apart(listening: Listening) -> None:
    for path in ("/webhooks/radarr", "/webhooks/radarr/Radarr%204K", "/api/webhooks/radarr/Bär/"):
        assert (await listening.send(path))[0] == 200
    assert [stored.instance for stored in listening.intake.stored] == ["Radarr", "Radarr 4K", "Bär"]


async def test_a_source_with_its_own_key_is_opened_by_that_one(listening: Listening) -> None:
    listening.rules[0] = ReceivingRules(**WITH_KEY, source_keys={("radarr", "4k"): digest(OWN)})
    answers = {
        "/webhooks/radarr/4K": {OWN: 200, KEY: 401},
        "/webhooks/radarr/other": {OWN: 401, KEY: 200},
        "/webhooks/radarr": {OWN: 200, KEY: 200},
        "/webhooks/sonarr": {OWN: 401, KEY: 200},
        "/health": {OWN: 401},
    }
    for path, keys in answers.items():
        for key, expected in keys.items():
            assert (await listening.send(path, headers={"X-Api-Key": key}))[0] == expected, path


async def test_this_computer_needs_no_key_of_a_source(listening: Listening) -> None:
    listening.rules[0] = ReceivingRules(source_keys={("radarr", "4k"): digest(OWN)})
    assert (await listening.send("/webhooks/radarr/4K"))[0] == 200


# --- The base path ---


async def test_below_a_base_path_everything_is_as_it_was_and_nothing_is_beside_it(
    listening: Listening,
) -> None:
    listening.rules[0] = ReceivingRules(base_path="/metarr")
    assert (await listening.send("/metarr/webhooks/radarr/4K/"))[0] == 200
    assert (await listening.send("/metarr/health", method="GET", data=b""))[0] == 200
    reply = await listening.send("/metarr/api/v1/jobs", headers={"X-Api-Key": API_KEY})
    assert reply == (200, {"path": "/api/v1/jobs", "method": "POST"})
    for path in ("/webhooks/radarr", "/health", "/api/v1/jobs", "/metarr", "/metarrx/health", "/"):
        status, answer = await listening.send(path, headers={"X-Api-Key": API_KEY})
        assert status == 404
        assert "Webhooks go to /metarr/webhooks/radarr, " in answer["error"]
    assert listening.intake.stored[0].instance == "4K"


# --- Proxies and the list of devices ---


async def test_a_trusted_proxy_tells_who_sent_the_webhook(listening: Listening) -> None:
    listening.rules[0] = ReceivingRules(**BEHIND_PROXY)
    headers = {"X-Forwarded-For": "10.9.9.9, 192.168.1.30", "Host": "metarr.example.com"}
    assert (await listening.send("/webhooks/radarr", headers=headers))[0] == 401
    assert (await listening.send("/webhooks/radarr", headers=headers | {"X-Api-Key": KEY}))[0] == 200
    assert listening.intake.stored[0].remote_address == "192.168.1.30"
    assert listening.refused[0].remote_address == "192.168.1.30"
    assert (await listening.send("/api/v1/jobs", headers=headers | {"X-Api-Key": API_KEY}))[0] == 200
    assert listening.further.callers[0].peer == "192.168.1.30"


async def test_this_computer_is_local_through_its_own_trusted_proxy(listening: Listening) -> None:
    headers = {"X-Forwarded-For": "127.0.0.1"}
    assert (await listening.send("/webhooks/radarr", headers=headers))[0] == 401
    listening.rules[0] = ReceivingRules(**BEHIND_PROXY)
    assert (await listening.send("/webhooks/radarr", headers=headers))[0] == 200
    named = headers | {"Host": "evil.example.com"}
    assert (await listening.send("/webhooks/radarr", headers=named))[0] == 403
    assert (await listening.send("/webhooks/radarr", headers=named | {"X-Api-Key": KEY}))[0] == 200


async def test_who_is_not_on_the_list_is_refused_whatever_its_key(listening: Listening) -> None:
    listening.rules[0] = ReceivingRules(**BEHIND_PROXY, lan=True, allow_only=parse_networks("192.168.1.0/24"))
    for client, expected in (("192.168.1.30", 200), ("192.168.2.30", 403), ("nonsense", 403)):
        headers = {"X-Forwarded-For": client, "X-Api-Key": KEY}
        assert (await listening.send("/webhooks/radarr", headers=headers))[0] == expected
        headers = {"X-Forwarded-For": client, "X-Api-Key": API_KEY}
        assert (await listening.send("/api/v1/jobs", headers=headers))[0] == expected
    assert listening.refused[0].reason == (
        "Refused webhook from 192.168.2.30: its address is not among those allowed."
    )
    assert (await listening.send("/webhooks/radarr"))[0] == 200


# --- Guessing keys ---


@contextlib.asynccontextmanager
async def guarded() -> AsyncIterator[tuple[Listening, Waits]]:
    """A listener that wants the key from this computer too, and waits only as told."""
    waits = Waits()
    async with listen(slowing=Slowing(sleep=waits)) as listening:
        listening.rules[0] = ReceivingRules(**WITH_KEY)
        yield listening, waits
        waits.over.set()


async def guess(listening: Listening, *, source: str = "127.0.0.1", key: str = "wrong") -> tuple[int, Any]:
    """Send one request on a connection of its own; returns status and headers."""
    connector = aiohttp.TCPConnector(local_addr=(source, 0), force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.post(
            listening.base + "/webhooks/radarr", data=DOWNLOAD, headers=JSON | {"X-Api-Key": key}
        ) as answer,
    ):
        await answer.read()
        return answer.status, answer.headers


async def test_guesses_are_slowed_and_a_valid_sender_never() -> None:
    async with guarded() as (listening, waits), asyncio.TaskGroup() as tasks:
        for _ in range(5):
            assert (await guess(listening))[0] == 401
        assert waits.seconds == []
        slow = [tasks.create_task(guess(listening)) for _ in range(4)]
        while len(waits.seconds) < 4:  # noqa: ASYNC110 - other tasks fill it
            await asyncio.sleep(0.01)
        status, headers = await guess(listening)
        assert (status, headers["Retry-After"], headers["Connection"]) == (429, "10", "close")
        for _ in range(20):
            began = time.monotonic()
            assert (await guess(listening, key=KEY))[0] == 200
            assert time.monotonic() - began < 1
        assert not any(task.done() for task in slow)
        assert (await guess(listening, source="127.0.0.2"))[0] == 401
        waits.over.set()
        assert [(await task)[0] for task in slow] == [401] * 4
        assert waits.seconds[0] == 1


async def test_the_keys_of_further_routes_are_guessed_no_faster() -> None:
    async with guarded() as (listening, waits):
        waits.over.set()
        for _ in range(7):
            assert (await listening.send("/api/v1/jobs", headers={"X-Api-Key": KEY}))[0] == 401
        assert waits.seconds == [1, 2]
        assert (await listening.send("/api/v1/jobs", headers={"X-Api-Key": API_KEY}))[0] == 200


@pytest.mark.parametrize(("path", "key"), [("/webhooks/radarr", KEY), ("/api/v1/jobs", API_KEY)])
async def test_who_asks_first_without_the_key_is_not_slowed(path: str, key: str) -> None:
    async with guarded() as (listening, waits):
        waits.over.set()
        for _ in range(12):
            assert (await listening.send(path))[0] == 401
            assert (await listening.send(path, headers={"X-Api-Key": key}))[0] == 200
        assert waits.seconds == []


async def test_what_needs_no_key_makes_guessing_no_faster() -> None:
    async with guarded() as (listening, waits):
        waits.over.set()
        listening.rules[0] = ReceivingRules()
        for _ in range(7):
            assert (await listening.send("/api/v1/jobs", headers={"X-Api-Key": KEY}))[0] == 401
            assert (await listening.send("/webhooks/radarr"))[0] == 200
        assert waits.seconds == [1, 2]


async def test_no_key_is_a_wrong_key_and_a_wrong_name_is_none() -> None:
    async with guarded() as (listening, waits):
        waits.over.set()
        for _ in range(6):
            assert (await listening.send("/webhooks/radarr"))[0] == 401
        assert waits.seconds == [1]
        listening.rules[0] = ReceivingRules()
        for _ in range(6):
            assert (await listening.send("/webhooks/radarr", headers={"Host": "evil.example.com"}))[0] == 403
        assert waits.seconds == [1]


async def test_many_refusals_are_few_lines_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async with listen() as listening:
        for _ in range(30):
            assert (await listening.send("/nothing"))[0] == 404
    lines = [message for message in caplog.messages if message.startswith("Refused")]
    assert lines[-1] == "Refused 20 more from 127.0.0.1."
    assert len(lines) == 11


# --- What is never logged ---

SECRET = "hidden-key-0123456789"
BASIC = base64.b64encode(f"radarr:{SECRET}".encode()).decode()
GIVEN = f"X-Api-Key: {SECRET}\r\nAuthorization: Basic {BASIC}\r\n"


def request(
    *,
    line: str = f"POST /webhooks/radarr?apikey={SECRET} HTTP/1.1",
    host: str = "Host: localhost",
    fields: str = "Content-Type: application/json",
    body: str = "{}",
) -> bytes:
    parts = [line, host, GIVEN.strip(), fields, f"Content-Length: {len(body)}", "Connection: close", "", body]
    return "\r\n".join(parts).encode("latin-1")


@pytest.mark.parametrize(
    "content",
    [
        request(),
        request(body='{"eventType": "Test", "secret": "' + SECRET + '"}'),
        request(body='{"eventType": 5, "secret": "' + SECRET + '"}'),
        request(body=SECRET),
        request(host="Host: evil.example.com"),
        request(host=f"Host: {SECRET}"),
        request(host="Host: a\r\nHost: b"),
        request(fields=f"Content-Type: {SECRET}"),
        request(fields="Content-Type: application/json\r\nOrigin: http://" + SECRET),
        request(fields="Content-Type: application/json\r\nX-Forwarded-For: " + SECRET),
        request(fields="Content-Type: application/json\r\nExpect: " + SECRET),
        request(fields="Content-Type: application/json\r\nTransfer-Encoding: " + SECRET),
        request(fields="Content-Type: application/json\r\nContent-Encoding: " + SECRET),
        request(fields="Content-Type: application/json\r\nUpgrade: websocket\r\nConnection: upgrade"),
        request(fields="Bad\x01Name: 1"),
        request(fields="No colon " + SECRET),
        request(fields="X: " + SECRET * 1_000),
        request(fields="\r\n".join(f"X-{number}: {SECRET}" for number in range(120))),
        request(line=f"GET /webhooks/radarr?apikey={SECRET} HTTP/1.1", body=""),
        request(line=f"GET /nothing/{SECRET}?apikey={SECRET} HTTP/1.1", body=""),
        request(line=f"POST /webhooks/radarr/{SECRET}%0A?apikey={SECRET} HTTP/1.1"),
        request(line=f"G@T /health?apikey={SECRET} HTTP/1.1"),
        request(line=f"{SECRET} /health HTTP/1.1"),
        request(line=f"GET /health?apikey={SECRET} HTTP/9.9"),
        request(line=f"GET /health?apikey={SECRET}"),
        request(line=f"GET http://[::1/health?apikey={SECRET} HTTP/1.1"),
        request(line=f"GET http://x:99999/health?apikey={SECRET} HTTP/1.1"),
        request(line=f"GET http://radarr:{SECRET}@localhost/health HTTP/1.1"),
        request(line=f"CONNECT {SECRET} HTTP/1.1"),
        request(line=f"OPTIONS * HTTP/1.1 {SECRET}"),
        request(line=f"GET /health?apikey={SECRET}\xff\xfe HTTP/1.1"),
        request(line=f"GET /\xff{SECRET} HTTP/1.1"),
        request(line=f"GET /health?apikey={SECRET}{'x' * 9_000} HTTP/1.1"),
        request().replace(b"Content-Length: 2", b"Content-Length: " + SECRET.encode()),
        request().replace(b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 3"),
        SECRET.encode() * 5_000,
        b"\x16\x03\x01" + SECRET.encode() + b"\r\n\r\n",
    ],
)
@pytest.mark.parametrize("rules", [{}, WITH_KEY, WITH_KEY | {"base_path": "/metarr"}])
async def test_no_line_of_the_log_holds_a_key(
    listening: Listening, caplog: pytest.LogCaptureFixture, content: bytes, rules: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    listening.rules[0] = ReceivingRules(**rules)
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        answer = await send_raw(listening.port, content)
        assert not answer.startswith(b"HTTP/1.1 5"), answer
    listening.rules[0] = ReceivingRules()
    await listening.still_works()
    for record in caplog.records:
        told = logging.Formatter().format(record)
        assert SECRET not in told
        assert BASIC not in told
        assert "could not be answered" not in told
    assert not any(SECRET in refused.reason for refused in listening.refused)
