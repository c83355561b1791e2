from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metarr_desktop.services.pushover_markup import cut, escape, plain

PIECES = st.lists(
    st.sampled_from(
        ["<b>", "</b>", "<i>", "</i>", '<font color="#f00">', "</font>", '<a href="https://x/?a=1&amp;b=2">',
         "</a>", "&lt;", "&amp;", "&#39;", "word ", "\n", "\u00e9", "e\u0301",
         "\U0001f3ac\U0001f3fd", "<", "&"]
    ),
    max_size=60,
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "limit", "expected"),
    [
        ("<b>bold words</b>", 12, "<b>bold\u2026</b>"),
        ("a &amp; b", 5, "a\u2026"),
        ("a &amp; b and c", 8, "a &amp;\u2026"),
        ('x <a href="https://long/address">y</a>', 12, "x\u2026"),
        ("<b><i>words</i></b>", 17, "<b><i>wo\u2026</i></b>"),
        ("<b>one</b> two", 13, "<b>one</b> t\u2026"),
        ("1 < 2 and so on", 6, "1 < 2\u2026"),
        ("short", 5, "short"),
    ],
)
def test_a_cut_breaks_nothing_and_closes_what_is_open(words: str, limit: int, expected: str) -> None:
    assert cut(words, limit) == expected


@settings(deadline=None)
@given(pieces=PIECES, limit=st.integers(1, 200))
def test_a_cut_is_short_enough_and_ends_in_no_half_tag_or_entity(pieces: list[str], limit: int) -> None:
    words = "".join(pieces)
    shown = cut(words, limit)
    assert len(shown) <= limit
    if shown == words:
        return
    kept, _, closing = shown.rpartition("\u2026")
    assert words.startswith(kept)
    assert re.fullmatch(r"(?:</(?:b|i|font|a)>)*", closing)
    rest = words[len(kept) :]
    assert not re.search(r"<[a-z/][^<>]*$", kept) or not re.match(r"[^<>]*>", rest), "half a tag"
    assert not re.search(r"&#?\w*$", kept) or not re.match(r"#?\w*;", rest), "half an entity"


@settings(deadline=None)
@given(pieces=PIECES, limit=st.integers(1, 200))
def test_what_is_opened_before_a_cut_is_closed_after_it(pieces: list[str], limit: int) -> None:
    words = "".join(pieces)
    shown = cut(words, limit)
    if shown != words:
        opened: list[str] = []
        for end, name in re.findall(r"<(/?)([a-z]+)[^<>]*>", shown):
            if not end:
                opened.append(name)
            elif name in opened:
                del opened[len(opened) - 1 - opened[::-1].index(name) :]
        assert opened == []


@settings(deadline=None)
@given(words=st.text(max_size=200))
def test_escaped_text_shows_as_it_is(words: str) -> None:
    assert plain(escape(words)) == words
    assert not re.search(r"[<>\"']", escape(words))
    assert html.unescape(escape(words)) == words


def test_the_title_shows_what_stands_between_the_tags() -> None:
    assert plain('<b>Tom &amp; Jerry</b> <a href="https://x">1 &lt; 2</a>') == "Tom & Jerry 1 < 2"
    assert plain("1 < 2 > 0") == "1 < 2 > 0"
