"""Who sends: the key that events carry, and the name that sentences use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A program, for the modules that several programs share."""

    key: str
    title: str
