"""What other processes changed in a shared PostgreSQL, heard on a thread and a connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import select
import threading
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.storage.postgres import CHANNEL, MANY, open_postgres

if TYPE_CHECKING:
    from collections.abc import Callable

    import psycopg

logger = logging.getLogger(__name__)

RECONNECT_S = 2.0
START_WITHIN_S = 5.0
Topics = tuple[str | int, ...]


class PostgresNews:
    """Calls ``on_news`` on the loop with what others told; (``MANY``,) stands for more than can be named.

    Nothing is polled: the thread sleeps until the server or ``close`` wakes it. After a lost connection
    everything may have changed, so ``on_news`` gets ``MANY`` then.
    """

    def __init__(
        self, url: str, *, password: str | None, sender: str, on_news: Callable[[Topics], None]
    ) -> None:
        self._url = url
        self._password = password
        self._sender = sender
        self._on_news = on_news
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake_read, self._wake_write = os.pipe()
        self._closed = False
        self._listening: asyncio.Future[None] | None = None
        self._thread = threading.Thread(target=self._serve, name="database-news", daemon=True)

    async def start(self) -> None:
        """Listen from now on; returns when nothing is missed any more, or after a few seconds."""
        self._loop = asyncio.get_running_loop()
        self._listening = self._loop.create_future()
        self._thread.start()
        await asyncio.wait({self._listening}, timeout=START_WITHIN_S)

    async def close(self) -> None:
        """Listen no more."""
        self._closed = True
        os.write(self._wake_write, b"x")
        await asyncio.to_thread(self._thread.join, 2.0)

    def _serve(self) -> None:
        lost = False
        while not self._closed:
            try:
                raw: psycopg.Connection[Any] = open_postgres(self._url, password=self._password).connection()  # type: ignore[no-untyped-call]
                raw.execute(f"LISTEN {CHANNEL}")
                self._is_listening()
                if lost:
                    self._tell((MANY,))
                self._listen(raw)
            except StorageFailed as error:
                logger.info("News of other computers cannot be heard: %s", error)
            except Exception as error:  # noqa: BLE001 - the driver raises what it likes when a server goes
                logger.info("News of other computers are not heard for a moment: %s", error)
            lost = True
            self._sleep(RECONNECT_S)

    def _listen(self, raw: psycopg.Connection[Any]) -> None:
        with contextlib.closing(raw):
            while not self._closed:
                if self._sleep(None, raw.fileno()):
                    return
                for notice in raw.notifies(timeout=0):
                    self._hear(notice.payload)

    def _sleep(self, seconds: float | None, *descriptors: int) -> bool:
        """Wait for one of these, or until ``close``; True where it was that."""
        ready, _, _ = select.select([self._wake_read, *descriptors], [], [], seconds)
        return self._wake_read in ready

    def _hear(self, payload: str) -> None:
        try:
            sender, *topics = json.loads(payload)
        except (ValueError, TypeError):
            return
        if sender != self._sender:
            self._tell(tuple(each for each in topics if isinstance(each, str | int)))

    def _is_listening(self) -> None:
        def resolve(listening: asyncio.Future[None]) -> None:
            if not listening.done():
                listening.set_result(None)

        if self._loop is not None and self._listening is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(resolve, self._listening)

    def _tell(self, topics: Topics) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._on_news, topics)
