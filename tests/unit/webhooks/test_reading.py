from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader

from metarr_desktop.webhooks.reading import NOT_WHOLE, read_body

if TYPE_CHECKING:
    from aiohttp import web


@dataclass
class Request:
    """What reading asks of a request; the body is aiohttp's own, on a connection that is closed."""

    content: StreamReader
    transport: object = None
    content_type: str = "application/json"
    content_length: int = 1_000

    async def read(self) -> bytes:
        return await self.content.read()


def on_closed_connection(*, transport: object = None) -> web.Request:
    loop = asyncio.get_running_loop()
    content = StreamReader(BaseProtocol(loop), 1_000, loop=loop)
    content.feed_data(b'{"eventType"')
    return cast("web.Request", Request(content, transport))


async def test_a_connection_that_was_closed_before_its_body_was_asked_for_is_no_fault_of_ours() -> None:
    assert await read_body(on_closed_connection(), within=1) == NOT_WHOLE


async def test_any_other_fault_is_not_hidden() -> None:
    with pytest.raises(RuntimeError):
        await read_body(on_closed_connection(transport=object()), within=1)
