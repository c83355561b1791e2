from __future__ import annotations

import asyncio
import logging
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import keyring
import keyring.errors
import pytest
import qasync
from PySide6 import QtCore, QtWidgets

from tests.conftest import REFUSED, NetworkReachedError, network_guard

logger = logging.getLogger(__name__)


async def test_core_tests_run_on_a_plain_loop() -> None:
    assert not isinstance(asyncio.get_running_loop(), qasync.QEventLoop)


@pytest.mark.qt_loop
async def test_gui_tests_run_on_the_qt_loop_with_an_application() -> None:
    assert isinstance(asyncio.get_running_loop(), qasync.QEventLoop)
    assert QtWidgets.QApplication.instance() is not None


@pytest.mark.qt_loop
async def test_qt_and_asyncio_wake_each_other_on_the_qt_loop() -> None:
    fired = asyncio.get_running_loop().create_future()
    QtCore.QTimer.singleShot(0, lambda: fired.set_result(7))
    assert await asyncio.wait_for(fired, 5) == 7


def test_the_keyring_of_the_person_is_out_of_reach() -> None:
    with pytest.raises(keyring.errors.NoKeyringError):
        keyring.get_password("metarr-desktop", "pushover/token")


def test_every_test_has_an_empty_home(home: Path) -> None:
    assert Path.home() == home
    assert not [entry for entry in home.rglob("*") if not entry.is_dir()]
    assert Path(os.environ["XDG_RUNTIME_DIR"]).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("8.8.8.8", 53)])
def test_the_network_guard_refuses_and_notes_other_computers(address: tuple[str, int]) -> None:
    refused: list[str] = []
    with socket.socket() as sock, pytest.raises(NetworkReachedError):
        network_guard(refused)("socket.connect", (sock, address))
    assert refused == [f"socket.connect {address[0]}"]


def test_the_network_guard_is_on(pytestconfig: pytest.Config) -> None:
    with socket.socket() as sock, pytest.raises(NetworkReachedError):
        sock.connect(("192.0.2.1", 80))
    assert pytestconfig.stash[REFUSED] == ["socket.connect 192.0.2.1"]
    pytestconfig.stash[REFUSED].clear()


def test_a_name_that_cannot_exist_is_answered_as_by_a_name_server() -> None:
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("radarr.invalid", 80)


@pytest.mark.expects_errors("disk is full")
def test_an_announced_error_passes() -> None:
    logger.error("the disk is full")


CARELESS = """
from __future__ import annotations

import asyncio, contextlib, logging, socket, warnings
import pytest
from PySide6 import QtCore


def test_logs_an_error() -> None:
    logging.getLogger("metarr_desktop").error("nobody expected this")


@pytest.mark.expects_errors("never logged")
def test_announces_an_error_that_does_not_come() -> None:
    pass


def test_swallows_a_refused_connection() -> None:
    with contextlib.suppress(Exception):
        socket.create_connection(("192.0.2.1", 80))


def test_makes_qt_warn() -> None:
    QtCore.qWarning("careless")


def test_warns() -> None:
    warnings.warn("careless")


@pytest.mark.qt_loop
async def test_raises_in_a_callback_of_the_qt_loop() -> None:
    asyncio.get_running_loop().call_soon(lambda: 1 / 0)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
"""


def test_carelessness_fails_a_test(tmp_path: Path) -> None:
    (tmp_path / "test_careless.py").write_text(CARELESS, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", "pyproject.toml", "-p", "tests.conftest", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    failed = set(re.findall(r"^(?:FAILED|ERROR) \S+::(test_\w+)", run.stdout, re.MULTILINE))
    assert failed == set(re.findall(r"def (test_\w+)", CARELESS)), run.stdout
