"""The real program on a real screen: Xvfb, a window manager and a tray host, and a mouse."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("Xvfb", "openbox", "trayer", "xdotool", "xwininfo")
MISSING = [name for name in NEEDED if shutil.which(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

BODY = (ROOT / "resources" / "samples" / "radarr" / "download.json").read_bytes()


class Screen:
    """A screen of the test's own, and what runs on it; everything ends with it."""

    def __init__(self) -> None:
        self.env = dict(os.environ)
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command,
            env=self.env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def open(self, *, tray: bool) -> None:
        read, write = os.pipe()
        server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write), "-screen", "0", "1024x768x24", "-nolisten", "tcp"],
            pass_fds=(write,),
            stderr=subprocess.DEVNULL,
        )
        self.started.append(server)
        os.close(write)
        with os.fdopen(read) as told:
            self.env["DISPLAY"] = f":{told.readline().strip()}"
        self.env["QT_QPA_PLATFORM"] = "xcb"
        self.start("openbox")
        if tray:
            place = "--edge bottom --align right --widthtype request --height 32"
            self.start("trayer", *place.split(), "--SetDockType", "true", "--expand", "true")

    def ask(self, *command: str) -> str:
        return subprocess.run(
            command, env=self.env, capture_output=True, text=True, timeout=10, check=False
        ).stdout

    def icon(self) -> tuple[int, int] | None:
        """Middle of the docked icon, told by the X server's own tree of windows."""
        for line in self.ask("xwininfo", "-root", "-tree").splitlines():
            found = re.search(r"(\d+)x(\d+)\+-?\d+\+-?\d+\s+\+(-?\d+)\+(-?\d+)$", line)
            if found is None or not ("QSystemTrayIcon" in line or "metarr" in line.lower()):
                continue
            width, height, x, y = map(int, found.groups())
            if 8 <= width <= 64 and y > 700:
                return x + width // 2, y + height // 2
        return None

    def windows(self) -> str:
        return self.ask("xdotool", "search", "--onlyvisible", "--name", "^Metarr Desktop$").strip()

    def click(self, place: tuple[int, int], button: int) -> None:
        self.ask("xdotool", "mousemove", str(place[0]), str(place[1]), "click", str(button))

    def close(self) -> None:
        for process in reversed(self.started):
            if process.poll() is None:
                process.terminate()
                process.wait(10)


class Desktop:
    """The program started on a screen."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        self.screen = screen
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "metarr_desktop", "--data-dir", str(self.folder), *arguments]

    def start(self, *arguments: str) -> None:
        self.screen.env["PYTHONPATH"] = str(ROOT)
        self.process = self.screen.start(*self.command("--port", "0", *arguments))
        wait_for((self.folder / "control.json").exists)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.screen.env,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def post(self) -> int:
        port = json.loads(self.run("status", "--json").stdout)["listening"]["port"]
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/webhooks/radarr",
            data=BODY,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
            status: int = answer.status
            return status

    def ended(self) -> int:
        assert self.process is not None
        return self.process.wait(6)


def wait_for(condition: Callable[[], object], *, within_s: float = 20.0) -> None:
    """Look again and again: nothing of another program can be awaited."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen()
    yield screen
    screen.close()


def test_the_icon_stands_in_the_tray_and_opens_the_window(screen: Screen, tmp_path: Path) -> None:
    screen.open(tray=True)
    desktop = Desktop(screen, tmp_path / "data")
    desktop.start("--minimized")
    wait_for(screen.icon)
    assert screen.windows() == ""
    place = screen.icon()
    assert place is not None
    screen.click(place, 1)
    wait_for(screen.windows)
    screen.click(place, 3)
    assert desktop.post() == 200
    screen.ask("xdotool", "key", "Escape")
    assert desktop.run("quit").returncode == 0
    assert desktop.ended() == 0


def test_a_second_start_shows_the_first_window_and_ends_well(screen: Screen, tmp_path: Path) -> None:
    screen.open(tray=True)
    desktop = Desktop(screen, tmp_path / "data")
    desktop.start("--minimized")
    wait_for(screen.icon)
    assert desktop.run().returncode == 0
    wait_for(screen.windows)
    assert desktop.process is not None
    desktop.process.send_signal(signal.SIGTERM)
    assert desktop.ended() == 0


def test_without_a_tray_the_window_is_shown_even_minimized(screen: Screen, tmp_path: Path) -> None:
    screen.open(tray=False)
    desktop = Desktop(screen, tmp_path / "data")
    desktop.start("--minimized")
    wait_for(screen.windows)
    assert desktop.post() == 200
    assert desktop.run("quit").returncode == 0
    assert desktop.ended() == 0


def test_the_assistant_comes_at_the_first_start_alone(screen: Screen, tmp_path: Path) -> None:
    def assistant() -> str:
        return screen.ask("xdotool", "search", "--onlyvisible", "--name", "^Setup assistant").strip()

    screen.open(tray=False)
    desktop = Desktop(screen, tmp_path / "data")
    desktop.start()
    wait_for(assistant)
    assert desktop.run("quit").returncode == 0
    assert desktop.ended() == 0
    desktop.start()
    wait_for(screen.windows)
    time.sleep(1)  # as long as it took before
    assert assistant() == ""
    assert desktop.run("quit").returncode == 0
    assert desktop.ended() == 0
