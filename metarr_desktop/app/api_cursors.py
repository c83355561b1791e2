"""Places in the lists of the API: what a page's Link header tells, and the next request brings back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.app.api_refusals import bad_request
from metarr_desktop.domain.clock import EPOCH, from_ms, to_ms
from metarr_desktop.domain.history import HistoryCursor
from metarr_desktop.domain.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from metarr_desktop.domain.jobs import Job

HISTORY = re.compile(r"(-?[0-9]{1,16})\.([0-9]{1,18})")
QUEUE = re.compile(r"(-?[0-9]{1,9})\.(-?[0-9]{1,15})\.([0-9]{1,18})")
NO_CURSOR = Text("This is no place in the list. Take it from the Link header of the page before.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceInQueue:
    """Where a page of the queue ended, whether or not that job waits still."""

    priority: int
    run_after: datetime
    id: int


def after_jobs(jobs: Sequence[Job], *, limit: int) -> dict[str, str] | None:
    """Return the query of the page after this one; None where there is none."""
    # A time that a person damaged by hand reads as the epoch, sorts last and is no place to go on from.
    if len(jobs) < limit or jobs[-1].run_after == EPOCH:
        return None
    last = jobs[-1]
    return {"after": f"{last.priority}.{to_ms(last.run_after)}.{last.id}"}


def queue_place(cursor: str | None) -> PlaceInQueue | None:
    """Read such a place back. Raises ApiRefusal."""
    if cursor is None:
        return None
    priority, run_after, job_id = _numbers(QUEUE, cursor)
    try:
        return PlaceInQueue(priority=priority, run_after=from_ms(run_after), id=job_id)
    except OverflowError as error:
        raise bad_request(NO_CURSOR) from error


def after_history(place: HistoryCursor | None) -> dict[str, str] | None:
    """Return the query of the page after this one; None where there is none."""
    return None if place is None else {"before": f"{place.completed_at_ms}.{place.id}"}


def history_place(cursor: str | None) -> HistoryCursor | None:
    """Read such a place back. Raises ApiRefusal."""
    return None if cursor is None else HistoryCursor(*_numbers(HISTORY, cursor))


def _numbers(form: re.Pattern[str], cursor: str) -> list[int]:
    found = form.fullmatch(cursor)
    if found is None:
        raise bad_request(NO_CURSOR)
    return [int(part) for part in found.groups()]
