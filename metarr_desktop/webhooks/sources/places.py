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

    from metarr_desktop.domain.events import Event, MediaEvent
    from metarr_desktop.webhooks.sources.shapes import MediaFile, RenamedFile

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


def usable_folder(*candidates: str | None) -> str:
    """Return the first folder that can be used; empty where none can, for events that need none."""
    return next((each for each in candidates if each and each.strip() and is_usable(each)), "")


def old_files_of(folder: str, files: Iterable[MediaFile | None]) -> tuple[str, ...]:
    """Files that are gone, relative to the folder; what cannot be used is left out."""
    names = (_within(folder, file.relative_path, file.path) for file in files if file is not None)
    return tuple(name for name in names if name)[:MAX_FILES]


def renamed_files(folder: str, files: Iterable[RenamedFile]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Old names and new ones, relative to the folder, each at the same place of both."""
    pairs = [
        (
            _within(folder, file.previous_relative_path, file.previous_path),
            _within(folder, file.relative_path, file.path),
        )
        for file in files
    ]
    whole = [(old, new) for old, new in pairs if old and new][:MAX_FILES]
    return tuple(old for old, _ in whole), tuple(new for _, new in whole)


def is_usable(path: str) -> bool:
    """Whether a path holds no NUL and no ``..``, and is no longer than a path can be."""
    return "\0" not in path and len(path) <= MAX_PATH and ".." not in _SEPARATORS.split(path)


def _within(folder: str, relative: str | None, full: str | None) -> str:
    """Return the path below the folder, from the relative form or else the full one; empty where neither."""
    if relative and is_usable(relative) and not relative.startswith("/") and not is_windows(relative):
        return relative
    if full and is_usable(full) and is_inside(full, folder) and parts(full) != parts(folder):
        return full[len(folder.rstrip("/\\")) + 1 :]
    return ""


def checked(path: str, *, sender: str) -> str:
    """Return the path unchanged; raises Permanent for NUL, ``..`` and more than a path can be."""
    if not is_usable(path):
        raise Permanent(text("{source} sent a path that cannot be used.", source=sender))
    return path


def fit(event: MediaEvent, *, sender: str) -> MediaEvent:
    """Leave out files, new and old alike, then the overview, until a job can carry the event."""
    if size_of(event) <= MAX_PAYLOAD:
        return event
    most = max(len(event.files), len(event.old_files))
    while most:
        most //= 2
        event = dataclasses.replace(event, files=event.files[:most], old_files=event.old_files[:most])
        if size_of(event) <= MAX_PAYLOAD:
            return event
    event = dataclasses.replace(event, overview="", poster_url=None)
    if size_of(event) <= MAX_PAYLOAD:
        return event
    raise Permanent(text("{source} sent names that are too long.", source=sender))


def size_of(event: Event) -> int:
    """Bytes of the event in the longer of the two JSON spellings."""
    return len(json.dumps(event.to_payload()))
