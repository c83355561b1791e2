"""The real program as a process of its own, headless, on a data folder of the test's."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.fake_discord import FakeDiscord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "resources" / "samples"
START_WITHIN_S = 30.0
STOP_WITHIN_S = 10.0


class Program:
    """Starts and ends the program; talks to it the way Radarr and a person in a shell do."""

    def __init__(self, data_dir: Path, *, env: dict[str, str]) -> None:
        self.data_dir = data_dir
        self.env = {**os.environ, **env, "PYTHONPATH": str(ROOT)}
        self.process: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self, *options: str) -> str:
        """Start headless and return the listening address, its first line."""
        command = [sys.executable, "-m", "metarr_desktop", "--headless", "--data-dir", str(self.data_dir)]
        log = (self.data_dir.parent / "stderr.txt").open("a", encoding="utf-8")
        with log:
            self.process = subprocess.Popen(
                [*command, "--port", "0", *options],
                env=self.env,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:"), self.errors()
        return self.address

    def errors(self) -> str:
        """What the program wrote to standard error so far."""
        return (self.data_dir.parent / "stderr.txt").read_text(encoding="utf-8")

    def post(
        self, body: bytes, *, path: str = "/webhooks/radarr", **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Post one body; returns status and JSON answer."""
        request = urllib.request.Request(  # noqa: S310 - the program's own address
            self.address + path,
            data=body,
            headers={"Content-Type": "application/json", **headers},
            method="POST",
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command of the command line on the same data folder."""
        return subprocess.run(
            [sys.executable, "-m", "metarr_desktop", "--data-dir", str(self.data_dir), *arguments],
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database as a person would with the sqlite3 shell."""
        with closing(sqlite3.connect(self.data_dir / "metarr.db", timeout=2)) as db, db:
            return db.execute(sql, values).fetchall()

    def wait_for(self, condition: Callable[[], object], *, within_s: float = 30.0) -> None:
        """Look again and again from outside, as there is nothing in this process to await."""
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"not within {within_s} s; {self.errors()}"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it the hard way."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_WITHIN_S)
        self._forget()

    def stop(self) -> int:
        """Ask it to end and return its exit status."""
        assert self.process is not None
        self.process.terminate()
        status = self.process.wait(STOP_WITHIN_S)
        self._forget()
        return status

    def _forget(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process = None


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Make a program with extra environment variables; it is killed at the end of the test."""
    made: list[Program] = []

    def make(**env: str) -> Program:
        made.append(Program(tmp_path / "data", env=env))
        return made[-1]

    yield make
    for each in made:
        if each.process is not None:
            each.kill()


@pytest.fixture
def download() -> bytes:
    """The body of an ordinary import from Radarr."""
    return (SAMPLES / "radarr" / "download.json").read_bytes()


@pytest.fixture
def discord() -> Iterator[FakeDiscord]:
    """A Discord that takes every message."""
    fake = FakeDiscord()
    server = fake.start()
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def program_body() -> Callable[[str], bytes]:
    """Make the body of an import with a title of the test's choice."""

    def make(title: str) -> bytes:
        movie = {"id": 1, "title": title, "year": 1999, "tmdbId": 603, "folderPath": "/movies/X"}
        return json.dumps({"eventType": "Download", "movie": movie}).encode()

    return make
