"""Questions to every device of the home network at once, and what they answer."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import Transient
from metarr_desktop.domain.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    Address = tuple[str, int]

MOST_ANSWERS = 50
LARGEST_ANSWER = 9_000
"""The largest that mDNS allows; the others answer in far less."""
MOST_WAYS = 8
AGAIN_AFTER_S = 1.0
"""What is sent to everybody is easily lost, so that it is asked a second time."""
TARGET = "METARR_DISCOVERY_TARGET"
EVERYWHERE = ""
REFUSED = Text("This computer may not ask its network. A firewall or the sandbox of the program forbids it.")
NO_NETWORK = Text("There is no network to ask. Connect this computer to the home network, then try again.")
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One datagram that came back, and the IPv4 address that it came from."""

    data: bytes
    host: str


class Network:
    """The home network. With a ``target`` everything is asked there instead, and nowhere else.

    ``ways`` are addresses of this computer: each is asked through, for it may stand in several networks.
    """

    def __init__(self, *, target: Address | None = None, ways: Sequence[str] = ()) -> None:
        self._target = target
        usable = [way for way in ways if _is_way(way)] if target is None else []
        self._ways = tuple(usable[:MOST_WAYS]) or (EVERYWHERE,)

    async def ask(self, question: bytes, *, to: Address, seconds: float) -> list[Reply]:
        """Send a question to a group or to all, and collect what is answered in so many seconds.

        Never more than 50 different answers. Raises Transient where no way leads out.
        """
        target = self._target or to
        ear = _Ear()
        async with asyncio.TaskGroup() as group:
            for way in self._ways:
                group.create_task(_ask(question, way=way, target=target, seconds=seconds, ear=ear))
        if ear.asked == 0 and ear.failure is not None:
            raise Transient(REFUSED if ear.failure.errno in _FORBIDDEN else NO_NETWORK) from ear.failure
        return list(ear.replies)


def target_of_environment() -> Address | None:
    """Return the address that ``METARR_DISCOVERY_TARGET`` names (``host:port``), if it does."""
    host, found, port = os.environ.get(TARGET, "").strip().rpartition(":")
    with suppress(ValueError):
        if found and host:
            return str(ipaddress.IPv4Address(host)), int(port)
    return None


class _Ear(asyncio.DatagramProtocol):
    """Keeps different answers up to a number; the rest is dropped unread."""

    def __init__(self) -> None:
        self.replies: dict[Reply, None] = {}
        self.asked = 0
        self.failure: OSError | None = None
        self.full = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """Take one datagram."""
        if len(data) <= LARGEST_ANSWER and not self.full.is_set():
            self.replies[Reply(data=data, host=str(addr[0]))] = None
            if len(self.replies) >= MOST_ANSWERS:
                self.full.set()

    def error_received(self, exc: Exception) -> None:
        """A port nobody listens on is no answer."""
        if isinstance(exc, OSError):
            self.failure = exc


async def _ask(question: bytes, *, way: str, target: Address, seconds: float, ear: _Ear) -> None:
    """Ask twice through one address of this computer, and listen until the time is over."""
    try:
        asking = _socket(way)
    except OSError as error:
        ear.failure = error
        return
    try:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: ear, sock=asking)
    except OSError as error:
        asking.close()
        ear.failure = error
        return
    try:
        async with asyncio.timeout(seconds):
            for pause in (min(AGAIN_AFTER_S, seconds / 2), seconds):
                ear.failure = None
                transport.sendto(question, target)
                if ear.failure is None:
                    ear.asked += 1
                with suppress(TimeoutError):
                    await asyncio.wait_for(ear.full.wait(), pause)
                    return
    except TimeoutError:
        pass
    finally:
        transport.close()


def _socket(way: str) -> socket.socket:
    """A socket that may ask everybody, and whose questions stay in the home network."""
    asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        asking.setblocking(False)  # noqa: FBT003 - the socket takes it so
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        if way:
            asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(way))
        asking.bind((way, 0))
    except OSError:
        asking.close()
        raise
    return asking


def _is_way(address: str) -> bool:
    """Whether others may be reached through an address of this computer."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return parsed.version == 4 and not parsed.is_loopback and not parsed.is_unspecified  # noqa: PLR2004 - IPv4
