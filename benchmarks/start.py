"""G10: from the start of the process to the first answered webhook, with a window."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from harness import BODY, JSON_HEADERS, as_installed, folder, goal, report

from metarr_desktop.app.paths import AppPaths

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 7
FLOOR = """
from PySide6.QtWidgets import QApplication, QMainWindow
app = QApplication([])
window = QMainWindow()
window.show()
app.processEvents()
import qasync, aiohttp.web, peewee
"""


def floor() -> float:
    """Load what the program is built on, show an empty window, and end."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", FLOOR], env=as_installed(), stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def subject(path: Path, port: int) -> float:
    """Start the program and send a webhook until it is answered."""
    command = [sys.executable, "-m", "metarr_desktop", "--data-dir", str(AppPaths(path / "data").data_dir)]
    began = time.perf_counter()
    process = subprocess.Popen([*command, "--port", str(port)], env=as_installed(), stderr=subprocess.DEVNULL)
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/webhooks/radarr", data=BODY, headers=JSON_HEADERS
    )
    try:
        while time.perf_counter() - began < 30:  # noqa: PLR2004 - a start that takes longer has failed
            try:
                with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - our own address
                    return time.perf_counter() - began
            except (urllib.error.URLError, OSError):
                time.sleep(0.005)
        raise RuntimeError("the program did not start")
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    """Alternate floor and subject; the first start makes the database and is not counted."""
    floors, subjects = [], []
    with folder() as path:
        subject(path, 18_731)
        for number in range(ROUNDS):
            floors.append(floor())
            subjects.append(subject(path, 18_732 + number))
    ratios = [ours / base for ours, base in zip(subjects, floors, strict=True)]
    report(
        goal("G10 cold start to the first 200", ratios, bar=2.0),
        floor_s=round(sorted(floors)[ROUNDS // 2], 3),
        start_s=round(sorted(subjects)[ROUNDS // 2], 3),
    )


if __name__ == "__main__":
    main()
