"""Guessing keys is slowed, address by address; whoever has the right key never waits."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.networks import home_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FREE_IN_A_MINUTE = 5
LONGEST_DELAY_S = 10.0
MOST_REMEMBERED = 1_000
MOST_WAITING = 32
MOST_WAITING_OF_ONE = 4
RETRY_AFTER_S = 10

_FORGOTTEN_EACH_S = 60 / FREE_IN_A_MINUTE
_DOUBLINGS = math.ceil(math.log2(LONGEST_DELAY_S)) + 1
_FULL = float(FREE_IN_A_MINUTE + _DOUBLINGS)


@dataclass(slots=True)
class _Account:
    """Wrong keys of late: the level sinks by one in each twelve seconds."""

    level: float
    at: float


class Slowing:
    """Says how long the answer to a wrong key waits, and lets few answers wait at once."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._accounts: OrderedDict[str, _Account] = OrderedDict()
        self._waiting: Counter[str] = Counter()

    def wrong_key(self, address: str) -> float | None:
        """Note a wrong key; returns the seconds to ``hold`` its answer, None where too many wait already."""
        home, now = home_of(address), self._clock()
        account = self._accounts.pop(home, None) or _Account(level=0.0, at=now)
        sunk = max(0.0, account.level - (now - account.at) / _FORGOTTEN_EACH_S)
        account.level, account.at = min(_FULL, sunk + 1), now
        self._accounts[home] = account
        if len(self._accounts) > MOST_REMEMBERED:
            self._accounts.popitem(last=False)
        over = math.ceil(account.level - FREE_IN_A_MINUTE)
        if over <= 0:
            return 0.0
        if self._waiting[home] >= MOST_WAITING_OF_ONE or self._waiting.total() >= MOST_WAITING:
            return None
        return min(LONGEST_DELAY_S, 2.0 ** (over - 1))

    def right_key(self, address: str) -> None:
        """Take one wrong key back: some programs first ask without the key, and are told to give it."""
        account = self._accounts.get(home_of(address)) if self._accounts else None
        if account is not None:
            account.level = max(0.0, account.level - 1)

    async def hold(self, address: str, seconds: float) -> None:
        """Let an answer wait."""
        home = home_of(address)
        self._waiting[home] += 1
        try:
            await self._sleep(seconds)
        finally:
            self._waiting[home] -= 1
            if self._waiting[home] <= 0:
                del self._waiting[home]
