from __future__ import annotations

import json
import time
from typing import Any

import pytest

from metarr_desktop.webhooks.body import InvalidBody, read_object


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "Not valid JSON."),
        (b"{", "Not valid JSON."),
        (b'{"eventType": "Down', "Not valid JSON."),
        (b'{"a": 1} {"b": 2}', "Not valid JSON."),
        (b"{'a': 1}", "Not valid JSON."),
        (b'{"a": 1,}', "Not valid JSON."),
        (b'{"a": "\x01"}', "Not valid JSON."),
        (b'{"a": "\xff"}', "Not valid JSON."),
        (b'{"a": "\xed\xa0\x80"}', "Not valid JSON."),
        ('{"a": "b"}'.encode("utf-16"), "Not valid JSON."),
        ('{"a": "b"}'.encode("utf-16-le"), "Not valid JSON."),
        (b"[]", "Not a JSON object."),
        (b'"Download"', "Not a JSON object."),
        (b"null", "Not a JSON object."),
        (b"5", "Not a JSON object."),
        (b'{"a": NaN}', "NaN and Infinity are not JSON numbers."),
        (b'{"a": -Infinity}', "NaN and Infinity are not JSON numbers."),
        (b'{"a": ' + b"9" * 20 + b"}", "A number has too many digits."),
        (b'{"a": ' + b"9" * 5000 + b"}", "A number has too many digits."),
        (b'{"a": -' + b"9" * 5000 + b"}", "A number has too many digits."),
        (b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}", "Nested too deeply."),
        (b'{"a":' * 1000 + b"1" + b"}" * 1000, "Nested too deeply."),
        (b"[" * 100_000, "Nested too deeply."),
        (b'{"a": "' + b"[" * 100_000, "Not valid JSON."),
    ],
)
def test_what_is_no_usable_object_is_refused_with_its_sentence(raw: bytes, sentence: str) -> None:
    with pytest.raises(InvalidBody) as caught:
        read_object(raw)
    assert str(caught.value.text) == sentence


@pytest.mark.parametrize("end", [b"", b"\\"])
def test_a_string_without_an_end_is_read_once(end: bytes) -> None:
    cut_off = b'{"a": [' + b"[]," * 80 + b'"' + b'\\"' * 200_000 + end
    began = time.process_time()
    with pytest.raises(InvalidBody):
        read_object(cut_off)
    assert time.process_time() - began < 2


def test_sixty_four_levels_are_read() -> None:
    assert read_object(b'{"a": ' + b"[" * 63 + b"]" * 63 + b"}")


def test_brackets_inside_strings_are_no_levels() -> None:
    body = {"a": '[{"\\' * 5000, '[{"': 1}
    assert read_object(json.dumps(body).encode()) == body


def test_many_objects_beside_each_other_are_no_levels() -> None:
    body: dict[str, Any] = {"a": [{"b": []} for _ in range(500)]}
    assert read_object(json.dumps(body).encode()) == body


def test_nineteen_digits_are_a_number() -> None:
    assert read_object(b'{"a": -9999999999999999999}') == {"a": -9999999999999999999}


def test_the_last_of_two_keys_counts() -> None:
    assert read_object(b'{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}') == {"a": 3, "b": {"c": 2}}


def test_lone_surrogates_become_replacement_characters() -> None:
    raw = rb'{"a": ["x\ud800y", {"\uDFFF": "\udc00"}], "b": "\ud83c\udfac", "c": "\\ud800"}'
    assert read_object(raw) == {
        "a": ["x\N{REPLACEMENT CHARACTER}y", {"\N{REPLACEMENT CHARACTER}": "\N{REPLACEMENT CHARACTER}"}],
        "b": "\N{CLAPPER BOARD}",
        "c": "\\ud800",
    }


def test_a_byte_order_mark_is_no_harm() -> None:
    assert read_object(b'\xef\xbb\xbf{"a": "\xc3\xa9"}') == {"a": "é"}
