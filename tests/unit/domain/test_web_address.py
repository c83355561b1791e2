from __future__ import annotations

import pytest

from metarr_desktop.domain.web_address import host_of, normal_address, normal_host


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("http://192.168.1.30:7878", "http://192.168.1.30:7878"),
        (" http://192.168.1.30:7878/ ", "http://192.168.1.30:7878"),
        ("<HTTPS://Nas.Lan/radarr/>", "https://nas.lan/radarr"),
        ("http://[fd00::1]:7878/a/b//", "http://[fd00::1]:7878/a/b"),
    ],
)
def test_what_is_pasted_becomes_what_is_called(typed: str, normal: str) -> None:
    assert normal_address(typed) == normal


@pytest.mark.parametrize(
    "typed",
    [
        "", "nas:7878", "ftp://nas", "http://", "http://nas:99999", "http://nas:x", "http://a b",
        "http://nas/\\evil", "http://user:word@nas", "http://nas/?apikey=1", "http://nas/#movies",
        "http://nas\n/x", "http://[::1",
    ],
)  # fmt: skip
def test_what_is_no_plain_web_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="address"):
        normal_address(typed)


def test_the_host_is_the_name_without_port_and_brackets() -> None:
    assert host_of("http://[fd00::1]:7878") == "fd00::1"
    assert host_of("http://[") == ""


@pytest.mark.parametrize(
    ("typed", "host"),
    [("192.168.1.20", "192.168.1.20"), (" Den.Local ", "den.local"), ("[FD00::1]", "fd00::1")],
)
def test_a_host_is_a_number_or_a_name(typed: str, host: str) -> None:
    assert normal_host(typed) == host


@pytest.mark.parametrize(
    "typed", ["http://den", "den:3000", "den/x", "a b", "", "-den", "x" * 300, "0.0.0.0", "::"]
)
def test_what_is_more_than_a_host_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="Enter only the address or the name"):
        normal_host(typed)
