"""What the name of a folder tells: which folder a path is about, and what lies in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.domain.media import LibraryFolder

KINDS = {"movies": "movie", "tv": "episode", "music": "album"}
LARGEST_TMDB_ID = 2**63 - 1

_TITLE_AND_YEAR = re.compile(r"(?P<title>.+?)[ ._]*\((?P<year>(?:18|19|20)\d\d)\)")
_TMDB_ID = re.compile(r"[{\[(]tmdb(?:id)?[-=](?P<id>\d{1,19})[}\])]", re.IGNORECASE)
_IMDB_ID = re.compile(r"[{\[(]imdb(?:id)?[-=](?P<id>tt\d{5,12})[}\])]", re.IGNORECASE)
_IDS = re.compile(r"[{\[(](?:tmdb|imdb|tvdb)(?:id)?[-=][^}\])]*[}\])]", re.IGNORECASE)
_SEASON = re.compile(r"(?:season|series|staffel|saison|temporada|s)[ ._-]*(?P<number>\d{1,4})", re.IGNORECASE)
_SPECIALS = frozenset({"specials"})
_PART_OF_A_FILM = frozenset(
    {
        "bdmv",
        "video_ts",
        "audio_ts",
        "certificate",
        "subs",
        "subtitles",
        "extras",
        "extrafanart",
        "extrathumbs",
    }
    | {"trailers", "featurettes", "behind the scenes", "deleted scenes", "interviews", "scenes", "shorts"}
    | {"other", "samples", "sample", "stream", "playlist", "clipinf", "backup", "meta", "auxdata", "jar"}
)
_PART_OF_AN_ALBUM = re.compile(r"(?:cd|disc|disk)[ ._-]*\d{1,3}", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFolder:
    """A folder, and what its name says; ``season`` is None for a whole series."""

    path: Path
    kind: str
    title: str
    year: int | None = None
    season: int | None = None
    album: str = ""
    tmdb_id: int | None = None
    imdb_id: str | None = None


def named_folder(path: Path, *, library: LibraryFolder) -> NamedFolder | None:
    """Return what a folder below a library folder is about: a film, a series or season, an artist or album.

    A folder that is only a part of a film, as ``BDMV`` is, stands for the film's own. None where it is the
    whole library folder.
    """
    root = Path(library.path)
    below = path.parts[len(root.parts) :]
    if not below:
        return None
    kind = KINDS[library.type]
    if kind == "movie":
        return _film(root, below)
    return _series(root, below) if kind == "episode" else _music(root, below)


def _film(root: Path, below: tuple[str, ...]) -> NamedFolder:
    """Take the innermost folder called ``Title (Year)``, else the folder itself."""
    dated = [number for number, name in enumerate(below) if _TITLE_AND_YEAR.match(name)]
    end = dated[-1] + 1 if dated else len(below)
    while not dated and end > 1 and below[end - 1].casefold() in _PART_OF_A_FILM:
        end -= 1
    name = below[end - 1]
    title, year = title_and_year(name)
    tmdb, imdb = _TMDB_ID.search(name), _IMDB_ID.search(name)
    tmdb_id = int(tmdb["id"]) if tmdb else None
    return NamedFolder(
        path=root.joinpath(*below[:end]),
        kind="movie",
        title=title,
        year=year,
        tmdb_id=tmdb_id if tmdb_id is not None and tmdb_id <= LARGEST_TMDB_ID else None,
        imdb_id=imdb["id"].lower() if imdb else None,
    )


def _series(root: Path, below: tuple[str, ...]) -> NamedFolder:
    season = _season(below[-1]) if len(below) > 1 else None
    title, year = title_and_year(below[-2] if season is not None else below[-1])
    return NamedFolder(path=root.joinpath(*below), kind="episode", title=title, year=year, season=season)


def _music(root: Path, below: tuple[str, ...]) -> NamedFolder:
    if len(below) > 2 and _PART_OF_AN_ALBUM.fullmatch(below[-1]):  # noqa: PLR2004 - artist, album, disc
        below = below[:-1]
    title, year = title_and_year(below[-1])
    if len(below) == 1:
        return NamedFolder(path=root.joinpath(*below), kind="album", title=title)
    return NamedFolder(
        path=root.joinpath(*below), kind="album", title=title_and_year(below[-2])[0], year=year, album=title
    )


def title_and_year(name: str) -> tuple[str, int | None]:
    """``Dune (2021) {tmdb-438631}`` is Dune of 2021."""
    found = _TITLE_AND_YEAR.match(name)
    if found:
        return found["title"].strip(), int(found["year"])
    return _IDS.sub("", name).strip() or name, None


def _season(name: str) -> int | None:
    if name.casefold() in _SPECIALS:
        return 0
    found = _SEASON.fullmatch(name)
    return int(found["number"]) if found else None
