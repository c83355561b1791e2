from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from metarr_desktop.domain.networks import parse_networks
from metarr_desktop.webhooks.addresses import WebhookAddress
from metarr_desktop.webhooks.guard import (
    MOST_KEYS,
    Caller,
    ReceivingRules,
    Refusal,
    given_keys,
    has_key,
    judge_key,
    judge_place,
)

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


def judge(caller: Caller, rules: ReceivingRules, *, address: WebhookAddress | None = None) -> Refusal | None:
    return judge_place(caller, rules) or judge_key(caller, rules, address=address)


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
        ("[::1].example.com", 403),
        ("[::1].example.com:3000", 403),
        ("127.0.0.1%.example.com", 403),
        ("192.168.1.20%example.com:3000", 403),
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


def test_what_was_forwarded_is_not_local() -> None:
    forwarded = LOCAL | {"forwarded": True}
    assert status(forwarded, HOME) == 401
    assert status(forwarded | GOOD, HOME) == 200
    assert status(forwarded | GOOD, HOME | {"lan": False}) == 200


def test_who_comes_through_a_proxy_on_this_computer_is_heard_with_the_key() -> None:
    through = DISTANT | {"proxy": "127.0.0.1", "forwarded": True, "host": "metarr.example.com"}
    assert status(through, {"key_sha256": DIGEST}) == 401
    assert status(through | GOOD, {"key_sha256": DIGEST}) == 200
    assert status(through | GOOD | {"proxy": "192.168.1.2"}, {"key_sha256": DIGEST}) == 403
    assert status(LOCAL | {"proxy": "127.0.0.1"}, {}) == 200


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (DISTANT, 200),
        (DISTANT | {"peer": "192.168.1.31"}, 403),
        (DISTANT | {"peer": "10.9.9.9"}, 200),
        (DISTANT | {"peer": "::ffff:192.168.1.30"}, 200),
        (DISTANT | {"peer": "fd00::1:2"}, 200),
        (DISTANT | {"peer": "fe80::5%eth0"}, 200),
        (DISTANT | {"peer": "fd01::1"}, 403),
        (DISTANT | {"peer": ""}, 403),
        (LOCAL, 200),
        (LOCAL | {"forwarded": True}, 403),
        (DISTANT | {"peer": "192.168.1.20"}, 200),
        (DISTANT | {"peer": "::ffff:192.168.1.20"}, 200),
        (DISTANT | {"peer": "fd00::1", "proxy": "127.0.0.1", "forwarded": True}, 200),
        (DISTANT | {"peer": "192.168.1.20", "forwarded": True}, 403),
        (DISTANT | {"peer": "192.168.1.20", "proxy": "192.168.1.20", "forwarded": True}, 403),
        (DISTANT | {"peer": "10.1.1.1", "proxy": "192.168.1.99"}, 200),
        (DISTANT | {"peer": "11.1.1.1", "proxy": "192.168.1.30"}, 403),
    ],
)
def test_of_the_home_network_only_those_on_the_list_are_heard(caller: dict[str, Any], expected: int) -> None:
    rules = HOME | {"allow_only": parse_networks("192.168.1.30, 10.0.0.0/8, fd00::/64, fe80::5")}
    assert status(caller | GOOD, rules) == expected


RADARR = WebhookAddress(source="radarr")
FOUR_K = WebhookAddress(source="radarr", name="Radarr 4K")


@pytest.mark.parametrize(
    ("address", "key", "expected"),
    [
        (FOUR_K, b"own", 200),
        (WebhookAddress(source="radarr", name="RADARR 4k"), b"own", 200),
        (WebhookAddress(source="radarr", name="radarr-4k"), b"own", 200),
        (WebhookAddress(source="radarr", name="radarr_4K "), KEY.encode(), 401),
        (FOUR_K, KEY.encode(), 401),
        (FOUR_K, b"other", 401),
        (RADARR, b"own", 200),
        (RADARR, b"other", 200),
        (RADARR, KEY.encode(), 200),
        (RADARR, b"sonarr", 401),
        (WebhookAddress(source="radarr", name="Unknown"), KEY.encode(), 200),
        (WebhookAddress(source="radarr", name="Unknown"), b"own", 401),
        (WebhookAddress(source="sonarr", name="Radarr 4K"), b"own", 401),
        (WebhookAddress(source="sonarr", name="Radarr 4K"), KEY.encode(), 200),
        (None, b"own", 401),
        (None, KEY.encode(), 200),
    ],
)
def test_a_source_with_a_key_of_its_own_is_opened_by_that_one_only(
    address: WebhookAddress | None, key: bytes, expected: int
) -> None:
    own = {("radarr", "radarr-4k"): b"own", ("radarr", "other"): b"other", ("sonarr", "x"): b"sonarr"}
    rules = HOME | {"source_keys": {name: hashlib.sha256(each).hexdigest() for name, each in own.items()}}
    caller = Caller(**DISTANT, keys=(b"wrong", key))
    refusal = judge(caller, ReceivingRules(**rules), address=address)
    assert (200 if refusal is None else refusal.status) == expected
    assert judge(Caller(**LOCAL), ReceivingRules(**rules), address=address) is None


def test_without_any_digest_no_key_is_right() -> None:
    assert not has_key(Caller(**DISTANT | GOOD), [])
    assert has_key(Caller(**DISTANT | GOOD), ["0" * 64, DIGEST])
    assert not has_key(Caller(**DISTANT | GOOD), ["é", DIGEST.upper()])


def test_a_request_full_of_keys_is_not_a_request_full_of_tries() -> None:
    keys = given_keys(query=[*(str(number) for number in range(100)), KEY], header=None, authorization=None)
    assert len(keys) == MOST_KEYS
    assert status(DISTANT | {"keys": keys}, HOME) == 401


def test_a_caller_is_written_down_without_its_keys() -> None:
    assert KEY not in repr(Caller(**DISTANT | GOOD))
    assert repr(KEY.encode())[2:-1] not in repr(Caller(**DISTANT | GOOD))


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
