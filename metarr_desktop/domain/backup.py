"""Copies of the database, and what came of putting one in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One copy; ``date`` is the local day it was made on, and its name. A ``kept`` one never makes room."""

    path: Path
    date: str
    made_at: datetime
    size: int
    kept: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A new database file is in place.

    ``aside`` is where the one before was kept (None: there was none), ``backup`` what was restored
    (None: it is empty), ``cancelled`` how many waiting jobs of the backup were not trusted to run.
    """

    aside: Path | None
    backup: Backup | None = None
    cancelled: int = 0
