from __future__ import annotations

import pytest

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.networks import holds, home_of, is_loopback, parse_networks, written


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.1", False),
        ("fe80::1%eth0", False),
        ("10.0.0.1", False),
        ("localhost", False),
        ("", False),
        ("2130706433", False),
    ],
)
def test_only_loopback_addresses_are_this_computer(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("", ""),
        (" , ,\n", ""),
        ("192.168.1.30", "192.168.1.30"),
        ("192.168.1.30,10.0.0.0/8 ; fd00::1", "192.168.1.30, 10.0.0.0/8, fd00::1"),
        ("192.168.1.7/24", "192.168.1.0/24"),
        ("192.168.1.7/255.255.255.0", "192.168.1.0/24"),
        ("10.0.0.1, 10.0.0.1/32", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::/0", "::/0"),
        ("FD00:0::/48", "fd00::/48"),
    ],
)
def test_a_list_is_written_the_same_way_whoever_typed_it(typed: str, stored: str) -> None:
    assert written(parse_networks(typed)) == stored
    assert written(parse_networks(stored)) == stored


@pytest.mark.parametrize(
    "entry", ["nas", "192.168.1", "192.168.1.256", "10.0.0.0/33", "fd00::/129", "fe80::1%eth0", "*", "0x7f.1"]
)
def test_a_wrong_entry_is_named(entry: str) -> None:
    with pytest.raises(Refused) as caught:
        parse_networks(f"10.0.0.1, {entry}, 10.0.0.2")
    assert str(caught.value) == f"{entry} is no address. Write 192.168.1.30 or 192.168.1.0/24."


def test_a_list_has_a_hundred_entries_at_most() -> None:
    hundred = [f"10.0.0.{number}" for number in range(100)]
    assert len(parse_networks(",".join(hundred))) == 100
    with pytest.raises(Refused, match=r"These are 101 entries\. 100 are possible\."):
        parse_networks(",".join([*hundred, "10.0.1.1"]))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.168.1.30", True),
        ("::ffff:192.168.1.30", True),
        ("192.168.1.31", False),
        ("fd00::9%eth0", True),
        ("fd00:0:0:1::9", False),
        ("10.255.0.1", True),
        ("nas", False),
        ("", False),
    ],
)
def test_an_address_is_looked_up_without_zone_and_wrapping(address: str, expected: bool) -> None:
    assert holds(parse_networks("192.168.1.30, 10.0.0.0/8, fd00::/64"), address) is expected


def test_all_addresses_of_one_home_are_one_caller() -> None:
    assert home_of("fd00::1") == home_of("fd00::2:3%eth0") == "fd00::/64"
    assert home_of("::ffff:10.0.0.1") == home_of("10.0.0.1") == "10.0.0.1"
    assert home_of("?") == "?"
