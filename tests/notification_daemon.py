"""What shows notifications on a Linux desktop, on a D-Bus of the test's own."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

import pytest
from dbus_fast import DBusError, Variant
from dbus_fast.aio.message_bus import MessageBus
from dbus_fast.annotations import DBusSignature
from dbus_fast.service import ServiceInterface, dbus_method, dbus_signal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"

# D-Bus reads these when the class is made.
Word = Annotated[str, DBusSignature("s")]
Words = Annotated[list[str], DBusSignature("as")]
Number = Annotated[int, DBusSignature("u")]
Signed = Annotated[int, DBusSignature("i")]
Hints = Annotated[dict[str, Variant], DBusSignature("a{sv}")]
Server = Annotated[tuple[str, str, str, str], DBusSignature("ssss")]
Invoked = Annotated[tuple[int, str], DBusSignature("us")]
Closed = Annotated[tuple[int, int], DBusSignature("uu")]
Nothing = Annotated[None, DBusSignature("")]


class Daemon(ServiceInterface):
    """Keeps what it was asked to show; ``shown`` are those nobody closed, by their number."""

    def __init__(self, *, markup: bool = False) -> None:
        super().__init__(NAME)
        self.markup = markup
        self.notified: list[tuple[str, str]] = []
        self.shown: dict[int, tuple[str, str]] = {}
        self.urgencies: list[int] = []
        self.fails = False

    @dbus_method("Notify")
    def notify(
        self,
        app_name: Word,
        _replaces_id: Number,
        _app_icon: Word,
        summary: Word,
        body: Word,
        _actions: Words,
        hints: Hints,
        _expire_timeout: Signed,
    ) -> Number:
        if self.fails:
            raise DBusError(NAME, "out of order")
        assert app_name == "Metarr Desktop"
        self.notified.append((summary, body))
        self.urgencies.append(hints["urgency"].value)
        number = len(self.notified)
        self.shown[number] = (summary, body)
        return number

    @dbus_method("CloseNotification")
    def close_notification(self, number: Number) -> Nothing:
        self.shown.pop(number, None)

    @dbus_method("GetCapabilities")
    def get_capabilities(self) -> Words:
        return ["body", "actions", *(["body-markup"] if self.markup else [])]

    @dbus_method("GetServerInformation")
    def get_server_information(self) -> Server:
        return "Fake", "Metarr", "1", "1.2"

    @dbus_signal("ActionInvoked")
    def invoke_action(self, number: int, key: str) -> Invoked:
        return number, key

    @dbus_signal("NotificationClosed")
    def tell_closed(self, number: int, reason: int) -> Closed:
        return number, reason


@pytest.fixture
def session_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a D-Bus on which nothing is yet; this process takes it for that of the session."""
    program = shutil.which("dbus-daemon")
    if program is None:
        pytest.skip("There is no dbus-daemon on this computer.")
    process = subprocess.Popen(
        [program, "--session", "--nofork", "--nopidfile", "--print-address",
         f"--address=unix:path={tmp_path}/bus"],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    yield address
    process.terminate()
    process.wait(timeout=5)
    process.stdout.close()


@asynccontextmanager
async def daemon_on(address: str, *, markup: bool = False) -> AsyncIterator[Daemon]:
    """Show notifications on that bus until the block ends."""
    bus = await MessageBus(bus_address=address).connect()
    daemon = Daemon(markup=markup)
    bus.export(PATH, daemon)
    await bus.request_name(NAME)
    try:
        yield daemon
    finally:
        bus.disconnect()
        await asyncio.wait_for(bus.wait_for_disconnect(), 5)  # type: ignore[no-untyped-call]
