"""A running listener on a real socket, with an intake that only remembers."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web

from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import Change, WebhookRefused
from metarr_desktop.domain.events import IncomingWebhook, StoredWebhook
from metarr_desktop.domain.text import Text
from metarr_desktop.webhooks.guard import Caller, KeyRefused, ReceivingRules, has_key
from metarr_desktop.webhooks.server import WebhookServer
from metarr_desktop.webhooks.sources.registry import SOURCES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SAMPLES = Path(__file__).parents[3] / "resources" / "samples"
DOWNLOAD = (SAMPLES / "radarr" / "download.json").read_bytes()
JSON = {"Content-Type": "application/json"}
HEAD = b"POST /webhooks/radarr HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
KEY = "k-0123456789abcdef"
API_KEY = "api-key"


def digest(key: str) -> str:
    """SHA-256 of a key, as the rules hold it."""
    return hashlib.sha256(key.encode()).hexdigest()


class Intake:
    """Remembers deliveries; fails or hangs when told to."""

    def __init__(self) -> None:
        self.stored: list[IncomingWebhook] = []
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None
        self.entered = asyncio.Event()

    async def store(self, webhook: IncomingWebhook, /) -> StoredWebhook:
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.stored.append(webhook)
        return StoredWebhook(event_id=len(self.stored), job_id=100 + len(self.stored))


class Further:
    """Routes of the app's own, behind a key of their own; below ``/break`` they fail."""

    prefix = "/api/v1"

    def __init__(self) -> None:
        self.callers: list[Caller] = []

    async def answer(self, request: web.Request, caller: Caller, /) -> web.StreamResponse:
        self.callers.append(caller)
        if not has_key(caller, [digest(API_KEY)]):
            raise KeyRefused(Text("Give the key of the API."))
        if caller.path == "/api/v1/break":
            raise RuntimeError("secret detail")
        if caller.path == "/api/v1/half":
            answer = web.StreamResponse()
            await answer.prepare(request)
            await answer.write(b"begun")
            raise RuntimeError("secret detail")
        if caller.path == "/api/v1/none":
            raise web.HTTPNotFound
        return web.json_response({"path": caller.path, "method": request.method})


@dataclass
class Listening:
    """A running server and what it told."""

    server: WebhookServer
    intake: Intake
    session: aiohttp.ClientSession
    base: str
    port: int
    rules: list[ReceivingRules]
    further: Further
    refused: list[WebhookRefused] = field(default_factory=list)

    async def send(
        self,
        path: str,
        *,
        method: str = "POST",
        data: bytes = DOWNLOAD,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        async with self.session.request(
            method,
            self.base + path,
            data=io.BytesIO(data),
            headers=JSON | (headers or {}),
            allow_redirects=False,
        ) as answer:
            assert answer.content_type == "application/json"
            assert answer.headers["Server"] == "Metarr Desktop"
            content = await answer.text()
            assert "Traceback" not in content
            return answer.status, json.loads(content) if content else {}

    async def still_works(self) -> None:
        before = len(self.intake.stored)
        status, answer = await self.send("/webhooks/radarr")
        assert (status, answer["status"]) == (200, "queued")
        assert len(self.intake.stored) == before + 1


async def send_raw(port: int, content: bytes) -> bytes:
    """Write bytes, then read the head of the answer and what came with it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with contextlib.closing(writer):
        writer.write(content)
        await writer.drain()
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        return head + await asyncio.wait_for(reader.read(100_000), 10)


@contextlib.asynccontextmanager
async def listen(**options: Any) -> AsyncIterator[Listening]:
    """Run a listener with these options of the server while the block lasts."""
    bus, intake = Bus(), Intake()
    rules, further = [ReceivingRules()], Further()
    server = WebhookServer(
        intake=intake, rules=lambda: rules[0], bus=bus, sources=SOURCES, **{"extra": [further], **options}
    )
    host, port = await server.start("127.0.0.1", 0)
    async with aiohttp.ClientSession() as session:
        running = Listening(server, intake, session, f"http://{host}:{port}", port, rules, further)

        def note(change: Change) -> None:
            if isinstance(change, WebhookRefused):
                running.refused.append(change)

        bus.subscribe(note)
        yield running
        if intake.gate is not None:
            intake.gate.set()
    await server.stop()
