"""The real listener on a real socket, with an intake that only remembers."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp
import pytest

from metarr_desktop import __version__
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import WebhookRefused
from metarr_desktop.domain.errors import PortUnavailable, StorageFailed
from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.webhooks.guard import ReceivingRules
from metarr_desktop.webhooks.proxies import MARKS
from metarr_desktop.webhooks.server import WebhookServer
from metarr_desktop.webhooks.sources.registry import SOURCES
from tests.unit.webhooks.listening import (
    DOWNLOAD,
    HEAD,
    JSON,
    KEY,
    SAMPLES,
    Intake,
    Listening,
    digest,
    send_raw,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BODIES = sorted(SAMPLES.rglob("*.json"))


# --- What is taken ---


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("prefix", ["/webhooks", "/api/webhooks"])
@pytest.mark.parametrize("source", ["radarr", "sonarr", "lidarr"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_every_address_stores_the_raw_body_and_answers_with_its_numbers(
    listening: Listening, method: str, source: str, prefix: str, slash: str
) -> None:
    body = (SAMPLES / source / "download.json").read_bytes()
    answer = await listening.send(f"{prefix}/{source}{slash}", method=method, data=body)
    assert answer == (200, {"status": "queued", "eventId": 1, "jobId": 101})
    assert listening.intake.stored == [
        IncomingWebhook(
            source=source,
            event_type="Download",
            instance=source.title(),
            body=body,
            remote_address="127.0.0.1",
        )
    ]


async def test_every_sample_gets_200_on_every_route_unless_it_names_no_event(listening: Listening) -> None:
    for path in BODIES:
        foreign = path.parent.name in {"overseerr", "jellyseerr"}
        for source in ("radarr", "sonarr", "lidarr"):
            status, _ = await listening.send(f"/webhooks/{source}", data=path.read_bytes())
            assert status == (400 if foreign else 200), path
    kept = {stored.body for stored in listening.intake.stored}
    assert len(kept) == len(
        {path.read_bytes() for path in BODIES if path.parent.name not in {"overseerr", "jellyseerr"}}
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"eventType": "Download", "movie": "x"}',
        b'{"eventType": "SomethingNew"}',
        b'{"eventType": ""}',
        b'{"eventType": "Test", "eventType": "Grab"}',
        rb'{"eventType": "Test", "instanceName": 5, "x": "\ud800"}',
        b'\xef\xbb\xbf{"eventType": "Test"}',
        b'{"eventType": "Test", "x": "' + b"x" * 300_000 + b'"}',
    ],
)
async def test_well_formed_bodies_of_any_meaning_are_stored_as_they_are(
    listening: Listening, body: bytes
) -> None:
    assert (await listening.send("/webhooks/sonarr", data=body))[0] == 200
    assert listening.intake.stored[0].body == body


async def test_names_are_made_fit_for_a_line_of_the_log(
    listening: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    body = json.dumps({"eventType": "Te\r\nst" * 1000, "instanceName": " My\0Radarr "}).encode()
    await listening.send("/webhooks/radarr", data=body)
    stored = listening.intake.stored[0]
    assert (stored.event_type[:11], len(stored.event_type), stored.instance) == (
        "Te stTe stT",
        200,
        "My Radarr",
    )
    assert any("stored as webhook 1" in message for message in caplog.messages)


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "text/json", "application/x+json"]
)
@pytest.mark.parametrize("odd", ["", "; charset=klingon"])
async def test_any_spelling_of_json_is_taken(listening: Listening, content_type: str, odd: str) -> None:
    headers = {"Content-Type": content_type.partition(";")[0] + odd if odd else content_type}
    assert (await listening.send("/webhooks/radarr", headers=headers))[0] == 200


async def test_a_body_of_exactly_16_megabytes_is_taken(listening: Listening) -> None:
    shell = b'{"eventType": "Rename", "x": ""}'
    body = shell[:-2] + b"x" * (16 * 1024 * 1024 - len(shell)) + shell[-2:]
    assert (await listening.send("/webhooks/sonarr", data=body))[0] == 200
    assert len(listening.intake.stored[0].body) == 16 * 1024 * 1024


async def test_health_tells_the_version(listening: Listening) -> None:
    answer = await listening.send("/health", method="GET", data=b"")
    assert answer == (200, {"status": "ok", "version": __version__})
    assert (await listening.send("/health", method="HEAD", data=b""))[0] == 200


# --- What is refused ---


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "Not valid JSON."),
        (DOWNLOAD[:700], "Not valid JSON."),
        (b'{"eventType": "\xff"}', "Not valid JSON."),
        (DOWNLOAD.decode().encode("utf-16"), "Not valid JSON."),
        (b"[]", "Not a JSON object."),
        (b'"Download"', "Not a JSON object."),
        (b'{"eventType": "Download", "x": ' + b"9" * 5000 + b"}", "A number has too many digits."),
        (b'{"eventType": "Download", "x": NaN}', "NaN and Infinity are not JSON numbers."),
        (b'{"eventType": ' + b"[" * 1000 + b"]" * 1000 + b"}", "Nested too deeply."),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, "Nested too deeply."),
        (b"{}", "The webhook does not name its event (eventType)."),
        (b'{"eventType": null}', "The webhook does not name its event (eventType)."),
        (b'{"eventType": 5}', "The webhook does not name its event (eventType)."),
        (b'{"eventtype": "Test"}', "The webhook does not name its event (eventType)."),
    ],
)
async def test_what_no_sender_makes_is_refused_and_the_next_webhook_is_taken(
    listening: Listening, body: bytes, sentence: str
) -> None:
    answer = await listening.send("/webhooks/radarr", data=body)
    assert answer == (400, {"status": "refused", "error": sentence})
    assert listening.refused == [WebhookRefused("127.0.0.1", f"Refused webhook from 127.0.0.1: {sentence}")]
    assert not listening.intake.stored
    await listening.still_works()


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "", "json", "nonsense/"]
)
async def test_what_a_web_form_could_send_is_no_webhook(listening: Listening, content_type: str) -> None:
    assert (await listening.send("/webhooks/radarr", headers={"Content-Type": content_type}))[0] == 415
    await listening.still_works()


async def test_twenty_megabytes_are_too_many_announced_or_not(listening: Listening) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 1024 * 1024

    for data in (io.BytesIO(b"x" * 20 * 1024 * 1024), chunks()):
        async with listening.session.post(
            listening.base + "/webhooks/radarr", data=data, headers=JSON
        ) as answer:
            assert answer.status == 413
            assert (await answer.json())["error"] == "The webhook is larger than 16 MB."
        assert listening.refused[-1].reason == "Refused webhook from 127.0.0.1: Larger than 16 MB."
        await listening.still_works()


async def test_packed_bodies_are_not_unpacked(listening: Listening) -> None:
    assert (
        await listening.send("/webhooks/radarr", headers={"Content-Encoding": "gzip"}, data=b"\x1f\x8b\x08")
    )[0] == 400
    await listening.still_works()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/webhooks",
        "/webhooks/",
        "/webhooks/jabber",
        "/webhooks/radarr//",
        "/webhooks/radarr/x/y",
        "/webhooks/radarr/x//",
        "/webhooks/radarr/%20",
        "/webhooks/radarr/%0A",
        "/webhooks/radarr/%FF",
        "/webhooks/radarr/" + "x" * 65,
        "//webhooks/radarr",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_address_is_answered_in_json_and_never_redirected(
    listening: Listening, path: str, method: str
) -> None:
    status, answer = await listening.send(path, method=method)
    assert status == 404
    assert "/webhooks/radarr, /webhooks/sonarr, /webhooks/lidarr" in answer["error"]


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_only_post_and_put_have_an_effect(listening: Listening, method: str) -> None:
    assert (await listening.send("/webhooks/radarr", method=method))[0] == 405
    assert not listening.intake.stored
    await listening.still_works()


async def test_health_is_only_read(listening: Listening) -> None:
    assert (await listening.send("/health", method="POST"))[0] == 405


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example.com"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Host": "evil.example.com"},
    ],
)
@pytest.mark.parametrize("path", ["/webhooks/radarr", "/health", "/nothing"])
async def test_web_pages_get_nowhere(listening: Listening, path: str, headers: dict[str, str]) -> None:
    assert (await listening.send(path, headers=headers))[0] == 403
    assert len(listening.refused) == 1
    await listening.still_works()


async def test_a_request_typed_into_a_browser_is_no_page(listening: Listening) -> None:
    assert (await listening.send("/health", method="GET", headers={"Sec-Fetch-Site": "none"}))[0] == 200


@pytest.mark.parametrize("path", ["/webhooks/radarr", "/webhooks/nobody", "/health"])
async def test_where_a_key_is_needed_every_address_needs_it(listening: Listening, path: str) -> None:
    listening.rules[0] = ReceivingRules(local_needs_key=True, key_sha256=digest(KEY))
    for given in (
        {},
        {"X-Api-Key": "wrong"},
        {"Authorization": aiohttp.encode_basic_auth("radarr", "wrong")},
    ):
        status, answer = await listening.send(path, headers=given)
        assert (status, answer["error"]) == (
            401,
            "The key is wrong or missing. Copy the address again from Metarr Desktop's settings.",
        )
    assert {refused.reason for refused in listening.refused} == {
        "Refused webhook from 127.0.0.1: wrong or missing key."
    }


async def test_a_key_opens_the_door_wherever_it_is_given(
    listening: Listening, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    listening.rules[0] = ReceivingRules(local_needs_key=True, key_sha256=digest(KEY))
    assert (await listening.send(f"/webhooks/radarr?apikey={KEY}"))[0] == 200
    assert (await listening.send(f"/webhooks/radarr/?x=1&apikey={KEY}"))[0] == 200
    assert (await listening.send("/webhooks/radarr", headers={"X-Api-Key": KEY}))[0] == 200
    basic = {"Authorization": aiohttp.encode_basic_auth("anybody", KEY, encoding="latin1")}
    assert (await listening.send("/webhooks/radarr", headers=basic))[0] == 200
    assert (await listening.send(f"/webhooks/radarr?apikey={KEY}x"))[0] == 401
    assert not [record for record in caplog.records if KEY in record.getMessage()]


async def test_a_forwarded_request_is_not_local(listening: Listening) -> None:
    for header in ("Forwarded", "X-Forwarded-For", *MARKS):
        assert (await listening.send("/webhooks/radarr", headers={header: "1.1 proxy"}))[0] == 401, header


# --- Further routes ---


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/", "/api/v1/jobs/7", "/api/%76%31/x"])
async def test_further_routes_answer_their_prefix_and_what_lies_below(
    listening: Listening, path: str
) -> None:
    answer = await listening.send(path, headers={"X-Api-Key": "api-key"})
    assert answer == (200, {"path": path.replace("%76%31", "v1"), "method": "POST"})
    assert not listening.intake.stored


async def test_further_routes_judge_their_own_key_even_on_this_computer(listening: Listening) -> None:
    listening.rules[0] = ReceivingRules(local_needs_key=True, key_sha256=digest(KEY))
    for key in ("", KEY, "wrong"):
        status, answer = await listening.send("/api/v1/jobs", headers={"X-Api-Key": key})
        assert (status, answer["error"]) == (401, "Give the key of the API.")
    assert (await listening.send("/api/v1/jobs?apikey=api-key"))[0] == 200
    assert (await listening.send("/webhooks/radarr?apikey=api-key"))[0] == 401


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example.com"}, {"Sec-Fetch-Site": "none, x"}])
async def test_further_routes_never_see_who_is_heard_nowhere(
    listening: Listening, headers: dict[str, str]
) -> None:
    assert (await listening.send("/api/v1/jobs", headers={"X-Api-Key": "api-key"} | headers))[0] == 403
    assert not listening.further.callers


async def test_what_only_looks_like_a_prefix_is_no_further_route(listening: Listening) -> None:
    assert (await listening.send("/api/v10", headers={"X-Api-Key": "api-key"}))[0] == 404
    assert (await listening.send("/api", headers={"X-Api-Key": "api-key"}))[0] == 404
    assert not listening.further.callers


@pytest.mark.expects_errors("could not be answered")
async def test_a_fault_of_a_further_route_is_told_without_its_details(listening: Listening) -> None:
    status, answer = await listening.send("/api/v1/break", headers={"X-Api-Key": "api-key"})
    assert status == 503
    assert "secret detail" not in str(answer)
    with pytest.raises(aiohttp.ClientError):
        async with listening.session.get(
            listening.base + "/api/v1/half", headers={"X-Api-Key": "api-key"}
        ) as reply:
            await reply.read()
    async with listening.session.get(
        listening.base + "/api/v1/none", headers={"X-Api-Key": "api-key"}
    ) as reply:
        assert reply.status == 404
    await listening.still_works()


# --- When storing fails ---


async def test_a_storage_failure_asks_the_sender_to_come_back(listening: Listening) -> None:
    listening.intake.error = StorageFailed(
        "The disk is full. New webhooks cannot be stored until there is space."
    )
    async with listening.session.post(
        listening.base + "/webhooks/radarr", data=DOWNLOAD, headers=JSON
    ) as answer:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert (await answer.json())["error"].startswith("The disk is full.")
    listening.intake.error = None
    await listening.still_works()


@pytest.mark.expects_errors("could not be answered")
async def test_a_fault_of_our_own_shows_no_traceback_even_in_debug_mode(listening: Listening) -> None:
    asyncio.get_running_loop().set_debug(True)
    listening.intake.error = RuntimeError("secret detail")
    status, answer = await listening.send("/webhooks/radarr", headers={"Accept": "text/html"})
    assert status == 503
    assert "secret detail" not in str(answer)
    listening.intake.error = None
    await listening.still_works()


# --- Callers that do not behave ---


async def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    server = WebhookServer(
        intake=Intake(),
        rules=ReceivingRules,
        bus=Bus(),
        sources=SOURCES,
        read_within=timedelta(milliseconds=50),
    )
    _, port = await server.start("127.0.0.1", 0)
    answer = await send_raw(port, HEAD + b"Content-Length: 1000\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 408 ")
    await server.stop()


async def test_a_caller_that_hangs_up_harms_nobody(listening: Listening) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", listening.port)
    writer.write(HEAD + b"Content-Length: 1000\r\n\r\n{")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    await listening.still_works()
    assert len(listening.intake.stored) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50 + b"\r\n\r\n",
        b"GET /webhooks/radarr?apikey=hidden-key HTTP/9.9\r\n\r\n",
        b"POST /webhooks/radarr HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n{}\r\n0\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    ],
    ids=["tls", "version", "length", "chunks", "header"],
)
async def test_what_is_not_http_is_closed_without_a_word_in_the_log(
    listening: Listening, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await send_raw(listening.port, content)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 ", b"HTTP/1.1 431 "))
    assert b"Traceback" not in answer
    assert "hidden-key" not in caplog.text
    await listening.still_works()


async def test_two_hosts_are_no_host(listening: Listening) -> None:
    answer = await send_raw(
        listening.port,
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n",
    )
    assert answer.split(b" ")[1] in {b"400", b"403"}


# --- Opening and closing the port ---


def server_without_routes() -> WebhookServer:
    return WebhookServer(intake=Intake(), rules=ReceivingRules, bus=Bus(), sources=())


async def test_a_port_in_use_is_named_in_a_plain_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = server_without_routes()
        with pytest.raises(PortUnavailable) as caught:
            await server.start("127.0.0.1", port)
    assert str(caught.value) == f"Port {port} is used by another program. Webhooks cannot arrive."
    assert not caught.value.forbidden
    assert server.address is None
    assert await server.start("127.0.0.1", port) == ("127.0.0.1", port)
    await server.stop()


async def test_an_impossible_port_and_an_address_of_another_computer_are_refused() -> None:
    server = server_without_routes()
    with pytest.raises(PortUnavailable, match="This system does not allow port 99999") as caught:
        await server.start("127.0.0.1", 99999)
    assert caught.value.forbidden
    with pytest.raises(PortUnavailable, match=r"This computer has no address 192\.0\.2\.1\."):
        await server.start("192.0.2.1", 0)


async def test_a_forbidden_port_says_which_ports_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(_self: socket.socket, _address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", forbid)
    with pytest.raises(PortUnavailable, match=r"does not allow port 80\. Choose one above 1024\.") as caught:
        await server_without_routes().start("127.0.0.1", 80)
    assert caught.value.forbidden


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this system has no IPv6")
async def test_everywhere_in_ipv6_is_everywhere_in_ipv4_too(listening: Listening) -> None:
    _, port = await listening.server.start("::", 0)
    for address in ("127.0.0.1", "[::1]"):
        async with listening.session.post(
            f"http://{address}:{port}/webhooks/radarr", data=DOWNLOAD, headers=JSON
        ) as answer:
            assert answer.status == 200, address
    assert [stored.remote_address for stored in listening.intake.stored] == ["127.0.0.1", "::1"]
    with pytest.raises(PortUnavailable, match="used by another program"):
        await server_without_routes().start("::", port)


async def test_a_second_start_moves_to_the_new_address(listening: Listening) -> None:
    old = listening.port
    host, port = await listening.server.start("127.0.0.1", 0)
    assert listening.server.address == (host, port)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", old)
    listening.base = f"http://{host}:{port}"
    await listening.still_works()


async def test_stopping_lets_a_webhook_in_hand_be_stored(listening: Listening) -> None:
    listening.intake.gate = asyncio.Event()
    sending = asyncio.create_task(listening.send("/webhooks/radarr"))
    await listening.intake.entered.wait()
    stopping = asyncio.create_task(listening.server.stop())
    listening.intake.gate.set()
    assert (await sending)[0] == 200
    await stopping
    assert listening.server.address is None


async def test_stopping_does_not_wait_for_a_store_that_hangs(listening: Listening) -> None:
    listening.intake.gate = asyncio.Event()
    sending = asyncio.create_task(listening.send("/webhooks/radarr"))
    await listening.intake.entered.wait()
    began = time.monotonic()
    await listening.server.stop()
    assert time.monotonic() - began < 2
    with pytest.raises(aiohttp.ClientError):
        await sending
