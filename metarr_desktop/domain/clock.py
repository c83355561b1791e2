"""Time as the program sees it, so that tests can own it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    """Wall time, elapsed time and waiting, all three from one owner."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never go backwards, for durations."""

    async def sleep(self, seconds: float) -> None:
        """Wait at least this long."""


class SystemClock:
    """The clock of this computer."""

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        return datetime.now(tz=UTC)

    def monotonic(self) -> float:
        """Seconds that never go backwards, for durations."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait at least this long."""
        await asyncio.sleep(seconds)


class ShiftedClock:
    """Another clock, set as far ahead as somebody else's is: all who share a database go by its time."""

    def __init__(self, clock: Clock, *, ahead: timedelta) -> None:
        self._clock = clock
        self._ahead = ahead

    def move(self, by: timedelta) -> None:
        """Set it forward, or with a negative time back."""
        self._ahead += by

    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        return self._clock.now() + self._ahead

    def monotonic(self) -> float:
        """Seconds that never go backwards, for durations."""
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait at least this long."""
        await self._clock.sleep(seconds)


def to_ms(instant: datetime) -> int:
    """Epoch milliseconds, the form in which the database keeps an instant."""
    return (instant - EPOCH) // MILLISECOND


def from_ms(value: int) -> datetime:
    """Instant of stored epoch milliseconds."""
    return EPOCH + timedelta(milliseconds=value)


def optional_from_ms(value: int | None) -> datetime | None:
    """Instant of stored epoch milliseconds, or None where nothing is stored."""
    return None if value is None else from_ms(value)


def iso(instant: datetime | None) -> str | None:
    """ISO 8601 UTC with milliseconds and ``Z``: the form of every public JSON output."""
    if instant is None:
        return None
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"
