"""What a start was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    """Options of a start; ``port`` and ``host`` hold for this run only."""

    data_dir: Path
    port: int | None = None
    host: str | None = None
    minimized: bool = False
