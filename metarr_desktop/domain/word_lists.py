"""Lists as people type them on one line: ``kids, "Me, Myself & Irene"``."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def split_list(typed: str) -> tuple[str, ...]:
    """Return the parts between commas or line breaks, but the empty ones; one in quotes may have commas."""
    rows = csv.reader(typed.splitlines(), skipinitialspace=True)
    return tuple(word.strip() for row in rows for word in row if word.strip())


def join_list(words: Iterable[str]) -> str:
    """Write a list the way ``split_list`` reads it."""
    return ", ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    if "," not in word and not word.startswith('"'):
        return word
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="").writerow([word])
    return line.getvalue()
