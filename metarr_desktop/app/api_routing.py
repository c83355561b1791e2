"""From a request to the operation that is meant, and from its result to the answer."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from metarr_desktop.app.api_declaration import Page
from metarr_desktop.app.api_document import document
from metarr_desktop.app.api_operations import OPERATIONS
from metarr_desktop.app.api_refusals import READS, ApiRefusal, bad_request, nowhere, refusal_of, wrong_method
from metarr_desktop.app.api_request import body_of, query_of
from metarr_desktop.app.params import Params
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.text import Text

if TYPE_CHECKING:
    from metarr_desktop.app.api_declaration import Operation
    from metarr_desktop.app.api_stream import Streams
    from metarr_desktop.app.core import Core

logger = logging.getLogger(__name__)


class Routing:
    """Answers everything below ``/api/v1``, for who has the key."""

    def __init__(self) -> None:
        self._document: tuple[str, bytes] | None = None

    async def answer(
        self, core: Core, request: web.Request, path: str, *, streams: Streams
    ) -> web.StreamResponse:
        """Answer one request; ``path`` is what follows the prefix."""
        try:
            return await self._route(core, request, path.rstrip("/"), streams=streams)
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

    async def _route(
        self, core: Core, request: web.Request, path: str, *, streams: Streams
    ) -> web.StreamResponse:
        if path == "/openapi.json":
            if request.method not in READS:
                raise wrong_method(", ".join(READS))
            return _json(await self._described(core))
        operation, places = _find(request.method, path)
        if operation.streams and _asks_for_stream(request):
            if query_of(request):
                raise bad_request(Text("The stream takes no parameters."))
            return await streams.answer(request, title=core.queries.event_title)
        given = operation.arguments(places, query_of(request))
        if operation.method == "POST":
            given |= await body_of(request, operation.body)
        result = await operation.run(core, Params(given))
        if not isinstance(result, Page):
            return _json(json.dumps(result).encode())
        body = await asyncio.to_thread(json.dumps, result.rows)
        return _json(body.encode(), link=_next(request, result))

    async def _described(self, core: Core) -> bytes:
        """Return the document, made when it is first asked for below a base path."""
        base_path = core.settings.snapshot.base_path
        if self._document is None or self._document[0] != base_path:
            made = await asyncio.to_thread(
                document, OPERATIONS, version=core.queries.version, base_path=base_path
            )
            self._document = base_path, json.dumps(made, indent=1).encode()
        return self._document[1]


def _asks_for_stream(request: web.Request) -> bool:
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"


def _find(method: str, path: str) -> tuple[Operation, dict[str, str]]:
    """Return the operation and what stands in its path. Raises ApiRefusal."""
    steps = path.strip("/").split("/")
    found = [(each, places) for each in OPERATIONS if (places := each.match(steps)) is not None]
    # A word of its own counts before a place that takes any.
    fewest = min((len(places) for _, places in found), default=0)
    here = [(each, places) for each, places in found if len(places) == fewest]
    if not here:
        raise nowhere(path)
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
    headers = {"Cache-Control": "no-store", **({} if link is None else {"Link": link})}
    return web.Response(body=body, content_type="application/json", headers=headers)
