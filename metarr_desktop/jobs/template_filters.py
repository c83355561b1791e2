"""What a template can do with a field. No filter makes more than a message can hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.services.wording import cut

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST_VALUE = 20_000
MOST_PARTS = 1_000
WIDEST = 20


class TooLongError(ValueError):
    """A filter would make more than a message holds."""


def too_long() -> TooLongError:
    """Return the error of a value without end."""
    return TooLongError("the text gets too long")


def written(value: object) -> str:
    """Return a value as it stands in a message: lists with commas, nothing for what is not known."""
    if value is None or isinstance(value, bool | range) or _is_unknown(value):
        return ""
    if isinstance(value, list | tuple):
        return join(value)
    return _bounded(str(value))


def join(value: object, separator: object = ", ") -> str:
    """Put the parts of a list into one line."""
    if not isinstance(value, list | tuple):
        return written(value)
    parts = [written(part) for part in value[:MOST_PARTS]]
    between = written(separator)
    if sum(map(len, parts)) + len(between) * len(parts) > LONGEST_VALUE:
        raise too_long()
    return between.join(parts)


def default(value: object, other: object = "") -> object:
    """Return something else where nothing is known."""
    return value if written(value) else other


def truncate(value: object, most: object = 200) -> str:
    """Cut to so many characters, with an ellipsis."""
    return cut(written(value), max(1, _number(most)))


def pad(value: object, width: object = 2) -> str:
    """Put zeros before a number: ``{season | pad: 2}`` is 02."""
    words = written(value)
    return words.zfill(min(WIDEST, _number(width))) if words else ""


def append(value: object, more: object = "") -> str:
    """Put something after it."""
    return _bounded(written(value) + written(more))


def prepend(value: object, more: object = "") -> str:
    """Put something before it."""
    return _bounded(written(more) + written(value))


def replace(value: object, old: object = "", new: object = "") -> str:
    """Put something in the place of something else."""
    words, wanted, other = written(value), written(old), written(new)
    if not wanted:
        return words
    if len(words) + words.count(wanted) * (len(other) - len(wanted)) > LONGEST_VALUE:
        raise too_long()
    return words.replace(wanted, other)


def first(value: object) -> object:
    """Return the first part of a list."""
    return value[0] if isinstance(value, list | tuple) and value else None


def last(value: object) -> object:
    """Return the last part of a list."""
    return value[-1] if isinstance(value, list | tuple) and value else None


def size(value: object) -> int:
    """Return how many parts or characters there are."""
    return len(value) if isinstance(value, list | tuple) else len(written(value))


FILTERS: Mapping[str, Callable[..., object]] = {
    "append": append,
    "capitalize": lambda value: _bounded(written(value).capitalize()),
    "default": default,
    "downcase": lambda value: _bounded(written(value).lower()),
    "first": first,
    "join": join,
    "last": last,
    "pad": pad,
    "prepend": prepend,
    "remove": lambda value, old="": replace(value, old),
    "replace": replace,
    "size": size,
    "strip": lambda value: written(value).strip(),
    "truncate": truncate,
    "upcase": lambda value: _bounded(written(value).upper()),
}


def _bounded(words: str) -> str:
    if len(words) > LONGEST_VALUE:
        raise too_long()
    return words


def _number(value: object) -> int:
    words = written(value)
    if not words.isdecimal() or len(words) > len(str(LONGEST_VALUE)):
        message = "a number is wanted"
        raise ValueError(message)
    return int(words)


def _is_unknown(value: object) -> bool:
    """Whether the engine stands in for a name that nobody gave."""
    return type(value).__name__.endswith("Undefined")
