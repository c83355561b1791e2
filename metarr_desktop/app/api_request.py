"""What a request of the API brings along: its query and its small JSON body, read and checked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import ClientPayloadError
from aiohttp.http import HttpProcessingError
from pydantic import BaseModel, ConfigDict, ValidationError

from metarr_desktop.app.api_refusals import ApiRefusal, bad_request
from metarr_desktop.domain.text import Text, text
from metarr_desktop.webhooks.body import InvalidBody, read_object

if TYPE_CHECKING:
    from aiohttp import web

MOST_BYTES = 64 * 1024
READ_WITHIN_S = 30.0
TOO_LARGE = Text("A body has at most 64 kB here.")


class NothingMore(BaseModel):
    """The body of an operation that needs none: absent, or an empty object."""

    model_config = ConfigDict(extra="forbid")


def query_of(request: web.Request) -> dict[str, str]:
    """Return the query without the key. Raises ApiRefusal where a parameter is given twice."""
    found: dict[str, str] = {}
    for name, value in request.query.items():
        if name == "apikey":
            continue
        if name in found:
            raise bad_request(text("{name} is given twice.", name=name[:80]))
        found[name] = value.encode("utf-8", "replace").decode()
    return found


async def body_of(request: web.Request, model: type[BaseModel] | None) -> dict[str, object]:
    """Return the fields of the body. Raises ApiRefusal."""
    raw = await _read(request)
    if raw and not _is_json(request.content_type):
        raise ApiRefusal(415, Text("Send the body as application/json."))
    try:
        content = read_object(raw) if raw else {}
        return (model or NothingMore).model_validate(content).model_dump()
    except InvalidBody as error:
        raise bad_request(error.text) from error
    except ValidationError as error:
        raise bad_request(_sentence(error)) from error


async def _read(request: web.Request) -> bytes:
    if (request.content_length or 0) > MOST_BYTES:
        raise ApiRefusal(413, TOO_LARGE)
    raw = bytearray()
    try:
        async with asyncio.timeout(READ_WITHIN_S):
            async for part in request.content.iter_any():
                raw += part
                if len(raw) > MOST_BYTES:
                    raise ApiRefusal(413, TOO_LARGE, headers={"Connection": "close"})
    except TimeoutError:
        late = Text("The body did not arrive in time.")
        raise ApiRefusal(408, late, headers={"Connection": "close"}) from None
    except (ClientPayloadError, HttpProcessingError, ConnectionError):
        raise bad_request(Text("The body did not arrive as a whole.")) from None
    return bytes(raw)


def _is_json(content_type: str) -> bool:
    return content_type in {"application/json", "text/json"} or content_type.endswith("+json")


def _sentence(error: ValidationError) -> Text:
    """Say what is wrong with the first field; the value itself is not repeated."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])[:80]
    if first["type"] == "extra_forbidden":
        return text("There is no field {name} here.", name=name)
    return text("The field {name} cannot be so: {reason}.", name=name, reason=first["msg"])
