from __future__ import annotations

import socket
from typing import Any

import pytest

from metarr_desktop.webhooks.own_address import Door, OwnAddress, address_towards

OWN = frozenset({"127.0.0.1", "::1", "192.168.1.20", "10.8.0.2", "8.8.4.4"})


def door(host: str) -> Door:
    return Door(host=host, port=3000, base_path="/metarr", own_addresses=OWN)


def test_an_address_has_the_base_path_and_brackets() -> None:
    assert door("::").url("fd00::1", source="radarr", name="x") == (
        "http://[fd00::1]:3000/metarr/webhooks/radarr/x"
    )


async def test_a_sender_on_this_computer_gets_loopback() -> None:
    for sender in ("127.0.0.1", "localhost", "127.0.0.5"):
        assert (await address_towards(sender, door=door("0.0.0.0"), in_container=False)).host == "127.0.0.1"
    assert await address_towards("127.0.0.1", door=door("127.0.0.1"), in_container=False) == OwnAddress(
        host="127.0.0.1"
    )


async def test_a_sender_elsewhere_cannot_reach_a_listener_of_this_computer_only() -> None:
    assert (await address_towards("192.0.2.7", door=door("127.0.0.1"), in_container=False)).host is None
    assert (await address_towards("127.0.0.1", door=door("127.0.0.1"), in_container=True)).host is None


async def test_a_container_gets_an_address_of_the_network_and_the_others_to_choose_from() -> None:
    found = await address_towards("127.0.0.1", door=door("0.0.0.0"), in_container=True)
    assert found.host not in {None, "127.0.0.1", "::1"}
    assert "8.8.4.4" not in found.others


async def test_the_address_that_is_bound_is_the_one_that_is_told() -> None:
    found = await address_towards("192.0.2.7", door=door("192.168.1.20"), in_container=False)
    assert found == OwnAddress(host="192.168.1.20", others=("10.8.0.2",))


async def test_a_name_that_is_not_known_leaves_the_first_private_address() -> None:
    found = await address_towards("nas.invalid", door=door("0.0.0.0"), in_container=False)
    assert found == OwnAddress(host="10.8.0.2", others=("192.168.1.20",))


@pytest.mark.parametrize(("bound", "host"), [("0.0.0.0", "10.8.0.2"), ("127.0.0.1", None)])
async def test_a_person_may_choose_but_not_what_nobody_listens_at(bound: str, host: str | None) -> None:
    found = await address_towards("192.0.2.7", door=door(bound), in_container=True, chosen="10.8.0.2")
    assert found.host == host
    assert "10.8.0.2" not in found.others


async def test_a_container_that_shares_our_network_may_be_given_loopback_by_hand() -> None:
    found = await address_towards("127.0.0.1", door=door("127.0.0.1"), in_container=True, chosen="127.0.0.1")
    assert found.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("bound", "host", "others"),
    [("0.0.0.0", "10.8.0.2", ("192.168.1.20",)), ("::", "fd00::20", ())],
)
async def test_a_listener_of_one_family_is_never_told_by_an_address_of_the_other(
    bound: str, host: str, others: tuple[str, ...]
) -> None:
    both = Door(host=bound, port=3000, base_path="", own_addresses=OWN | {"fd00::20"})
    found = await address_towards("nas.invalid", door=both, in_container=False)
    assert found == OwnAddress(host=host, others=others)


@pytest.mark.parametrize(("bound", "host"), [("0.0.0.0", "127.0.0.1"), ("::", "::1")])
@pytest.mark.parametrize("sender", ["127.0.0.1", "::1", "192.168.1.20"])
async def test_loopback_is_of_the_family_that_is_listened_to(bound: str, host: str, sender: str) -> None:
    assert (await address_towards(sender, door=door(bound), in_container=False)).host == host


async def test_the_way_to_a_sender_of_both_families_is_one_that_is_listened_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []

    def getaddrinfo(_host: str, port: int, *, family: int, type: int) -> list[Any]:  # noqa: A002
        asked.append(family)
        known: list[Any] = [
            (socket.AF_INET6, type, 0, "", ("::1", port, 0, 0)),
            (socket.AF_INET, type, 0, "", ("127.0.0.1", port)),
        ]
        return [each for each in known if family in {0, each[0]}]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert (await address_towards("nas", door=door("0.0.0.0"), in_container=False)).host == "127.0.0.1"
    assert asked == [socket.AF_INET]
