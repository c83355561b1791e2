"""The body of a webhook, from bytes to a JSON object that cannot hurt anybody."""

from __future__ import annotations

import json
import re
from typing import Any

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.text import Text

MAX_BYTES = 16 * 1024 * 1024
MAX_NESTING = 64
MAX_DIGITS = 19
SMALL_BODY = 256 * 1024
"""Up to this size a body is read on the loop; a larger one in a thread."""

NOT_JSON = Text("Not valid JSON.")
NOT_AN_OBJECT = Text("Not a JSON object.")
TOO_DEEP = Text("Nested too deeply.")
TOO_MANY_DIGITS = Text("A number has too many digits.")
NOT_A_NUMBER = Text("NaN and Infinity are not JSON numbers.")

# A string without an end is read to the end at once: looking again from each quote in it takes for ever.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class InvalidBody(Permanent):
    """No sender makes such a body; the message is the sentence of the 400 answer."""


def read_object(raw: bytes) -> dict[str, Any]:
    """Read a UTF-8 JSON object; of a repeated key the last counts, lone surrogates become U+FFFD.

    Raises InvalidBody, and nothing else, for everything that is no such object.
    """
    try:
        content = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidBody(NOT_JSON) from error
    _check_nesting(content)
    try:
        value = json.loads(content, parse_int=_read_integer, parse_constant=_refuse_constant)
    except ValueError as error:
        raise InvalidBody(NOT_JSON) from error
    if not isinstance(value, dict):
        raise InvalidBody(NOT_AN_OBJECT)
    return _without_surrogates(value) if _SURROGATE_ESCAPE.search(content) else value


def _check_nesting(content: str) -> None:
    """Count before parsing, for the parser recurses."""
    if content.count("{") + content.count("[") <= MAX_NESTING:
        return
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(content):
        mark = match.group()
        if mark in {"{", "["}:
            depth += 1
            if depth > MAX_NESTING:
                raise InvalidBody(TOO_DEEP)
        elif mark in {"}", "]"}:
            depth -= 1


def _read_integer(literal: str) -> int:
    if len(literal) - literal.startswith("-") > MAX_DIGITS:
        raise InvalidBody(TOO_MANY_DIGITS)
    return int(literal)


def _refuse_constant(_literal: str) -> float:
    raise InvalidBody(NOT_A_NUMBER)


def _without_surrogates(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case str():
            return _SURROGATE.sub(REPLACEMENT, value)
        case dict():
            return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
        case list():
            return [_without_surrogates(item) for item in value]
    return value
