from __future__ import annotations

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
