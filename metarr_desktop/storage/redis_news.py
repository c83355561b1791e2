"""What other processes changed in a shared queue on Redis, heard on a connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.storage.news import RECONNECT_S, Topics
from metarr_desktop.storage.postgres import MANY

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.storage.redis_link import RedisLink

logger = logging.getLogger(__name__)


class RedisNews:
    """Calls ``on_news`` with what others told; (``MANY``,) after a lost connection, since all may be new."""

    def __init__(self, link: RedisLink, *, sender: str, on_news: Callable[[Topics], None]) -> None:
        self._link = link
        self._sender = sender
        self._on_news = on_news
        self._lost = False

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                async with contextlib.aclosing(self._link.listen(self._opened)) as told:
                    async for payload in told:
                        self._hear(payload)
            except StorageFailed as error:
                logger.info("News of the queue are not heard for a moment: %s", error)
            self._lost = True
            await asyncio.sleep(RECONNECT_S)

    def _opened(self) -> None:
        if self._lost:
            self._on_news((MANY,))

    def _hear(self, payload: str) -> None:
        try:
            sender, *topics = json.loads(payload)
        except (ValueError, TypeError):
            return
        if sender != self._sender:
            self._on_news(tuple(each for each in topics if isinstance(each, str | int)))
