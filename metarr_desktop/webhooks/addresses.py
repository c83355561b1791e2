"""What the path of a request names: a source, an instance of it, or something else below the base path."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Container

PREFIXES = ("/webhooks", "/api/webhooks")
MAX_INSTANCE = 64
LONGEST_BASE_PATH = 100

_CONTROLS = frozenset({"Cc", "Zl", "Zp"})
_BASE_PATH = re.compile(r"(?:/[A-Za-z0-9_~.-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAddress:
    """Where webhooks of one source go; ``name`` tells instances of it apart, and may be empty."""

    source: str
    name: str = ""


def path_within(raw_path: str, *, base_path: str) -> str | None:
    """Return the path below the base path, each part still percent-encoded; None outside of it."""
    if not base_path:
        return raw_path
    if raw_path == base_path:
        return "/"
    return raw_path[len(base_path) :] if raw_path.startswith(f"{base_path}/") else None


def webhook_address(raw_path: str, *, sources: Container[str]) -> WebhookAddress | None:
    """Read ``/webhooks/<source>[/<name>][/]``; None where it is no such address."""
    # With and without a slash, for senders follow a redirect without the body.
    path = raw_path.removesuffix("/")
    for prefix in PREFIXES:
        if path.startswith(f"{prefix}/"):
            first, slash, second = path[len(prefix) + 1 :].partition("/")
            source, name = _decoded(first), _decoded(second)
            if source not in sources or name is None or "/" in second or (slash and not _is_name(name)):
                return None
            return WebhookAddress(source=source or "", name=name)
    return None


def normal_base_path(typed: str) -> str:
    """Return a base path as it is stored: empty, or ``/metarr``. Raises Refused."""
    path = "/".join(["", *(part for part in typed.strip().split("/") if part)])
    parts = path.split("/")
    if len(path) > LONGEST_BASE_PATH or "." in parts or ".." in parts or not _BASE_PATH.fullmatch(path):
        raise Refused(
            text(
                "{path} cannot be a base path. Write it like /metarr.", path=typed.strip()[:LONGEST_BASE_PATH]
            )
        )
    return path


def _decoded(part: str) -> str | None:
    try:
        return unquote(part, errors="strict")
    except UnicodeDecodeError:
        return None


def _is_name(name: str) -> bool:
    return (
        bool(name.strip())
        and len(name) <= MAX_INSTANCE
        and not any(unicodedata.category(character) in _CONTROLS for character in name)
    )
