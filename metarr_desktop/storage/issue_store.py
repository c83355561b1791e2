"""What senders complain of themselves, each complaint once until it is resolved."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.events import Notice, NoticeKind
from metarr_desktop.storage.rows import instant

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthIssue:
    """One complaint of a sender about itself that is not resolved yet."""

    source: str
    instance: str
    type: str
    message: str
    level: str
    link: str | None
    since: datetime
    last_seen: datetime


class IssueStore:
    """The table ``health_issues``: one row for each sender, type and message."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, event_id: int, notice: Notice, *, now: datetime) -> bool:
        """Keep or resolve what a sender says; returns whether it is news.

        Asked again for the same event the answer is the same.
        """
        return await self._database.run(_note, event_id, notice, now)

    async def resolve_others(
        self, source: str, instance: str, still: Collection[str], *, now: datetime
    ) -> int:
        """Resolve what a sender complained of by checks that it does not name any more; returns how many.

        Its good news may have been sent while nobody listened.
        """
        return await self._database.run(_resolve_others, source, instance, tuple(still), now)

    async def open(self) -> tuple[HealthIssue, ...]:
        """Every complaint that is not resolved, the oldest first."""
        return await self._database.read(_open)

    async def forget_before(self, before: datetime) -> int:
        """Forget what was resolved, or last heard of, before then; returns how many went."""
        return await self._database.run(_forget_before, before)


def _note(db: Sql, event_id: int, notice: Notice, now: datetime) -> bool:
    key = _key(notice)
    row = db.execute("SELECT resolved_at, event_id FROM health_issues WHERE key = ?", (key,)).fetchone()
    if row is not None and row[1] == event_id:
        return True
    if notice.kind is NoticeKind.RESTORED:
        return _resolve(db, event_id, notice, now)
    is_open = row is not None and row[0] is None
    db.execute(
        "INSERT INTO health_issues (key, source, instance, type, message, level, link, event_id, since,"
        " last_seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
        " level = excluded.level, link = excluded.link, last_seen = excluded.last_seen, resolved_at = NULL,"
        " event_id = CASE WHEN health_issues.resolved_at IS NULL THEN health_issues.event_id"
        " ELSE excluded.event_id END,"
        " since = CASE WHEN health_issues.resolved_at IS NULL THEN health_issues.since"
        " ELSE excluded.since END",
        (
            key,
            notice.source,
            notice.instance,
            notice.type,
            notice.message,
            notice.level,
            notice.link,
            event_id,
            to_ms(now),
            to_ms(now),
        ),
    )
    return not is_open


def _resolve(db: Sql, event_id: int, notice: Notice, now: datetime) -> bool:
    """Resolve all that the sender complained of by this check: a check finds one thing at a time.

    What it found last may be worded otherwise than what was told, and each start of the sender tells it anew.
    """
    resolved = _complaints_of(db, notice)
    for key in resolved:
        db.execute(
            "UPDATE health_issues SET resolved_at = ?, event_id = ? WHERE key = ?",
            (to_ms(now), event_id, key),
        )
    if resolved:
        return True
    again = db.execute("SELECT 1 FROM health_issues WHERE event_id = ? LIMIT 1", (event_id,)).fetchone()
    return again is not None


def _complaints_of(db: Sql, notice: Notice) -> list[str]:
    """Keys of what is open of a check, in whatever case; of a nameless one only the same words."""
    rows = db.execute(
        "SELECT key, instance, type FROM health_issues WHERE source = ? AND resolved_at IS NULL",
        (notice.source,),
    ).fetchall()
    wanted = (notice.instance.casefold(), notice.type.casefold())
    keys = [row[0] for row in rows if (row[1].casefold(), row[2].casefold()) == wanted]
    same = _key(notice)
    return keys if notice.type or same not in keys else [same]


def _resolve_others(db: Sql, source: str, instance: str, still: tuple[str, ...], now: datetime) -> int:
    rows = db.execute(
        "SELECT key, instance, type FROM health_issues WHERE source = ? AND resolved_at IS NULL", (source,)
    ).fetchall()
    names = {each.casefold() for each in still}
    over = [
        key
        for key, own, check in rows
        if own.casefold() == instance.casefold() and check.casefold() not in names
    ]
    for key in over:
        db.execute("UPDATE health_issues SET resolved_at = ? WHERE key = ?", (to_ms(now), key))
    return len(over)


def _open(db: Sql) -> tuple[HealthIssue, ...]:
    rows = db.execute(
        "SELECT source, instance, type, message, level, link, since, last_seen FROM health_issues"
        " WHERE resolved_at IS NULL ORDER BY since, key"
    ).fetchall()
    return tuple(_read(row) for row in rows)


def _read(row: tuple[Any, ...]) -> HealthIssue:
    return HealthIssue(
        source=row[0],
        instance=row[1],
        type=row[2],
        message=row[3],
        level=row[4],
        link=row[5],
        since=instant(row[6]),
        last_seen=instant(row[7]),
    )


def _forget_before(db: Sql, before: datetime) -> int:
    return db.execute(
        "DELETE FROM health_issues WHERE COALESCE(resolved_at, last_seen) < ?", (to_ms(before),)
    ).rowcount


def _key(notice: Notice) -> str:
    parts = [notice.source, notice.instance.casefold(), notice.type.casefold(), notice.message]
    words = "\0".join(parts)
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
