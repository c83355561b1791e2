"""A webhook after parsing: what happened to media, what a sender says, or why it is of no interest."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, assert_never

from metarr_desktop.domain.episode_code import code_of_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.text import Text


LONGEST_HEADING = 200


class MediaKind(StrEnum):
    """What an event is about."""

    MOVIE = "movie"
    EPISODE = "episode"
    ALBUM = "album"
    BOOK = "book"


class Action(StrEnum):
    """What was done with it.

    A folder is SCANNED where a person or the watcher of folders asked for it. What was imported is READY
    once a media server has it.
    """

    IMPORTED = "imported"
    UPGRADED = "upgraded"
    RENAMED = "renamed"
    DELETED = "deleted"
    GRABBED = "grabbed"
    ADDED = "added"
    SCANNED = "scanned"
    READY = "ready"


class NoticeKind(StrEnum):
    """What a sender has to say beside its media."""

    HEALTH = "health"
    RESTORED = "restored"
    UPDATED = "updated"
    INTERACTION = "interaction"
    FAILURE = "failure"
    REQUEST = "request"
    ISSUE = "issue"
    CAUGHT_UP = "caught_up"
    UNDELIVERED = "undelivered"


class EventKind(StrEnum):
    """The kinds of events among which a person chooses what a service is told."""

    DOWNLOADED = "downloaded"
    UPGRADED = "upgraded"
    RENAMED = "renamed"
    DELETED = "deleted"
    GRABBED = "grabbed"
    ADDED = "added"
    SCANNED = "scanned"
    READY = "ready"
    INTERACTION = "interaction"
    FAILED = "failed"
    HEALTH = "health"
    UPDATED = "updated"
    REQUESTS = "requests"
    UNDELIVERED = "undelivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaEvent:
    """What happened to one film, some episodes, an album or a book, as the sender tells it.

    ``folder`` and ``files`` are the sender's own paths (files relative to the folder, where
    known) and mean nothing on this computer before path mapping; ``old_files`` are those that were
    replaced, renamed or deleted. Numbers are None where the sender sent none or 0.

    Of a book ``title`` is its author and ``album`` its name, as of an album the artist and its name.
    ``sender_ids`` are the sender's own numbers of the film, of each episode or of the album; ``complete``
    tells of a whole download whose files were told one by one before. A deletion with ``files_kept``
    only ended the sender's interest. ``recovered`` events were read from the sender's history later. A
    ``drill`` is of nothing at all: it goes the way of an import, and nobody is told.
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
    tags: tuple[str, ...] = ()
    old_files: tuple[str, ...] = ()
    sender_ids: tuple[int, ...] = ()
    complete: bool = False
    files_kept: bool = False
    recovered: bool = False
    drill: bool = False

    @property
    def event_kind(self) -> EventKind:
        """Under which kind a person chose whether services are told."""
        if self.action is Action.IMPORTED:
            return EventKind.DOWNLOADED
        return EventKind(self.action.value)

    @property
    def display_title(self) -> str:
        """The name a person knows it by: ``The Matrix (1999)``, ``Severance S02E03``."""
        match self.kind:
            case MediaKind.MOVIE:
                return f"{self.title} ({self.year})" if self.year else self.title
            case MediaKind.EPISODE:
                return f"{self.title} {self.episode_code}".strip()
            case MediaKind.ALBUM | MediaKind.BOOK:
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
            if key in always or value not in (None, "", (), False)
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
        for name in ("files", "episodes", "tags", "old_files", "sender_ids"):
            values[name] = tuple(payload.get(name, ()))
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is said that is about no media on a disk: a sender's health, a download that needs a person.

    This program itself says which delivery failed for good.

    ``type`` names the check of a health notice or the request's state; ``level`` is ``ok``, ``notice``,
    ``warning`` or ``error``; ``subject`` is the film or series it is about, where there is one, or a download
    that is ``unmatched``: nobody can say yet to which film it belongs.
    """

    source: str
    kind: NoticeKind
    message: str
    instance: str = ""
    level: str = "notice"
    type: str = ""
    subject: str = ""
    link: str | None = None
    poster_url: str | None = None
    tags: tuple[str, ...] = ()
    unmatched: bool = False
    recovered: bool = False

    @property
    def event_kind(self) -> EventKind:
        """Under which kind a person chose whether services are told."""
        match self.kind:
            case NoticeKind.HEALTH | NoticeKind.RESTORED:
                return EventKind.HEALTH
            case NoticeKind.UPDATED:
                return EventKind.UPDATED
            case NoticeKind.INTERACTION:
                return EventKind.INTERACTION
            case NoticeKind.FAILURE:
                return EventKind.FAILED
            case NoticeKind.REQUEST | NoticeKind.ISSUE:
                return EventKind.REQUESTS
            case NoticeKind.CAUGHT_UP:
                return EventKind.DOWNLOADED
            case NoticeKind.UNDELIVERED:
                return EventKind.UNDELIVERED
            case _:
                assert_never(self.kind)

    @property
    def display_title(self) -> str:
        """What it is about, in a few words: the first line of what is said, where there is no name."""
        return self.subject or self.message.strip().partition("\n")[0][:LONGEST_HEADING].rstrip()

    def to_payload(self) -> dict[str, Any]:
        """JSON form that jobs carry; empty values are left out."""
        return {
            key: value
            for key, value in dataclasses.asdict(self).items()
            if key == "message" or value not in (None, "", (), False)
        }

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> Notice:
        """Read back ``to_payload``; raises KeyError, TypeError or ValueError where it is not one of ours."""
        known = {field.name for field in dataclasses.fields(cls)}
        values = {key: value for key, value in payload.items() if key in known}
        values["kind"] = NoticeKind(payload["kind"])
        values["tags"] = tuple(payload.get("tags", ()))
        return cls(**values)


Event = MediaEvent | Notice


def read_event(payload: Mapping[str, Any]) -> Event:
    """Read the event of a job. Raises KeyError, TypeError or ValueError where it is not one of ours."""
    if payload["kind"] in set(NoticeKind):
        return Notice.from_payload(payload)
    return MediaEvent.from_payload(payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A well-formed webhook that leads to no work; ``title`` names what it was about, if anything."""

    reason: Text
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingWebhook:
    """One delivery as it came in: ``body`` is the raw bytes, nothing of it is interpreted yet.

    ``recovered`` is the job that read it from the sender's history, 0 for what came by itself;
    ``import_keys`` then name what was imported, so that it is made up for once only. With ``once`` it is
    refused where one of its keys was named before.
    """

    source: str
    event_type: str
    instance: str
    body: bytes
    remote_address: str
    recovered: int = 0
    import_keys: tuple[str, ...] = ()
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWebhook:
    """A delivery that is safe on disk, and the job that will look at it."""

    event_id: int
    job_id: int
