"""Answers of the API that are no result: each a status, a kind for scripts and a sentence for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

from metarr_desktop.app.actions import error_json
from metarr_desktop.domain.errors import NotFound, SecretsUnavailable, StorageFailed
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.api_forms import ErrorJson, ProblemJson
    from metarr_desktop.domain.errors import MetarrError

KINDS: Mapping[int, str] = {
    400: "bad_request",
    401: "key",
    403: "forbidden",
    404: "not_found",
    405: "method",
    408: "timeout",
    409: "refused",
    413: "too_large",
    415: "media_type",
    429: "too_many",
    431: "too_large",
    503: "unavailable",
}
RETRY_AFTER_SECONDS = 30
READS = ("GET", "HEAD")
NOT_FOUND, CONFLICT, UNAVAILABLE = 404, 409, 503


def refused_json(status: int, message: str) -> dict[str, ProblemJson]:
    """Return the JSON of an answer that is no result."""
    return {"error": {"kind": KINDS[status], "message": message}}


class ApiRefusal(Exception):  # noqa: N818 - an answer, no fault
    """Raised where a request ends with another answer than its result."""

    def __init__(
        self, status: int, answer: Text | str, *, headers: Mapping[str, str] | None = None, kind: str = ""
    ) -> None:
        super().__init__(str(answer))
        self.status = status
        self.kind = kind or KINDS[status]
        self.headers = dict(headers or {})

    def response(self) -> web.Response:
        """Return the answer as it is sent."""
        content: ErrorJson = {"error": {"kind": self.kind, "message": str(self)}}
        return web.Response(
            status=self.status,
            body=json.dumps(content).encode(),
            content_type="application/json",
            headers=self.headers,
        )


def bad_request(answer: Text | str) -> ApiRefusal:
    """Refuse what nobody could do."""
    return ApiRefusal(400, answer)


def nowhere(path: str) -> ApiRefusal:
    """Refuse an address at which there is nothing."""
    return ApiRefusal(
        NOT_FOUND,
        text("There is nothing at /api/v1{path}. /api/v1/openapi.json tells what there is.", path=path[:200]),
    )


def wrong_method(allowed: str) -> ApiRefusal:
    """Refuse a method that means nothing at this address."""
    return ApiRefusal(405, text("Use {methods} here.", methods=allowed), headers={"Allow": allowed})


def busy(answer: Text | str) -> ApiRefusal:
    """Refuse what may be possible a little later."""
    return ApiRefusal(UNAVAILABLE, answer, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def refusal_of(error: MetarrError) -> ApiRefusal:
    """Return the answer for what a command or a query raised."""
    kind = error_json(error)["kind"]
    if isinstance(error, NotFound):
        return ApiRefusal(NOT_FOUND, error.text)
    if isinstance(error, StorageFailed | SecretsUnavailable):
        retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return ApiRefusal(UNAVAILABLE, error.text, kind=kind, headers=retry)
    return ApiRefusal(CONFLICT, error.text)
