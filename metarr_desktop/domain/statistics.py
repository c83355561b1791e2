"""What waits, runs and lately ended, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

LATELY = timedelta(hours=24)
"""``done`` and ``failed`` count what ended so long ago at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Jobs by how they stand. ``oldest_waiting`` is the creation of the one that waits longest."""

    waiting: int = 0
    running: int = 0
    oldest_waiting: datetime | None = None
    done: int = 0
    failed: int = 0

    def __add__(self, other: Tally) -> Tally:
        oldest = [each for each in (self.oldest_waiting, other.oldest_waiting) if each is not None]
        return Tally(
            waiting=self.waiting + other.waiting,
            running=self.running + other.running,
            oldest_waiting=min(oldest, default=None),
            done=self.done + other.done,
            failed=self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Tallies of everything at ``at``: together, by job type, and by service key; services have titles."""

    at: datetime
    total: Tally
    types: Mapping[str, Tally]
    services: Mapping[str, Tally]
    titles: Mapping[str, str]


def sum_of(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    return sum(tallies, Tally())
