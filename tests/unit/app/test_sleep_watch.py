from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from metarr_desktop.app.sleep_watch import SleepWatch
from tests.fakes import FakeClock, until


@pytest.mark.parametrize(
    ("jump", "advance", "slept"),
    [
        (0, 15, False),
        (59, 15, False),
        (61, 15, True),  # the elapsed time stood still
        (-3600, 15, False),  # the clock was set back
        (0, 60, False),  # a busy computer
        (0, 80, True),  # the elapsed time went on
    ],
)
async def test_a_sleep_is_told_from_a_nap(jump: int, advance: int, slept: bool) -> None:
    clock = FakeClock()
    nap = asyncio.create_task(SleepWatch(clock).nap(15))
    await until(lambda: clock.sleeping)
    clock.jump(timedelta(seconds=jump))
    clock.advance(advance)
    assert await nap is slept


async def test_a_sleep_between_two_naps_is_noticed_once() -> None:
    clock = FakeClock()
    watch = SleepWatch(clock)
    clock.advance(300)  # senders that do not answer take their time
    clock.jump(timedelta(hours=8))
    told = []
    for _ in range(2):
        nap = asyncio.create_task(watch.nap(15))
        await until(lambda: clock.sleeping)
        clock.advance(15)
        told.append(await nap)
    assert told == [True, False]
