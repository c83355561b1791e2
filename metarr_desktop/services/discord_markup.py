"""Discord's Markdown: what means nothing in it, and where it may be cut."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metarr_desktop.services.cutting import cut_pieces
from metarr_desktop.services.wording import utf16_length

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKDOWN = re.compile(r"([\\*_~|>#+`\[\]()-])")
_NUMBERED = re.compile(r"^(\s*\d+)\.", re.MULTILINE)
_PIECES = re.compile(
    r"""\\.                                          # an escaped letter
    | \[(?:\\.|[^\[\]\\\n]){0,1000}\]\([^()\s]{1,2000}\)  # a link
    | <[^<>\s]{1,200}>                               # a mention, an emoji, a time
    | ``` | \*\*\* | \*\* | \* | __ | _ | ~~ | \|\| | `
    | .""",
    re.VERBOSE | re.DOTALL,
)
_MARKS = frozenset({"```", "***", "**", "*", "__", "_", "~~", "||", "`"})
_CODE = frozenset({"```", "`"})


def escape(value: str) -> str:
    """Show text as it is: no Markdown, no numbered list, no mention of everybody, no link."""
    plain = _NUMBERED.sub(r"\1\\.", _MARKDOWN.sub(r"\\\1", value))
    return plain.replace("@", "@\N{ZERO WIDTH SPACE}").replace("://", ":\N{ZERO WIDTH SPACE}//")


def cut(words: str, limit: int) -> str:
    """Cut Markdown to so many UTF-16 units, not inside a letter, link or escape, and close its marks."""
    return cut_pieces(words, limit, pieces=_pieces(words), length=utf16_length)


def _pieces(words: str) -> Iterator[tuple[str, str]]:
    """Walk through Markdown; inside of code nothing else has a meaning."""
    opened: list[str] = []
    place = 0
    while place < len(words):
        found = _PIECES.match(words, place)
        piece = found[0] if found else words[place]
        code = opened[-1] if opened and opened[-1] in _CODE else ""
        if code and not piece.startswith(code):
            piece = words[place]
        elif code or piece in _MARKS:
            piece = code or piece
            if piece in opened:
                del opened[opened.index(piece) :]
            elif piece != "_" or not _inside_a_word(words, place):
                opened.append(piece)
        place += len(piece)
        yield piece, "".join(reversed(opened))


def _inside_a_word(words: str, place: int) -> bool:
    """Whether an underscore stands between letters, where it is only itself."""
    return 0 < place < len(words) - 1 and words[place - 1].isalnum() and words[place + 1].isalnum()
