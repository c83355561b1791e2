"""The public JSON forms of senders. Scripts rely on them: they only ever gain keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

# Not typing's own: pydantic makes schemas of those from Python 3.12 on only.
from typing_extensions import TypedDict

from metarr_desktop.app.sender_snapshots import SenderState  # noqa: TC001 - pydantic reads the annotations
from metarr_desktop.domain.clock import iso

if TYPE_CHECKING:
    from metarr_desktop.app.sender_snapshots import SenderSnapshot


class RootFolderJson(TypedDict):
    """A folder in which a sender keeps its media, and where it lies here."""

    path: str
    here: str | None
    library: bool


class SenderIssueJson(TypedDict):
    """What a sender complains of."""

    message: str
    level: str
    since: str | None


class SenderJson(TypedDict):
    """How one sender stands."""

    id: int
    name: str
    slug: str
    type: str
    title: str
    enabled: bool
    url: str
    state: SenderState
    detail: str | None
    version: str
    webhook_address: str
    last_contact: str | None
    events_24h: int
    root_folders: list[RootFolderJson]
    missed: int
    last_catch_up: str | None
    issues: list[SenderIssueJson]


def sender_json(sender: SenderSnapshot) -> SenderJson:
    """How one sender stands."""
    return {
        "id": sender.id,
        "name": sender.name,
        "slug": sender.slug,
        "type": sender.type,
        "title": sender.type_title,
        "enabled": sender.enabled,
        "url": sender.url,
        "state": sender.state,
        "detail": None if sender.detail is None else str(sender.detail),
        "version": sender.version,
        "webhook_address": sender.webhook_address,
        "last_contact": iso(sender.last_contact),
        "events_24h": sender.events_24h,
        "root_folders": [
            {"path": each.path, "here": each.here, "library": each.library} for each in sender.root_folders
        ],
        "missed": sender.missed,
        "last_catch_up": iso(sender.last_catch_up),
        "issues": [
            {"message": each.message, "level": each.level, "since": iso(each.since)} for each in sender.issues
        ],
    }
