"""G1, G2 and G16: how soon a webhook that is safe on disk is answered."""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import time
from contextlib import closing
from typing import TYPE_CHECKING

import aiohttp
from harness import BODY, JSON_HEADERS, bare_server, folder, goal, percentile, program, report

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS, POSTS = 5, 150
CLIENTS, CROWD = 16, 600
BURST, BURST_S = 200, 2.0


async def post(session: aiohttp.ClientSession, address: str) -> float:
    """Send one webhook; returns the seconds until its answer was read."""
    began = time.perf_counter()
    async with session.post(f"{address}/webhooks/radarr", data=BODY, headers=JSON_HEADERS) as answer:
        await answer.read()
        assert answer.status == 200  # noqa: PLR2004
    return time.perf_counter() - began


async def alone(session: aiohttp.ClientSession, address: str, *, posts: int = POSTS) -> list[float]:
    """One client, one webhook after the other, with a breath between them as senders have."""
    times = []
    for _ in range(posts):
        times.append(await post(session, address))
        await asyncio.sleep(0.01)
    return times


async def crowd(session: aiohttp.ClientSession, address: str) -> list[float]:
    """Sixteen clients at once."""
    times: list[float] = []

    async def client() -> None:
        times.extend([await post(session, address) for _ in range(CROWD // CLIENTS)])

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return times


async def burst(session: aiohttp.ClientSession, address: str) -> int:
    """200 webhooks in 2 s from one address; returns how many were answered 200."""

    async def one(number: int) -> float:
        await asyncio.sleep(number * BURST_S / BURST)
        return await post(session, address)

    return len(await asyncio.gather(*(one(number) for number in range(BURST))))


async def measure(floor: str, subject: str, path: Path) -> None:
    """Alternate floor and subject, round by round."""
    one_p50, one_p99, many_p50, many_p99, figures = [], [], [], [], []
    connector = aiohttp.TCPConnector(limit=BURST)
    async with aiohttp.ClientSession(connector=connector) as session:
        for address in (floor, subject):
            await alone(session, address, posts=30)
        for _ in range(ROUNDS):
            base, ours = await alone(session, floor), await alone(session, subject)
            one_p50.append(statistics.median(ours) / statistics.median(base))
            one_p99.append(percentile(ours, 0.99) / percentile(base, 0.99))
            figures.append(statistics.median(ours) * 1000)
            base, ours = await crowd(session, floor), await crowd(session, subject)
            many_p50.append(statistics.median(ours) / statistics.median(base))
            many_p99.append(percentile(ours, 0.99) / percentile(base, 0.99))
            await asyncio.sleep(5)  # the queue of this round drains before the next
        answered = await burst(session, subject)
    with closing(sqlite3.connect(path / "data" / "metarr.db")) as db:
        (stored,) = db.execute("SELECT COUNT(*) FROM webhook_events").fetchone()
    sent = 30 + ROUNDS * (POSTS + CROWD // CLIENTS * CLIENTS) + BURST
    report(
        goal("G1 durable answer, 1 client, p50", one_p50, bar=1.5),
        goal("G1 durable answer, 1 client, p99", one_p99, bar=2.5),
        goal("G2 durable answer, 16 clients, p50", many_p50, bar=1.0),
        goal("G2 durable answer, 16 clients, p99", many_p99, bar=1.0),
        {
            "goal": "G16 burst of 200 in 2 s",
            "answered": answered,
            "reached": answered == BURST and stored == sent,
        },
        stored=stored,
        sent=sent,
        one_client_p50_ms=round(statistics.median(figures), 2),
    )


def main() -> None:
    """Run the floor and the program side by side."""
    with folder() as path, bare_server(path, commit=True) as floor, program(path) as subject:
        asyncio.run(measure(floor, subject, path))


if __name__ == "__main__":
    main()
