"""What lies in the library folders of this computer: folders, films and the files beside them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

LibraryType = Literal["movies", "tv", "music"]
LibraryMode = Literal["manual", "hybrid", "yolo"]


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
    """One folder of this computer below which media of one type lie; ``path`` is absolute."""

    id: int
    name: str
    path: str
    type: LibraryType
    mode: LibraryMode = "hybrid"


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
    """What one look at a movie's folder found, ready to be stored."""

    library_id: int
    title: str
    folder: str
    file_path: str
    tmdb_id: int | None = None
    imdb_id: str | None = None
    year: int | None = None
    assets: tuple[Asset, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMovie:
    """The row that now stands for a scanned movie, and whether it is a new one."""

    movie_id: int
    created: bool


def readable(path: str) -> str:
    r"""Return a path that can be stored and shown: bytes that are no UTF-8 become ``\xNN``.

    Linux allows any bytes in a file name; Python carries them as lone surrogates, which neither
    SQLite nor JSON takes.
    """
    try:
        return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return path.encode("utf-8", "backslashreplace").decode("utf-8")
