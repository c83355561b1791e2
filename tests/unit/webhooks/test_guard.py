from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from metarr_desktop.webhooks.guard import Caller, ReceivingRules, given_keys, is_loopback, judge

KEY = "0123456789abcdef-é"
DIGEST = hashlib.sha256(KEY.encode()).hexdigest()
GOOD: dict[str, Any] = {"keys": (KEY.encode(),)}
BAD: dict[str, Any] = {"keys": (b"0123456789abcdef", b"")}
LOCAL: dict[str, Any] = {"peer": "127.0.0.1", "host": "127.0.0.1:3000"}
DISTANT: dict[str, Any] = {"peer": "192.168.1.30", "host": "192.168.1.20:3000"}
HOME: dict[str, Any] = {
    "lan": True,
    "key_sha256": DIGEST,
    "own_addresses": frozenset({"192.168.1.20", "fd00::1", "metarr.lan"}),
}


def status(caller: dict[str, Any], rules: dict[str, Any]) -> int:
    refusal = judge(Caller(**caller), ReceivingRules(**rules))
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    ("caller", "rules", "expected"),
    [
        (LOCAL, {}, 200),
        (LOCAL, HOME, 200),
        (LOCAL | BAD, HOME, 200),
        (LOCAL, HOME | {"local_needs_key": True}, 401),
        (LOCAL | BAD, HOME | {"local_needs_key": True}, 401),
        (LOCAL | GOOD, HOME | {"local_needs_key": True}, 200),
        (LOCAL, {"local_needs_key": True}, 401),
        (DISTANT, HOME, 401),
        (DISTANT | BAD, HOME, 401),
        (DISTANT | GOOD, HOME, 200),
        (DISTANT | {"keys": (*BAD["keys"], KEY.encode())}, HOME, 200),
        (DISTANT | GOOD | {"host": "nas.example.com"}, HOME, 200),
        (DISTANT | GOOD, HOME | {"key_sha256": None}, 401),
        (DISTANT | {"keys": (DIGEST.encode(),)}, HOME, 401),
        (DISTANT | GOOD, HOME | {"lan": False}, 403),
        (DISTANT, {}, 403),
        (DISTANT | {"host": "localhost"}, HOME, 401),
        ({"peer": "192.168.1.20", "host": "192.168.1.20"}, HOME, 401),
        ({"peer": "", "host": "localhost"}, HOME, 401),
    ],
)
def test_the_network_needs_the_key_and_this_computer_only_if_asked(
    caller: dict[str, Any], rules: dict[str, Any], expected: int
) -> None:
    assert status(caller, rules) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", 200),
        ("LocalHost:3000", 200),
        ("127.0.0.1", 200),
        ("127.9.9.9:80", 200),
        ("[::1]:3000", 200),
        ("[::1]", 200),
        ("192.168.1.20:3000", 200),
        ("[fd00:0::1]:3000", 200),
        ("Metarr.LAN:3000", 200),
        ("192.168.1.21", 403),
        ("evil.example.com", 403),
        ("evil.example.com:3000", 403),
        ("localhost.evil.example.com", 403),
        ("127.0.0.1.evil.example.com", 403),
        ("localhost,evil.example.com", 403),
        ("localhost:3000:3000", 403),
        ("localhost:", 403),
        ("[::1", 200),
        ("0.0.0.0", 403),
        ("", 403),
        (None, 403),
    ],
)
def test_a_foreign_name_for_this_computer_needs_the_key(host: str | None, expected: int) -> None:
    assert status(LOCAL | {"host": host}, HOME) == expected
    assert status(LOCAL | {"host": host} | GOOD, HOME) == 200


@pytest.mark.parametrize("caller", [LOCAL, LOCAL | GOOD, DISTANT | GOOD])
def test_web_pages_are_refused_whatever_they_bring(caller: dict[str, Any]) -> None:
    assert status(caller | {"from_page": True}, HOME) == 403


def test_what_was_forwarded_is_not_local_unless_its_proxy_is_trusted() -> None:
    forwarded = LOCAL | {"forwarded": True}
    assert status(forwarded, HOME) == 401
    assert status(forwarded | GOOD, HOME) == 200
    assert status(forwarded, HOME | {"trusted_proxies": frozenset({"127.0.0.1"})}) == 200
    assert status(forwarded, HOME | {"trusted_proxies": frozenset({"10.0.0.1"})}) == 401
    assert (
        status(DISTANT | {"forwarded": True}, HOME | {"trusted_proxies": frozenset({"192.168.1.30"})}) == 401
    )


def test_a_refusal_says_what_to_do_and_never_the_key() -> None:
    refusal = judge(Caller(**DISTANT, **BAD), ReceivingRules(**HOME))
    assert refusal is not None
    assert refusal.reason == "wrong or missing key."
    assert DIGEST not in repr(refusal)
    assert refusal.headers["WWW-Authenticate"].startswith("Basic ")


def basic(credentials: bytes) -> str:
    return "Basic " + base64.b64encode(credentials).decode()


@pytest.mark.parametrize(
    "given",
    [
        {"query": [KEY], "header": None, "authorization": None},
        {"query": [], "header": KEY, "authorization": None},
        {"query": [], "header": None, "authorization": basic(b"anybody:" + KEY.encode("utf-8"))},
        {"query": [], "header": None, "authorization": basic(b":" + KEY.encode("latin-1"))},
        {
            "query": ["wrong"],
            "header": "wrong",
            "authorization": basic(b":" + KEY.encode()).replace("Basic", "basic"),
        },
    ],
)
def test_the_key_is_found_wherever_senders_can_put_it(given: dict[str, Any]) -> None:
    assert status(DISTANT | {"keys": given_keys(**given)}, HOME) == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic é",
        "Basic " + "A" * 5,
        "Bearer " + KEY,
        basic(b"no colon"),
        basic(KEY.encode()),
    ],
)
def test_credentials_of_another_kind_are_no_key(authorization: str) -> None:
    keys = given_keys(query=[], header=None, authorization=authorization)
    assert status(DISTANT | {"keys": keys}, HOME) == 401


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
