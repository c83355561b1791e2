"""Paths of other computers: compared by whole components, never by string prefix."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_DRIVE = re.compile(r"^[A-Za-z]:([\\/]|$)")
_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")
_DEFAULT_PORTS = {"smb://": ":445", "nfs://": ":2049"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PathMapping:
    """``from_path`` as one side writes it is ``to_path`` as the other does.

    ``scope`` is the key of a source or the name of one sender, as it stands in addresses (sender's path to
    this computer's), or the key of a service (sender's or this computer's path to the service's).
    """

    scope: str
    from_path: str
    to_path: str


def is_windows(path: str) -> bool:
    r"""Whether a path looks like Windows: ``D:\x``, ``d:/x`` or ``\\host\share``."""
    return bool(_DRIVE.match(path)) or path.startswith("\\\\")


def composed(path: str) -> str:
    """Bring a path into the form that compares: a Mac may write an umlaut as two characters."""
    return path if path.isascii() else unicodedata.normalize("NFC", path)


def is_absolute(path: str) -> bool:
    """Whether a path names a whole place: from a root, a drive or a server on, and never by way of ``..``."""
    rooted = path.startswith("/") or is_windows(path) or bool(_URL.match(path))
    return rooted and ".." not in parts(path)


def parts(path: str) -> tuple[str, ...]:
    """Components of a path in a form fit for comparison; the root is one of them.

    Windows paths compare without case and with either separator, everything else exactly; of an address such
    as ``smb://user@NAS/films`` the host has no case, and the usual port need not be written.
    """
    root, pieces = _split(path)
    if is_windows(path):
        folded = tuple(piece.casefold() for piece in pieces)
        return (root, *folded) if root else folded
    if _URL.match(root):
        root = root.casefold()
        return (root, *(_authority(piece, scheme=root) for piece in pieces[:1]), *pieces[1:])
    return (root, *pieces) if root else tuple(pieces)


def is_inside(path: str, folder: str) -> bool:
    """Whether ``path`` is ``folder`` or lies below it, by whole components.

    A path with ``..`` is never inside anything.
    """
    inner, outer = parts(path), parts(folder)
    return bool(outer) and ".." not in inner and inner[: len(outer)] == outer


def best_mapping(path: str, mappings: Iterable[PathMapping]) -> PathMapping | None:
    """Return the longest mapping that fits a path; None where none does."""
    fitting = [mapping for mapping in mappings if is_inside(path, mapping.from_path)]
    return max(fitting, key=lambda mapping: len(parts(mapping.from_path)), default=None)


def map_path(path: str, mappings: Iterable[PathMapping]) -> str | None:
    """Translate a path by the longest matching mapping; None where none matches."""
    best = best_mapping(path, mappings)
    return None if best is None else apply_mapping(path, best)


def apply_mapping(path: str, mapping: PathMapping) -> str:
    """Translate a path that lies inside the mapping's ``from_path``."""
    root, pieces = _split(path)
    rest = pieces[len(parts(mapping.from_path)) - bool(root) :]
    separator = "\\" if _uses_backslash(mapping.to_path) else "/"
    base = mapping.to_path.rstrip("/\\")
    if rest:
        return base + separator + separator.join(rest)
    is_root = not base or bool(re.fullmatch(r"[A-Za-z]:", base))
    return base + separator if is_root else base


def _split(path: str) -> tuple[str, list[str]]:
    """Return the root (empty where a drive or nothing begins the path) and the components, as written."""
    if is_windows(path):
        root = "\\\\" if path.startswith("\\\\") else ""
        separators = r"[\\/]+"
    else:
        scheme = _URL.match(path)
        root = scheme.group() if scheme else ("/" if path.startswith("/") else "")
        separators = r"/+"
    return root, [piece for piece in re.split(separators, path[len(root) :]) if piece not in {"", "."}]


def _authority(written: str, *, scheme: str) -> str:
    """``user@NAS:445`` of an ``smb://`` address is ``user@nas``: users have case, hosts have none."""
    user, at, host = written.rpartition("@")
    return user + at + host.casefold().removesuffix(_DEFAULT_PORTS.get(scheme, "\0"))


def _uses_backslash(path: str) -> bool:
    return path.startswith("\\\\") or (is_windows(path) and "/" not in path)


def with_separator(path: str) -> str:
    """Return the path as a folder: with one separator of its own style at the end."""
    if path.endswith(("/", "\\")):
        return path
    return path + ("\\" if _uses_backslash(path) else "/")


def last_part(path: str) -> str:
    """Return the last component in its own spelling; empty for a root."""
    pieces = _split(path)[1]
    return pieces[-1] if pieces else ""


def without_last(path: str, count: int) -> str:
    """Return a path without its last components, in its own spelling; what is left at least is its root."""
    root, pieces = _split(path)
    left = pieces[: max(0, len(pieces) - count)]
    separator = "\\" if _uses_backslash(path) else "/"
    if not left:
        return root
    base = root + separator.join(left)
    return base + separator if re.fullmatch(r"[A-Za-z]:", base) else base


def common_end(one: str, other: str) -> int:
    """Return how many of their last components two paths share, without case where one is of Windows."""
    folds = is_windows(one) or is_windows(other)
    pairs = zip(reversed(_split(one)[1]), reversed(_split(other)[1]), strict=False)
    count = 0
    for first, second in pairs:
        if first != second and not (folds and first.casefold() == second.casefold()):
            break
        count += 1
    return count
