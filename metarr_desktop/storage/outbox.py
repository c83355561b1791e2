"""The outbox: jobs a transaction changed, kept in the same transaction until the queue in Redis knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.storage.redis_queue import padded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from metarr_desktop.storage.dialect import Dialect
    from metarr_desktop.storage.sql import Rows, Sql

CHUNK = 500
PLACE_COLUMNS = (
    "id, lane, priority, run_after, ready, expires_at, merge_key, waits_for, left_by, dedupe_key, runs,"
    " status, starts, worker, started_at, merged_into"
)
Letter = dict[str, Any]
"""One job as place.lua reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What the queue has to be told: letters, their numbers in the outbox, and the ids of their jobs."""

    letters: tuple[Letter, ...] = ()
    numbers: tuple[int, ...] = ()
    ids: tuple[int, ...] = ()


class Recorder:
    """A transaction that remembers which jobs it tells of."""

    def __init__(self, db: Sql) -> None:
        self._db = db
        self.ids: dict[int, None] = {}

    @property
    def dialect(self) -> Dialect:
        """That of the database."""
        return self._db.dialect

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Rows:
        """Run one statement."""
        return self._db.execute(sql, parameters)

    def tell(self, *topics: str | int) -> None:
        """Name what this transaction changed; numbers are ids of jobs."""
        self._db.tell(*topics)
        self.ids.update({each: None for each in topics if isinstance(each, int)})


def recorded(
    db: Sql, fn: Callable[..., Any], arguments: tuple[Any, ...], delivered: tuple[int, ...]
) -> tuple[Any, Mail | None]:
    """Run a transaction and put the jobs it changed into the outbox; what was delivered goes from there."""
    recorder = Recorder(db)
    result = fn(recorder, *arguments)
    if not recorder.ids:
        return result, None
    forget(db, delivered)
    ids = tuple(recorder.ids)
    numbers: list[int] = []
    for part in _chunks(ids):
        rows = db.execute(
            f"INSERT INTO job_outbox (job_id) VALUES {', '.join(['(?)'] * len(part))} RETURNING id", part
        )
        numbers += [row[0] for row in rows.fetchall()]
    last = max(numbers)
    return result, Mail(letters=_letters(db, dict.fromkeys(ids, last)), numbers=tuple(numbers), ids=ids)


def newest(db: Sql) -> int:
    """Return the number of the newest letter in the outbox, 0 for none."""
    (number,) = db.execute("SELECT COALESCE(MAX(id), 0) FROM job_outbox").fetchone()
    return int(number)


def unread(db: Sql, up_to: int) -> Mail | None:
    """Read what lies in the outbox up to this number, at most a part of it; None for nothing."""
    rows = db.execute(
        f"SELECT id, job_id FROM job_outbox WHERE id <= ? ORDER BY id LIMIT {CHUNK}", (up_to,)
    ).fetchall()
    if not rows:
        return None
    jobs = {job_id: number for number, job_id in rows}
    return Mail(letters=_letters(db, jobs), numbers=tuple(row[0] for row in rows), ids=tuple(jobs))


def forget(db: Sql, numbers: Sequence[int]) -> None:
    """Take out what was delivered."""
    for part in _chunks(numbers):
        db.execute(f"DELETE FROM job_outbox WHERE id IN ({', '.join('?' * len(part))})", part)


def whole_queue(db: Sql, *, after: int, compare: bool) -> tuple[Letter, ...]:
    """Every job of the queue as letters, a part at a time, by id."""
    rows = db.execute(
        f"SELECT {PLACE_COLUMNS} FROM job_queue WHERE id > ? ORDER BY id LIMIT {CHUNK}", (after,)
    )
    return tuple({**_letter(row, 0), "compare": "1" if compare else ""} for row in rows.fetchall())


def letters_of(db: Sql, ids: Iterable[int]) -> tuple[Letter, ...]:
    """Jobs by id as letters that say only what is new of a run; ``gone`` where there is none."""
    return _letters(db, dict.fromkeys(ids, 0))


def _letters(db: Sql, jobs: Mapping[int, int]) -> tuple[Letter, ...]:
    found: dict[int, Letter] = {}
    for part in _chunks(tuple(jobs)):
        places = ", ".join("?" * len(part))
        rows = db.execute(f"SELECT {PLACE_COLUMNS} FROM job_queue WHERE id IN ({places})", part)
        found.update({row[0]: _letter(row, jobs[row[0]]) for row in rows.fetchall()})
    return tuple(found.get(each) or _gone(each, number) for each, number in jobs.items())


def _gone(job_id: int, number: int) -> Letter:
    return {"id": padded(job_id), "rev": str(number), "gone": True}


def _letter(row: Sequence[Any], number: int) -> Letter:
    """Return one row of ``PLACE_COLUMNS``; what a person damaged by hand is due at once."""
    run_after, expires, leader = row[3], row[5], row[15]
    return {
        "id": padded(row[0]),
        "rev": str(number),
        "lane": row[1],
        "priority": str(row[2]) if isinstance(row[2], int) else "0",
        "run_after": str(run_after) if isinstance(run_after, int) else "0",
        "ready": "1" if row[4] else "",
        "expires": str(expires) if isinstance(expires, int) else "",
        "merge": row[6] or "",
        "waits": "" if row[7] is None else "1",
        "left": row[8] or "",
        "dedupe": "" if row[9] is None else "1",
        "runs": str(row[10]),
        "status": row[11],
        "starts": str(row[12]),
        "worker": row[13] or "",
        "started": "" if row[14] is None else str(row[14]),
        "leader": "" if leader is None else padded(leader),
        "mark": "1" if row[6] and not row[4] and row[7] is None and row[11] == "pending" else "",
        "compare": "",
    }


def _chunks(ids: Sequence[int]) -> list[tuple[int, ...]]:
    return [tuple(ids[start : start + CHUNK]) for start in range(0, len(ids), CHUNK)]
