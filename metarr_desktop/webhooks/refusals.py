"""Tells of refused requests, without letting one caller fill the log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.changes import WebhookRefused
from metarr_desktop.domain.networks import home_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.domain.bus import Bus

logger = logging.getLogger(__name__)

LINES_IN_A_MINUTE = 10
MOST_REMEMBERED = 1_000


@dataclass(slots=True)
class _Minute:
    """What was told of one caller since its minute began, and how much was not."""

    began: float
    told: int = 0
    untold: int = 0


class Refusals:
    """Tells log and window of refusals: ten a minute for each caller, then how many more there were."""

    def __init__(
        self, *, bus: Bus, clock: Callable[[], float] = time.monotonic, minute_s: float = 60.0
    ) -> None:
        self._bus = bus
        self._clock = clock
        self._minute_s = minute_s
        self._minutes: OrderedDict[str, _Minute] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, address: str, *, reason: str) -> None:
        """Tell that a request from there was refused; the reason holds nothing of the request itself."""
        home = home_of(address)
        minute = self._minutes.get(home)
        if minute is not None and self._clock() - minute.began >= self._minute_s:
            self._sum_up(home)
            minute = None
        if minute is None:
            minute = self._minutes[home] = _Minute(self._clock())
            if len(self._minutes) > MOST_REMEMBERED:
                self._sum_up(next(iter(self._minutes)))
        if minute.told < LINES_IN_A_MINUTE:
            minute.told += 1
            self._say(address or "?", f"Refused webhook from {address or '?'}: {reason}")
            return
        minute.untold += 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._minute_s, self._on_timer)

    def close(self) -> None:
        """Tell what was not told yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for home in list(self._minutes):
            self._sum_up(home)

    def _on_timer(self) -> None:
        self._timer = None
        now = self._clock()
        for home, minute in list(self._minutes.items()):
            if now - minute.began >= self._minute_s:
                self._sum_up(home)
        if any(minute.untold for minute in self._minutes.values()):
            self._timer = asyncio.get_running_loop().call_later(self._minute_s, self._on_timer)

    def _sum_up(self, home: str) -> None:
        minute = self._minutes.pop(home)
        if minute.untold:
            self._say(home, f"Refused {minute.untold} more from {home}.")

    def _say(self, address: str, sentence: str) -> None:
        logger.warning("%s", sentence)
        self._bus.publish(WebhookRefused(address, sentence))
