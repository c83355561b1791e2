"""What a watcher of library folders makes of what it sees: which folder to ask for, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.media import readable
from metarr_desktop.library.discovery import (
    DISC_FILES,
    IMAGE_EXTENSIONS,
    SUBTITLE_EXTENSIONS,
    VIDEO_EXTENSIONS,
    discover,
)
from metarr_desktop.library.listing import read_folder
from metarr_desktop.library.naming import named_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from metarr_desktop.domain.media import LibraryFolder
    from metarr_desktop.library.place import Place

MEDIA_EXTENSIONS = (
    VIDEO_EXTENSIONS
    | SUBTITLE_EXTENSIONS
    | IMAGE_EXTENSIONS
    | {".nfo", ".vob", ".ifo", ".bdmv"}
    | {".mp3", ".flac", ".m4a", ".ogg", ".opus", ".wav", ".wma", ".aac", ".aiff", ".ape", ".dsf"}
)
"""Only these count: a download that is not done has another ending."""
UNFINISHED = (".part", ".partial", ".!qb", ".!ut", ".tmp", ".temp", ".crdownload", ".aria2")
MOST_WAITING = 10_000
"""So many folders wait at most; who moves more than that scans the library."""


def counts(path: Path) -> bool:
    """Whether a file is one that a media server shows, by its name; hidden and temporary ones are not."""
    return path.suffix.lower() in MEDIA_EXTENSIONS and not is_passing(path)


def is_passing(path: Path) -> bool:
    """Whether a name is that of a hidden file, or of one that is still downloaded or copied."""
    name = path.name.casefold()
    return name.startswith((".", "~")) or name.endswith(("~", *UNFINISHED))


def folder_to_ask(path: Path, *, library: LibraryFolder, moved: bool) -> Path | None:
    """Return the folder to ask for after something was seen at a path; None where it is of no interest.

    ``moved``: it appeared or went away, which a whole folder may do without a word of the files in it. Looks
    at the disk only for what is called like some other file.
    """
    root = Path(library.path)
    hidden = any(part.startswith(".") for part in path.parts[len(root.parts) :])
    if hidden or is_passing(path) or root not in path.parents:
        return None
    if counts(path):
        folder = path.parent
    elif moved and (not path.suffix.lstrip(".").isalpha() or _is_folder(path)):
        folder = (
            path  # files have an ending; folders of films have none, a year, or one like Dune.2021.BluRay
        )
    else:
        return None
    named = named_folder(folder, library=library)
    return None if named is None else named.path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


@dataclass(slots=True, kw_only=True)
class QuietFolders:
    """Folders in which something happens, until they are quiet for a while or it has lasted long enough.

    Times are seconds of a clock that never goes back.
    """

    quiet_s: float
    at_most_s: float
    _seen: dict[Path, tuple[float, float]] = field(default_factory=dict)

    def note(self, folders: Iterable[Path], *, now: float) -> None:
        """Something happened in these folders."""
        for folder in folders:
            first, _ = self._seen.get(folder, (now, now))
            if folder in self._seen or len(self._seen) < MOST_WAITING:
                self._seen[folder] = (first, now)

    def take_due(self, *, now: float) -> tuple[Path, ...]:
        """Return the folders that are quiet, and forget them."""
        due = tuple(folder for folder in self._seen if self._due_at(folder) <= now)
        for folder in due:
            del self._seen[folder]
        return due

    def next_due(self) -> float | None:
        """When the next folder is due; None where none waits."""
        return min(map(self._due_at, self._seen), default=None)

    def forget_below(self, root: Path) -> None:
        """Forget everything below a folder."""
        for folder in [each for each in self._seen if root in each.parents]:
            del self._seen[folder]

    def _due_at(self, folder: Path) -> float:
        first, last = self._seen[folder]
        return min(last + self.quiet_s, first + self.at_most_s)


def is_worth_asking(place: Place, *, known: Mapping[str, int]) -> bool:
    """Whether a folder holds anything that is not known with the same size, or lost what was. Blocking."""
    try:
        listing = read_folder(place, extra=DISC_FILES)
    except MetarrError:
        return bool(known)  # it is gone, or cannot be read: only then news where it was known
    found = discover(listing.entries, folder_name=place.folder.name).found
    there = {readable(str(place.folder / item.entry.name)): item.entry.size for item in found}
    if known:
        return there != dict(known)
    return bool(there) or _holds_media(place.folder)


def _holds_media(folder: Path) -> bool:
    """Whether media lie in a folder, or in one below it."""
    try:
        for path in folder.iterdir():
            if counts(path) or (path.is_dir() and any(counts(below) for below in path.iterdir())):
                return True
    except OSError:
        return False
    return False
