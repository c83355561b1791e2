"""What holds for every test: its own home, no network, no real keyring, no silent error."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import itertools
import logging
import os
import re
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping

    from tests.servers import PostgresServer, RedisServer

TEST_PLATFORM = "METARR_TEST_PLATFORM"  # a Qt platform such as xcb, to watch the GUI tests on a screen
HOME = pytest.StashKey[Path]()
REFUSED = pytest.StashKey[list[str]]()
HOME_NUMBERS = pytest.StashKey["Iterator[int]"]()


# --- The world a test runs in ---


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer the long forms that ``make endurance`` runs."""
    parser.addoption(
        "--endurance",
        action="store_true",
        help="run tests marked endurance in their long form, with no time-out",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Cut the session off from the person's home, desktop, keyring and network, before Qt starts."""
    home = Path(tempfile.mkdtemp(prefix="metarr-tests-"))
    config.stash[HOME] = home
    config.stash[HOME_NUMBERS] = itertools.count(1)
    for name in [name for name in os.environ if name.startswith("METARR_") and name != TEST_PLATFORM]:
        del os.environ[name]
    platform = os.environ.get(TEST_PLATFORM)
    if platform is None:
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"):
            os.environ.pop(name, None)
    os.environ.update(
        home_environment(home / "session"),
        QT_QPA_PLATFORM=platform or "offscreen",
        PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
        DBUS_SESSION_BUS_ADDRESS="disabled:",
    )
    config.stash[REFUSED] = []
    sys.addaudithook(network_guard(config.stash[REFUSED]))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind."""
    shutil.rmtree(config.stash[HOME], ignore_errors=True)


def home_environment(home: Path) -> dict[str, str]:
    """Make a home with the folders of the XDG specification and return the variables that name them."""
    variables = {"HOME": home}
    for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR"):
        variables[f"XDG_{name}"] = home / name.lower()
    for folder in variables.values():
        folder.mkdir(mode=0o700, parents=True)
    return {name: str(folder) for name, folder in variables.items()}


@pytest.fixture(autouse=True)
def home(pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test an empty home of its own; child processes inherit it."""
    numbers = pytestconfig.stash[HOME_NUMBERS]
    folder = pytestconfig.stash[HOME] / str(next(numbers))
    for name, value in home_environment(folder).items():
        monkeypatch.setenv(name, value)
    return folder


# --- Reports ---


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Make what a test logged fit to be sent to the process that sums up: lone surrogates are not."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "replace").decode()) for name, text in report.sections]
    return report


# --- The network ---


class NetworkReachedError(Exception):
    """A test tried to leave this computer; no OSError, so that no retry swallows it."""


def network_guard(refused: list[str]) -> Callable[[str, tuple[object, ...]], None]:
    """Return an audit hook that refuses every address beyond this computer and notes it in ``refused``."""

    def guard(event: str, args: tuple[object, ...]) -> None:
        match event, args:
            case (
                ("socket.connect" | "socket.sendto" | "socket.sendmsg"),
                (socket.socket() as sock, (str(host), *_)),
            ):
                # Connecting a datagram socket sends nothing: it is how a program learns its own address.
                local = is_local(host) or (event == "socket.connect" and sock.type == socket.SOCK_DGRAM)
            case (("socket.getaddrinfo" | "socket.gethostbyname" | "socket.gethostbyaddr"), (str(host), *_)):
                if host.endswith(".invalid"):  # RFC 2606: never exists, so answer as a name server would
                    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
                local = is_local(host) or host == socket.gethostname() or is_address(host)
            case _:
                return
        if not local:
            refused.append(f"{event} {host}")
            message = f"tests reach nothing but this computer: {event} {host}"
            raise NetworkReachedError(message)

    return guard


def is_local(host: str) -> bool:
    """Tell whether traffic to ``host`` stays on this computer."""
    if host in {"", "localhost"}:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def is_address(host: str) -> bool:
    """Tell whether ``host`` needs no name server."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


@pytest.fixture(autouse=True)
def _no_posters(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lead whoever fetches a poster to a port of this computer where nobody listens."""
    monkeypatch.setenv("METARR_TMDB_IMAGE_BASE", "http://127.0.0.1:9")


@pytest.fixture(autouse=True)
def _stays_on_this_computer(pytestconfig: pytest.Config) -> Iterator[None]:
    """Fail a test whose refused connection was swallowed by the code under test."""
    refused = pytestconfig.stash[REFUSED]
    refused.clear()
    yield
    assert not refused, f"the test tried to leave this computer: {refused}"


# --- Errors nobody looked at ---


class ErrorRecords(logging.Handler):
    """Keeps what is logged at ERROR and above, as it was logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the logger's name and the message; a pattern may name either."""
        message = f"{record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            message += f" ({record.exc_info[1]!r})"
        self.messages.append(message)


@pytest.fixture(autouse=True)
def _errors_are_expected(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that logs an error it did not announce, or announces one that does not come."""
    patterns = [str(pattern) for mark in request.node.iter_markers("expects_errors") for pattern in mark.args]
    records = ErrorRecords()
    root = logging.getLogger()
    root.addHandler(records)
    yield
    root.removeHandler(records)
    surprises = [text for text in records.messages if not any(re.search(one, text) for one in patterns)]
    absent = [one for one in patterns if not any(re.search(one, text) for text in records.messages)]
    assert not surprises, f"errors were logged: {surprises}"
    assert not absent, f"errors that should have been logged: {absent}, logged were {records.messages}"


# --- Loops ---


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run GUI tests on the loop the program uses, everything else on the loop of ``--headless``."""
    if item.get_closest_marker("qt_loop") is not None:
        return {"qasync": qt_loop}
    return {"asyncio": asyncio.new_event_loop}


def qt_loop() -> asyncio.AbstractEventLoop:
    """Return a new qasync loop over pytest-qt's application."""
    import qasync  # noqa: PLC0415 - tests of the core start without Qt's loop
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    loop: asyncio.AbstractEventLoop = qasync.QEventLoop(QApplication.instance(), already_running=False)
    return loop


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Make the application before the loop that needs it; give long forms their time."""
    for item in items:
        if item.config.getoption("--endurance") and item.get_closest_marker("endurance") is not None:
            item.add_marker(pytest.mark.timeout(0), append=False)
        if isinstance(item, pytest.Function) and item.get_closest_marker("qt_loop") is not None:
            item.fixturenames.insert(0, "qapp")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """Collect what Qt tests leave here and now: Qt objects must not end on a thread of a later test."""
    yield
    if item.get_closest_marker("qt_loop") is not None or "qapp" in getattr(item, "fixturenames", ()):
        gc.collect()


# --- Servers ---


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run one PostgreSQL for all tests; one may stop or kill it, the next finds it running."""
    from tests import servers  # noqa: PLC0415 - most tests need no driver

    try:
        with servers.server(servers.PostgresServer) as server:
            yield server
    except servers.MissingServerError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Address of an empty database of the test's own."""
    postgres_server.start()
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.start()
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """Run one Redis for all tests; one may stop or kill it, the next finds it running."""
    from tests import servers  # noqa: PLC0415 - most tests need no driver

    try:
        with servers.server(servers.RedisServer) as server:
            yield server
    except servers.MissingServerError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """Address of an empty Redis."""
    redis_server.start()
    redis_server.empty()
    return redis_server.url()
