"""A webhook after parsing: what was imported, or why it is of no interest."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.episode_code import code_of_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.text import Text


class MediaKind(StrEnum):
    """What was imported."""

    MOVIE = "movie"
    EPISODE = "episode"
    ALBUM = "album"


class Action(StrEnum):
    """What the sender did with it."""

    IMPORTED = "imported"
    UPGRADED = "upgraded"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaEvent:
    """One import as the sender tells it.

    ``folder`` and ``files`` are the sender's own paths (files relative to the folder, where
    known) and mean nothing on this computer before path mapping. Numbers are None where the
    sender sent none or 0.
    """

    source: str
    kind: MediaKind
    action: Action
    title: str
    folder: str
    instance: str = ""
    year: int | None = None
    files: tuple[str, ...] = ()
    tmdb_id: int | None = None
    imdb_id: str | None = None
    tvdb_id: int | None = None
    musicbrainz_id: str | None = None
    season: int | None = None
    episodes: tuple[int, ...] = ()
    episode_title: str = ""
    album: str = ""
    quality: str = ""
    overview: str = ""
    poster_url: str | None = None
    download_id: str = ""

    @property
    def display_title(self) -> str:
        """The name a person knows it by: ``The Matrix (1999)``, ``Severance S02E03``."""
        match self.kind:
            case MediaKind.MOVIE:
                return f"{self.title} ({self.year})" if self.year else self.title
            case MediaKind.EPISODE:
                return f"{self.title} {self.episode_code}".strip()
            case MediaKind.ALBUM:
                name = f"{self.title} - {self.album}" if self.album else self.title
                return f"{name} ({self.year})" if self.year else name

    @property
    def episode_code(self) -> str:
        """``S06E01-E02``, ``S02E01-06 (6)``; only the season without a number; empty for films and music."""
        return "" if self.season is None else code_of_file(self.season, self.episodes)

    def to_payload(self) -> dict[str, Any]:
        """JSON form that jobs carry; empty values are left out."""
        always = {"title", "folder"}
        return {
            key: value
            for key, value in dataclasses.asdict(self).items()
            if key in always or value not in (None, "", ())
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> MediaEvent:
        """Read back ``to_payload``; unknown keys of a newer version are ignored.

        Raises KeyError, TypeError or ValueError where the payload is not one of ours.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        values = {key: value for key, value in payload.items() if key in known}
        values["kind"] = MediaKind(payload["kind"])
        values["action"] = Action(payload["action"])
        for name in ("files", "episodes"):
            values[name] = tuple(payload.get(name, ()))
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A well-formed webhook that leads to no work; ``title`` names what it was about, if anything."""

    reason: Text
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingWebhook:
    """One delivery as it came in: ``body`` is the raw bytes, nothing of it is interpreted yet."""

    source: str
    event_type: str
    instance: str
    body: bytes
    remote_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWebhook:
    """A delivery that is safe on disk, and the job that will look at it."""

    event_id: int
    job_id: int
