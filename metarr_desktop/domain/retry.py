"""How often, and after which waits, a job is tried again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

RATE_LIMIT_CAP = 10
"""So many ``Retry-After`` answers to one job end it as failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """``max_retries`` counts retries after the first run: 3 means at most 4 runs.

    A ``patient`` one is for what may be switched off, such as a player: that nobody answers uses no retry.
    """

    max_retries: int = 3
    delays: tuple[timedelta, ...] = (timedelta(seconds=5), timedelta(seconds=30), timedelta(seconds=120))
    jitter: float = 0.2
    minimum: timedelta = timedelta(0)
    retry_after_cap: timedelta = timedelta(hours=1)
    patient: bool = False

    def backoff(self, retry: int, *, rng: random.Random) -> timedelta:
        """Wait before retry number ``retry`` (from 1), with jitter, never under ``minimum``."""
        delay = self.delays[min(retry, len(self.delays)) - 1]
        jittered = delay * (1 + rng.uniform(-self.jitter, self.jitter))
        return max(jittered, self.minimum)
