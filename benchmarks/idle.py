"""G8 and G9: what the program costs while nothing happens."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import aiohttp
import psutil
from harness import BODY, JSON_HEADERS, as_installed, folder, goal, report, screen

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS, IDLE_S, WEBHOOKS = 5, 30.0, 5_000
MIB = 1024 * 1024
FLOOR = """
import sys, time
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
window.show()
app.processEvents()
import qasync, aiohttp.web, peewee
print("up", flush=True)
time.sleep(60)
"""


def floor_memory(env: dict[str, str]) -> float:
    """MiB of a process that has only loaded what the program is built on."""
    process = subprocess.Popen(
        [sys.executable, "-c", FLOOR],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        return float(psutil.Process(process.pid).memory_info().rss / MIB)
    finally:
        process.kill()
        process.wait()


async def send_webhooks(port: int) -> None:
    """Two jobs for each: the webhook and its scan."""
    async with aiohttp.ClientSession() as session:
        for _ in range(WEBHOOKS):
            async with session.post(
                f"http://127.0.0.1:{port}/webhooks/radarr", data=BODY, headers=JSON_HEADERS
            ) as answer:
                await answer.read()


def drained(path: Path, env: dict[str, str]) -> bool:
    """Whether the queue is empty, asked for the counts only: a list of thousands would cost memory itself."""
    command = [sys.executable, "-m", "metarr_desktop", "--data-dir", str(path / "data"), "status", "--json"]
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
    queue = json.loads(told)["queue"]
    return not queue["pending"] and not queue["processing"]


def windows(env: dict[str, str]) -> str:
    """What stands on the screen under the name of the program."""
    command = ["xdotool", "search", "--onlyvisible", "--name", "^Metarr Desktop$"]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout


def subject(path: Path, port: int, env: dict[str, str], *, busy: bool) -> dict[str, float]:
    """Start with a hidden window, let it settle, and watch it do nothing."""
    command = [sys.executable, "-m", "metarr_desktop", "--data-dir", str(path / "data"), "--port", str(port)]
    process = subprocess.Popen([*command, "--minimized"], env=env, stderr=subprocess.DEVNULL)
    try:
        time.sleep(6)
        assert not windows(env), "the window is not hidden"
        watched = psutil.Process(process.pid)
        memory = watched.memory_info().rss / MIB
        before = sum(watched.cpu_times()[:2])
        time.sleep(IDLE_S)
        cpu = (sum(watched.cpu_times()[:2]) - before) / IDLE_S
        found = {"memory": memory, "cpu": cpu * 100}
        if busy:
            asyncio.run(send_webhooks(port))
            while not drained(path, env):
                time.sleep(1)
            time.sleep(15)
            found["grown"] = watched.memory_info().rss / MIB - memory
        return found
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    """Alternate the import floor and the program."""
    memory, cpu, grown, megabytes, floors = [], [], [], [], []
    with folder() as path, screen() as settings:
        env = as_installed(**settings)
        for number in range(ROUNDS):
            floor = floor_memory(env)
            found = subject(path, 18_761 + number, env, busy=number == 0)
            memory.append(found["memory"] / floor)
            floors.append(floor)
            megabytes.append(found["memory"])
            cpu.append(found["cpu"])
            grown += [found["grown"]] if "grown" in found else []
    report(
        goal("G8 idle memory, of the import floor", memory, bar=1.4),
        goal("G8 growth after 10,000 jobs, MiB", grown, bar=10),
        goal("G9 idle CPU, per cent of one core", cpu, bar=0.3),
        memory_mib=round(max(megabytes), 1),
        floor_mib=round(max(floors), 1),
    )


if __name__ == "__main__":
    main()
