"""The parameters of one call, read by name and type: what comes over the wire is trusted by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_NUMBER = 2**63 - 1
"""What the database can hold."""


class Params:
    """Parameters by name. Every reader raises Refused where one is missing or of another type."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def word(self, name: str) -> str:
        """Return a text."""
        value = self._values.get(name)
        if not isinstance(value, str):
            raise _wrong(name, "a text")
        return value

    def optional_word(self, name: str) -> str | None:
        """Return a text, or None where it is absent or null."""
        return None if self._values.get(name) is None else self.word(name)

    def number(self, name: str) -> int:
        """Return a whole number from 0 on."""
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_NUMBER:
            raise _wrong(name, "a whole number")
        return value

    def optional_number(self, name: str) -> int | None:
        """Return a whole number, or None where it is absent or null."""
        return None if self._values.get(name) is None else self.number(name)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        """Return true or false; ``default`` where it is absent."""
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            raise _wrong(name, "true or false")
        return value

    def words(self, name: str) -> dict[str, str]:
        """Return texts by name."""
        value = self._values.get(name)
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise _wrong(name, "texts by name")
        return {str(key): each for key, each in value.items()}


def _wrong(name: str, wanted: str) -> Refused:
    return Refused(text("The parameter {name} has to be {wanted}.", name=name, wanted=wanted))
