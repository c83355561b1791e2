"""What a start was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    """Options of a start; all but the folder hold for this run only.

    Without ``listen`` it is a pure worker: it runs jobs of a shared database and receives nothing.
    """

    data_dir: Path
    port: int | None = None
    host: str | None = None
    minimized: bool = False
    database_url: str | None = None
    queue_url: str | None = None
    listen: bool = True
