"""A number of this installation, so that what it names is told apart from what others name."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.tools import Notes

_NOTE = "installation"
WRITE_ANEW_AFTER = timedelta(days=30)
"""Notes that nobody writes anew are forgotten."""


async def installation_id(notes: Notes, *, clock: Clock) -> str:
    """Return the random number that a service of this installation goes by; it lasts through restarts."""
    note = await notes.get(_NOTE) or {}
    known, written = str(note.get("id", "")), _read_time(note.get("written"))
    now = clock.now()
    if known and written is not None and now - written < WRITE_ANEW_AFTER:
        return known
    identity = known or secrets.token_hex(8)
    await notes.put(_NOTE, {"id": identity, "written": now.isoformat()})
    return identity


def _read_time(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
