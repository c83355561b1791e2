from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from dns import message, rrset

from metarr_desktop.services.finding import Found, each_once, shown_name
from metarr_desktop.services.jellyfin_finder import find_emby, find_jellyfin
from metarr_desktop.services.kodi_finder import find_kodi
from metarr_desktop.services.network import Network
from metarr_desktop.services.plex_finder import find_plex
from tests.fakes_network import KODI, FakeDevice, jellyfin_answer, kodi_answer, plex_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from metarr_desktop.services.finding import Finder

NONSENSE = (
    b"",
    b"\x00",
    b"\xff" * 600,
    b"{" * 9_000,
    b"[" * 9_000,
    b"[1, 2]",
    b'"text"',
    b"null",
    b"HTTP/1.0 200 OK",
    b"HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\nPort: -1",
    b"HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\nPort: 99999",
    b"HTTP/1.0 404 Not found\r\nContent-Type: plex/media-server\r\nPort: 32400",
    b'{"Id": 1, "Name": "x", "Address": "http://1.2.3.4"}',
    b'{"Name": "no id", "Address": "http://1.2.3.4"}',
    b"\x00\x00\x84\x00\x00\x00\xff\xff\x00\x00\x00\x00\xc0\x0c",
)


async def found_by(finder: Finder, answer: Callable[[bytes], Iterable[bytes]]) -> Sequence[Found]:
    async with FakeDevice(answer) as device:
        found = await finder(Network(target=device.target), seconds=0.2)
    assert device.questions
    return found


async def test_kodi_is_found_with_name_host_and_port() -> None:
    found = await found_by(find_kodi, lambda question: [kodi_answer(question)])
    assert [(each.name, dict(each.values)) for each in found] == [
        ("Living room", {"host": "192.168.1.40", "port": 8080})
    ]


async def test_a_kodi_that_tells_no_address_is_where_its_answer_came_from() -> None:
    found = await found_by(find_kodi, lambda question: [kodi_answer(question, address=None)])
    assert [each.values["host"] for each in found] == ["127.0.0.1"]


async def test_an_announcement_that_replaces_older_ones_is_read_as_any() -> None:
    def announced(question: bytes) -> Iterable[bytes]:
        told = kodi_answer(question)
        for kind in (b"\x00\x21", b"\x00\x10", b"\x00\x01"):
            told = told.replace(kind + b"\x00\x01\x00\x00\x00\x78", kind + b"\x80\x01\x00\x00\x00\x78")
        assert told.count(b"\x80\x01\x00\x00\x00\x78") == 3
        yield told
        yield told[:-20]

    (found,) = await found_by(find_kodi, announced)
    assert (found.name, found.values) == ("Living room", {"host": "192.168.1.40", "port": 8080})


async def test_of_several_addresses_of_a_kodi_that_one_counts_which_answered() -> None:
    def answer(question: bytes) -> Iterable[bytes]:
        told = message.from_wire(kodi_answer(question, address="172.17.0.1"))
        told.additional.append(rrset.from_text("living-room.local.", 120, "IN", "A", "127.0.0.1"))
        yield told.to_wire()

    assert [each.values["host"] for each in await found_by(find_kodi, answer)] == ["127.0.0.1"]


async def test_two_players_are_told_by_name_and_the_same_one_once() -> None:
    def answer(question: bytes) -> Iterable[bytes]:
        yield kodi_answer(question, name="Office", host="office.local.", address="192.168.1.41")
        yield kodi_answer(question)
        yield kodi_answer(question, address=None, host="192.168.1.40.")

    found = await found_by(find_kodi, answer)
    assert [each.name for each in found] == ["Living room", "Living room", "Office"]
    assert len({each.values["host"] for each in found}) == 3


async def test_another_service_of_mdns_is_no_kodi() -> None:
    def answer(question: bytes) -> Iterable[bytes]:
        yield kodi_answer(question).replace(b"_xbmc-jsonrpc-h", b"_googlecast-xyz")
        yield kodi_answer(question, port=0)

    assert KODI.startswith("_xbmc-jsonrpc-h")
    assert not await found_by(find_kodi, answer)


async def test_jellyfin_and_emby_are_found_by_their_address() -> None:
    asked = list[bytes]()

    def answer(question: bytes) -> Iterable[bytes]:
        asked.append(question)
        yield jellyfin_answer()

    for finder, service in ((find_jellyfin, "jellyfin"), (find_emby, "emby")):
        found = await found_by(finder, answer)
        assert [(each.service, each.name, dict(each.values)) for each in found] == [
            (service, "nas", {"url": "http://192.168.1.30:8096"})
        ]
    assert {each.lower() for each in asked} == {b"who is jellyfinserver?", b"who is embyserver?"}


@pytest.mark.parametrize("address", ["", "ftp://x", "javascript:alert(1)", None, 7, "http://a@b"])
async def test_a_server_with_a_useless_address_is_where_its_answer_came_from(address: object) -> None:
    found = await found_by(find_jellyfin, lambda _question: [jellyfin_answer(Address=address)])
    assert [each.values["url"] for each in found] == ["http://127.0.0.1:8096"]


async def test_plex_servers_are_found_and_its_players_left_out() -> None:
    def answer(question: bytes) -> Iterable[bytes]:
        assert question == b"M-SEARCH * HTTP/1.0"
        yield plex_answer()
        yield plex_answer(name="tv", kind="plex/media-player")

    found = await found_by(find_plex, answer)
    assert [(each.name, dict(each.values)) for each in found] == [("nas", {"url": "http://127.0.0.1:32400"})]


@pytest.mark.parametrize("finder", [find_kodi, find_jellyfin, find_plex])
async def test_nonsense_finds_nothing_and_breaks_nothing(finder: Finder) -> None:
    assert not await found_by(finder, lambda _question: NONSENSE)


def test_names_are_made_fit_to_be_shown() -> None:
    assert shown_name("a\x1b[31m\u202eb\n", otherwise="?") == "a[31mb"
    assert len(shown_name("x" * 900, otherwise="?")) == 80
    assert shown_name(7, otherwise="there") == "there"
    assert shown_name("  ", otherwise="there") == "there"


def test_a_place_that_answers_twice_stands_there_once() -> None:
    nas = Found(service="plex", name="nas", values={"url": "http://1.2.3.4"})
    other = Found(service="plex", name="attic", values={"url": "http://1.2.3.5"})
    assert each_once([nas, other, nas]) == (other, nas)


def test_nobody_who_looks_for_nothing_waits_for_the_library_of_mdns() -> None:
    script = "import sys, metarr_desktop.services.registry; print('dns' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
