from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.app.sender_watch import SenderWatch
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.domain.senders import Sender
from tests.fakes import FakeClock, until

if TYPE_CHECKING:
    from metarr_desktop.webhooks.connection import Connection

SENDER = Sender(id=1, type="radarr", name="Radarr", url="http://nas:7878", known={"webhook_id": 1})


class House:
    """One sender, at whose visit the first times something goes wrong."""

    own_addresses: frozenset[str] = frozenset()
    base_path = ""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.visits = 0

    async def senders(self) -> tuple[Sender, ...]:
        return (SENDER,)

    async def repair(self, sender: Sender) -> None:
        assert sender == SENDER
        self.visits += 1
        if self.failures:
            raise self.failures.pop(0)

    async def find_addresses(self) -> None:
        pass

    async def add(self, jobs: object) -> None:
        pass


@pytest.mark.parametrize(
    "failure",
    [
        StorageFailed("The disk is full."),
        pytest.param(
            KeyError("id"), marks=pytest.mark.expects_errors("The senders could not be looked after")
        ),
    ],
)
async def test_what_goes_wrong_ends_no_watch_and_makes_it_no_hurry(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    house, clock = House(failure), FakeClock()
    parts: dict[str, Any] = dict.fromkeys(("store", "receiving", "queue"), house)
    watch = SenderWatch(**parts, connection=cast("Connection", house), bus=Bus(), clock=clock)
    task = asyncio.create_task(watch.run())
    await until(lambda: clock.sleeping)
    assert house.visits == 1
    assert "The senders could not be looked after" in caplog.text
    caplog.clear()
    for _ in range(3):
        clock.advance(15)
        await until(lambda: clock.sleeping)
    assert house.visits == 1
    clock.advance(15)
    await until(lambda: house.visits == 2)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
