"""The HTTP API under ``/api/v1`` and the metrics, on the port of the webhooks and with a key of their own."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from metarr_desktop.app.api_declaration import Page
from metarr_desktop.app.api_document import document
from metarr_desktop.app.api_key import NO_KEY_YET, WRONG_KEY
from metarr_desktop.app.api_operations import OPERATIONS
from metarr_desktop.app.api_refusals import (
    ApiRefusal,
    bad_request,
    nowhere,
    refusal_of,
    refused_json,
    wrong_method,
)
from metarr_desktop.app.api_request import body_of, query_of
from metarr_desktop.app.api_stream import Streams
from metarr_desktop.app.metrics import CONTENT_TYPE, metrics_text
from metarr_desktop.app.params import Params
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.text import Text
from metarr_desktop.webhooks.guard import KeyRefused, has_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AsyncExitStack

    from metarr_desktop.app.api_declaration import Operation
    from metarr_desktop.app.api_key import ApiKey
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.webhooks.guard import Caller
    from metarr_desktop.webhooks.routes import ExtraRoutes

logger = logging.getLogger(__name__)

PREFIX = "/api/v1"
READS = ("GET", "HEAD")
FRESH = {"Cache-Control": "no-store"}


class Api:
    """Answers for a core that it is given once there is one."""

    prefix = PREFIX
    refused_json = staticmethod(refused_json)

    def __init__(self, *, key: ApiKey, bus: Bus, clock: Clock, tasks: TaskSupervisor) -> None:
        self.key = key
        self._streams = Streams(bus=bus, clock=clock, tasks=tasks)
        self._core: Core | None = None
        self._document: bytes | None = None

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
        try:
            return await self._route(core, request, caller.path.removeprefix(PREFIX).rstrip("/"))
        except ApiRefusal as refusal:
            return refusal.response()
        except MetarrError as error:
            return refusal_of(error).response()
        except ConnectionError:
            return bad_request(Text("The client is gone.")).response()
        except web.HTTPException:
            raise
        except Exception:
            logger.exception("A request of the API could not be answered")
            sentence = Text("Something unexpected went wrong. Metarr Desktop's log says more.")
            return ApiRefusal(503, sentence, kind="unexpected").response()

    def check(self, request: web.Request, caller: Caller) -> Core:
        """Return the core for who has the key. Raises KeyRefused."""
        bearer = replace(caller, keys=(*caller.keys, *_bearer(request.headers.get("Authorization", ""))))
        if not has_key(bearer, self.key.digests):
            raise KeyRefused(WRONG_KEY if self.key.digests else NO_KEY_YET)
        assert self._core is not None  # noqa: S101 - the port is opened after that
        return self._core

    async def _route(self, core: Core, request: web.Request, path: str, /) -> web.StreamResponse:
        if path == "/openapi.json":
            if request.method not in READS:
                raise wrong_method(", ".join(READS))
            return _json(await self._described(core))
        operation, places = _find(request.method, path)
        if operation.streams and _asks_for_stream(request):
            if query_of(request):
                raise bad_request(Text("The stream takes no parameters."))
            return await self._streams.answer(request, title=core.queries.event_title)
        given = operation.arguments(places, query_of(request))
        if operation.method == "POST":
            given |= await body_of(request, operation.body)
        result = await operation.run(core, Params(given))
        if not isinstance(result, Page):
            return _json(json.dumps(result).encode())
        body = await asyncio.to_thread(json.dumps, result.rows)
        return _json(body.encode(), link=_next(request, result))

    async def _described(self, core: Core) -> bytes:
        """Return the document, made when it is first asked for."""
        if self._document is None:
            made = await asyncio.to_thread(document, OPERATIONS, version=core.queries.version)
            self._document = json.dumps(made, indent=1).encode()
        return self._document


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
            if caller.path.rstrip("/") != self.prefix:
                raise nowhere(caller.path)
            if request.method not in READS:
                raise wrong_method(", ".join(READS))
            text = await metrics_text(core.queries)
        except ApiRefusal as refusal:
            return refusal.response()
        except MetarrError as error:
            return refusal_of(error).response()
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE, **FRESH})


def _asks_for_stream(request: web.Request) -> bool:
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"


def _bearer(authorization: str) -> tuple[bytes, ...]:
    """Return the key that is given as Prometheus and others give one."""
    scheme, _, token = authorization.partition(" ")
    return (token.strip().encode("utf-8", "surrogateescape"),) if scheme.casefold() == "bearer" else ()


def _find(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation and what stands in its path. Raises ApiRefusal."""
    steps = path.strip("/").split("/")
    found = [(each, places) for each in OPERATIONS if (places := each.match(steps)) is not None]
    # A word of its own counts before a place that takes any.
    fewest = min((len(places) for _, places in found), default=0)
    here = [(each, places) for each, places in found if len(places) == fewest]
    if not here:
        raise nowhere(PREFIX + path)
    wanted = "GET" if method == "HEAD" else method
    for each, places in here:
        if each.method == wanted:
            return each, places
    allowed = sorted({word for each, _ in here for word in (READS if each.method == "GET" else ("POST",))})
    raise wrong_method(", ".join(allowed))


def _next(request: web.Request, page: Page) -> str | None:
    """Where the page after this one is, seen from this one and without the key, as a Link header."""
    if page.following is None:
        return None
    query = {**query_of(request), **page.following}
    return f'<?{urlencode(query)}>; rel="next"'


def _json(body: bytes, *, link: str | None = None) -> web.Response:
    headers = {**FRESH, **({} if link is None else {"Link": link})}
    return web.Response(body=body, content_type="application/json", headers=headers)
