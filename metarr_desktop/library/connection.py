"""Whether the drive of a library folder is connected: nothing is concluded from one that is not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotNow
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.media import LibraryFolder
    from metarr_desktop.library.looking import Looks

FIRST_LOOKS_S = (5, 15, 30)
LATER_LOOKS_S = 60
ANCHOR_MISSING = "The drive of {library} is not connected: {anchor} is missing."


def next_look(now: datetime, *, deferrals: int) -> datetime:
    """When a job that was put off so often looks again: after 5, 15 and 30 seconds, then every minute."""
    waits = FIRST_LOOKS_S[deferrals] if deferrals < len(FIRST_LOOKS_S) else LATER_LOOKS_S
    return now + timedelta(seconds=waits)


async def require_anchor(library: LibraryFolder, *, looks: Looks, now: datetime, deferrals: int) -> None:
    """Raise NotNow while the library folder's anchor file is missing, and Transient where nothing answers."""
    if not library.anchor:
        return
    anchor = Path(library.path) / library.anchor
    if not await looks.at(library.path, lambda: _exists(anchor), shown=Path(library.path)):
        raise NotNow(
            text(ANCHOR_MISSING, library=library.name, anchor=library.anchor),
            until=next_look(now, deferrals=deferrals),
        )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False
