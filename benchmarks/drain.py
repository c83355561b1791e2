"""G5, G6 and G7: jobs that do nothing are drained while the window shows them."""

from __future__ import annotations

import asyncio
import gc
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import json

from harness import environment, folder, goal, report

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.jobs import Job, NewJob
from metarr_desktop.domain.outcomes import Done
from metarr_desktop.jobs.handlers import JobType, Report

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS, JOBS, IDLE_S = 3, 10_000, 10.0
AT_ONCE = 24
"""So many run beside one another: what ends together shares a commit with what begins."""
TICK_S = 0.01


def raw_cycles(path: Path, *, synchronous: str, cycles: int = 1_000, payload: str = "{}") -> float:
    """Jobs a second of raw sqlite3: claim, then archive, each with its commit, one by one."""
    with closing(sqlite3.connect(path / f"raw-{time.time_ns()}.db", isolation_level=None)) as db:
        db.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous};")
        db.execute("CREATE TABLE queue (id INTEGER PRIMARY KEY, payload TEXT, status TEXT)")
        db.execute("CREATE TABLE history (id INTEGER PRIMARY KEY, payload TEXT)")
        db.executemany("INSERT INTO queue (payload, status) VALUES (?, 'pending')", [(payload,)] * cycles)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        began = time.perf_counter()
        for _ in range(cycles):
            row = db.execute(
                "UPDATE queue SET status = 'processing'"
                " WHERE id = (SELECT id FROM queue WHERE status = 'pending' ORDER BY id LIMIT 1)"
                " RETURNING id, payload"
            ).fetchone()
            db.execute("BEGIN IMMEDIATE")
            db.execute("INSERT INTO history (payload) VALUES (?)", (row[1],))
            db.execute("DELETE FROM queue WHERE id = ?", (row[0],))
            db.execute("COMMIT")
        return cycles / (time.perf_counter() - began)


async def nothing(_job: Job, _report: Report) -> Done:
    """Do what a no-op job does."""
    return Done()


async def fill(core: Core) -> None:
    """Put the jobs in while deliveries are paused; they are of a type that this benchmark adds."""
    await core.commands.pause()
    worker = core.commands._worker  # noqa: SLF001 - nothing a person can ask for does nothing
    queue = core.commands._queue  # noqa: SLF001 - nor adds bare jobs
    assert worker is not None
    kind = JobType(type="nothing", lane="nothing", handler=nothing, concurrency=AT_ONCE, delivers=True)
    worker._types[kind.type] = kind  # noqa: SLF001
    jobs = [NewJob(type=kind.type, lane=kind.lane, priority=5) for _ in range(500)]
    for _ in range(JOBS // len(jobs)):
        await queue.add(jobs)


async def drain(path: Path, *, page: str) -> dict[str, float]:
    """Drain in this process, with the window on a page; returns stalls in ms and jobs a second."""
    from PySide6.QtCore import Qt, QTimer  # noqa: PLC0415 - after the platform is chosen
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    from metarr_desktop.ui.shell import Shell  # noqa: PLC0415
    from metarr_desktop.ui.theme import Theme  # noqa: PLC0415
    from metarr_desktop.ui.tray import Tray  # noqa: PLC0415

    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme = Theme(app)
    async with open_core(AppPaths(path / page), serve=True, port=0) as core:
        await fill(core)
        shell = Shell(core, theme=theme, tray=Tray(theme))
        shell.show()
        shell.window.show_page(page)
        await asyncio.sleep(3)
        gc.collect()
        gc.freeze()  # as the program does when its window is up
        late: list[float] = []
        last = [time.perf_counter()]

        def tick() -> None:
            now = time.perf_counter()
            late.append(now - last[0] - TICK_S)
            last[0] = now

        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(tick)
        timer.start(int(TICK_S * 1000))
        await asyncio.sleep(IDLE_S)
        idle = max(late)
        late.clear()
        began = time.perf_counter()
        await core.commands.resume()
        while (await core.queries.status()).queue.pending:  # noqa: ASYNC110 - asked from outside
            await asyncio.sleep(0.1)
        seconds = time.perf_counter() - began
        timer.stop()
        shell.close()
    return {"idle_ms": idle * 1000, "stall_ms": max(late) * 1000, "jobs_per_s": JOBS / seconds}


def child(page: str) -> None:
    """Measure one drain and print it."""
    import qasync  # noqa: PLC0415
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    app = QApplication([])
    app.setQuitOnLastWindowClosed(False)
    with folder() as path, qasync.QEventLoop(app) as loop:
        print(json.dumps(loop.run_until_complete(drain(path, page=page))))


def measured(page: str) -> dict[str, float]:
    """Drain in a fresh process."""
    done = subprocess.run(
        [sys.executable, __file__, page],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Alternate raw cycles, a drain with the Jobs page and one without."""
    full, normal, cost, stalls, worst, speeds = [], [], [], [], [], []
    with folder() as path:
        for _ in range(ROUNDS):
            floor_full = raw_cycles(path, synchronous="FULL")
            floor_normal = raw_cycles(path, synchronous="NORMAL")
            shown, hidden = measured("jobs"), measured("log")
            full.append(shown["jobs_per_s"] / floor_full)
            normal.append(shown["jobs_per_s"] / floor_normal)
            cost.append(shown["jobs_per_s"] / hidden["jobs_per_s"])
            stalls.append(shown["stall_ms"] - shown["idle_ms"])
            worst.append(shown["stall_ms"])
            speeds.append(shown["jobs_per_s"])
    stall = goal("G6 longest stall while 10,000 jobs drain, ms over idle", stalls, bar=16)
    stall["reached"] = stall["reached"] and max(worst) <= 100  # noqa: PLR2004 - never more, whatever idle is
    report(
        goal("G5 drained, of raw claim + archive, synced", full, bar=1.0, at_least=True),
        goal("G5 drained, of raw claim + archive, NORMAL", normal, bar=0.6, at_least=True),
        stall,
        goal("G7 drain with the Jobs page, of without", cost, bar=0.9, at_least=True),
        jobs_per_s=round(statistics.median(speeds)),
        longest_stall_ms=round(max(worst), 1),
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(sys.argv[1])
    else:
        main()
