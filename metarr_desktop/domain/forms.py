"""Forms as a declaration describes them, and the draft a person fills in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

FieldKind = Literal["text", "secret", "integer", "boolean", "choice"]
PlainValue = str | int | bool
"""What one plain field holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """One field of a form; ``choices`` are pairs of stored value and shown label.

    With ``open`` something else can be typed instead.
    ``unit`` says what a number counts, for one and for many: ``("{n} day", "{n} days")``.
    """

    name: str
    title: str
    kind: FieldKind
    description: str = ""
    default: PlainValue = ""
    choices: tuple[tuple[PlainValue, str], ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    required: bool = False
    advanced: bool = False
    placeholder: str = ""
    unit: tuple[str, str] | None = None
    open: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What stands in a form: plain values; a secret is absent (unchanged), new, or None (cleared)."""

    values: Mapping[str, PlainValue] = field(default_factory=dict)
    secrets: Mapping[str, str | None] = field(default_factory=dict)
