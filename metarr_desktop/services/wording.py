"""Makes text of unknown origin fit to be sent: no control characters, and no longer than allowed."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_LINE_ENDS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Embeddings, overrides and isolates turn the rest of a line around; the marks that languages need stay.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINER = "\u200d"
LONGEST_LETTER = 32


def clean(words: str, *, lines: bool = False) -> str:
    """Drop control characters, lone surrogates and what turns the direction of writing.

    Without ``lines`` all of it stands on one line.
    """
    kept = "".join(
        character
        for character in _LINE_ENDS.sub("\n", words).replace("\t", " ")
        if character == "\n"
        or (unicodedata.category(character) not in {"Cc", "Cs"} and character not in _TURNS)
    )
    return kept.strip() if lines else " ".join(kept.split())


def utf16_length(words: str) -> int:
    """Length as services written in JavaScript count it: an emoji is two."""
    return len(words.encode("utf-16-le", "surrogatepass")) // 2


def cut(words: str, limit: int) -> str:
    """Cut to at most so many code points, with an ellipsis, and not inside a letter of several."""
    return _shorten(words, limit, length=len)


def cut_utf16(words: str, limit: int) -> str:
    """Cut to at most so many UTF-16 units, with an ellipsis, and not inside a letter of several."""
    return _shorten(words, limit, length=utf16_length)


def _shorten(words: str, limit: int, *, length: Callable[[str], int]) -> str:
    if length(words) <= limit:
        return words
    room, fits = limit - 1, 0
    for character in words:
        room -= length(character)
        if room < 0:
            break
        fits += 1
    return words[: _letter_start(words, fits)].rstrip() + ELLIPSIS


def _letter_start(words: str, place: int) -> int:
    """Move a cut back to where a letter begins; a letter without end is cut through."""
    for start in range(place, max(-1, place - LONGEST_LETTER), -1):
        if not continues(words, start):
            return start
    return place


def continues(words: str, place: int) -> bool:
    """Whether what stands there belongs to the letter before it."""
    if place <= 0 or place >= len(words):
        return False
    character, before = words[place], words[place - 1]
    return (
        unicodedata.category(character) in {"Mn", "Me", "Mc"}
        or _JOINER in {character, before}
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or before == "\\"
    )
