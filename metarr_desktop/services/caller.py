"""Who calls: what this program tells media servers about itself."""

from __future__ import annotations

import asyncio
import re
import socket
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.services.tools import Notes

PRODUCT = "Metarr Desktop"
_NOTE = "device"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Caller:
    """The device as which one service knows us, made once and kept."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._id = ""
        self._one_at_a_time = asyncio.Lock()

    async def id(self) -> str:
        """Return our id. It is noted, since a server lists every new one as another device."""
        async with self._one_at_a_time:
            if not self._id:
                kept = (await self._notes.get(_NOTE) or {}).get("id")
                known = kept if isinstance(kept, str) and _ID.fullmatch(kept) else ""
                made = known or str(uuid.uuid4())
                # Written anew at each start: a note nobody writes is forgotten.
                await self._notes.put(_NOTE, {"id": made})
                self._id = made
            return self._id


def computer() -> str:
    """Return the name of this computer, in letters every header takes."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", socket.gethostname()).strip("-")[:64] or "computer"
