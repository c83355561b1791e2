"""A data folder with a history of any length, filled without the program."""

from __future__ import annotations

import random
import sqlite3
import zlib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from harness import BODY

from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.clock import to_ms
from metarr_desktop.storage.schema import prepare

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FAMILY = ("webhook-received", "scan-movie", "notify-discord", "notify-kodi")
"""What one webhook became."""
SOURCES = ("radarr", "sonarr", "lidarr")
FILMS = 20_000
HISTORY = (
    "INSERT INTO job_history (job_id, type, lane, priority, payload, status, error, result, created_at,"
    " started_at, completed_at, duration_ms, parent_id, root_id, event_id, source)"
    " VALUES (?, ?, ?, 5, ?, ?, ?, '{}', ?, ?, ?, 250, ?, ?, ?, ?)"
)
EVENTS = (
    "INSERT INTO webhook_events (id, source, event_type, title, received_at, body, outcome)"
    " VALUES (?, ?, 'Download', ?, ?, ?, 'done')"
)
ATTEMPTS = (
    "INSERT INTO job_attempts (job_id, number, started_at, duration_ms, outcome) VALUES (?, 1, ?, 250, ?)"
)
TOTALS = (
    "INSERT INTO job_totals (slot, type, status, jobs)"
    " SELECT completed_at / 900000, type, status, COUNT(*) FROM job_history GROUP BY 1, 2, 3"
)


def fill(path: Path, rows: int, *, over: timedelta) -> Path:
    """Make a data folder whose history has this many rows, spread evenly over a time that ends now."""
    folder = AppPaths(path)
    folder.prepare()
    prepare(folder.database)
    families = rows // len(FAMILY)
    step = to_ms(datetime.now(tz=UTC)) - to_ms(datetime.now(tz=UTC) - over)
    began = to_ms(datetime.now(tz=UTC) - over)
    with closing(sqlite3.connect(folder.database)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -200000")
        at = [began + number * step // families for number in range(families)]
        db.executemany(EVENTS, _events(at))
        db.executemany(HISTORY, _history(at))
        db.executemany(ATTEMPTS, _attempts(at))
        db.execute("DELETE FROM job_totals")
        db.execute(TOTALS)
        db.execute("DELETE FROM sqlite_sequence WHERE name = 'job_queue'")
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('job_queue', ?)", (rows,))
        db.commit()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def _events(at: list[int]) -> Iterator[tuple[Any, ...]]:
    dice, body = random.Random(1), zlib.compress(BODY, 1)
    for number, stamp in enumerate(at):
        film = dice.randrange(FILMS)
        yield number + 1, SOURCES[number % 3], f"Film of the number {film} ({1950 + film % 75})", stamp, body


def _history(at: list[int]) -> Iterator[tuple[Any, ...]]:
    dice = random.Random(2)
    payload = '{"path":"/films/A film of some length (1999)/A film of some length (1999).mkv"}'
    for number, stamp in enumerate(at):
        root = number * len(FAMILY) + 1
        for place, kind in enumerate(FAMILY):
            ended = stamp + 40 * place
            status, error = "completed", None
            if kind == "notify-kodi" and dice.random() < 0.5:  # noqa: PLR2004 - every other
                status, error = "skipped", "Kodi is turned off."
            elif dice.random() < 0.02:  # noqa: PLR2004 - one of fifty
                status, error = "failed", f"Answer {number} was not understood (HTTP 500)."
            yield (
                root + place, kind, kind, payload, status, error, stamp, stamp, ended,
                None if place == 0 else root, root, number + 1, SOURCES[number % 3],
            )  # fmt: skip


def _attempts(at: list[int]) -> Iterator[tuple[Any, ...]]:
    for number, stamp in enumerate(at):
        for place in range(len(FAMILY)):
            yield number * len(FAMILY) + 1 + place, stamp, "done"
