"""The little HTML that Pushover knows: what means nothing in it, and where it may be cut."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from metarr_desktop.services.cutting import cut_pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECES = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z]{1,20})(?:\s[^<>]{0,1000})?>|&#?\w{1,20};|.", re.DOTALL)
_TAGS = re.compile(r"</?[A-Za-z]{1,20}(?:\s[^<>]{0,1000})?/?>")
_KNOWN = frozenset({"b", "i", "u", "font", "a"})


def escape(value: str) -> str:
    """Show text as it is, also inside of an attribute."""
    return html.escape(value)


def plain(words: str) -> str:
    """Return what stands between the tags, for the title, in which Pushover knows none."""
    return html.unescape(_TAGS.sub("", words))


def cut(words: str, limit: int) -> str:
    """Cut HTML to so many characters, not inside a letter, a tag, or an entity, and close its tags."""
    return cut_pieces(words, limit, pieces=_pieces(words), length=len)


def _pieces(words: str) -> Iterator[tuple[str, str]]:
    opened: list[str] = []
    for found in _PIECES.finditer(words):
        name = (found["name"] or "").lower()
        if name in _KNOWN and not found["end"]:
            opened.append(name)
        elif name in opened:
            # What stands open inside of it ends with it.
            del opened[len(opened) - 1 - opened[::-1].index(name) :]
        yield found[0], "".join(f"</{each}>" for each in reversed(opened))
