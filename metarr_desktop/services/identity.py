"""What this installation is called at a service: an id of its own, made once."""

from __future__ import annotations

import platform
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.services.tools import Notes

NAME = "identity"
PRODUCT = "Metarr Desktop"


async def identity(notes: Notes, /) -> str:
    """Return the id, made where there is none; writing it anew keeps it from being forgotten."""
    known = ((await notes.get(NAME)) or {}).get("id")
    own = known if isinstance(known, str) and known else str(uuid.uuid4())
    await notes.put(NAME, {"id": own})
    return own


def device_name() -> str:
    """Return the name of this computer, as a header may carry it."""
    node = "".join(each for each in platform.node() if each.isascii() and each.isprintable())
    return node[:64].strip() or PRODUCT
