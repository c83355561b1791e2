"""A place in the history, which is read newest first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class HistoryCursor:
    """The row after which a page goes on: its end, and its id among those that ended in that millisecond.

    A clock that was set back only means that new rows sort below older ones: paging neither repeats nor
    skips a row that was there.
    """

    completed_at_ms: int
    id: int
