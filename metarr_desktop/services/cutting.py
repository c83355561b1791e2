"""Cuts text with markup at a place where nothing breaks, and closes what is still open there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.services.wording import ELLIPSIS, LONGEST_LETTER, continues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def cut_pieces(
    words: str, limit: int, *, pieces: Iterable[tuple[str, str]], length: Callable[[str], int]
) -> str:
    """Cut to at most so much, with an ellipsis, between two pieces that are no parts of one letter.

    ``pieces`` are the words in their order, each with what closes whatever is open after it. A letter without
    end is cut through.
    """
    if length(words) <= limit:
        return words
    place = used = since = 0
    best, closing = 0, ""
    for piece, after in pieces:
        place += len(piece)
        used += length(piece)
        since += 1
        if used + 1 > limit:
            break
        whole = since > LONGEST_LETTER or not continues(words, place)
        if whole and used + 1 + length(after) <= limit:
            best, closing, since = place, after, 0
    return words[:best].rstrip() + ELLIPSIS + closing
