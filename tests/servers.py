"""Real servers of the tests' own, on unix sockets; they need no system service and disturb none."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import psutil
import psycopg
import redis
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

START_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")
POSTGRES_PROGRAMS = ("initdb", "postgres")
POSTGRES_SETTINGS = {
    "listen_addresses": "''",
    "port": "5432",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "max_connections": "50",
}
REDIS_SETTINGS = {
    "port": "0",
    "appendonly": "yes",
    "appendfsync": "always",
    "save": "",
    "maxmemory-policy": "noeviction",
}
REDIS_DATABASES = 16

StopMode = Literal["smart", "fast", "immediate"]
STOP_SIGNALS: dict[StopMode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}


class MissingServerError(Exception):
    """The server's programs are not installed here."""


class Server(ABC):
    """One server process on a folder, which it keeps through ``stop``, ``kill`` and ``restart``.

    All methods block until it is so; a test that must go on meanwhile calls them in a thread.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended, by itself or otherwise."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start and wait until it answers; does nothing where it runs."""
        if self.running:
            return
        user = self._user()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
        if not _holds(lambda: self._answers() or not self.running, within=START_WITHIN_S):
            self.kill()
        assert self.running, f"the server did not start: {self.log.read_text(encoding='utf-8')}"

    def kill(self) -> None:
        """End it and all its processes at once, as a power cut does; does nothing where it is stopped."""
        if self.process is None:
            return
        main = self.process
        if main.poll() is None:
            main.send_signal(signal.SIGSTOP)  # from here on it starts no process that this misses
            family = psutil.Process(main.pid).children(recursive=True)
            main.kill()
            for member in family:
                with suppress(psutil.NoSuchProcess):
                    member.kill()
            assert _holds(lambda: not any(map(_lives, family)), within=STOP_WITHIN_S)
        main.wait(STOP_WITHIN_S)

    def _end(self, with_signal: signal.Signals) -> None:
        if self.process is None:
            return
        if self.running:
            self.process.send_signal(with_signal)
        self.process.wait(STOP_WITHIN_S)

    def _user(self) -> str | None:
        """Account and group it runs under, where that is not this one."""
        return None

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _answers(self) -> bool: ...


class PostgresServer(Server):
    """A PostgreSQL cluster, with fsync on; ``settings`` are lines of postgresql.conf.

    PostgreSQL refuses to run as root, so root runs it as ``postgres``. Raises MissingServerError.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self._programs = postgres_programs()
        self._data = folder / "data"
        self._numbers = count(1)
        user = self._user()
        if user is not None:
            shutil.chown(folder, user)
        subprocess.run(
            [
                *(str(self._programs / "initdb"), "--pgdata", str(self._data), "--username", "metarr"),
                *("--auth", "trust", "--no-sync", "--encoding", "UTF8", "--locale", "C.UTF-8"),
            ],
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
            check=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
        lines = {**POSTGRES_SETTINGS, "unix_socket_directories": f"'{folder}'", **(settings or {})}
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in lines.items())

    def stop(self, mode: StopMode = "fast") -> None:
        """End it: ``smart`` waits for clients, ``fast`` breaks them off, ``immediate`` saves nothing."""
        self._end(STOP_SIGNALS[mode])

    def restart(self, mode: StopMode = "fast") -> None:
        """Stop it this way and start it again."""
        self.stop(mode)
        self.start()

    def url(self, database: str = "postgres") -> str:
        """Address of one of its databases."""
        return f"postgresql:///{database}?host={self.folder}&port=5432&user=metarr"

    def create_database(self) -> str:
        """Create an empty database and return its name."""
        name = f"test_{next(self._numbers)}"
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, and whoever is connected to it."""
        self._run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _run(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement)

    def _user(self) -> str | None:
        return "postgres" if os.geteuid() == 0 else None

    def _command(self) -> list[str]:
        return [str(self._programs / "postgres"), "-D", str(self._data)]

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url(), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False


class RedisServer(Server):
    """A Redis that writes every command to disk; ``settings`` are lines of redis.conf in place of ours.

    Raises MissingServerError.
    """

    def __init__(self, folder: Path, *, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        program = shutil.which("redis-server")
        if program is None:
            raise MissingServerError("not installed: redis-server")
        self._program = program
        self._settings = {**REDIS_SETTINGS, **(settings or {})}
        self._socket = folder / "redis.sock"

    def stop(self) -> None:
        """End it the orderly way."""
        self._end(signal.SIGTERM)

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop()
        self.start()

    def url(self, database: int = 0) -> str:
        """Address of one of its numbered databases."""
        return f"unix://{self._socket}?db={database}"

    def empty(self) -> None:
        """Remove everything from all its databases."""
        with redis.Redis.from_url(self.url()) as client:
            client.flushall()

    def _command(self) -> list[str]:
        settings = {**self._settings, "unixsocket": str(self._socket), "dir": str(self.folder)}
        return [self._program, *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=5) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


AnyServer = TypeVar("AnyServer", PostgresServer, RedisServer)


@contextmanager
def server(
    kind: type[AnyServer], *, settings: Mapping[str, str] | None = None, within: Path | None = None
) -> Iterator[AnyServer]:
    """Run a server in a new folder, which lies in the one for temporary files unless told; then remove it.

    The folder's path must be short, since a socket's path ends at 107 bytes.
    """
    folder = Path(tempfile.mkdtemp(prefix="metarr-", dir=within))
    try:
        one = kind(folder, settings=settings)
        try:
            one.start()
            yield one
        finally:
            one.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def postgres_programs() -> Path:
    """Folder of PostgreSQL's programs: Debian keeps them off PATH, one folder a version."""
    debian = sorted(
        DEBIAN_POSTGRES.glob("[0-9]*/bin"), key=lambda path: float(path.parent.name), reverse=True
    )
    on_path = [Path(folder) for folder in os.get_exec_path()]
    for folder in [*debian, *on_path]:
        if all(os.access(folder / name, os.X_OK) for name in POSTGRES_PROGRAMS):
            return folder
    raise MissingServerError(f"not installed: PostgreSQL's {' and '.join(POSTGRES_PROGRAMS)}")


def environment() -> dict[str, str]:
    """Environment without what would turn PostgreSQL's programs to another server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def _holds(condition: Callable[[], bool], *, within: float) -> bool:
    """Ask again until it holds; False where it does not in time."""
    until = time.monotonic() + within
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
