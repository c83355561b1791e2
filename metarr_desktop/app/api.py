"""The HTTP API under ``/api/v1`` and the metrics, on the port of the webhooks and with a key of their own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from aiohttp import web

from metarr_desktop.app.api_key import NO_KEY_YET, WRONG_KEY
from metarr_desktop.app.api_refusals import (
    NOT_FOUND,
    READS,
    ApiRefusal,
    refusal_of,
    refused_json,
    wrong_method,
)
from metarr_desktop.app.api_stream import Streams
from metarr_desktop.app.metrics import CONTENT_TYPE, metrics_text
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.text import Text
from metarr_desktop.webhooks.guard import KeyRefused, has_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AsyncExitStack

    from metarr_desktop.app.api_key import ApiKey
    from metarr_desktop.app.api_routing import Routing
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.webhooks.guard import Caller
    from metarr_desktop.webhooks.routes import ExtraRoutes


class Api:
    """Answers for a core that it is given once there is one."""

    prefix = "/api/v1"
    refused_json = staticmethod(refused_json)

    def __init__(self, *, key: ApiKey, bus: Bus, clock: Clock, tasks: TaskSupervisor) -> None:
        self.key = key
        self._streams = Streams(bus=bus, clock=clock, tasks=tasks)
        self._core: Core | None = None
        self._routing: Routing | None = None

    @property
    def routes(self) -> Sequence[ExtraRoutes]:
        """What the listener hands on."""
        return (self, _Metrics(self))

    async def serve(self, core: Core, stack: AsyncExitStack) -> None:
        """Answer for this core until the stack ends; then its streams end first."""
        await self.key.load()
        self._core = core
        stack.push_async_callback(self._streams.close)

    async def answer(self, request: web.Request, caller: Caller, /) -> web.StreamResponse:
        """Answer one request; raises KeyRefused."""
        core = self.check(request, caller)
        if self._routing is None:
            self._routing = await asyncio.to_thread(_load)
        path = caller.path.removeprefix(self.prefix)
        return await self._routing.answer(core, request, path, streams=self._streams)

    def check(self, request: web.Request, caller: Caller) -> Core:
        """Return the core for who has the key. Raises KeyRefused."""
        bearer = replace(caller, keys=(*caller.keys, *_bearer(request.headers.get("Authorization", ""))))
        if not has_key(bearer, self.key.digests):
            raise KeyRefused(WRONG_KEY if self.key.digests else NO_KEY_YET)
        assert self._core is not None  # noqa: S101 - the port is opened after that
        return self._core


class _Metrics:
    """``/metrics`` for Prometheus, with the key of the API."""

    prefix = "/metrics"
    refused_json = staticmethod(refused_json)

    def __init__(self, api: Api) -> None:
        self._api = api

    async def answer(self, request: web.Request, caller: Caller, /) -> web.StreamResponse:
        """Answer one request; raises KeyRefused."""
        core = self._api.check(request, caller)
        try:
            return await self._tell(core, request, caller)
        except ApiRefusal as refusal:
            return refusal.response()
        except MetarrError as error:
            return refusal_of(error).response()

    async def _tell(self, core: Core, request: web.Request, caller: Caller) -> web.Response:
        if caller.path.rstrip("/") != self.prefix:
            raise ApiRefusal(NOT_FOUND, Text("There is nothing below /metrics."))
        if request.method not in READS:
            raise wrong_method(", ".join(READS))
        text = await metrics_text(core.queries)
        return web.Response(
            body=text.encode(), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
        )


def _bearer(authorization: str) -> tuple[bytes, ...]:
    """Return the key that is given as Prometheus and others give one."""
    scheme, _, token = authorization.partition(" ")
    return (token.strip().encode("utf-8", "surrogateescape"),) if scheme.casefold() == "bearer" else ()


def _load() -> Routing:
    """Load what only those need who use the API, and a start does not wait for."""
    from metarr_desktop.app.api_routing import Routing  # noqa: PLC0415

    return Routing()
