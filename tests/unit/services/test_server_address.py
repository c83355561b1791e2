from __future__ import annotations

import pytest

from metarr_desktop.services.forms import check_field
from metarr_desktop.services.registry import service
from metarr_desktop.services.server_address import server_address


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("nas", "http://nas:8096"),
        (" nas.local:8097/ ", "http://nas.local:8097"),
        ("192.168.1.30", "http://192.168.1.30:8096"),
        ("nas/jellyfin/", "http://nas:8096/jellyfin"),
        ("http://nas", "http://nas:8096"),
        ("http://nas:80/media", "http://nas:80/media"),
        ("HTTPS://Media.Example.com/jellyfin/", "https://media.example.com/jellyfin"),
        ("https://nas:8920", "https://nas:8920"),
        ("fd00::5", "http://[fd00::5]:8096"),
        ("[fd00::5]:8097", "http://[fd00::5]:8097"),
        ("http://nas:8096/web/#/home.html", "http://nas:8096"),
        ("http://nas:8096/web/index.html#!/home", "http://nas:8096"),
        ("http://nas:8096/jellyfin/web/", "http://nas:8096/jellyfin"),
        ("web", "http://web:8096"),
        ("http://web/web/", "http://web:8096"),
        ("http://nas:8096/webdav", "http://nas:8096/webdav"),
        ("<http://nas:8096>", "http://nas:8096"),
    ],
)
def test_an_address_is_taken_as_people_type_or_copy_it(typed: str, address: str) -> None:
    assert server_address(typed, port=8096) == address


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("ftp://nas", "Enter the address of the server, such as 192.168.1.30 or http://192.168.1.30:8096."),
        ("nas:port", "Enter the address of the server, such as 192.168.1.30 or http://192.168.1.30:8096."),
        ("na s", "Enter the address of the server, such as 192.168.1.30 or http://192.168.1.30:8096."),
        ("http://", "Enter the address of the server, such as 192.168.1.30 or http://192.168.1.30:8096."),
        ("me:secret@nas", "Leave user name and password out of the address."),
        ("http://nas:8096/?api_key=1", "Leave everything from the ? or # on out of the address."),
    ],
)
def test_what_is_no_address_is_refused_in_a_sentence(typed: str, complaint: str) -> None:
    assert str(check_field(service("jellyfin"), "url", typed)) == complaint


def test_plex_has_its_own_usual_port() -> None:
    config = service("plex").config.model_validate({"url": "nas", "token": "t"})
    assert config.model_dump()["url"] == "http://nas:32400"
    direct = "https://192-168-1-30.0123abcd.plex.direct"
    config = service("plex").config.model_validate({"url": direct, "token": "t"})
    assert config.model_dump()["url"] == f"{direct}:32400"
    assert "http://192.168.1.30:32400." in str(check_field(service("plex"), "url", "a b"))


@pytest.mark.parametrize(
    "typed",
    [
        "AB:" * 31 + "AB",
        "ab" * 32,
        "sha256 Fingerprint=" + "AB:" * 31 + "AB",
        " " + "Ab " * 32,
    ],
)
def test_a_fingerprint_is_taken_as_it_is_shown_elsewhere(typed: str) -> None:
    config = service("plex").config.model_validate({"url": "nas", "token": "t", "fingerprint": typed})
    assert config.model_dump()["fingerprint"] == "ab" * 32


@pytest.mark.parametrize("typed", ["ab" * 20, "zz" * 32, "AB:CD"])
def test_no_other_fingerprint_is_taken(typed: str) -> None:
    complaint = "Enter the SHA-256 fingerprint: 64 digits and letters from a to f."
    assert str(check_field(service("emby"), "fingerprint", typed)) == complaint


@pytest.mark.parametrize("key", ["two words", "schl\u00fcssel", "a\nb", "   "])
def test_a_key_with_signs_no_header_takes_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="This is no key"):
        service("jellyfin").config.model_validate({"url": "nas", "api_key": key})


def test_a_pasted_key_loses_the_line_end_that_came_along() -> None:
    config = service("jellyfin").config.model_validate({"url": "nas", "api_key": " abc\n"})
    assert config.model_dump()["api_key"].get_secret_value() == "abc"
