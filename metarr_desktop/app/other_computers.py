"""What other computers on the same database did, told here as if it had happened here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from metarr_desktop.domain.changes import LaneChanged, ServiceChanged, SettingsChanged, StorageChanged
from metarr_desktop.domain.errors import MetarrError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AsyncExitStack

    from metarr_desktop.app.settings import AppSettings
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.jobs.queue import JobQueue
    from metarr_desktop.jobs.worker import Worker
    from metarr_desktop.storage.history_store import HistoryStore
    from metarr_desktop.storage.job_store import JobStore

MOST_LOADED = 200
"""So many jobs of one piece of news are loaded to be shown; a window reads the rest when it looks."""

TRY_AGAIN_S = 5.0
"""So long a database is left alone that failed while news were told."""


class OtherComputers:
    """Takes news and lets queue, worker, settings and window know."""

    def __init__(
        self,
        *,
        queue: JobQueue,
        store: JobStore,
        history: HistoryStore,
        settings: AppSettings,
        services: Sequence[str],
        bus: Bus,
        worker: Worker,
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._store = store
        self._history = history
        self._settings = settings
        self._services = services
        self._bus = bus
        self._topics: dict[str | int, None] = {}
        self._came = asyncio.Event()
        self._worker = worker
        self._clock = clock

    async def listen_to(
        self, url: str, *, password: str | None, own_name: str, stack: AsyncExitStack
    ) -> None:
        """Hear what others tell on this database, from now until the stack ends."""
        from metarr_desktop.storage.news import PostgresNews  # noqa: PLC0415 - with its driver

        news = PostgresNews(url, password=password, sender=own_name, on_news=self.hear)
        await news.start()
        stack.push_async_callback(news.close)

    def hear(self, topics: Iterable[str | int]) -> None:
        """Take a piece of news, on the loop."""
        self._topics.update(dict.fromkeys(topics))
        self._came.set()

    async def run(self) -> None:
        """Tell what was heard, piece by piece, until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            topics, self._topics = self._topics, {}
            self._queue.wake.set()
            try:
                await self._tell(topics)
            except MetarrError:  # told by the database itself; what was heard is told when it works again
                self._topics = {**topics, **self._topics}
                await self._clock.sleep(TRY_AGAIN_S)
                self._came.set()

    async def _tell(self, topics: dict[str | int, None]) -> None:
        if "many" in topics:
            topics = {**topics, **dict.fromkeys(("cancel", "settings", "services", "lanes"))}
            self._bus.publish(StorageChanged())
        if "cancel" in topics:
            self._worker.look_after()
        if "settings" in topics:
            await self._settings.load()
            paused, until = self._settings.pause
            if (paused, until) != self._queue.pause():
                self._queue.set_pause(paused=paused, until=until)
            self._bus.publish(SettingsChanged())
        if "services" in topics:
            self._queue.try_here_again()
            for key in self._services:
                self._bus.publish(ServiceChanged(key))
        if "lanes" in topics:
            self._bus.publish(LaneChanged(""))
        await self._tell_jobs([each for each in topics if isinstance(each, int)])

    async def _tell_jobs(self, ids: Sequence[int]) -> None:
        for job_id in ids[:MOST_LOADED]:
            job = await self._store.job(job_id)
            if job is not None:
                self._queue.tell((job,))
            elif (record := await self._history.record(job_id)) is not None:
                self._queue.tell((), (record,))
