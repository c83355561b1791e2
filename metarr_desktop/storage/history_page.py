"""One page of the history: whatever is asked for, only ranges of an index are read, newest first."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.history import HistoryCursor
from metarr_desktop.domain.jobs import EndStatus, JobRecord
from metarr_desktop.storage.leap import leap
from metarr_desktop.storage.rows import RECORD_COLUMNS, read_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from metarr_desktop.storage.sql import Sql

KEY = "CAST(job_history.completed_at AS BIGINT), job_history.id"
"""What a person damaged by hand shall not stop the comparison."""
NEWEST_FIRST = "ORDER BY job_history.completed_at DESC, job_history.id DESC"
TYPES_OF_SOURCE = "SELECT MIN(type) FROM job_history WHERE source = ? AND type > ?"
FEW = 2_000
"""So many webhooks are looked up one by one; where more match a search, some are found on the way down."""
CHUNK = 500
"""Ids in one statement; SQLite takes 999 places and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """What to look for; empty parts do not restrict. ``before`` is the row to go on after."""

    text: str = ""
    status: EndStatus | None = None
    type: str = ""
    source: str = ""
    since: datetime | None = None
    before: HistoryCursor | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class _Condition:
    """Part of a WHERE, and the values of its places."""

    sql: str
    values: tuple[object, ...] = ()

    def __and__(self, other: _Condition) -> _Condition:
        return _Condition(f"{self.sql} AND {other.sql}", self.values + other.values)


def read_page(db: Sql, query: HistoryQuery) -> tuple[JobRecord, ...]:
    """Records, newest first; of rows that ended together the one stored last comes first."""
    keys = _searched(db, query) if query.text else _newest(db, query)
    records: dict[int, JobRecord] = {}
    for start in range(0, len(keys), CHUNK):
        part = [key.id for key in keys[start : start + CHUNK]]
        rows = db.execute(
            f"SELECT {RECORD_COLUMNS} FROM job_history WHERE id IN ({_places(part)})", tuple(part)
        )
        records.update((row[0], read_record(row)) for row in rows.fetchall())
    return tuple(records[key.id] for key in keys if key.id in records)


def _newest(db: Sql, query: HistoryQuery, *, text: _Condition | None = None) -> list[HistoryCursor]:
    """Merge the ranges, each of which an index holds in this order; no more is read than is returned."""
    joined = "" if text is None else " LEFT JOIN webhook_events ON webhook_events.id = job_history.event_id"
    ranges = []
    for equal in _ranges(db, query):
        where = equal & _span(query)
        if text is not None:
            where &= text
        rows = db.execute(
            f"SELECT {KEY} FROM job_history{joined} WHERE {where.sql} {NEWEST_FIRST} LIMIT ?",
            (*where.values, query.limit),
        )
        ranges.append(_keys(iter(rows.fetchone, None)))
    return list(islice(heapq.merge(*ranges, reverse=True), query.limit))


def _ranges(db: Sql, query: HistoryQuery) -> list[_Condition]:
    """Conditions that together say what the filter says, each of them the beginning of an index."""
    status = "" if query.status is None else query.status.value
    statuses = [status] if status else [each.value for each in EndStatus]
    if query.source:
        kinds = [query.type] if query.type else leap(db, TYPES_OF_SOURCE, query.source)
        return [
            _Condition(
                "job_history.source = ? AND job_history.type = ? AND job_history.status = ?",
                (query.source, kind, each),
            )
            for kind in kinds
            for each in statuses
        ]
    if query.type:
        return [
            _Condition("job_history.type = ? AND job_history.status = ?", (query.type, each))
            for each in statuses
        ]
    return [_Condition("job_history.status = ?", (status,)) if status else _Condition("1 = 1")]


def _span(query: HistoryQuery) -> _Condition:
    """How far back, and below which row."""
    span = _Condition("1 = 1")
    if query.since is not None:
        span &= _Condition("job_history.completed_at >= ?", (to_ms(query.since),))
    if query.before is not None:
        span &= _Condition(
            "(job_history.completed_at, job_history.id) < (?, ?)",
            (query.before.completed_at_ms, query.before.id),
        )
    return span


# Search


def _searched(db: Sql, query: HistoryQuery) -> list[HistoryCursor]:
    """Rows whose webhook's title or whose error holds the text.

    Where few titles match, their rows are found by the webhook; where many do, on the way down from the
    newest.
    """
    wanted = _like(query.text)
    events = db.execute(
        "SELECT id FROM webhook_events WHERE LOWER(title) LIKE LOWER(?) ESCAPE '\\'"
        " ORDER BY received_at DESC, id DESC LIMIT ?",
        (wanted, FEW + 1),
    ).fetchall()
    if len(events) > FEW:
        text = _Condition(
            "(LOWER(webhook_events.title) LIKE LOWER(?) ESCAPE '\\'"
            " OR LOWER(job_history.error) LIKE LOWER(?) ESCAPE '\\')",
            (wanted, wanted),
        )
        return _newest(db, query, text=text)
    found = set(_with_events(db, query, [row[0] for row in events]))
    found.update(_with_error(db, query, wanted))
    return heapq.nlargest(query.limit, found)


def _with_events(db: Sql, query: HistoryQuery, events: Sequence[int]) -> Iterator[HistoryCursor]:
    """Rows of these webhooks. Only the webhook is asked for, so that it is its index that is used."""
    oldest = None if query.since is None else to_ms(query.since)
    for start in range(0, len(events), CHUNK):
        part = events[start : start + CHUNK]
        rows = db.execute(
            f"SELECT {KEY}, status, type, source FROM job_history WHERE event_id IN ({_places(part)})",
            tuple(part),
        )
        for completed_at, row_id, status, kind, source in rows.fetchall():
            key = HistoryCursor(completed_at, row_id)
            if (
                (query.status is None or query.status.value == status)
                and query.type in {"", kind}
                and query.source in {"", source}
                and (oldest is None or completed_at >= oldest)
                and (query.before is None or key < query.before)
            ):
                yield key


def _with_error(db: Sql, query: HistoryQuery, wanted: str) -> Iterator[HistoryCursor]:
    """Newest rows with such an error. Other filters are hidden from the planner behind ``|| ''``."""
    where = _Condition("error IS NOT NULL AND LOWER(error) LIKE LOWER(?) ESCAPE '\\'", (wanted,))
    for column, value in (
        ("status", "" if query.status is None else query.status.value),
        ("type", query.type),
        ("source", query.source),
    ):
        if value:
            where &= _Condition(f"{column} || '' = ?", (value,))
    where &= _span(query)
    rows = db.execute(
        f"SELECT {KEY} FROM job_history WHERE {where.sql} {NEWEST_FIRST} LIMIT ?",
        (*where.values, query.limit),
    )
    return _keys(rows.fetchall())


def _keys(rows: Iterable[tuple[Any, ...]]) -> Iterator[HistoryCursor]:
    return (HistoryCursor(row[0], row[1]) for row in rows)


def _like(wanted: str) -> str:
    sound = wanted.encode("utf-8", "replace").decode("utf-8")  # half a character is found nowhere
    escaped = sound.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _places(ids: Sequence[int]) -> str:
    return ", ".join("?" * len(ids))
