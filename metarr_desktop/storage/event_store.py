"""The webhooks as they came: raw bytes once, compressed, and what they were about."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import from_ms, to_ms
from metarr_desktop.domain.errors import NotFound
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

EVENT_COLUMNS = "id, source, instance, event_type, title, received_at, remote_address, outcome, recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """One stored webhook without its body; ``title`` is empty until it was looked at.

    A ``recovered`` one was read from the sender's history, for nobody was here when it happened.
    """

    id: int
    source: str
    instance: str
    event_type: str
    title: str
    received_at: datetime
    remote_address: str
    outcome: str
    recovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBody:
    """What was sent, and by whom; ``instance`` is the sender's name in the address or in the body."""

    source: str
    instance: str
    body: bytes
    recovered: bool = False


class EventStore:
    """Reads of stored webhooks; they are written with their job, by the job store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def body(self, event_id: int) -> StoredBody:
        """Sender and raw bytes of a webhook. Raises NotFound."""
        return await self._database.read(_body, event_id)

    async def events(self, event_ids: Collection[int]) -> Mapping[int, StoredEvent]:
        """Those webhooks, by id."""
        return await self._database.read(_events, tuple(event_ids))

    async def newest(self, *, limit: int) -> tuple[StoredEvent, ...]:
        """Return the last webhooks, newest first."""
        return await self._database.read(_page, limit, None)

    async def page(self, *, limit: int, before: int | None = None) -> tuple[StoredEvent, ...]:
        """Webhooks newest first: the last ones, or those stored before that one."""
        return await self._database.read(_page, limit, before)

    async def all_roots(self, event_id: int, *, limit: int) -> tuple[int, ...]:
        """Ids of the root jobs of one webhook, newest first: it has another one for each replay."""
        return await self._database.read(_all_roots, event_id, limit)

    async def recovered_by(self, job_id: int) -> tuple[int, ...]:
        """Ids of the webhooks that a job read from a sender's history, in the order they were stored."""
        return await self._database.read(_recovered_by, job_id)

    async def roots(self, event_ids: Collection[int]) -> Mapping[int, int]:
        """Id of the newest root job of each webhook."""
        return await self._database.read(_roots, tuple(event_ids))

    async def count_since(self, since: datetime) -> int:
        """How many webhooks came since then."""
        return await self._database.read(_count_since, since)


def _body(db: Sql, event_id: int) -> StoredBody:
    row = db.execute(
        "SELECT source, instance, body, recovered FROM webhook_events WHERE id = ?", (event_id,)
    ).fetchone()
    if row is None:
        raise NotFound(text("There is no webhook {id}.", id=event_id))
    return StoredBody(source=row[0], instance=row[1], body=zlib.decompress(row[2]), recovered=bool(row[3]))


def _events(db: Sql, event_ids: tuple[int, ...]) -> Mapping[int, StoredEvent]:
    found: dict[int, StoredEvent] = {}
    for start in range(0, len(event_ids), 500):
        part = event_ids[start : start + 500]
        places = ", ".join("?" * len(part))
        rows = db.execute(f"SELECT {EVENT_COLUMNS} FROM webhook_events WHERE id IN ({places})", part)
        found.update((row[0], _event(row)) for row in rows.fetchall())
    return found


def _page(db: Sql, limit: int, before: int | None) -> tuple[StoredEvent, ...]:
    condition, place = ("", ()) if before is None else (" WHERE id < ?", (before,))
    rows = db.execute(
        f"SELECT {EVENT_COLUMNS} FROM webhook_events{condition} ORDER BY id DESC LIMIT ?", (*place, limit)
    )
    return tuple(_event(row) for row in rows.fetchall())


def _recovered_by(db: Sql, job_id: int) -> tuple[int, ...]:
    rows = db.execute("SELECT id FROM webhook_events WHERE recovered = ? ORDER BY id", (job_id,)).fetchall()
    return tuple(row[0] for row in rows)


def _all_roots(db: Sql, event_id: int, limit: int) -> tuple[int, ...]:
    rows = db.execute(
        "SELECT root_id FROM job_history WHERE event_id = ?"
        " UNION SELECT root_id FROM job_queue WHERE event_id = ? ORDER BY root_id DESC LIMIT ?",
        (event_id, event_id, limit),
    )
    return tuple(row[0] for row in rows.fetchall())


def _roots(db: Sql, event_ids: tuple[int, ...]) -> Mapping[int, int]:
    found: dict[int, int] = {}
    for event_id in event_ids:
        row = db.execute(
            "SELECT MAX(root_id) FROM (SELECT root_id FROM job_history WHERE event_id = ?"
            " UNION ALL SELECT root_id FROM job_queue WHERE event_id = ?) AS members",
            (event_id, event_id),
        ).fetchone()
        if row[0] is not None:
            found[event_id] = row[0]
    return found


def _count_since(db: Sql, since: datetime) -> int:
    row = db.execute("SELECT COUNT(*) FROM webhook_events WHERE received_at >= ?", (to_ms(since),)).fetchone()
    return int(row[0])


def _event(row: tuple[int, str, str, str, str, int, str, str, int]) -> StoredEvent:
    return StoredEvent(
        id=row[0],
        source=row[1],
        instance=row[2],
        event_type=row[3],
        title=row[4],
        received_at=from_ms(row[5]),
        remote_address=row[6],
        outcome=row[7],
        recovered=bool(row[8]),
    )
