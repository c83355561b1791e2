"""Devices of a home network that answer on this computer, where a test aims what is sent to everybody."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Self

from dns import flags, message, rdataclass, rdatatype, rrset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

KODI = "_xbmc-jsonrpc-h._tcp.local."


class FakeDevice(asyncio.DatagramProtocol):
    """``async with FakeDevice(answer) as device``; each question is kept and gets all its answers."""

    def __init__(self, answer: Callable[[bytes], Iterable[bytes]]) -> None:
        self.questions: list[bytes] = []
        self._answer = answer
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def target(self) -> tuple[str, int]:
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")
        return host, port

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(self, *_error: object) -> None:
        assert self._transport is not None
        self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        assert self._transport is not None
        self.questions.append(data)
        for answer in self._answer(data):
            self._transport.sendto(answer, addr)


def kodi_answer(
    question: bytes,
    *,
    name: str = "Living room",
    host: str = "living-room.local.",
    address: str | None = "192.168.1.40",
    port: int = 8080,
) -> bytes:
    """What a Kodi with its web server announces. Refuses a question that is none of mDNS."""
    asked = message.from_wire(question)
    assert not asked.flags & flags.RD
    assert [(str(each.name), each.rdtype) for each in asked.question] == [(KODI, rdatatype.PTR)]
    assert asked.question[0].rdclass == rdataclass.IN | 0x8000, "it wants its answer for itself"
    told = message.Message(id=asked.id)
    told.flags |= flags.QR | flags.AA
    place = f"{name.replace(' ', chr(92) + '032')}.{KODI}"
    told.answer = [rrset.from_text(KODI, 120, "IN", "PTR", place)]
    told.additional = [
        rrset.from_text(place, 120, "IN", "SRV", f"0 0 {port} {host}"),
        rrset.from_text(place, 120, "IN", "TXT", '"txtvers=1"'),
    ]
    if address is not None:
        told.additional.append(rrset.from_text(host, 120, "IN", "A", address))
    return told.to_wire()


def jellyfin_answer(**more: object) -> bytes:
    told = {"Address": "http://192.168.1.30:8096", "Id": "abc", "Name": "nas", "EndpointAddress": None}
    return json.dumps({**told, **more}).encode()


def plex_answer(*, name: str = "nas", port: str = "32400", kind: str = "plex/media-server") -> bytes:
    lines = (
        "HTTP/1.0 200 OK",
        f"Content-Type: {kind}",
        f"Name: {name}",
        f"Port: {port}",
        "Resource-Identifier: 0123456789abcdef",
        "Version: 1.41.3.9314",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
