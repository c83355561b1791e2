"""The listener: opens the port, closes it, and says plainly why it cannot."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http import HttpProcessingError

from metarr_desktop.domain.errors import PortUnavailable
from metarr_desktop.domain.text import text
from metarr_desktop.webhooks.connections import ConnectionLimits, Connections
from metarr_desktop.webhooks.heads import LINE_BYTES
from metarr_desktop.webhooks.open_files import room_for
from metarr_desktop.webhooks.refusals import Refusals
from metarr_desktop.webhooks.routes import WebhookRoutes
from metarr_desktop.webhooks.slowing import Slowing

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping, Sequence

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.webhooks.guard import ReceivingRules
    from metarr_desktop.webhooks.routes import ExtraRoutes, Intake
    from metarr_desktop.webhooks.sources.declaration import Source

logger = logging.getLogger(__name__)

READ_WITHIN = timedelta(seconds=30)
SHUTDOWN_SECONDS = 0.8
"""aiohttp waits this long for a running request, and once more for its end: together under 2 s."""
LINGER_SECONDS = 10.0
"""So long the rest of a body that was refused is read, so that the sender hears why."""
BODY_GRACE_S = 5.0
"""The answer to a body that is late comes first; only then the connection ends."""
BACKLOG = 128
CONNECTIONS = 512


class WebhookServer:
    """Listens for webhooks on one address at a time."""

    def __init__(
        self,
        *,
        intake: Intake,
        rules: Callable[[], ReceivingRules],
        bus: Bus,
        sources: Sequence[Source],
        read_within: timedelta = READ_WITHIN,
        extra: Sequence[ExtraRoutes] = (),
        limits: ConnectionLimits | None = None,
        slowing: Slowing | None = None,
    ) -> None:
        self._refusals = Refusals(bus=bus)
        self._routes = WebhookRoutes(
            intake=intake,
            rules=rules,
            refusals=self._refusals,
            slowing=slowing or Slowing(),
            sources=sources,
            read_within=read_within,
            extra=extra,
        )
        self._limits = limits or ConnectionLimits(
            body_s=read_within.total_seconds() + BODY_GRACE_S, in_all=room_for(CONNECTIONS)
        )
        self._connections: Connections | None = None
        self._runner: web.AppRunner | None = None
        self._server: asyncio.Server | None = None
        self._address: tuple[str, int] | None = None

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port listened on; None while not listening."""
        return self._address

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen, in place of an earlier address; port 0 takes a free one. Raises PortUnavailable."""
        await self.stop()
        self._connections = connections = Connections(self._limits)
        self._runner = runner = web.AppRunner(
            self._routes.application(middlewares=[connections.middleware()]),
            access_log=None,
            logger=_ProtocolLog(logger, {}),
            shutdown_timeout=SHUTDOWN_SECONDS,
            keepalive_timeout=self._limits.idle_s,
            lingering_time=LINGER_SECONDS,
            max_line_size=LINE_BYTES,
            max_field_size=LINE_BYTES,
            auto_decompress=False,
        )
        await runner.setup()
        make_protocol = runner.server
        assert make_protocol is not None  # noqa: S101 - it was just set up
        try:
            self._server = await _listen(lambda: connections.wrap(make_protocol()), host, port)
        except (OSError, OverflowError) as error:
            await self.stop()
            raise _unavailable(error, host=host, port=port) from error
        bound_host, bound_port, *_ = self._server.sockets[0].getsockname()
        self._address = (bound_host, bound_port)
        return self._address

    async def stop(self) -> None:
        """Close the port, then let running requests end; returns within 2 s."""
        server, self._server, self._address = self._server, None, None
        runner, self._runner = self._runner, None
        connections, self._connections = self._connections, None
        if server is not None:
            server.close()
        if runner is not None:
            await runner.cleanup()
        if connections is not None:
            connections.close()
        self._refusals.close()


async def _listen(make_protocol: Callable[[], asyncio.Protocol], host: str, port: int, /) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    if host == "::" and socket.has_dualstack_ipv6():
        # asyncio would listen to IPv6 alone, by which hardly a sender calls.
        both = socket.create_server((host, port), family=socket.AF_INET6, dualstack_ipv6=True)
        return await loop.create_server(make_protocol, sock=both, backlog=BACKLOG)
    return await loop.create_server(make_protocol, host, port, backlog=BACKLOG)


class _ProtocolLog(logging.LoggerAdapter[logging.Logger]):
    """What aiohttp logs, without the noise of callers that do not speak HTTP."""

    def exception(self, msg: object, *args: object, **options: Any) -> None:
        if isinstance(options.get("exc_info"), HttpProcessingError):
            self.debug(msg, *args)
            return
        super().exception(msg, *args, **options)

    def process(
        self, msg: object, kwargs: MutableMapping[str, Any]
    ) -> tuple[object, MutableMapping[str, Any]]:
        """Leave out what quotes the request: a key may stand in its first line and in its headers."""
        if isinstance(kwargs.get("exc_info"), HttpProcessingError):
            kwargs.pop("exc_info")
        return msg, kwargs


def _unavailable(error: OSError | OverflowError, *, host: str, port: int) -> PortUnavailable:
    if isinstance(error, OverflowError) or error.errno == errno.EACCES:
        return PortUnavailable(
            text("This system does not allow port {port}. Choose one above 1024.", port=port), forbidden=True
        )
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return PortUnavailable(
            text("This computer has no address {host}. Webhooks cannot arrive.", host=host)
        )
    return PortUnavailable(text("Port {port} is used by another program. Webhooks cannot arrive.", port=port))
