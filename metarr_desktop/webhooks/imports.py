"""The keys of an import: every telling of the same import, early, late or twice, has the same ones."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from metarr_desktop.domain.events import Action

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metarr_desktop.domain.events import MediaEvent


def import_keys(event: MediaEvent, *, sender_id: int) -> tuple[str, ...]:
    """Return a key for each film, episode or album of an import; none for what is no import.

    By the download and the sender's own number, else, for what was imported by hand, by number and file.
    """
    if event.action not in {Action.IMPORTED, Action.UPGRADED}:
        return ()
    return keys_of(event.sender_ids, sender_id=sender_id, download_id=event.download_id, files=event.files)


def keys_of(ids: Iterable[int], *, sender_id: int, download_id: str, files: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of what has these numbers; none where neither a download nor a file is known."""
    if download_id:
        mark = f"d:{download_id.casefold()}"
    else:
        names = sorted(_file_name(each).casefold() for each in files)
        if not names:
            return ()
        mark = "f:" + hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return tuple(f"{sender_id}:{each}:{mark}" for each in dict.fromkeys(ids))


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
