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
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.integration.fake_discord import FakeDiscord
from tests.integration.fake_kodi import FakeKodi
from tests.integration.fake_pushover import FakePushover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "resources" / "samples"
START_WITHIN_S = 30.0
STOP_WITHIN_S = 10.0


class Program:
    """Starts and ends the program; talks to it the way Radarr and a person in a shell do."""

    def __init__(self, data_dir: Path, *, env: dict[str, str], database_url: str = "") -> None:
        self.data_dir = data_dir
        self.database_url = database_url
        self.env = {**os.environ, **env, "PYTHONPATH": str(ROOT)}
        self.process: subprocess.Popen[str] | None = None
        self.address = ""

    def start(self, *options: str) -> str:
        """Start headless and return the listening address, its first line."""
        self.launch(*options)
        assert self.process is not None
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:"), self.errors()
        return self.address

    def launch(self, *options: str) -> None:
        """Start headless and do not wait until it listens."""
        command = [*self._command, "--headless"]
        log = (self.data_dir.parent / "stderr.txt").open("a", encoding="utf-8")
        with log:
            self.process = subprocess.Popen(
                [*command, "--port", "0", *options],
                env=self.env,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    @property
    def _command(self) -> list[str]:
        database = ["--database-url", self.database_url] if self.database_url else []
        return [sys.executable, "-m", "metarr_desktop", "--data-dir", str(self.data_dir), *database]

    def errors(self) -> str:
        """What the program wrote to standard error so far."""
        return (self.data_dir.parent / "stderr.txt").read_text(encoding="utf-8")

    def log(self) -> str:
        """Return the end of its log."""
        log = self.data_dir / "logs" / "metarr.log"
        return log.read_text(encoding="utf-8")[-4_000:] if log.exists() else ""

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
            [*self._command, *arguments],
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database as a person would with the sqlite3 shell, or with psql."""
        if self.database_url:
            return self._postgres_rows(sql, values)
        with closing(sqlite3.connect(self.data_dir / "metarr.db", timeout=2)) as db, db:
            return db.execute(sql, values).fetchall()

    def _postgres_rows(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database_url, autocommit=True) as db:
            cursor = db.execute(sql.replace("?", "%s").encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def enable(self, *services: str) -> None:
        """Switch services on, as a person would in the table."""
        for service in services:
            self.rows("UPDATE notification_config SET enabled = 1 WHERE service = ?", service)

    def shorten_leases(self, seconds: float = 3.0) -> None:
        """Let jobs of a process that is gone be taken over so soon, from the next start on."""
        self.rows(
            "INSERT INTO settings (name, value, updated_at) VALUES ('lease_s', ?, 0)", json.dumps(seconds)
        )

    @property
    def drained(self) -> bool:
        """Whether nothing is left to do."""
        return self.rows("SELECT COUNT(*) FROM job_queue") == [(0,)]

    def wait_for(self, condition: Callable[[], object], *, within_s: float = 30.0) -> None:
        """Look again and again from outside, as there is nothing in this process to await."""
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, f"not within {within_s} s; {self.errors()}{self.log()}"
            time.sleep(0.02)

    def let_run(self, seconds: float) -> None:
        """Let this time pass for it, and see that it does not end by itself."""
        assert self.process is not None
        with suppress(subprocess.TimeoutExpired):
            status = self.process.wait(seconds)
            pytest.fail(f"it ended by itself with status {status}: {self.errors()}")

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
def database_url(request: pytest.FixtureRequest) -> str:
    """Address of the database, empty for SQLite; a test asks for PostgreSQL by an indirect parameter."""
    kind = getattr(request, "param", "sqlite")
    if kind in {"sqlite", "redis"}:
        return ""
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def queue_url(request: pytest.FixtureRequest) -> str:
    """Address of the queue, empty where it lies in the database; a test asks for others by a parameter."""
    of_database = getattr(request.node, "callspec", None)
    kind = "" if of_database is None else of_database.params.get("database_url", "")
    if kind not in {"redis", "redis-postgresql"}:
        return ""
    url: str = request.getfixturevalue("redis_url")
    return url


@pytest.fixture
def program(tmp_path: Path, database_url: str, queue_url: str) -> Iterator[Callable[..., Program]]:
    """Make a program with extra environment variables; it is killed at the end of the test."""
    made: list[Program] = []

    def make(*, folder: str = "data", **env: str) -> Program:
        if queue_url:
            env["METARR_QUEUE_URL"] = queue_url
        made.append(Program(tmp_path / folder, env=env, database_url=database_url))
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
def pushover() -> Iterator[FakePushover]:
    """A Pushover that takes every message."""
    fake = FakePushover()
    server = fake.start()
    yield fake
    server.shutdown()
    server.server_close()


@pytest.fixture
def kodi() -> Iterator[FakeKodi]:
    """A Kodi that scans every folder."""
    fake = FakeKodi()
    server = fake.start()
    yield fake
    fake.released.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def program_body() -> Callable[[str], bytes]:
    """Make the body of an import with a title of the test's choice."""

    def make(title: str) -> bytes:
        movie = {"id": 1, "title": title, "year": 1999, "tmdbId": 603, "folderPath": "/movies/X"}
        return json.dumps({"eventType": "Download", "movie": movie}).encode()

    return make
