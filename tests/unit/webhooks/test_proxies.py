from __future__ import annotations

from typing import Any

import pytest

from metarr_desktop.domain.networks import parse_networks
from metarr_desktop.webhooks.proxies import MOST_HOPS, Client, client_of

TRUSTED = parse_networks("127.0.0.1, 192.168.1.2, fd00::/64")
HERE, BOX = "127.0.0.1", "192.168.1.2"


def client(
    peer: str, *, forwarded_for: str | list[str] = "", forwarded: str | list[str] = "", via: bool = False
) -> Client:
    def lines(header: str | list[str]) -> list[str]:
        return header if isinstance(header, list) else [header] if header else []

    return client_of(
        peer, forwarded=lines(forwarded), forwarded_for=lines(forwarded_for), via=via, trusted=TRUSTED
    )


def unknown(proxy: str) -> Client:
    return Client(address=proxy, proxy=proxy, forwarded=True)


def test_who_comes_by_itself_is_who_it_is() -> None:
    assert client("127.0.0.1") == Client(address="127.0.0.1")
    assert client("192.168.1.2") == Client(address="192.168.1.2")


@pytest.mark.parametrize(
    "headers",
    [
        {"forwarded_for": "127.0.0.1"},
        {"forwarded_for": "10.1.1.1"},
        {"forwarded": "for=127.0.0.1"},
        {"via": True},
        {"forwarded_for": "nonsense"},
    ],
)
@pytest.mark.parametrize("peer", ["127.0.0.2", "192.168.1.3"])
def test_whom_nobody_trusts_is_not_believed_and_not_local(peer: str, headers: dict[str, Any]) -> None:
    assert client(peer, **headers) == Client(address=peer, forwarded=True)


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        ("10.1.1.1", "10.1.1.1"),
        ("10.1.1.1, 192.168.1.2", "10.1.1.1"),
        ("127.0.0.1, 10.1.1.1", "10.1.1.1"),
        ("nonsense, 10.1.1.1", "10.1.1.1"),
        (["127.0.0.1", "10.1.1.1"], "10.1.1.1"),
        ("9.9.9.9, 10.1.1.1, fd00::7, 192.168.1.2", "10.1.1.1"),
        ("10.1.1.1:4711", "10.1.1.1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("::ffff:10.1.1.1", "10.1.1.1"),
    ],
)
def test_the_sender_is_the_last_that_is_no_trusted_proxy(chain: str | list[str], address: str) -> None:
    assert client(HERE, forwarded_for=chain) == Client(address=address, proxy=HERE, forwarded=True)
    assert client(BOX, forwarded_for=chain) == Client(address=address, proxy=BOX, forwarded=True)


@pytest.mark.parametrize(
    ("header", "address"),
    [
        ("for=10.1.1.1", "10.1.1.1"),
        ('For="10.1.1.1:80";proto=https;by=203.0.113.43', "10.1.1.1"),
        ('proto=http; for="[2001:db8:cafe::17]:4711"', "2001:db8:cafe::17"),
        ('for=unknown, for=9.9.9.9;host="a,b;c", for=192.168.1.2', "9.9.9.9"),
        (["for=9.9.9.9", "for=192.168.1.2"], "9.9.9.9"),
    ],
)
def test_the_standard_header_says_the_same(header: str | list[str], address: str) -> None:
    assert client(HERE, forwarded=header) == Client(address=address, proxy=HERE, forwarded=True)


@pytest.mark.parametrize(
    "headers",
    [
        {"via": True},
        {"forwarded_for": "nonsense"},
        {"forwarded_for": "10.1.1.1, nonsense"},
        {"forwarded_for": "10.1.1.1,"},
        {"forwarded_for": ","},
        {"forwarded_for": "unknown, 127.0.0.1"},
        {"forwarded_for": "[::1"},
        {"forwarded_for": "[nonsense]:80"},
        {"forwarded_for": ", ".join(["127.0.0.1"] * (MOST_HOPS + 1))},
        {"forwarded": "for=unknown"},
        {"forwarded": "for=_hidden"},
        {"forwarded": "proto=https"},
        {"forwarded": "for=10.1.1.1, proto=https"},
        {"forwarded": 'for="10.1.1.1'},
        {"forwarded": "for"},
        {"forwarded": "for=127.0.0.1", "forwarded_for": "10.1.1.1"},
        {"forwarded": "nonsense", "forwarded_for": "10.1.1.1"},
    ],
)
@pytest.mark.parametrize("peer", [HERE, BOX])
def test_a_chain_that_says_nothing_leaves_the_proxy_and_never_this_computer(
    peer: str, headers: dict[str, Any]
) -> None:
    assert client(peer, **headers) == unknown(peer)


def test_two_headers_that_agree_are_believed() -> None:
    both = client(HERE, forwarded="for=10.1.1.1", forwarded_for="10.1.1.1")
    assert both == Client(address="10.1.1.1", proxy=HERE, forwarded=True)


def test_this_computer_is_local_only_through_proxies_on_it() -> None:
    assert client(HERE, forwarded_for="127.0.0.1") == Client(address="127.0.0.1", proxy=HERE)
    assert client(HERE, forwarded_for="127.0.0.9") == Client(address="127.0.0.9", proxy=HERE)
    assert client(BOX, forwarded_for="127.0.0.1").forwarded
    assert client(HERE, forwarded_for="127.0.0.1, 192.168.1.2").forwarded
