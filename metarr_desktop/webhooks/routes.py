"""What each address of the listener answers: store first, then 200; no meaning is read here."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import ClientPayloadError, web
from aiohttp.http import HttpProcessingError

from metarr_desktop import __version__
from metarr_desktop.domain.changes import WebhookRefused
from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.domain.text import Text, text
from metarr_desktop.webhooks.body import MAX_BYTES, SMALL_BODY, InvalidBody, read_object
from metarr_desktop.webhooks.guard import (
    FORWARDING_HEADERS,
    Caller,
    KeyRefused,
    Refusal,
    given_keys,
    judge_key,
    judge_place,
)
from metarr_desktop.webhooks.sources.wording import MAX_NAME, line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.events import StoredWebhook
    from metarr_desktop.webhooks.guard import ReceivingRules
    from metarr_desktop.webhooks.sources.declaration import Source

logger = logging.getLogger(__name__)

PREFIXES = ("/webhooks", "/api/webhooks")
RETRY_AFTER_SECONDS = 30
TOO_LARGE = "Larger than 16 MB."


class Intake(Protocol):
    """Makes a webhook durable."""

    async def store(self, webhook: IncomingWebhook, /) -> StoredWebhook:
        """Store the delivery and its job in one transaction; raises StorageFailed and stores nothing."""


class ExtraRoutes(Protocol):
    """Answers what lies below its prefix, for a caller that is heard but whose key nobody looked at yet."""

    @property
    def prefix(self) -> str:
        """The path it answers, together with everything below: ``/api/v1``."""

    async def answer(self, request: web.Request, caller: Caller, /) -> web.StreamResponse:
        """Answer by ``caller.path``; raises KeyRefused where its key is wrong or missing."""


class WebhookRoutes:
    """Answers every request; each answer is JSON, none is a redirect, none shows a traceback."""

    def __init__(
        self,
        *,
        intake: Intake,
        rules: Callable[[], ReceivingRules],
        bus: Bus,
        sources: Sequence[Source],
        read_within: timedelta,
        extra: Sequence[ExtraRoutes] = (),
    ) -> None:
        self._intake = intake
        self._rules = rules
        self._bus = bus
        self._read_within = read_within.total_seconds()
        self._extra = tuple(extra)
        # With and without a slash, for senders follow a redirect without the body.
        self._sources = {
            f"{prefix}/{source.key}{slash}": source
            for source in sources
            for prefix in PREFIXES
            for slash in ("", "/")
        }
        self._nowhere = Refusal(
            status=404,
            answer=text(
                "There is nothing at this address. Webhooks go to {addresses}.",
                addresses=", ".join(f"{PREFIXES[0]}/{source.key}" for source in sources),
            ),
            reason="no such address.",
        )

    def application(self) -> web.Application:
        """Return a new application with these routes."""
        application = web.Application(client_max_size=MAX_BYTES + 1)
        application.router.add_route("*", "/{path:.*}", self._answer)
        application.on_response_prepare.append(_hide_versions)
        return application

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self._route(request)
        except web.HTTPException:
            raise
        except Exception:
            if request.writer.output_size and request.transport is not None:
                # An answer has begun: it cannot become another one, only end.
                request.transport.abort()
            # The sender must learn that nothing was stored, and nothing else.
            logger.exception("A request from %s could not be answered", request.remote)
            return _error(
                503, Text("Metarr Desktop could not take the webhook. Its log says why."), retry=True
            )

    async def _route(self, request: web.Request) -> web.StreamResponse:
        caller, rules = _caller(request), self._rules()
        refusal = judge_place(caller, rules)
        if refusal is not None:
            return self._refuse(request, refusal)
        for extra in self._extra:
            if caller.path == extra.prefix or caller.path.startswith(f"{extra.prefix}/"):
                return await self._hand_on(request, caller, extra=extra)
        refusal = judge_key(caller, rules)
        if refusal is not None:
            return self._refuse(request, refusal)
        source = self._sources.get(request.path)
        if source is not None:
            if request.method not in {"POST", "PUT"}:
                return self._refuse(request, _wrong_method("POST, PUT"))
            return await self._receive(request, source=source)
        if request.path in {"/health", "/health/"}:
            if request.method not in {"GET", "HEAD"}:
                return self._refuse(request, _wrong_method("GET, HEAD"))
            return _json(200, {"status": "ok", "version": __version__})
        return self._refuse(request, self._nowhere)

    async def _hand_on(
        self, request: web.Request, caller: Caller, *, extra: ExtraRoutes
    ) -> web.StreamResponse:
        try:
            return await extra.answer(request, caller)
        except KeyRefused as error:
            return self._refuse(request, error.refusal)

    async def _receive(self, request: web.Request, *, source: Source) -> web.Response:
        body = await self._read(request)
        if isinstance(body, Refusal):
            return self._refuse(request, body)
        try:
            webhook = await _describe(body, source=source, remote_address=request.remote or "")
        except InvalidBody as error:
            return self._refuse(request, _bad(error.text))
        try:
            stored = await self._intake.store(webhook)
        except StorageFailed as error:
            logger.warning("Webhook from %s was not stored: %s", webhook.remote_address, error.text)
            return _error(503, error.text, retry=True)
        # The line is written once the answer is on its way: the sender's import waits for that.
        asyncio.get_running_loop().call_soon(
            logger.info, "%s %s stored as webhook %d", source.title, webhook.event_type, stored.event_id
        )
        return _json(200, {"status": "queued", "eventId": stored.event_id, "jobId": stored.job_id})

    async def _read(self, request: web.Request) -> bytes | Refusal:
        if not _is_json(request.content_type):
            return Refusal(
                status=415,
                answer=Text("Send the webhook as application/json."),
                reason="Not sent as application/json.",
            )
        too_large = Refusal(status=413, answer=Text("The webhook is larger than 16 MB."), reason=TOO_LARGE)
        if (request.content_length or 0) > MAX_BYTES:
            return too_large
        # A body that is here already needs no timer; Qt's loop keeps each until its time is over.
        limit = None if request.content.is_eof() else self._read_within
        try:
            async with asyncio.timeout(limit):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return too_large
        except TimeoutError:
            return Refusal(
                status=408,
                answer=Text("The webhook did not arrive in time."),
                reason="It did not arrive in time.",
                headers={"Connection": "close"},
            )
        except (ClientPayloadError, HttpProcessingError, ConnectionError):
            return _bad(Text("The webhook did not arrive as a whole."))
        return too_large if len(body) > MAX_BYTES else body

    def _refuse(self, request: web.Request, refusal: Refusal) -> web.Response:
        remote = request.remote or "?"
        sentence = f"Refused webhook from {remote}: {refusal.reason}"
        logger.warning("%s", sentence)
        self._bus.publish(WebhookRefused(remote, sentence))
        if refusal.content is not None:
            return _json(refusal.status, refusal.content, headers=refusal.headers)
        return _error(refusal.status, refusal.answer, headers=refusal.headers)


def _caller(request: web.Request) -> Caller:
    """Read the head; several ``Host`` headers are no name at all."""
    headers = request.headers
    return Caller(
        peer=request.remote or "",
        host=",".join(headers.getall("Host", ())),
        keys=given_keys(
            query=request.query.getall("apikey", ()) if request.query_string else (),
            header=headers.get("X-Api-Key"),
            authorization=headers.get("Authorization"),
        ),
        path=request.path,
        from_page="Origin" in headers or headers.get("Sec-Fetch-Site", "none") != "none",
        forwarded=any(name in headers for name in FORWARDING_HEADERS),
    )


async def _describe(body: bytes, *, source: Source, remote_address: str) -> IncomingWebhook:
    """Read just enough to file the delivery; raises InvalidBody."""
    # Reading 16 MB takes long enough to be seen in the window.
    content = read_object(body) if len(body) <= SMALL_BODY else await asyncio.to_thread(read_object, body)
    event, instance = content.get(source.event_key), content.get("instanceName")
    if not isinstance(event, str):
        raise InvalidBody(text("The webhook does not name its event ({key}).", key=source.event_key))
    return IncomingWebhook(
        source=source.key,
        event_type=line(event, limit=MAX_NAME),
        instance=line(instance, limit=MAX_NAME) if isinstance(instance, str) else "",
        body=body,
        remote_address=remote_address,
    )


def _is_json(content_type: str) -> bool:
    return content_type in {"application/json", "text/json"} or content_type.endswith("+json")


def _bad(answer: Text) -> Refusal:
    return Refusal(status=400, answer=answer, reason=str(answer))


def _wrong_method(allowed: str) -> Refusal:
    return Refusal(
        status=405,
        answer=text("Use {methods} here.", methods=allowed),
        reason=f"It has to be sent by {allowed}.",
        headers={"Allow": allowed},
    )


def _error(
    status: int, sentence: Text, *, headers: Mapping[str, str] | None = None, retry: bool = False
) -> web.Response:
    extra = {"Retry-After": str(RETRY_AFTER_SECONDS)} if retry else {}
    return _json(status, {"status": "refused", "error": str(sentence)}, headers={**(headers or {}), **extra})


def _json(
    status: int, content: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(content).encode(), content_type="application/json", headers=headers
    )


async def _hide_versions(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "Metarr Desktop"
