from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metarr_desktop.services.discord_markup import cut, escape
from metarr_desktop.services.wording import utf16_length

LETTERS = st.text(
    alphabet=st.sampled_from("ab \n\\*_~|`[]()<>@:/1.-#\u0301\u200d\U0001f3ac\U0001f3fd\u0e33"), max_size=300
)


@pytest.mark.parametrize(
    ("words", "limit", "expected"),
    [
        ("**bold words**", 10, "**bold\u2026**"),
        ("**bold** and more", 12, "**bold** an\u2026"),
        ("a [link](https://x/y) b", 12, "a\u2026"),
        ("a [link](https://x/y) b", 22, "a [link](https://x/y)\u2026"),
        ("a <@&123456789> b", 10, "a\u2026"),
        ("a\\*b", 3, "a\u2026"),
        ("`code **not bold`", 10, "`code **\u2026`"),
        ("```\nblock * x\n```", 12, "```\nbloc\u2026```"),
        ("||spoiler __x__||", 12, "||spoiler\u2026||"),
        ("snake_case_word", 10, "snake_cas\u2026"),
        ("\U0001f3ac\U0001f3ac\U0001f3ac", 5, "\U0001f3ac\U0001f3ac\u2026"),
        ("short", 5, "short"),
    ],
)
def test_a_cut_breaks_nothing_and_closes_what_is_open(words: str, limit: int, expected: str) -> None:
    assert cut(words, limit) == expected


@settings(deadline=None)
@given(words=LETTERS, limit=st.integers(1, 120))
def test_a_cut_is_never_longer_than_allowed(words: str, limit: int) -> None:
    shown = cut(words, limit)
    assert utf16_length(shown) <= max(limit, 1)
    assert shown == words or "\u2026" in shown


@settings(deadline=None)
@given(words=LETTERS, limit=st.integers(1, 120))
def test_escaped_text_means_nothing_wherever_it_is_cut(words: str, limit: int) -> None:
    shown = cut(escape(words), limit)
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_~|`\[\]()>#]", re.sub(r"\\\\", "", shown))
    assert not re.search(r"(?:^|[^\\])\\\u2026$", re.sub(r"\\\\", "", shown)), "half an escape"
    assert "@everyone" not in escape("@everyone")


@settings(deadline=None)
@given(words=LETTERS, limit=st.integers(1, 120))
def test_no_letter_of_several_is_cut_in_two(words: str, limit: int) -> None:
    shown = cut(words, limit)
    if shown != words and "\u2026" in shown:
        kept = shown.partition("\u2026")[0]
        after = words[len(kept) : len(kept) + 1]
        assert not (kept and after in {"\u0301", "\U0001f3fd", "\u200d"} and len(kept) < 30)


@settings(deadline=None)
@given(inner=st.text(alphabet="abc ", min_size=1), limit=st.integers(6, 40))
def test_a_bold_text_stays_bold_where_it_is_cut(inner: str, limit: int) -> None:
    shown = cut(f"**{inner}**", limit)
    assert shown.count("**") in {0, 2}
    assert shown.startswith("**") is shown.endswith("**")
