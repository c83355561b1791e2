"""G11 and G12: what a history of a million rows costs, against one of a thousand.

Both come as fast: a thousand rows of one day against a million of ninety, so that the last day, which the
counters are about, is as full in every quarter of an hour.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from harness import folder, goal, report
from long_history import fill
from start import subject

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.app.snapshots import HistoryFilter
from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.history import HistoryCursor
from metarr_desktop.domain.jobs import EndStatus, Job, NewJob
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.job_store import Run
from metarr_desktop.storage.sql_job_store import SqlJobStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

SMALL, BIG = (1_000, timedelta(days=1)), (1_000_000, timedelta(days=90))
STARTS, ROUNDS, REPEATS, CYCLES = 7, 7, 40, 100
FIRST_PORT = 18_800
FAILED, DONE, CANCELLED = EndStatus.FAILED, EndStatus.COMPLETED, EndStatus.CANCELLED
HOUR = datetime.now(tz=UTC) - timedelta(hours=20)

PAGES: dict[str, tuple[HistoryFilter, int]] = {
    "everything": (HistoryFilter(), 100),
    "since": (HistoryFilter(since=HOUR), 100),
    "status": (HistoryFilter(status=DONE), 100),
    "type": (HistoryFilter(type="scan-movie"), 25),
    "source": (HistoryFilter(source="sonarr"), 25),
    "status, type": (HistoryFilter(status=DONE, type="notify-discord"), 25),
    "status, source": (HistoryFilter(status=DONE, source="radarr"), 25),
    "type, source": (HistoryFilter(type="scan-movie", source="sonarr"), 10),
    "status, type, source": (HistoryFilter(status=DONE, type="scan-movie", source="sonarr"), 10),
    "all four": (HistoryFilter(status=DONE, type="scan-movie", source="sonarr", since=HOUR), 10),
    "status nobody has": (HistoryFilter(status=CANCELLED), 100),
    "status, source nobody has": (HistoryFilter(status=CANCELLED, source="sonarr"), 100),
    "text of many": (HistoryFilter(text="film"), 100),
}
"""Filters, and a page that is full in both histories."""
SEARCHES = {
    "nothing": HistoryFilter(text="nowhere"),
    "one film": HistoryFilter(text="number 1234 "),
    "many errors": HistoryFilter(text="turned off"),
    "errors nobody has": HistoryFilter(text="turned off", status=FAILED),
}
"""A search reads every title once, so that it does grow; in ms at a million rows."""


def reads(core: Core, over: timedelta) -> dict[str, Callable[[], Awaitable[object]]]:
    """Everything that is compared, as the window and the command line ask for it."""
    middle = HistoryCursor(to_ms(datetime.now(tz=UTC) - over / 2), 2**62)
    last = HistoryCursor(to_ms(datetime.now(tz=UTC) - over * 0.82), 2**62)
    queries = core.queries
    asked: dict[str, Callable[[], Awaitable[object]]] = {
        "today": queries.today,
        "statistics": queries.statistics,
        "status": queries.status,
        "services": queries.services,
        "recent webhooks": queries.recent,
    }
    for name, (wanted, limit) in PAGES.items():
        for where, before in (("first", None), ("middle", middle), ("last", last)):
            if wanted.since is None or before is None:
                asked[f"{where} page: {name}"] = _page(core, wanted, before, limit)
    return asked


def _page(
    core: Core, wanted: HistoryFilter, before: HistoryCursor | None, limit: int
) -> Callable[[], Awaitable[object]]:
    async def ask() -> object:
        return await core.queries.history(wanted, before=before, limit=limit)

    return ask


async def timed(ask: Callable[[], Awaitable[Any]]) -> float:
    """Ask once; ms."""
    began = time.perf_counter()
    await ask()
    return (time.perf_counter() - began) * 1000


async def ratio(less: Callable[[], Awaitable[Any]], more: Callable[[], Awaitable[Any]]) -> float:
    """Ask both in turn, several times: whatever else this machine does happens to both."""
    pairs = [(await timed(less), await timed(more)) for _ in range(REPEATS)]
    return statistics.median(pair[1] for pair in pairs) / statistics.median(pair[0] for pair in pairs)


async def cycle(store: SqlJobStore) -> tuple[float, float]:
    """Claim and settle one job, each with its synced commit; ms."""
    new = NewJob(type="notify-discord", lane="discord", priority=5, event_id=1)
    await store.add([new], now=datetime.now(tz=UTC))
    jobs: list[Job] = []

    async def claim() -> None:
        jobs.extend((await store.claim({"discord": 1}, now=datetime.now(tz=UTC))).jobs)

    async def settle() -> None:
        now = datetime.now(tz=UTC)
        await store.settle(jobs[0], Done(), run=Run(started_at=now, duration=timedelta(0)), now=now)

    return await timed(claim), await timed(settle)


async def growth(small: Path, big: Path) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Ratios by what was measured, one for each round, and searches in ms."""
    ratios: dict[str, list[float]] = {}
    async with AsyncExitStack() as stack:
        sides = []
        for path, (_, over) in ((small, SMALL), (big, BIG)):
            core = await stack.enter_async_context(open_core(AppPaths(path), serve=False))
            database = SqliteDatabase(AppPaths(path).database)
            stack.push_async_callback(database.close)
            sides.append((core, reads(core, over), SqlJobStore(database)))
        (_, less, few), (core, more, many) = sides
        for _ in range(ROUNDS):
            for name, ask in less.items():
                ratios.setdefault(name, []).append(await ratio(ask, more[name]))
            turns = [(await cycle(few), await cycle(many)) for _ in range(CYCLES)]
            for place, name in enumerate(("claim", "settle")):
                base = statistics.median(turn[0][place] for turn in turns)
                ratios.setdefault(name, []).append(statistics.median(turn[1][place] for turn in turns) / base)
        searches = {
            name: round(min([await timed(_page(core, wanted, None, 100)) for _ in range(5)]), 1)
            for name, wanted in SEARCHES.items()
        }
    return ratios, searches


def starts(small: Path, big: Path) -> list[float]:
    """Start the program on both in turn, with its window, until it answers; the first is not counted."""
    ports = count(FIRST_PORT)
    for path in (small, big):
        subject(path.parent, next(ports))
    return [subject(big.parent, next(ports)) / subject(small.parent, next(ports)) for _ in range(STARTS)]


def main() -> None:
    """Fill both, then start and ask them in turn."""
    with folder() as path:
        small, big = (
            fill(path / name / "data", rows, over=over)
            for name, (rows, over) in (("small", SMALL), ("big", BIG))
        )
        started = starts(small, big)
        ratios, searches = asyncio.run(growth(small, big))
    report(
        goal("G11 start with 1,000,000 rows, of 1,000", started, bar=1.2),
        *(goal(f"G12 {name}", found, bar=1.4) for name, found in ratios.items()),
        searches_ms=searches,
    )


if __name__ == "__main__":
    main()
