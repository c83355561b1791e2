"""The keys of an import: every telling of the same import, early, late or twice, has the same ones."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import TYPE_CHECKING

from metarr_desktop.domain.events import Action
from metarr_desktop.domain.paths import parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metarr_desktop.domain.events import MediaEvent

_SEPARATOR = re.compile(r"[\\/]+")


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
    folder = parts(event.folder)
    return tuple(
        f"{sender_id}:f:{_hash((*folder, *_SEPARATOR.split(file)))}" for file in dict.fromkeys(event.files)
    )


def keys_by_hand(event: MediaEvent, *, sender_id: int) -> tuple[str, ...]:
    """Return the keys that the webhook of a recorded import has if it names no download.

    Of what was imported by hand the history finds out which download it was, and the webhook does not.
    """
    if not event.download_id:
        return ()
    return import_keys(dataclasses.replace(event, download_id=""), sender_id=sender_id)


def _hash(path: Iterable[str]) -> str:
    words = "/".join(path).casefold()
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:32]
