"""G3 and G4: from the POST of a webhook to the request at a notified chat service."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from contextlib import closing
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web
from harness import BODY, JSON_HEADERS, bare_server, folder, goal, percentile, program, report

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS, POSTS = 5, 40
TOKEN = "a" * 68
WEBHOOK = "/api/webhooks/123456789012345678/" + TOKEN
CYCLE = """
CREATE TABLE queue (id INTEGER PRIMARY KEY, payload TEXT, status TEXT);
CREATE TABLE history (id INTEGER PRIMARY KEY, payload TEXT);
"""


class Chat:
    """A Discord on this loop that remembers when each request came."""

    def __init__(self) -> None:
        self.came: asyncio.Queue[float] = asyncio.Queue()
        self.base = ""

    async def start(self) -> web.AppRunner:
        """Listen on a free port."""
        app = web.Application()
        app.router.add_post(WEBHOOK, self._take)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def _take(self, request: web.Request) -> web.Response:
        self.came.put_nowait(time.perf_counter())
        await request.read()
        return web.json_response({"id": "1"})


def job_cycles(db: sqlite3.Connection) -> float:
    """Two raw job cycles, each claimed and archived with a synced commit; returns the seconds."""
    began = time.perf_counter()
    for _ in range(2):
        db.execute("INSERT INTO queue (payload, status) VALUES (?, 'pending')", (BODY.decode(),))
        row = db.execute(
            "UPDATE queue SET status = 'processing'"
            " WHERE id = (SELECT MIN(id) FROM queue) RETURNING id, payload"
        ).fetchone()
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO history (payload) VALUES (?)", (row[1],))
        db.execute("DELETE FROM queue WHERE id = ?", (row[0],))
        db.execute("COMMIT")
    return time.perf_counter() - began


async def floor_round(session: aiohttp.ClientSession, address: str, db: sqlite3.Connection) -> list[float]:
    """Two bare POSTs and two raw job cycles, as one sum."""
    times = []
    for _ in range(POSTS):
        began = time.perf_counter()
        for _ in range(2):
            async with session.post(f"{address}/webhooks/radarr", data=BODY, headers=JSON_HEADERS) as answer:
                await answer.read()
        posts = time.perf_counter() - began
        times.append(posts + await asyncio.to_thread(job_cycles, db))
        await asyncio.sleep(0.02)
    return times


async def subject_round(session: aiohttp.ClientSession, address: str, chat: Chat) -> list[float]:
    """POST with an idle queue, and wait for the request at the chat service."""
    times = []
    for _ in range(POSTS):
        began = time.perf_counter()
        async with session.post(f"{address}/webhooks/radarr", data=BODY, headers=JSON_HEADERS) as answer:
            await answer.read()
        times.append(await asyncio.wait_for(chat.came.get(), 30) - began)
        await asyncio.sleep(0.05)
    return times


def enable_discord(path: Path) -> None:
    """Switch it on the way a person with the sqlite3 shell would."""
    with closing(sqlite3.connect(path / "data" / "metarr.db", timeout=5)) as db, db:
        db.execute("UPDATE notification_config SET enabled = 1 WHERE service = 'discord'")


def slow_scan_library(path: Path) -> None:
    """Give the film's path a library folder whose scan fails, and is tried again and again."""
    films = path / "films"
    films.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path / "data" / "metarr.db", timeout=5)) as db, db:
        db.execute(
            "INSERT INTO libraries (name, path, type, created_at) VALUES ('Films', ?, 'movies', 0)",
            (str(films),),
        )
        db.execute(
            "INSERT INTO path_mappings (scope, from_path, to_path) VALUES ('radarr', '/movies', ?)",
            (str(films),),
        )


async def measure(path: Path) -> None:
    """Alternate floor and subject, then let every scan fail."""
    chat = Chat()
    runner = await chat.start()
    env = {
        "METARR_DISCORD_BASE": chat.base,
        "METARR_SECRET_DISCORD_WEBHOOK_URL": chat.base + WEBHOOK,
    }
    with bare_server(path, commit=False) as floor, program(path, **env) as subject:
        enable_discord(path)
        with closing(
            sqlite3.connect(path / "cycles.db", isolation_level=None, check_same_thread=False)
        ) as db:
            db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + CYCLE)
            async with aiohttp.ClientSession() as session:
                await subject_round(session, subject, chat)
                bases, sound = [], []
                for _ in range(ROUNDS):
                    bases.append(await floor_round(session, floor, db))
                    sound.append(await subject_round(session, subject, chat))
                slow_scan_library(path)
                broken = [await subject_round(session, subject, chat) for _ in range(ROUNDS)]
    await runner.cleanup()
    middle = statistics.median
    everything = [each for times in sound for each in times]
    report(
        goal(
            "G3 POST to chat request, p50",
            [middle(o) / middle(b) for o, b in zip(sound, bases, strict=True)],
            bar=4,
        ),
        goal(
            "G4 the same while every scan fails, p50",
            [middle(b) / middle(o) for b, o in zip(broken, sound, strict=True)],
            bar=1.2,
        ),
        p50_ms=round(middle(everything) * 1000, 1),
        p95_ms=round(percentile(everything, 0.95) * 1000, 1),
    )


def main() -> None:
    """Run once."""
    with folder() as path:
        asyncio.run(measure(path))


if __name__ == "__main__":
    main()
