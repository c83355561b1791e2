"""Answers of the listener: all are JSON, and say no more than a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from metarr_desktop.domain.text import Text, text
from metarr_desktop.webhooks.guard import Refusal
from metarr_desktop.webhooks.slowing import RETRY_AFTER_S

if TYPE_CHECKING:
    from collections.abc import Mapping

RETRY_AFTER_SECONDS = 30

TOO_MANY_WRONG_KEYS = Refusal(
    status=429,
    answer=Text("Too many wrong keys. Copy the address again from Metarr Desktop's settings."),
    reason="too many wrong or missing keys.",
    headers={"Retry-After": str(RETRY_AFTER_S), "Connection": "close"},
)
HEAD_TOO_LARGE = Refusal(
    status=431,
    answer=Text("The headers of the request are too large."),
    reason="Its headers are too large.",
    headers={"Connection": "close"},
)


def json_answer(
    status: int, content: Mapping[str, Any], *, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Answer with JSON."""
    return web.Response(
        status=status, body=json.dumps(content).encode(), content_type="application/json", headers=headers
    )


def refused(refusal: Refusal) -> web.Response:
    """Answer that the request was refused, and close the connection where the refusal says so."""
    if refusal.form is None:
        answer = _error(refusal.status, refusal.answer, headers=refusal.headers)
    else:
        content = refusal.form(refusal.status, str(refusal.answer))
        answer = json_answer(refusal.status, content, headers=refusal.headers)
    if refusal.headers.get("Connection") == "close":
        answer.force_close()
    return answer


def not_stored(sentence: Text) -> web.Response:
    """Answer that we could not do our part, and when to come back."""
    return _error(503, sentence, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def bad(answer: Text) -> Refusal:
    """Refuse a body that no sender makes."""
    return Refusal(status=400, answer=answer, reason=str(answer))


def wrong_method(allowed: str) -> Refusal:
    """Refuse a method that the address does not know."""
    return Refusal(
        status=405,
        answer=text("Use {methods} here.", methods=allowed),
        reason=f"It has to be sent by {allowed}.",
        headers={"Allow": allowed},
    )


def _error(status: int, sentence: Text, *, headers: Mapping[str, str]) -> web.Response:
    return json_answer(status, {"status": "refused", "error": str(sentence)}, headers=headers)
