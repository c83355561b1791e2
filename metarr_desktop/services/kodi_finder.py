"""Finds Kodi: it announces its web server by mDNS (RFC 6762), where its settings allow that.

In Kodi: Settings > Services > General > Announce services to other systems, and Control > Allow remote
control via HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.services.finding import Found, each_once, shown_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dns.message import Message
    from dns.name import Name

    from metarr_desktop.services.network import Network, Reply

KIND = "_xbmc-jsonrpc-h._tcp.local."
EVERYBODY = ("224.0.0.251", 5353)
ANSWER_TO_ME = 0x8000
"""The top bit of the class: the answer comes to us alone and not to everybody."""
HEADER, FIXED, FORGET = 12, 10, 0x80
"""Bytes of a message before its first record, and of a record between its name and its data."""
SERVICE = "kodi"


async def find_kodi(network: Network, /, *, seconds: float) -> Sequence[Found]:
    """Ask which Kodi announces JSON-RPC over HTTP. Raises Transient."""
    replies = await network.ask(_question(), to=EVERYBODY, seconds=seconds)
    return each_once(found for reply in replies for found in _read(reply))


def _question() -> bytes:
    # dnspython takes a tenth of a second to import, which only who looks for something should wait for.
    from dns import flags, message, name, rdataclass, rdatatype, rrset  # noqa: PLC0415

    asked = message.QueryMessage(id=0)
    asked.flags &= ~flags.RD
    kind = rdataclass.RdataClass.make(rdataclass.IN | ANSWER_TO_ME)
    asked.question.append(rrset.RRset(name.from_text(KIND), kind, rdatatype.PTR))
    return asked.to_wire()


def _read(reply: Reply) -> Iterator[Found]:
    """Read one answer; what is none of ours, or broken, tells nothing."""
    from dns import exception, message  # noqa: PLC0415 - as above

    try:
        told = message.from_wire(_plain(reply.data), ignore_trailing=True, one_rr_per_rrset=True)
        yield from _players(told, came_from=reply.host)
    except (exception.DNSException, ValueError, IndexError, OverflowError):
        return


def _plain(data: bytes) -> bytes:
    """Clear the top bit of every record's class, which says that older answers are to be forgotten.

    With it dnspython does not know what a record is, and leaves it as bytes.
    """
    from dns import name  # noqa: PLC0415 - as above

    plain, at = bytearray(data), HEADER
    questions, *records = (int.from_bytes(data[place : place + 2]) for place in range(4, HEADER, 2))
    for number in range(questions + sum(records)):
        at += name.from_wire(data, at)[1]
        if number >= questions:
            if at + FIXED > len(data):
                break
            plain[at + 2] &= ~FORGET & 0xFF
            at += FIXED + int.from_bytes(data[at + FIXED - 2 : at + FIXED])
        else:
            at += 4
    return bytes(plain)


def _players(told: Message, *, came_from: str) -> Iterator[Found]:
    """Put together what stands in several records: the name, its port and computer, and its address."""
    from dns import name, rdataclass, rdatatype  # noqa: PLC0415 - as above

    records = [
        (each.name, each.rdtype, each[0])
        for section in (told.answer, told.additional)
        for each in section
        if len(each) and each.rdclass == rdataclass.IN
    ]
    kind = name.from_text(KIND)
    announced = [data.target for owner, sort, data in records if sort == rdatatype.PTR and owner == kind]
    addresses: dict[Name, list[str]] = {}
    for owner, sort, data in records:
        if sort == rdatatype.A:
            addresses.setdefault(owner, []).append(data.address)
    for owner, sort, data in records:
        if sort == rdatatype.SRV and owner in announced and data.port:
            known = addresses.get(data.target, [])
            host = came_from if not known or came_from in known else known[0]
            label = owner.labels[0].decode("utf-8", "replace")
            yield Found(
                service=SERVICE,
                name=shown_name(label, otherwise=host),
                values={"host": host, "port": int(data.port)},
            )
