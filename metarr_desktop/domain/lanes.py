"""Lanes: what bounds how many jobs run at once, and what stops them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.text import Text

BREAKER_FAILURES = 5
"""So many attempts of a lane in a row that found nobody open its breaker."""
BREAKER_PAUSE = timedelta(seconds=60)
LONGEST_BREAKER_PAUSE = timedelta(minutes=15)
PATIENT_FAILURES = 2
"""What may be switched off is taken to be so after so many; it is looked for more often, too."""
LONGEST_PATIENT_PAUSE = timedelta(minutes=5)
PATIENT_LOOKS = 30
"""So many looks a minute apart, then they become rarer."""


def breaker_failures(*, patient: bool) -> int:
    """Return how many attempts in a row that found nobody open the breaker."""
    return PATIENT_FAILURES if patient else BREAKER_FAILURES


def breaker_pause(trips: int, *, patient: bool = False) -> timedelta:
    """Pause after the breaker opened for the ``trips``-th time in a row, from 0: doubling, up to a limit.

    What may be switched off is looked for every minute, and after half an hour every five.
    """
    if patient:
        return BREAKER_PAUSE if trips < PATIENT_LOOKS else LONGEST_PATIENT_PAUSE
    return min(BREAKER_PAUSE * (1 << min(trips, 10)), LONGEST_BREAKER_PAUSE)


class BlockCause(StrEnum):
    """Why a lane stopped, and so what releases it."""

    KEY_REJECTED = "key_rejected"
    NOT_SET_UP = "not_set_up"
    KEYRING = "keyring"


class LaneState(StrEnum):
    """Why a lane takes no jobs.

    BREAKER: nobody answered several times in a row. PROBING: after that wait one job tries again.
    """

    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    BREAKER = "breaker"
    PROBING = "probing"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneStop:
    """A lane that takes no jobs, why, and until when (None: until a person acts)."""

    lane: str
    state: LaneState
    reason: Text
    since: datetime
    until: datetime | None = None
    cause: BlockCause | None = None
