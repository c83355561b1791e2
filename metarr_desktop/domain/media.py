"""What lies in the library folders of this computer: folders, films and the files beside them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

LibraryType = Literal["movies", "tv", "music"]
LibraryMode = Literal["manual", "hybrid", "yolo"]
WatchMode = Literal["off", "events", "polling"]


class AssetType(StrEnum):
    """What a file in a movie's folder is; the order is the one in which people are told."""

    VIDEO = "video"
    POSTER = "poster"
    FANART = "fanart"
    BANNER = "banner"
    CLEARLOGO = "clearlogo"
    CLEARART = "clearart"
    DISCART = "discart"
    LANDSCAPE = "landscape"
    THUMB = "thumb"
    KEYART = "keyart"
    CHARACTERART = "characterart"
    NFO = "nfo"
    SUBTITLE = "subtitle"
    TRAILER = "trailer"


ARTWORK = frozenset(AssetType) - {AssetType.VIDEO, AssetType.NFO, AssetType.SUBTITLE, AssetType.TRAILER}
"""The types that are pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFolder:
    """One folder of this computer below which media of one type lie; ``path`` is absolute.

    ``anchor`` is a file or folder below it, relative, that is missing where the drive is not connected; empty
    where none was chosen. With ``needs_nfo`` media servers wait for the NFO beside a video.
    """

    id: int
    name: str
    path: str
    type: LibraryType
    mode: LibraryMode = "hybrid"
    anchor: str = ""
    needs_nfo: bool = False
    watch: WatchMode = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One file of a movie; ``path`` is absolute and fit to store and show (see ``readable``)."""

    type: AssetType
    path: str
    size: int
    modified_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Movie:
    """One film in one library folder; ids are None where nobody told them."""

    id: int
    library_id: int
    title: str
    folder: str
    file_path: str
    tmdb_id: int | None = None
    imdb_id: str | None = None
    year: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedMovie:
    """What one look at a movie's folder found, ready to be stored.

    ``old_paths`` are paths its video had before it was renamed. Without ``named`` the title is only what its
    folder is called, which does not replace what a sender said.
    """

    library_id: int
    title: str
    folder: str
    file_path: str
    tmdb_id: int | None = None
    imdb_id: str | None = None
    year: int | None = None
    assets: tuple[Asset, ...] = ()
    old_paths: tuple[str, ...] = ()
    named: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMovie:
    """The row that now stands for a scanned movie: a new one, or one ``restored`` after a deletion."""

    movie_id: int
    created: bool
    restored: bool = False


def readable(path: str) -> str:
    r"""Return a path that can be stored and shown: bytes that are no UTF-8 become ``\xNN``.

    Linux allows any bytes in a file name; Python carries them as lone surrogates, which neither
    SQLite nor JSON takes.
    """
    try:
        return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return path.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFilm:
    """A film as a sender or a media server knows it: its numbers, and its folder as that side writes it."""

    folder: str
    tmdb_id: int | None = None
    imdb_id: str | None = None
