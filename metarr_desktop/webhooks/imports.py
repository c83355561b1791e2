"""The keys of an import: every telling of the same import, early, late or twice, has the same ones."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from metarr_desktop.domain.events import Action
from metarr_desktop.domain.paths import parts

if TYPE_CHECKING:
    from metarr_desktop.domain.events import MediaEvent


def import_keys(event: MediaEvent, *, sender_id: int) -> tuple[str, ...]:
    """Return the keys of an import; none for what is no import, or where nothing tells it apart.

    Of a download one for each film, episode or album, by the sender's own number. What was imported by hand
    belongs to no download: there one for each file, as a sender that tells of several at once does not say
    which of them holds what.
    """
    if event.action not in {Action.IMPORTED, Action.UPGRADED}:
        return ()
    if event.download_id:
        mark = f"d:{event.download_id.casefold()}"
        return tuple(f"{sender_id}:{each}:{mark}" for each in dict.fromkeys(event.sender_ids))
    folder = "/".join(parts(event.folder)).casefold()
    names = dict.fromkeys(f"{folder}\0{_file_name(each).casefold()}" for each in event.files)
    return tuple(f"{sender_id}:f:{_hash(each)}" for each in names)


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _hash(words: str) -> str:
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]
