"""Who may call: decided from the request's head alone, before any of its body is read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.text import Text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

FORWARDING_HEADERS = ("Forwarded", "X-Forwarded-For", "Via")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivingRules:
    """Who may call, as it is set right now.

    ``lan``: computers of the home network are heard, by setting or by ``--host``; they always need the
    key. ``key_sha256`` is the digest of the key in hexadecimal; without one no key is right.
    ``own_addresses`` are this computer's, ``trusted_proxies`` those whose forwarded requests count as theirs.
    """

    lan: bool = False
    local_needs_key: bool = False
    key_sha256: str | None = None
    own_addresses: frozenset[str] = frozenset()
    trusted_proxies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What the head of a request tells about who sent it, and where to.

    ``keys`` are all keys it gives, ``path`` is the decoded path within the program.
    """

    peer: str
    host: str | None
    keys: tuple[bytes, ...] = ()
    path: str = ""
    from_page: bool = False
    forwarded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer that ends the request; ``reason`` completes the line in the log.

    ``content`` is its JSON where that has another form than those of webhooks.
    """

    status: int
    answer: Text
    reason: str
    headers: dict[str, str] = field(default_factory=dict)
    content: Mapping[str, Any] | None = None


FROM_A_PAGE = Refusal(
    status=403,
    answer=Text("Web pages may not call Metarr Desktop."),
    reason="it came from a web page.",
)
NOT_FROM_HOME = Refusal(
    status=403,
    answer=Text(
        "Metarr Desktop receives from its own computer only. Allow the home network in its settings."
    ),
    reason="only this computer may send webhooks.",
)
WRONG_HOST = Refusal(
    status=403,
    answer=Text("Call Metarr Desktop by localhost or by an address of its computer, or give the key."),
    reason="it was called by a name that is not ours.",
)
WRONG_KEY = Refusal(
    status=401,
    answer=Text("The key is wrong or missing. Copy the address again from Metarr Desktop's settings."),
    reason="wrong or missing key.",
    headers={"WWW-Authenticate": 'Basic realm="Metarr Desktop", charset="UTF-8"'},
)


class KeyRefused(Exception):  # noqa: N818 - a refusal, no fault
    """Raised by further routes whose own key is wrong or missing; ``answer`` says which one that is."""

    def __init__(self, answer: Text, *, content: Mapping[str, Any] | None = None) -> None:
        super().__init__(str(answer))
        self.refusal = replace(WRONG_KEY, answer=answer, content=content)


def judge(caller: Caller, rules: ReceivingRules) -> Refusal | None:
    """Return why the caller is refused, or None where it may go on."""
    return judge_place(caller, rules) or judge_key(caller, rules)


def judge_place(caller: Caller, rules: ReceivingRules) -> Refusal | None:
    """Return why nobody like the caller is heard on any route, whatever key it has; or None."""
    if caller.from_page:
        return FROM_A_PAGE
    if not is_loopback(caller.peer) and not rules.lan:
        return NOT_FROM_HOME
    return None


def judge_key(caller: Caller, rules: ReceivingRules) -> Refusal | None:
    """Return why a caller that is heard lacks the key it needs; or None."""
    digests = () if rules.key_sha256 is None else (rules.key_sha256,)
    here = is_loopback(caller.peer)
    local = here and (not caller.forwarded or caller.peer in rules.trusted_proxies)
    if local and not rules.local_needs_key:
        if _is_own_name(caller.host, own_addresses=rules.own_addresses) or has_key(caller, digests):
            return None
        return WRONG_HOST
    return None if has_key(caller, digests) else WRONG_KEY


def has_key(caller: Caller, digests: Collection[str]) -> bool:
    """Whether the caller gives a key with one of these SHA-256 digests, in hexadecimal.

    Every key given is compared with every digest in constant time, so that time tells nothing.
    """
    expected = [digest.encode("ascii", "replace") for digest in digests]
    given = [hashlib.sha256(key).hexdigest().encode() for key in caller.keys]
    matches = [hmac.compare_digest(key, digest) for key in given for digest in expected]
    return any(matches)


def given_keys(*, query: Iterable[str], header: str | None, authorization: str | None) -> tuple[bytes, ...]:
    """Every key a request gives: in the query, in ``X-Api-Key``, or as a Basic password."""
    keys = [key.encode("utf-8", "surrogateescape") for key in query]
    if header is not None:
        keys.append(header.encode("utf-8", "surrogateescape"))
    password = _basic_password(authorization) if authorization is not None else None
    if password is not None:
        # Senders write ISO-8859-1, everybody else UTF-8.
        keys += [password, password.decode("latin-1").encode("utf-8")]
    return tuple(keys)


def is_loopback(address: str) -> bool:
    """Whether an address, not a name, means this computer itself."""
    if address in {"127.0.0.1", "::1"}:
        return True
    parsed = _parse(address)
    return parsed is not None and parsed.is_loopback


def _parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


def _is_own_name(host: str | None, *, own_addresses: frozenset[str]) -> bool:
    """Whether ``Host`` is a name no foreign web page can point at us (DNS rebinding)."""
    if not host:
        return False
    name = _without_port(host).casefold()
    if name == "localhost" or is_loopback(name) or name in own_addresses:
        return True
    parsed = _parse(name)
    return parsed is not None and any(parsed == _parse(address) for address in own_addresses)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    name, _, port = host.rpartition(":")
    return name if name and ":" not in name and port.isascii() and port.isdigit() else host


def _basic_password(authorization: str) -> bytes | None:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.casefold() != "basic":
        return None
    try:
        decoded = base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded.partition(b":")[2]
