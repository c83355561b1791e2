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


def keys_by_hand(event: MediaEvent, *, sender_id: int) -> tuple[str, ...]:
    """Return the keys that the webhook of a recorded import has if it names no download.

    Of what was imported by hand the history finds out which download it was, and the webhook does not.
    """
    if not event.download_id:
        return ()
    return keys_of(event.sender_ids, sender_id=sender_id, download_id="", files=event.files)


def keys_of(ids: Iterable[int], *, sender_id: int, download_id: str, files: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of what has these numbers; none where neither a download nor a file is known.

    By hand each file of one album has a key: a part of its history is a part of what its webhook told.
    """
    numbers = tuple(dict.fromkeys(ids))
    if download_id:
        marks = [f"d:{download_id.casefold()}"]
    else:
        names = sorted({_file_name(each).casefold() for each in files})
        groups = [[name] for name in names] if len(numbers) == 1 else [names] if names else []
        marks = [f"f:{_digest(group)}" for group in groups]
    return tuple(f"{sender_id}:{number}:{mark}" for number in numbers for mark in marks)


def _digest(names: list[str]) -> str:
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
