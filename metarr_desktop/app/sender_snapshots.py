"""Read models of senders."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.text import Text
    from metarr_desktop.storage.issue_store import HealthIssue


class SenderState(StrEnum):
    """How a sender stands, as one word; SEEN is one of which we only know that it sends."""

    OFF = "off"
    SEEN = "seen"
    NOT_CONNECTED = "not_connected"
    CONNECTED = "connected"
    UNREACHABLE = "unreachable"
    KEY_REJECTED = "key_rejected"
    WRONG_PROGRAM = "wrong_program"
    STOPPED_CALLING = "stopped_calling"
    ADDRESS_CHANGED = "address_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderType:
    """A program that can be added; ``can_connect`` where our webhook can be made there by itself."""

    key: str
    title: str
    can_connect: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RootFolder:
    """A folder in which a sender keeps its media, as it writes it.

    ``here`` is where it lies on this computer by the path mappings, None where none says so; ``library``
    tells whether that is inside a library folder.
    """

    path: str
    here: str | None
    library: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderIssue:
    """What a sender complains of about itself."""

    message: str
    level: str
    since: datetime
    link: str | None = None

    @classmethod
    def of(cls, issue: HealthIssue) -> SenderIssue:
        """Take what is stored."""
        return cls(message=issue.message, level=issue.level, since=issue.since, link=issue.link)


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSnapshot:
    """One sender of the list.

    ``webhook_address`` is where it sends to, without a key: ``Queries.sender_address`` has it to paste.
    ``missed`` imports wait for Catch up or Dismiss.
    """

    id: int
    type: str
    type_title: str
    name: str
    slug: str
    enabled: bool
    url: str
    can_connect: bool
    state: SenderState
    webhook_address: str
    detail: Text | None = None
    version: str = ""
    last_contact: datetime | None = None
    events_24h: int = 0
    root_folders: tuple[RootFolder, ...] = ()
    missed: int = 0
    last_catch_up: datetime | None = None
    issues: tuple[SenderIssue, ...] = ()
