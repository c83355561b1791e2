"""A real web server on this computer that keeps what it was sent and answers as it was told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qsl

from aiohttp import web

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from multidict import CIMultiDictProxy

DROP, HANG, CUT_OFF, DRIP = "drop", "hang", "cut off", "drip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a body of several."""

    content: bytes
    filename: str | None
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))

    @property
    def parts(self) -> dict[str, Part]:
        """The fields and files of a body of several parts, by name."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        found = BytesParser(policy=HTTP).parsebytes(head + self.body)
        assert found.is_multipart()
        assert not found.defects
        return {
            str(each.get_param("name", header="content-disposition")): Part(
                content=bytes(each.get_payload(decode=True) or b""),
                filename=each.get_filename(),
                type=each.get_content_type(),
            )
            for each in found.iter_parts()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer; ``fault`` is a way not to give it."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""

    @classmethod
    def of_json(cls, data: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        return cls(
            status=status,
            body=json.dumps(data).encode(),
            headers={"Content-Type": "application/json", **(headers or {})},
        )

    @classmethod
    def of_html(cls, html: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
        return cls(
            status=status, body=html.encode(), headers={"Content-Type": "text/html", **(headers or {})}
        )


class FakeServer:
    """``async with FakeServer() as server``; answers come from ``script`` first, then from ``respond``."""

    def __init__(self, respond: Callable[[Recorded], Reply] | None = None) -> None:
        self.requests: list[Recorded] = []
        self.respond = respond
        self.script: deque[Reply] = deque()
        self.port = 0
        self.in_flight = 0
        self.tls: ssl.SSLContext | None = None
        self._closing = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def last(self) -> Recorded:
        return self.requests[-1]

    def answer(self, *replies: Reply) -> None:
        """Give these answers next, in this order."""
        self.script.extend(replies)

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self.tls)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        recorded = Recorded(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers=request.headers,
            body=await request.read(),
        )
        self.requests.append(recorded)
        if self.script:
            reply = self.script.popleft()
        elif self.respond is not None:
            reply = self.respond(recorded)
        else:
            reply = Reply(status=500, body=b"the test gave no answer")
        self.in_flight += 1
        try:
            return await self._give(reply, request)
        finally:
            self.in_flight -= 1

    async def _hang_up(self, transport: asyncio.Transport | None) -> None:
        """Say nothing until the client has enough of it."""
        while not self._closing.is_set() and not (transport is None or transport.is_closing()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    async def _give(self, reply: Reply, request: web.BaseRequest) -> web.StreamResponse:
        transport = request.transport
        if reply.fault == HANG:
            await self._hang_up(transport)
        if reply.fault == DROP and transport is not None:
            transport.abort()
        if reply.fault == CUT_OFF and transport is not None:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"half":')
            transport.close()
            return response
        if reply.fault == DRIP:
            response = web.StreamResponse(headers={"Content-Length": "1000000"})
            await response.prepare(request)
            with contextlib.suppress(ConnectionError):
                while not self._closing.is_set():
                    await response.write(b" ")
                    await asyncio.sleep(0.05)
            return response
        return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))


async def unused_port() -> int:
    """A port of this computer nobody listens on."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    return port
