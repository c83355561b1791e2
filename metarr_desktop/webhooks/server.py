"""The listener: opens the port, closes it, and says plainly why it cannot."""

from __future__ import annotations

import errno
import logging
import socket
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http import HttpProcessingError

from metarr_desktop.domain.errors import PortUnavailable
from metarr_desktop.domain.text import text
from metarr_desktop.webhooks.routes import WebhookRoutes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.webhooks.guard import ReceivingRules
    from metarr_desktop.webhooks.routes import ExtraRoutes, Intake
    from metarr_desktop.webhooks.sources.declaration import Source

logger = logging.getLogger(__name__)

READ_WITHIN = timedelta(seconds=30)
SHUTDOWN_SECONDS = 0.8
"""aiohttp waits this long for a running request, and once more for its end: together under 2 s."""
KEEP_ALIVE_SECONDS = 75


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
    ) -> None:
        self._routes = WebhookRoutes(
            intake=intake, rules=rules, bus=bus, sources=sources, read_within=read_within, extra=extra
        )
        self._runner: web.AppRunner | None = None
        self._address: tuple[str, int] | None = None

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port listened on; None while not listening."""
        return self._address

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen, in place of an earlier address; port 0 takes a free one. Raises PortUnavailable."""
        await self.stop()
        runner = web.AppRunner(
            self._routes.application(),
            access_log=None,
            logger=_ProtocolLog(logger, {}),
            shutdown_timeout=SHUTDOWN_SECONDS,
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            auto_decompress=False,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except (OSError, OverflowError) as error:
            await runner.cleanup()
            raise _unavailable(error, host=host, port=port) from error
        self._runner = runner
        bound_host, bound_port, *_ = runner.addresses[0]
        self._address = (bound_host, bound_port)
        return self._address

    async def stop(self) -> None:
        """Close the port, then let running requests end; returns within 2 s."""
        runner, self._runner, self._address = self._runner, None, None
        if runner is not None:
            await runner.cleanup()


class _ProtocolLog(logging.LoggerAdapter[logging.Logger]):
    """What aiohttp logs, without the noise of callers that do not speak HTTP."""

    def exception(self, msg: object, *args: object, **options: Any) -> None:
        if isinstance(options.get("exc_info"), HttpProcessingError):
            # Only the sentence: the error quotes the request line, and a key may stand in it.
            self.debug(msg, *args)
            return
        super().exception(msg, *args, **options)


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
