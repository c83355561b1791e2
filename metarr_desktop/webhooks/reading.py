"""Reads the body of a request: as JSON only, not too much of it, and not for too long."""

from __future__ import annotations

import asyncio

from aiohttp import ClientPayloadError, web
from aiohttp.http import HttpProcessingError

from metarr_desktop.domain.text import Text
from metarr_desktop.webhooks.answers import bad
from metarr_desktop.webhooks.body import MAX_BYTES
from metarr_desktop.webhooks.guard import Refusal

NOT_SENT_AS_JSON = Refusal(
    status=415,
    answer=Text("Send the webhook as application/json."),
    reason="Not sent as application/json.",
)
TOO_LARGE = Refusal(status=413, answer=Text("The webhook is larger than 16 MB."), reason="Larger than 16 MB.")
TOO_LATE = Refusal(
    status=408,
    answer=Text("The webhook did not arrive in time."),
    reason="It did not arrive in time.",
    headers={"Connection": "close"},
)
NOT_WHOLE = bad(Text("The webhook did not arrive as a whole."))


async def read_body(request: web.Request, *, within: float) -> bytes | Refusal:
    """Return the body, or why there is none; ``within`` are seconds for all of it."""
    if not _is_json(request.content_type):
        return NOT_SENT_AS_JSON
    if (request.content_length or 0) > MAX_BYTES:
        return TOO_LARGE
    # A body that is here already needs no timer; Qt's loop keeps each until its time is over.
    limit = None if request.content.is_eof() else within
    try:
        async with asyncio.timeout(limit):
            body = await request.read()
    except web.HTTPRequestEntityTooLarge:
        return TOO_LARGE
    except TimeoutError:
        return TOO_LATE
    except (ClientPayloadError, HttpProcessingError, ConnectionError):
        return NOT_WHOLE
    except RuntimeError:
        # So aiohttp says that the connection was closed before the body was asked for.
        if request.transport is not None:
            raise
        return NOT_WHOLE
    return TOO_LARGE if len(body) > MAX_BYTES else body


def _is_json(content_type: str) -> bool:
    return content_type in {"application/json", "text/json"} or content_type.endswith("+json")
