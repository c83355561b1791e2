from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, cast

from metarr_desktop.app.other_computers import TRY_AGAIN_S, OtherComputers
from metarr_desktop.app.settings import AppSettings
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import Change, SettingsChanged
from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.jobs.queue import JobQueue
from tests.fakes import FakeClock, until
from tests.memory.store import MemoryJobStore

if TYPE_CHECKING:
    from metarr_desktop.storage.settings_store import SettingsStore


class Pausing:
    """Settings in which another computer paused the deliveries; the database fails at the first look."""

    def __init__(self) -> None:
        self.looks = 0

    async def all(self) -> dict[str, object]:
        self.looks += 1
        if self.looks == 1:
            raise StorageFailed("The server is starting.")
        return {"pause": {"until": None}}


async def test_news_that_came_while_the_database_failed_are_told_when_it_works_again() -> None:
    bus, clock, store = Bus(), FakeClock(), MemoryJobStore()
    told: list[Change] = []
    bus.subscribe(told.append)
    queue = JobQueue(store=store, bus=bus, clock=clock)
    rows = Pausing()
    others = OtherComputers(
        queue=queue,
        store=store,
        history=cast("Any", None),
        settings=AppSettings(store=cast("SettingsStore", rows), bus=bus, clock=clock),
        services=(),
        bus=bus,
        worker=cast("Any", None),
        clock=clock,
    )
    telling = asyncio.ensure_future(others.run())
    try:
        others.hear(["settings"])
        await until(lambda: clock.sleeping == 1)
        assert not queue.pause()[0]
        clock.advance(TRY_AGAIN_S)
        await until(lambda: queue.pause()[0])
        assert rows.looks == 2
        assert SettingsChanged() in told
    finally:
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await telling
