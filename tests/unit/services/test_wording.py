from __future__ import annotations

import pytest

from metarr_desktop.services.redact import leaks, redact
from metarr_desktop.services.wording import clean, cut, cut_utf16, utf16_length


@pytest.mark.parametrize(
    ("words", "one_line", "lines"),
    [
        ("a\r\nb\rc\u2028d", "a b c d", "a\nb\nc\nd"),
        ("a\tb\x00c\x1b[1m\x7f", "a bc[1m", "a bc[1m"),
        ("\ud800x\udfff", "x", "x"),
        ("\u202egnp.exe\u202c \u2066x\u2069", "gnp.exe x", "gnp.exe x"),
        ("  two   spaces ", "two spaces", "two   spaces"),
        ("\u05e9\u05dc\u200f \N{FAMILY}\u200d", "\u05e9\u05dc\u200f \N{FAMILY}\u200d", None),
    ],
)  # fmt: skip
def test_what_cannot_be_shown_is_dropped(words: str, one_line: str, lines: str | None) -> None:
    assert clean(words) == one_line
    assert clean(words, lines=True) == (one_line if lines is None else lines)


@pytest.mark.parametrize(
    ("words", "limit", "expected"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long\u2026"),
        ("one two", 5, "one\u2026"),
        ("abe\u0301f", 4, "ab\u2026"),
        ("ab\U0001f44d\U0001f3fdz", 4, "ab\u2026"),
        ("a\U0001f468\u200d\U0001f469z", 4, "a\u2026"),
        ("", 3, ""),
    ],
)
def test_a_cut_falls_between_letters(words: str, limit: int, expected: str) -> None:
    assert cut(words, limit) == expected


def test_a_letter_without_end_is_cut_through() -> None:
    assert len(cut("e" + "\u0301" * 5000, 100)) == 100


def test_utf_16_counts_an_emoji_as_two() -> None:
    assert utf16_length("a\U0001f3ac\ud800") == 4
    assert cut_utf16("\U0001f3ac" * 5, 6) == "\U0001f3ac" * 2 + "\u2026"
    assert utf16_length(cut_utf16("\U0001f3ac" * 500, 101)) <= 101


def test_a_secret_is_hidden_in_every_form() -> None:
    secrets = ["a/b c", "a/b c d", ""]
    assert redact("x a/b c d, a/b c, a%2Fb%20c, a/b%20c, a%2Fb+c y", secrets=secrets) == (
        "x (hidden), (hidden), (hidden), (hidden), (hidden) y"
    )
    assert redact("smb://ann:hush@nas/x and http://u@h", secrets=[]) == "smb://nas/x and http://h"


def test_an_exception_that_shows_a_secret_is_noticed() -> None:
    assert leaks(ValueError("at /s3cret"), secrets=["s3cret"])
    assert not leaks(ValueError("at /x"), secrets=["s3cret"])
