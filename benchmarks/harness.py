"""What all benchmarks share: the program and its floors as processes of their own, and ratios."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
HIDING = Path(__file__).resolve().parent / "as_installed"
BODY = (ROOT / "resources" / "samples" / "radarr" / "download.json").read_bytes()
JSON_HEADERS = {"Content-Type": "application/json"}

BARE_SERVER = """
import asyncio, sqlite3, sys
from aiohttp import web
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=FULL")
db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, body BLOB)")
async def handle(request):
    body = await request.read()
    if sys.argv[2] == "commit":
        db.execute("INSERT INTO t (body) VALUES (?)", (body,))
    return web.json_response({"status": "queued"})
async def main():
    app = web.Application()
    app.router.add_post("/webhooks/radarr", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
"""The floor: plain asyncio, one handler, one raw synced commit in it."""


def environment(**more: str) -> dict[str, str]:
    """Environment of a started program: as an installed one has it, with compiled modules kept."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("METARR_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen", **more}


def as_installed(**more: str) -> dict[str, str]:
    """Environment of a process that finds no database driver, wherever the benchmark runs."""
    return environment(PYTHONPATH=os.pathsep.join([str(ROOT), str(HIDING)]), **more)


@contextmanager
def screen() -> Iterator[dict[str, str]]:
    """A screen with a tray, for a program hides its window only where a tray brings it back."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1024x768x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as told:
        settings = {"DISPLAY": f":{told.readline().strip()}", "QT_QPA_PLATFORM": "xcb"}
    command = ["trayer", "--edge", "bottom"]
    tray = subprocess.Popen(command, env={**os.environ, **settings}, stderr=subprocess.DEVNULL)
    try:
        yield settings
    finally:
        for process in (tray, server):
            process.terminate()
            process.wait(10)


@contextmanager
def folder() -> Iterator[Path]:
    """A folder on the disk that the checkout is on, not in memory."""
    path = Path(tempfile.mkdtemp(prefix="benchmark-", dir=ROOT.parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def server(command: Sequence[str], **env: str) -> Iterator[str]:
    """Start a server whose first line is its address; stop it at the end."""
    process = subprocess.Popen(command, env=environment(**env), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def bare_server(path: Path, *, commit: bool) -> AbstractContextManager[str]:
    """Start the floor server on a database of its own."""
    mode = "commit" if commit else "plain"
    return server([sys.executable, "-c", BARE_SERVER, str(path / f"{mode}.db"), mode])


def program(path: Path, **env: str) -> AbstractContextManager[str]:
    """Start the real program, headless, on a data folder of its own."""
    command = [sys.executable, "-m", "metarr_desktop", "--headless", "--data-dir", str(path / "data")]
    return server([*command, "--port", "0"], **env)


def percentile(values: Sequence[float], share: float) -> float:
    """Value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median and range."""
    return {
        "median": round(statistics.median(values), 3),
        "min": round(min(values), 3),
        "max": round(max(values), 3),
    }


def goal(name: str, ratios: Sequence[float], *, bar: float, at_least: bool = False) -> dict[str, Any]:
    """One goal: its ratio over the rounds, the bar, and whether the median reaches it."""
    median = statistics.median(ratios)
    reached = median >= bar if at_least else median <= bar
    return {"goal": name, "ratio": spread(ratios), "bar": bar, "reached": reached}


def report(*goals: dict[str, Any], **facts: Any) -> None:
    """Print one JSON object."""
    print(json.dumps({"goals": list(goals), **facts}, indent=2))
