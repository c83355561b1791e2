"""What each address of the listener answers: store first, then 200; no meaning is read here."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from aiohttp import web

from metarr_desktop import __version__
from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.domain.events import IncomingWebhook
from metarr_desktop.domain.text import Text, text
from metarr_desktop.webhooks.addresses import PREFIXES, path_within, webhook_address
from metarr_desktop.webhooks.answers import (
    HEAD_TOO_LARGE,
    TOO_MANY_WRONG_KEYS,
    bad,
    json_answer,
    not_stored,
    refused,
    wrong_method,
)
from metarr_desktop.webhooks.body import MAX_BYTES, SMALL_BODY, InvalidBody, read_object
from metarr_desktop.webhooks.callers import caller_of
from metarr_desktop.webhooks.guard import WRONG_KEY, Caller, KeyRefused, Refusal, judge_key, judge_place
from metarr_desktop.webhooks.heads import head_is_too_large
from metarr_desktop.webhooks.reading import read_body
from metarr_desktop.webhooks.sources.wording import MAX_NAME, line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import timedelta

    from aiohttp.typedefs import Middleware

    from metarr_desktop.domain.events import StoredWebhook
    from metarr_desktop.webhooks.addresses import WebhookAddress
    from metarr_desktop.webhooks.guard import ReceivingRules
    from metarr_desktop.webhooks.refusals import Refusals
    from metarr_desktop.webhooks.slowing import Slowing
    from metarr_desktop.webhooks.sources.declaration import Source

logger = logging.getLogger(__name__)


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


@runtime_checkable
class OwnForm(Protocol):
    """Further routes whose refusals are other JSON than those of webhooks."""

    def refused_json(self, status: int, sentence: str, /) -> Mapping[str, Any]:
        """Return the JSON of a refusal."""


class WebhookRoutes:
    """Answers every request; each answer is JSON, none is a redirect, none shows a traceback."""

    def __init__(
        self,
        *,
        intake: Intake,
        rules: Callable[[], ReceivingRules],
        refusals: Refusals,
        slowing: Slowing,
        sources: Sequence[Source],
        read_within: timedelta,
        extra: Sequence[ExtraRoutes] = (),
    ) -> None:
        self._intake = intake
        self._rules = rules
        self._refusals = refusals
        self._slowing = slowing
        self._read_within = read_within.total_seconds()
        self._extra = tuple(extra)
        self._sources = {source.key: source for source in sources if source.routed}

    def application(self, *, middlewares: Iterable[Middleware] = ()) -> web.Application:
        """Return a new application with these routes."""
        application = web.Application(client_max_size=MAX_BYTES + 1, middlewares=middlewares)
        application.router.add_route("*", r"/{path:[\s\S]*}", self._answer)
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
            return not_stored(Text("Metarr Desktop could not take the webhook. Its log says why."))

    async def _route(self, request: web.Request) -> web.StreamResponse:
        rules = self._rules()
        caller = caller_of(request, rules)
        refusal = HEAD_TOO_LARGE if head_is_too_large(request) else judge_place(caller, rules)
        extra = next((each for each in self._extra if _is_below(caller.path, each.prefix)), None)
        if refusal is not None:
            return self._refuse(caller, _in_form_of(extra, refusal))
        if extra is not None:
            return await self._hand_on(request, caller, extra=extra)
        raw_path = path_within(request.rel_url.raw_path, base_path=rules.base_path) or ""
        address = webhook_address(raw_path, sources=self._sources)
        refusal = judge_key(caller, rules, address=address)
        if refusal is not None:
            return await self._turn_away(caller, refusal)
        if rules.local_needs_key or not caller.is_local:
            self._slowing.right_key(caller.peer)
        if address is not None:
            if request.method not in {"POST", "PUT"}:
                return self._refuse(caller, wrong_method("POST, PUT"))
            return await self._receive(request, caller, address=address)
        if caller.path in {"/health", "/health/"}:
            if request.method not in {"GET", "HEAD"}:
                return self._refuse(caller, wrong_method("GET, HEAD"))
            return json_answer(200, {"status": "ok", "version": __version__})
        return self._refuse(caller, self._nowhere(rules.base_path))

    async def _hand_on(
        self, request: web.Request, caller: Caller, *, extra: ExtraRoutes
    ) -> web.StreamResponse:
        try:
            answer = await extra.answer(request, caller)
        except KeyRefused as error:
            return await self._turn_away(caller, _in_form_of(extra, error.refusal))
        self._slowing.right_key(caller.peer)
        return answer

    async def _receive(
        self, request: web.Request, caller: Caller, *, address: WebhookAddress
    ) -> web.Response:
        source = self._sources[address.source]
        body = await read_body(request, within=self._read_within)
        if isinstance(body, Refusal):
            return self._refuse(caller, body)
        try:
            webhook = await _describe(body, source=source, name=address.name, remote_address=caller.peer)
        except InvalidBody as error:
            return self._refuse(caller, bad(error.text))
        try:
            stored = await self._intake.store(webhook)
        except StorageFailed as error:
            logger.warning("Webhook from %s was not stored: %s", webhook.remote_address, error.text)
            return not_stored(error.text)
        # The line is written once the answer is on its way: the sender's import waits for that.
        asyncio.get_running_loop().call_soon(
            logger.info, "%s %s stored as webhook %d", source.title, webhook.event_type, stored.event_id
        )
        return json_answer(200, {"status": "queued", "eventId": stored.event_id, "jobId": stored.job_id})

    async def _turn_away(self, caller: Caller, refusal: Refusal) -> web.Response:
        """Refuse a caller for its key or its name; guessing keys takes its time."""
        if refusal.status != WRONG_KEY.status:
            return self._refuse(caller, refusal)
        seconds = self._slowing.wrong_key(caller.peer)
        if seconds is None:
            return self._refuse(caller, replace(TOO_MANY_WRONG_KEYS, form=refusal.form))
        answer = self._refuse(caller, refusal)
        if seconds:
            await self._slowing.hold(caller.peer, seconds)
        return answer

    def _refuse(self, caller: Caller, refusal: Refusal) -> web.Response:
        self._refusals.tell(caller.peer, reason=refusal.reason)
        return refused(refusal)

    def _nowhere(self, base_path: str) -> Refusal:
        return Refusal(
            status=404,
            answer=text(
                "There is nothing at this address. Webhooks go to {addresses}.",
                addresses=", ".join(f"{base_path}{PREFIXES[0]}/{key}" for key in self._sources),
            ),
            reason="no such address.",
        )


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def _in_form_of(extra: object, refusal: Refusal) -> Refusal:
    return replace(refusal, form=extra.refused_json) if isinstance(extra, OwnForm) else refusal


async def _describe(body: bytes, *, source: Source, name: str, remote_address: str) -> IncomingWebhook:
    """Read just enough to file the delivery; raises InvalidBody."""
    # Reading 16 MB takes long enough to be seen in the window.
    content = read_object(body) if len(body) <= SMALL_BODY else await asyncio.to_thread(read_object, body)
    event, instance = content.get(source.event_key), name or content.get("instanceName")
    if not isinstance(event, str):
        raise InvalidBody(text("The webhook does not name its event ({key}).", key=source.event_key))
    return IncomingWebhook(
        source=source.key,
        event_type=line(event, limit=MAX_NAME),
        instance=line(instance, limit=MAX_NAME) if isinstance(instance, str) else "",
        body=body,
        remote_address=remote_address,
    )


async def _hide_versions(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "Metarr Desktop"
