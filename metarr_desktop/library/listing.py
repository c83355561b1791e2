"""Reading one folder, and nothing outside the library folders. It blocks: run it in a thread."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import EPOCH, from_ms
from metarr_desktop.domain.errors import MetarrError, Permanent, Transient
from metarr_desktop.domain.media import readable
from metarr_desktop.domain.paths import is_inside
from metarr_desktop.domain.text import text
from metarr_desktop.library.discovery import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from metarr_desktop.library.place import Place

MOST_ENTRIES = 5_000
"""So many entries of one folder are looked at, no more."""

OUTSIDE = "{path} leads to a place outside the library folders. Add that place as a library folder."
WHOLE_LIBRARY = "{path} is a whole library folder, not the folder of one movie. Check the path mapping."
NOT_A_FOLDER = "{path} is a file, not a folder."
IMPOSSIBLE = "{path} cannot be a folder on this computer."
LIBRARY_AWAY = "The library folder {path} is not there. Is the drive or share connected?"
LIBRARY_EMPTY = "The library folder {path} is empty. Is the drive or share connected?"
NOT_YET = "{path} is not there yet."
NOT_ALLOWED = "Metarr Desktop is not allowed to read {path}."
UNREADABLE = "{path} could not be read: {reason}."

_IMPOSSIBLE_NAME = frozenset({errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of one folder.

    ``outside`` names links that lead out of the library folders (not followed); ``complete`` is False
    where the folder holds more than ``MOST_ENTRIES``.
    """

    entries: tuple[Entry, ...]
    outside: tuple[str, ...] = ()
    complete: bool = True


def read_folder(place: Place, *, extra: Iterable[str] = ()) -> Listing:
    """List the files of a movie's folder, and those of ``extra`` (relative names below it) that are there.

    Raises Permanent or Transient with the reason, and ValueError for a path that no system can hold.
    """
    try:
        return _read(place, extra=extra)
    except OSError as error:
        raise _unreadable(error, place=place) from error


def _read(place: Place, *, extra: Iterable[str]) -> Listing:
    roots = [os.path.realpath(root) for root in place.roots]
    folder = Path(os.path.realpath(place.folder))
    _check(folder, roots=roots, shown=str(place.folder))
    found: dict[str, Entry] = {}
    outside: list[str] = []
    complete = True
    with os.scandir(folder) as items:
        for count, item in enumerate(items):
            if count >= MOST_ENTRIES:
                complete = False
                break
            path = os.path.realpath(item.path) if item.is_symlink() else item.path
            _add(item.name, real=Path(path), roots=roots, found=found, outside=outside)
    for name in extra:
        if name not in found and name not in outside and _is_plain(name):
            path = os.path.realpath(folder / name)
            _add(name, real=Path(path), roots=roots, found=found, outside=outside)
    return Listing(entries=tuple(found.values()), outside=tuple(outside), complete=complete)


def _check(folder: Path, *, roots: Sequence[str], shown: str) -> None:
    """Refuse what, its links followed, must not or cannot be read as the folder of a movie."""
    if not any(is_inside(str(folder), root) for root in roots):
        raise Permanent(text(OUTSIDE, path=readable(shown)))
    if any(folder == Path(root) for root in roots):
        raise Permanent(text(WHOLE_LIBRARY, path=readable(shown)))
    if not stat.S_ISDIR(folder.stat().st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), shown)


def _add(name: str, *, real: Path, roots: Sequence[str], found: dict[str, Entry], outside: list[str]) -> None:
    """Note one file, which lies at ``real``; what vanished meanwhile, and what is no file, is left out."""
    if not any(is_inside(str(real), root) for root in roots):
        outside.append(name)
        return
    try:
        status = real.stat(follow_symlinks=False)
    except OSError:
        return
    if stat.S_ISREG(status.st_mode):
        modified = _instant(status.st_mtime_ns)
        found[name] = Entry(name=name, size=status.st_size, modified_at=modified)


def _is_plain(name: str) -> bool:
    """Whether a relative name stays below its folder by its own words."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def _instant(nanoseconds: int) -> datetime:
    """Time of a file; a time beyond what a calendar holds counts as unknown (1970)."""
    try:
        return from_ms(nanoseconds // 1_000_000)
    except OverflowError:
        return EPOCH


def _unreadable(error: OSError, *, place: Place) -> MetarrError:
    """Say why a folder cannot be listed; what a mounted share or a finished copy cures is tried again."""
    path = readable(str(place.folder))
    failure: MetarrError
    match error:
        case NotADirectoryError():
            failure = Permanent(text(NOT_A_FOLDER, path=path))
        case FileNotFoundError() if not Path(place.library.path).is_dir():
            failure = Transient(text(LIBRARY_AWAY, path=readable(place.library.path)))
        case FileNotFoundError():
            failure = Transient(text(NOT_YET, path=path))
        case PermissionError():
            failure = Transient(text(NOT_ALLOWED, path=path))
        case OSError(errno=number) if number in _IMPOSSIBLE_NAME:
            failure = Permanent(text(IMPOSSIBLE, path=path))
        case _:
            failure = Transient(text(UNREADABLE, path=path, reason=error.strerror or str(error)))
    return failure
