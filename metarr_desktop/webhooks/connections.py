"""Open connections of the listener: those that stall, or hold up others, are closed.

aiohttp has no time-out for the head of a request, so each of its protocols is wrapped in one of ours, which
sees the same bytes. Nothing of aiohttp is used here that its documentation does not name.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from metarr_desktop.domain.networks import home_of
from metarr_desktop.webhooks.body import MAX_BYTES
from metarr_desktop.webhooks.heads import TOO_LARGE, Head

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.streams import StreamReader
    from aiohttp.typedefs import Handler, Middleware

logger = logging.getLogger(__name__)

SWEEP_EACH_S = 1.0
WARN_EACH_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """How long each part of a request may take, and how many connections there may be."""

    head_s: float = 10.0
    body_s: float = 30.0
    idle_s: float = 75.0
    in_all: int = 512
    of_one: int = 64


class Connections:
    """Every open connection, the one whose present state is oldest first."""

    def __init__(self, limits: ConnectionLimits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._open: dict[Connection, None] = {}
        self._by_protocol: dict[object, Connection] = {}
        self._count: Counter[str] = Counter()
        self._sweeping: asyncio.TimerHandle | None = None
        self._warned_at = -WARN_EACH_S

    def __len__(self) -> int:
        return len(self._open)

    def wrap(self, protocol: asyncio.Protocol) -> Connection:
        """Return the protocol to give to the transport in place of aiohttp's."""
        return Connection(protocol, self)

    def middleware(self) -> Middleware:
        """Return what tells a connection that a request is being answered."""

        @web.middleware
        async def answering(request: web.Request, handler: Handler) -> web.StreamResponse:
            connection = self._by_protocol.get(request.protocol)
            if connection is None:  # it was closed meanwhile
                return await handler(request)
            connection.answers(request.content)
            self._renew(connection, within=self._limits.body_s)
            try:
                return await handler(request)
            finally:
                connection.answered()
                self._renew(connection, within=self._limits.idle_s)

        return answering

    def close(self) -> None:
        """Look after nothing any more."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None

    def admit(self, connection: Connection) -> bool:
        """Take a new connection; where there are too many, close the oldest that waits for its client."""
        if not self._make_room(connection):
            return False
        self._open[connection] = None
        self._by_protocol[connection.protocol] = connection
        self._count[connection.home] += 1
        self.await_head(connection)
        if self._sweeping is None:
            self._sweep_later()
        return True

    def await_head(self, connection: Connection) -> None:
        """Give a client its time for the head of a request."""
        self._renew(connection, within=self._limits.head_s)

    def forget(self, connection: Connection) -> None:
        """Let go of a connection that is closed."""
        if connection in self._open:
            del self._open[connection]
            del self._by_protocol[connection.protocol]
            self._count[connection.home] -= 1
            if not self._count[connection.home]:
                del self._count[connection.home]

    def _renew(self, connection: Connection, *, within: float) -> None:
        if connection in self._open:
            del self._open[connection]
            self._open[connection] = None
            connection.deadline = self._clock() + within

    def _make_room(self, new: Connection) -> bool:
        if self._count[new.home] >= self._limits.of_one:
            rivals = [each for each in self._open if each.home == new.home]
        elif len(self._open) >= self._limits.in_all:
            rivals = list(self._open)
        else:
            return True
        if self._clock() - self._warned_at >= WARN_EACH_S:
            self._warned_at = self._clock()
            logger.warning(
                "Too many connections at once, now from %s. The oldest unfinished one is closed", new.home
            )
        oldest = next((each for each in rivals if each.waits_for_client), None)
        if oldest is None:
            return False
        oldest.abort()
        return True

    def _sweep_later(self) -> None:
        shortest = min(self._limits.head_s, self._limits.body_s, self._limits.idle_s)
        self._sweeping = asyncio.get_running_loop().call_later(min(SWEEP_EACH_S, shortest / 4), self._sweep)

    def _sweep(self) -> None:
        """End what is overdue. One timer for all: Qt's loop keeps each until its time is over."""
        now, self._sweeping = self._clock(), None
        for connection in [each for each in self._open if each.deadline <= now and each.waits_for_client]:
            logger.debug("Closed a connection from %s that did not go on", connection.home)
            connection.abort()
        if self._open:
            self._sweep_later()


class Connection(asyncio.Protocol):
    """One connection: hands everything on to aiohttp's protocol, and knows whether the client is awaited."""

    def __init__(self, protocol: asyncio.Protocol, owner: Connections) -> None:
        self.protocol = protocol
        self.home = ""
        self.deadline = 0.0
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._admitted = False
        self._answering = False
        self._content: StreamReader | None = None
        self._head: Head | None = Head()

    @property
    def waits_for_client(self) -> bool:
        """Whether it is idle, or its request has not come as a whole."""
        return not self._answering or self._in_body

    def answers(self, content: StreamReader) -> None:
        """A head has come and is being answered; ``content`` is the body that belongs to it."""
        self._content, self._head, self._answering = content, None, True

    def answered(self) -> None:
        """Nothing is being answered any more; the rest of a body that nobody reads may still come."""
        self._answering = False

    @property
    def _in_body(self) -> bool:
        return self._content is not None and not self._content.is_eof()

    def abort(self) -> None:
        """Close at once."""
        self._owner.forget(self)
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many already."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a TCP server makes
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.home = home_of(peer[0]) if peer else ""
        self._admitted = self._owner.admit(self)
        if self._admitted:
            self.protocol.connection_made(transport)
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._owner.forget(self)
        if self._admitted:
            self.protocol.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Hand bytes on, and watch over those of a head."""
        if not self._answering and not self._in_body:
            if self._head is None:
                # It may have begun behind the request before, so that these bytes are of its body already.
                self._head = Head(allowance=MAX_BYTES)
                self._owner.await_head(self)
            if self._head.grows_too_large(data):
                self._refuse_head()
                return
        try:
            self.protocol.data_received(data)
        except ValueError:
            # Older aiohttp raises this for a target that is no URL; asyncio would log what it quotes.
            self.abort()

    def _refuse_head(self) -> None:
        self._owner.forget(self)
        if self._transport is not None:
            self._transport.write(TOO_LARGE)
            self._transport.close()

    def eof_received(self) -> bool | None:
        """Hand on that nothing more comes."""
        return self.protocol.eof_received()

    def pause_writing(self) -> None:
        """Hand on that the client reads slowly."""
        self.protocol.pause_writing()

    def resume_writing(self) -> None:
        """Hand on that the client goes on reading."""
        self.protocol.resume_writing()
