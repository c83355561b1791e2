"""Reads answers that may have any shape: what is not as promised counts as not there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from metarr_desktop.services.answer import not_understood

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.services.answer import Answer


def parsed(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON of a success. Raises Transient where it is something else, such as a log-in page."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise not_understood() from None


def part(value: object, *names: str) -> object:
    """Return what lies under these names, one below the other; None where nothing does."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def records(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list, without what else may be in it."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def word(record: Mapping[str, Any], name: str) -> str:
    """Return a piece of text that can be stored; empty where it is none."""
    value = record.get(name)
    if not isinstance(value, str):
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:
        return ""
    return value


def number(record: Mapping[str, Any], name: str) -> int | None:
    """Return a whole number; None where it is none."""
    value = record.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def words(value: object) -> list[str]:
    """Return the pieces of text of a list."""
    listed = value if isinstance(value, list) else []
    return [found for each in listed if (found := word({"": each}, ""))]
