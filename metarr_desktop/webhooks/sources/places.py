"""Folders and files of a sender: what no file system could mean honestly is refused here."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.paths import is_inside, is_windows, parts
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from metarr_desktop.domain.events import MediaEvent

MAX_PATH = 4096
MAX_FILES = 200
MAX_PAYLOAD = 30_000
"""Bytes of an event inside a job; the job itself may have 32 kB."""

_SEPARATORS = re.compile(r"[\\/]+")


def folder_of(*candidates: str | None, sender: str, title: str) -> str:
    """Return the first folder that is given, checked."""
    for candidate in candidates:
        if candidate and candidate.strip():
            return checked(candidate, sender=sender)
    if title:
        raise Permanent(
            text("{source} did not say in which folder {title} lies.", source=sender, title=title)
        )
    raise Permanent(text("{source} did not say what was imported.", source=sender))


def files_below(paths: Iterable[str | None], *, sender: str) -> tuple[str, ...]:
    """Paths the sender gave relative to the folder, checked."""
    files = tuple(checked(path, sender=sender) for path in paths if path)
    if any(path.startswith("/") or is_windows(path) for path in files):
        raise Permanent(text("{source} sent a path that cannot be used.", source=sender))
    return files[:MAX_FILES]


def files_inside(folder: str, paths: Iterable[str | None], *, sender: str) -> tuple[str, ...]:
    """Full paths made relative to the folder; what lies elsewhere is left out."""
    files = [checked(path, sender=sender) for path in paths if path]
    own = len(folder.rstrip("/\\")) + 1
    return tuple(path[own:] for path in files if is_inside(path, folder) and parts(path) != parts(folder))[
        :MAX_FILES
    ]


def checked(path: str, *, sender: str) -> str:
    """Return the path unchanged; raises Permanent for NUL, ``..`` and more than a path can be."""
    if "\0" in path or len(path) > MAX_PATH or ".." in _SEPARATORS.split(path):
        raise Permanent(text("{source} sent a path that cannot be used.", source=sender))
    return path


def fit(event: MediaEvent, *, sender: str) -> MediaEvent:
    """Leave out files, then the overview, until a job can carry the event."""
    if _size(event) <= MAX_PAYLOAD:
        return event
    files = event.files
    while files:
        files = files[: len(files) // 2]
        event = dataclasses.replace(event, files=files)
        if _size(event) <= MAX_PAYLOAD:
            return event
    event = dataclasses.replace(event, overview="", poster_url=None)
    if _size(event) <= MAX_PAYLOAD:
        return event
    raise Permanent(text("{source} sent names that are too long.", source=sender))


def _size(event: MediaEvent) -> int:
    """Bytes of the event in the longer of the two JSON spellings."""
    return len(json.dumps(event.to_payload()))
