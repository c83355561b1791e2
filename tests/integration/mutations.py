"""Real bodies, damaged in all the ways that senders, proxies and people in between damage them."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.integration.conftest import SAMPLES

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

ADDRESSES = (
    "/webhooks/radarr",
    "/webhooks/sonarr",
    "/webhooks/lidarr",
    "/api/webhooks/radarr/",
    "/webhooks/sonarr/Sonarr%204K",
)
CONTENT_TYPES = (
    "application/json",
    "application/json; charset=utf-8",
    "application/json; charset=utf-16",
    "application/json; charset=klingon",
    'application/json; charset="',
    "application/json;;;=",
    "text/json; charset=latin-1",
    "application/vnd.x+json",
    "text/plain",
    "",
)
CHARSETS = ("utf-16", "utf-32", "utf-8-sig", "latin-1", "cp1252", "utf-7")
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**31, 2**63 - 1, -(2**63), 10**18, 1.5, 1e308, "", "0", "null",
    "x" * 10_000, "\0", "\ud800", "\u202etxt.exe", "é" * 300, "2026-13-45T99:99:99Z",
    "../../etc/passwd", "C:\\CON", "{title}", "%s",
    [], {}, [None], [[]], {"": None}, {"id": {"id": {}}}, [1, "a", {}],
)  # fmt: skip
ODD_NUMBERS = (
    b"9" * 5_000,
    b"1e999",
    b"-1e999",
    b"NaN",
    b"Infinity",
    b"-0",
    b"1E-400",
    b"0x10",
    b"1" + b"0" * 19,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One request to make."""

    method: str
    path: str
    content_type: str
    body: bytes


class Mutations:
    """Yields one damaged body after the other, the same ones for the same numbers."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._bodies = [path.read_bytes() for path in sorted(SAMPLES.rglob("*.json"))]
        self._ways: tuple[Callable[[bytes], bytes], ...] = (
            self._as_it_is,
            self._flipped,
            self._cut,
            self._key_twice,
            self._value_swapped,
            self._value_swapped,
            self._key_gone,
            self._nested,
            self._number_swapped,
            self._recoded,
            self._two_at_once,
        )

    def next(self) -> Sent:
        """Return the next request."""
        body = self._rng.choice(self._bodies)
        for _ in range(self._rng.choice((1, 1, 1, 2, 3))):
            body = self._rng.choice(self._ways)(body)
        return Sent(
            method=self._rng.choice(("POST", "POST", "POST", "PUT")),
            path=self._rng.choice(ADDRESSES),
            content_type=self._rng.choice(CONTENT_TYPES) if self._rng.random() < 0.2 else CONTENT_TYPES[0],
            body=body,
        )

    def _as_it_is(self, body: bytes) -> bytes:
        return body

    def _flipped(self, body: bytes) -> bytes:
        changed = bytearray(body)
        for _ in range(self._rng.choice((1, 1, 2, 20)) if changed else 0):
            changed[self._rng.randrange(len(changed))] ^= 1 << self._rng.randrange(8)
        return bytes(changed)

    def _cut(self, body: bytes) -> bytes:
        start, end = sorted(self._rng.randrange(len(body) + 1) for _ in range(2))
        return body[:start] if self._rng.random() < 0.5 else body[:start] + body[end:]

    def _key_twice(self, body: bytes) -> bytes:
        content = _read(body)
        if not content:
            return body
        key = self._rng.choice(list(content))
        return (
            b"{"
            + f"{json.dumps(key)}: {json.dumps(self._rng.choice(ODD_VALUES))},".encode()
            + body.lstrip()[1:]
        )

    def _value_swapped(self, body: bytes) -> bytes:
        return self._changed(body, lambda place, key: place.__setitem__(key, self._rng.choice(ODD_VALUES)))

    def _key_gone(self, body: bytes) -> bytes:
        return self._changed(body, lambda place, key: place.__delitem__(key))

    def _nested(self, body: bytes) -> bytes:
        depth = self._rng.choice((10, 60, 62, 64, 66, 1_000, 100_000))
        deep = '{"a":' * depth + "1" + "}" * depth if self._rng.random() < 0.5 else "[" * depth + "]" * depth
        marked = self._changed(body, lambda place, key: place.__setitem__(key, "MARK"))
        return marked.replace(b'"MARK"', deep.encode(), 1)

    def _number_swapped(self, body: bytes) -> bytes:
        marked = self._changed(body, lambda place, key: place.__setitem__(key, "MARK"))
        return marked.replace(b'"MARK"', self._rng.choice(ODD_NUMBERS), 1)

    def _recoded(self, body: bytes) -> bytes:
        return body.decode("utf-8", "replace").encode(self._rng.choice(CHARSETS), "replace")

    def _two_at_once(self, body: bytes) -> bytes:
        return body + self._rng.choice((b"", b",", b"\n", b"\0")) + self._rng.choice(self._bodies)

    def _changed(self, body: bytes, change: Callable[[Any, Any], object]) -> bytes:
        """Change one value, however deep it lies."""
        content = copy.deepcopy(_read(body))
        places = _places(content)
        if not places:
            return body
        change(*self._rng.choice(places))
        return json.dumps(content, ensure_ascii=self._rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _read(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _places(content: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys or indexes."""
    found, waiting = [], [content]
    while waiting:
        place = waiting.pop()
        inside = (
            place.items() if isinstance(place, dict) else enumerate(place) if isinstance(place, list) else ()
        )
        for key, value in inside:
            found.append((place, key))
            waiting.append(value)
    return found
