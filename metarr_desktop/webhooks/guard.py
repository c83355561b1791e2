"""Who may call: decided from the request's head alone, before any of its body is read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.networks import holds, is_loopback, parse_address
from metarr_desktop.domain.senders import LONGEST_NAME, slug
from metarr_desktop.domain.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from metarr_desktop.domain.networks import Network
    from metarr_desktop.webhooks.addresses import WebhookAddress

MOST_KEYS = 8
"""Nobody gives more keys in one request; each costs work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivingRules:
    """Who may call, as it is set right now.

    ``lan``: computers of the home network are heard, by setting or by ``--host``; they always need the
    key. ``key_sha256`` is the digest of the general key in hexadecimal; without one it is never right.
    ``source_keys`` are the digests of keys that one sender has of its own, by its type and slug.
    ``allow_only``: of the home network only these, unless there are none. ``own_addresses`` are this
    computer's, ``trusted_proxies`` are believed who sent what they forward. ``base_path`` is empty or
    ``/metarr``.
    """

    lan: bool = False
    local_needs_key: bool = False
    key_sha256: str | None = None
    own_addresses: frozenset[str] = frozenset()
    source_keys: Mapping[tuple[str, str], str] = field(default_factory=dict)
    allow_only: tuple[Network, ...] = ()
    trusted_proxies: tuple[Network, ...] = ()
    base_path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What the head of a request tells about who sent it, and where to.

    ``peer`` is the address of the sender; where a trusted ``proxy`` forwarded it, the one the proxy told.
    ``forwarded``: it came through somebody and is not from this computer, whatever the address says. ``keys``
    are all keys it gives, ``path`` is the decoded path below the base path, empty outside of it.
    """

    peer: str
    host: str | None
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    path: str = ""
    from_page: bool = False
    forwarded: bool = False
    proxy: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether a program on this computer sent it."""
        return not self.forwarded and is_loopback(self.peer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An answer that ends the request; ``reason`` completes the line in the log.

    ``form`` makes its JSON from status and sentence, where that is another than that of webhooks.
    """

    status: int
    answer: Text
    reason: str
    headers: dict[str, str] = field(default_factory=dict)
    form: Callable[[int, str], Mapping[str, Any]] | None = None


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
NOT_ALLOWED = Refusal(
    status=403,
    answer=Text("This device may not send webhooks. Add its address in Metarr Desktop's settings."),
    reason="its address is not among those allowed.",
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

    def __init__(self, answer: Text) -> None:
        super().__init__(str(answer))
        self.refusal = replace(WRONG_KEY, answer=answer)


def judge_place(caller: Caller, rules: ReceivingRules) -> Refusal | None:
    """Return why nobody like the caller is heard on any route, whatever key it has; or None."""
    if caller.from_page:
        return FROM_A_PAGE
    if not rules.lan and not is_loopback(caller.proxy or caller.peer):
        return NOT_FROM_HOME
    if rules.allow_only and not _is_from_here(caller, rules) and not holds(rules.allow_only, caller.peer):
        return NOT_ALLOWED
    return None


def _is_from_here(caller: Caller, rules: ReceivingRules) -> bool:
    """Whether a program on this computer sent it, be it to an address that other devices use too."""
    told = not caller.forwarded or caller.proxy not in {None, caller.peer}
    return caller.is_local or (told and _is_one_of(rules.own_addresses, caller.peer))


def judge_key(
    caller: Caller, rules: ReceivingRules, *, address: WebhookAddress | None = None
) -> Refusal | None:
    """Return why a caller that is heard lacks the key that this address needs; or None."""
    key_is_right = has_key(caller, _digests(rules, address))
    if caller.is_local and not rules.local_needs_key:
        own_name = _is_own_name(caller.host, own_addresses=rules.own_addresses)
        return None if own_name or key_is_right else WRONG_HOST
    return None if key_is_right else WRONG_KEY


def _digests(rules: ReceivingRules, address: WebhookAddress | None) -> list[str]:
    """Return the digests of every key that opens an address; a source with a key of its own has no other."""
    general = [] if rules.key_sha256 is None else [rules.key_sha256]
    if address is None:
        return general
    if address.name:
        own = rules.source_keys.get((address.source, slug(address.name[:LONGEST_NAME])))
        return general if own is None else [own]
    return general + [digest for (source, _), digest in rules.source_keys.items() if source == address.source]


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
    return tuple(keys[:MOST_KEYS])


def _is_own_name(host: str | None, *, own_addresses: frozenset[str]) -> bool:
    """Whether ``Host`` is a name no foreign web page can point at us (DNS rebinding)."""
    if not host or "%" in host:
        return False
    name = _without_port(host).casefold()
    return name == "localhost" or is_loopback(name) or _is_one_of(own_addresses, name)


def _is_one_of(own_addresses: frozenset[str], name: str) -> bool:
    if name in own_addresses:
        return True
    parsed = parse_address(name)
    return parsed is not None and any(parsed == parse_address(address) for address in own_addresses)


def _without_port(host: str) -> str:
    if host.startswith("["):
        address, _, rest = host[1:].partition("]")
        return host if rest and not rest.startswith(":") else address
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
