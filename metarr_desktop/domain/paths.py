"""Paths of other computers: compared by whole components, never by string prefix."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_DRIVE = re.compile(r"^[A-Za-z]:([\\/]|$)")
_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMapping:
    """``from_path`` as one side writes it is ``to_path`` as the other does.

    ``scope`` is the key of a source (sender's path to this computer's) or of a service (sender's or
    this computer's path to the service's).
    """

    scope: str
    from_path: str
    to_path: str


def is_windows(path: str) -> bool:
    r"""Whether a path looks like Windows: ``D:\x``, ``d:/x`` or ``\\host\share``."""
    return bool(_DRIVE.match(path)) or path.startswith("\\\\")


def is_absolute(path: str) -> bool:
    """Whether a path names a whole place: from a root, a drive or a server on, and never by way of ``..``."""
    rooted = path.startswith("/") or is_windows(path) or bool(_URL.match(path))
    return rooted and ".." not in parts(path)


def parts(path: str) -> tuple[str, ...]:
    """Components of a path in a form fit for comparison; the root is one of them.

    Windows paths compare without case and with either separator, everything else exactly.
    """
    if is_windows(path):
        unc = path.startswith("\\\\")
        pieces = [piece.casefold() for piece in re.split(r"[\\/]+", path) if piece]
        return ("\\\\", *pieces) if unc else tuple(pieces)
    scheme = _URL.match(path)
    root = scheme.group() if scheme else ("/" if path.startswith("/") else "")
    pieces = [piece for piece in path[len(root) :].split("/") if piece]
    return (root.casefold(), *pieces) if root else tuple(pieces)


def is_inside(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or lies below it, by whole components.

    A path with ``..`` is never inside anything.
    """
    inner, outer = parts(path), parts(folder)
    return bool(outer) and ".." not in inner and inner[: len(outer)] == outer


def map_path(path: str, mappings: Iterable[PathMapping]) -> str | None:
    """Translate a path by the longest matching mapping; None where none matches."""
    candidates = [mapping for mapping in mappings if is_inside(path, mapping.from_path)]
    if not candidates:
        return None
    best = max(candidates, key=lambda mapping: len(parts(mapping.from_path)))
    rest = _rest(path, len(parts(best.from_path)))
    separator = "\\" if _uses_backslash(best.to_path) else "/"
    base = best.to_path.rstrip("/\\")
    if not rest:
        return base or best.to_path
    return base + separator + separator.join(rest)


def _rest(path: str, count: int) -> list[str]:
    """Components after the first ``count``, in their own spelling."""
    if is_windows(path):
        pieces = [piece for piece in re.split(r"[\\/]+", path) if piece]
        return pieces[count - 1 :] if path.startswith("\\\\") else pieces[count:]
    scheme = _URL.match(path)
    root = scheme.group() if scheme else ("/" if path.startswith("/") else "")
    pieces = [piece for piece in path[len(root) :].split("/") if piece]
    return pieces[count - 1 :] if root else pieces[count:]


def _uses_backslash(path: str) -> bool:
    return path.startswith("\\\\") or (is_windows(path) and "/" not in path)


def with_separator(path: str) -> str:
    """Return the path as a folder: with one separator of its own style at the end."""
    if path.endswith(("/", "\\")):
        return path
    return path + ("\\" if _uses_backslash(path) else "/")


def last_part(path: str) -> str:
    """Return the last component in its own spelling; empty for a root."""
    pieces = [piece for piece in re.split(r"[\\/]+" if is_windows(path) else r"/+", path) if piece]
    return pieces[-1] if pieces else ""
