"""Sentences made below the window, kept apart from their values so that they can be translated."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Text:
    """A whole English sentence with ``{name}`` places and the values that fill them.

    The window translates the template; everybody else reads ``str(text)``.
    """

    template: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def __str__(self) -> str:
        return fill(self.template, self.values)

    def to_json(self) -> str:
        """Template and values as the stored form reads them back."""
        return json.dumps({"template": self.template, "values": dict(self.values)}, ensure_ascii=False)


def text(template: str, /, **values: str | int) -> Text:
    """A Text with its values given by name."""
    return Text(template, values)


def text_from_json(stored: str | None) -> Text | None:
    """Read back what ``Text.to_json`` stored; None for nothing or for something else."""
    if not stored:
        return None
    try:
        data = json.loads(stored)
        template, values = data["template"], data["values"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(template, str) or not isinstance(values, dict):
        return None
    return Text(template, values)


def fill(template: str, values: Mapping[str, str | int]) -> str:
    """Put values into a template; braces inside a value stay as they are."""
    result: list[str] = []
    rest = template
    while rest:
        before, opened, rest = rest.partition("{")
        result.append(before)
        if not opened:
            break
        name, closed, after = rest.partition("}")
        if closed and name in values:
            result.append(str(values[name]))
            rest = after
        else:
            result.append(opened)
    return "".join(result)
