"""How many messages a service still takes, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Mapping

QUOTA_NOTE = "quota"
FEW = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """So many of ``limit`` messages are left until ``reset``."""

    limit: int
    remaining: int
    reset: datetime

    @property
    def few(self) -> bool:
        """Whether people should know that soon none will be left."""
        return self.remaining < FEW

    @property
    def text(self) -> Text:
        """Say it in a sentence."""
        return text(
            "{n} of {limit} messages left until {date}.",
            n=self.remaining,
            limit=self.limit,
            date=f"{self.reset:%Y-%m-%d}",
        )

    def to_note(self) -> dict[str, int]:
        """Return the form in which a service remembers it."""
        return {
            "limit": self.limit,
            "remaining": self.remaining,
            "reset": int(self.reset.timestamp()),
        }

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self | None:
        """Read a note, or what the service said; None where it is neither."""
        try:
            limit, remaining, reset = (int(told[name]) for name in ("limit", "remaining", "reset"))
            until = datetime.fromtimestamp(reset, tz=UTC)
        except (KeyError, TypeError, ValueError, OverflowError, OSError):
            return None
        return cls(limit=limit, remaining=max(0, remaining), reset=until) if limit > 0 else None
