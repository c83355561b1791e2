"""Which file of a movie's folder is what, judged by names and sizes alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from metarr_desktop.domain.media import ARTWORK, AssetType

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

VIDEO_EXTENSIONS = frozenset(
    {".mp4", ".mkv", ".avi", ".mov", ".wmv", ".flv", ".webm", ".m4v", ".mpg", ".mpeg"}
    | {".m2ts", ".ts", ".vob", ".ogv", ".3gp"}
)
IMAGE_EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tbn"})
SUBTITLE_EXTENSIONS = frozenset({".srt", ".sub", ".idx", ".ssa", ".ass", ".vtt", ".sup"})

DISC_FILES = ("BDMV/index.bdmv", "VIDEO_TS/VIDEO_TS.IFO")
"""The files that stand for a film kept as the copy of a Blu-ray or a DVD."""

ARTWORK_NAMES = {
    "poster": AssetType.POSTER,
    "cover": AssetType.POSTER,
    "folder": AssetType.POSTER,
    "fanart": AssetType.FANART,
    "backdrop": AssetType.FANART,
    "banner": AssetType.BANNER,
    "clearlogo": AssetType.CLEARLOGO,
    "logo": AssetType.CLEARLOGO,
    "clearart": AssetType.CLEARART,
    "discart": AssetType.DISCART,
    "disc": AssetType.DISCART,
    "landscape": AssetType.LANDSCAPE,
    "thumb": AssetType.THUMB,
    "keyart": AssetType.KEYART,
    "characterart": AssetType.CHARACTERART,
}

_WORD = re.compile(r"[^\W_]+")
_ARTWORK = re.compile(rf"({'|'.join(ARTWORK_NAMES)})[0-9]{{0,2}}")
_ORDER = {kind: position for position, kind in enumerate(AssetType)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file; ``name`` is relative to the movie's folder, with ``/`` between components."""

    name: str
    size: int
    modified_at: datetime

    @property
    def stem(self) -> str:
        """The file's own name without its extension, ready for comparison."""
        return PurePosixPath(self.name).stem.casefold()

    @property
    def extension(self) -> str:
        """The extension with its dot, in lower case."""
        return PurePosixPath(self.name).suffix.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One file and what it is."""

    type: AssetType
    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What a folder holds; ``found`` is sorted by type and name and contains the video."""

    video: Entry | None
    found: tuple[Found, ...] = ()

    @property
    def artwork(self) -> tuple[AssetType, ...]:
        """The types of picture that are there, each once."""
        return tuple(dict.fromkeys(item.type for item in self.found if item.type in ARTWORK))


def discover(entries: Iterable[Entry], *, folder_name: str, expected: str | None = None) -> Discovery:
    """Find the main video and what lies beside it.

    ``expected`` is the name the sender gave the video, relative to the folder. Where it is not there, the
    largest video counts that is no sample and no trailer.
    """
    files = [entry for entry in entries if not PurePosixPath(entry.name).name.startswith(".")]
    video = _main_video(files, folder_name=folder_name, expected=expected)
    found = [Found(type=AssetType.VIDEO, entry=video)] if video is not None else []
    for entry in files:
        kind = _kind(entry, video=video, folder_name=folder_name)
        if kind is not None and entry != video:
            found.append(Found(type=kind, entry=entry))
    found.sort(key=lambda item: (_ORDER[item.type], item.entry.name))
    return Discovery(video=video, found=tuple(found))


def _main_video(files: list[Entry], *, folder_name: str, expected: str | None) -> Entry | None:
    by_name = {entry.name: entry for entry in files}
    if expected is not None and expected in by_name:
        return by_name[expected]
    videos = [
        entry
        for entry in files
        if "/" not in entry.name
        and entry.extension in VIDEO_EXTENSIONS
        and extra_word(entry.stem, folder_name=folder_name) is None
    ]
    if videos:
        return min(videos, key=lambda entry: (-entry.size, entry.name))
    return next((by_name[name] for name in DISC_FILES if name in by_name), None)


def extra_word(stem: str, *, folder_name: str) -> str | None:
    """Return ``sample`` or ``trailer`` where a video's name says that it is one, else None.

    The word must end the name (a number may follow), or, for samples, begin it; and it must not be a word of
    the film's own folder: "Trailer Park Boys" and "The Sample (2015)" are films.
    """
    words = [_without_number(word) for word in _WORD.findall(stem.casefold())]
    while len(words) > 1 and not words[-1]:
        words.pop()
    title = [_without_number(word) for word in _WORD.findall(folder_name.casefold())]
    for extra in ("sample", "trailer"):
        placed = words[-1:] == [extra] or (extra == "sample" and words[:1] == [extra])
        if placed and words.count(extra) > title.count(extra):
            return extra
    return None


def _without_number(word: str) -> str:
    """``trailer2`` is ``trailer`` and ``2`` is nothing; a year stays what it is."""
    bare = word.rstrip("0123456789")
    return bare if len(word) - len(bare) <= 2 else word  # noqa: PLR2004 - nobody has a hundred trailers


def _kind(entry: Entry, *, video: Entry | None, folder_name: str) -> AssetType | None:
    """What a file beside the video is; None for what is of no interest."""
    if "/" in entry.name:
        return None
    extension = entry.extension
    if extension in IMAGE_EXTENSIONS:
        return _artwork_type(entry.stem, video_stem=video.stem if video is not None else None)
    if extension == ".nfo":
        return AssetType.NFO
    if extension in SUBTITLE_EXTENSIONS:
        return AssetType.SUBTITLE
    if extension in VIDEO_EXTENSIONS and extra_word(entry.stem, folder_name=folder_name) == "trailer":
        return AssetType.TRAILER
    return None


def _artwork_type(stem: str, *, video_stem: str | None) -> AssetType | None:
    """``poster``, ``fanart2`` or ``<video>-poster``, and nothing that merely contains such a word."""
    if video_stem is not None and stem.startswith(video_stem + "-"):
        stem = stem.removeprefix(video_stem + "-")
    match = _ARTWORK.fullmatch(stem)
    return ARTWORK_NAMES[match.group(1)] if match else None
