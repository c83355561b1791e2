from __future__ import annotations

import asyncio

from metarr_desktop.webhooks.slowing import (
    MOST_REMEMBERED,
    MOST_WAITING,
    MOST_WAITING_OF_ONE,
    Slowing,
)

THEM, OTHERS = "192.168.1.66", "192.168.1.30"


class Time:
    """Stands still until it is moved; whoever sleeps waits for the gate."""

    def __init__(self) -> None:
        self.now = 0.0
        self.gate = asyncio.Event()
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await self.gate.wait()


def slowing(time: Time | None = None) -> tuple[Slowing, Time]:
    time = time or Time()
    return Slowing(clock=time, sleep=time.sleep), time


def delays(slow: Slowing, count: int, address: str = THEM) -> list[float | None]:
    return [slow.wrong_key(address) for _ in range(count)]


async def test_five_wrong_keys_in_a_minute_are_answered_at_once_then_ever_slower() -> None:
    slow, _ = slowing()
    assert delays(slow, 12) == [0, 0, 0, 0, 0, 1, 2, 4, 8, 10, 10, 10]


async def test_whoever_goes_on_as_fast_as_the_answers_come_stays_slow() -> None:
    slow, time = slowing()
    delays(slow, 10)
    for _ in range(100):
        time.now += 10
        delay = slow.wrong_key(THEM)
        assert delay is not None
        assert delay >= 8


async def test_five_a_minute_are_never_delayed() -> None:
    slow, time = slowing()
    for _ in range(100):
        assert slow.wrong_key(THEM) == 0
        time.now += 12


async def test_a_quiet_time_is_forgiven() -> None:
    slow, time = slowing()
    delays(slow, 50)
    time.now += 120
    assert delays(slow, 5) == [0, 0, 0, 0, 0]


async def test_nobody_else_is_slowed() -> None:
    slow, _ = slowing()
    delays(slow, 50)
    assert slow.wrong_key(OTHERS) == 0


async def test_a_home_with_many_addresses_is_one_caller() -> None:
    slow, _ = slowing()
    addresses = [f"2001:db8::{number:x}" for number in range(1, 7)]
    assert [slow.wrong_key(address) for address in addresses][-1] == 1
    assert slow.wrong_key("2001:db8:0:1::1") == 0


async def test_asking_first_and_giving_the_key_when_told_to_costs_nothing() -> None:
    slow, _ = slowing()
    for _ in range(100):
        assert slow.wrong_key(THEM) == 0
        slow.right_key(THEM)
    slow.right_key(OTHERS)


async def test_few_answers_wait_at_once_in_all_and_of_one_caller() -> None:
    slow, time = slowing()
    for number in range(MOST_WAITING // MOST_WAITING_OF_ONE):
        delays(slow, 6, f"10.0.0.{number}")
    delays(slow, 6, OTHERS)
    async with asyncio.TaskGroup() as tasks:
        for number in range(MOST_WAITING // MOST_WAITING_OF_ONE):
            for _ in range(MOST_WAITING_OF_ONE):
                tasks.create_task(slow.hold(f"10.0.0.{number}", 3))
            await asyncio.sleep(0)
            assert slow.wrong_key(f"10.0.0.{number}") is None
            if number == 0:
                assert slow.wrong_key(OTHERS) is not None
        assert slow.wrong_key(OTHERS) is None
        assert slow.wrong_key("10.0.1.1") == 0
        time.gate.set()
    assert time.slept == [3] * MOST_WAITING
    assert slow.wrong_key(OTHERS) is not None


async def test_a_thousand_addresses_are_remembered_and_no_more() -> None:
    slow, _ = slowing()
    delays(slow, 8)
    for number in range(MOST_REMEMBERED - 1):
        slow.wrong_key(f"10.0.{number // 250}.{number % 250}")
    assert slow.wrong_key(THEM) == 8
    for number in range(MOST_REMEMBERED):
        slow.wrong_key(f"10.1.{number // 250}.{number % 250}")
    assert slow.wrong_key(THEM) == 0
