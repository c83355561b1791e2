"""What the whole family says beside its media: its health, its updates, downloads that need a person."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from pydantic import Field

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Ignored, Notice, NoticeKind
from metarr_desktop.domain.text import Text, text
from metarr_desktop.webhooks.sources.places import MAX_PAYLOAD, size_of
from metarr_desktop.webhooks.sources.shapes import Release, Shape, Some, Words, read_what_fits, unknown
from metarr_desktop.webhooks.sources.wording import MAX_NAME, address_of, line, name_of, prose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.webhooks.sources.origin import Origin

DOWNLOAD = "download"
"""Every import of every sender, upgrades included, has this event type."""
LEVELS = frozenset({"ok", "notice", "warning", "error"})
MOST_REASONS = 5


class StatusMessage(Shape):
    """Why a download waits: a file or a sentence, and what is wrong with it."""

    title: str | None = None
    messages: Words = Field(default_factory=list)


class DownloadInfo(Shape):
    """A download as its client names it."""

    title: str | None = None


class Saying(Shape):
    """Every field of the events that the family shares."""

    level: str | None = None
    message: str | None = None
    type: str | None = None
    wiki_url: str | None = Field(default=None, alias="wikiUrl")
    previous_version: str | None = Field(default=None, alias="previousVersion")
    new_version: str | None = Field(default=None, alias="newVersion")
    download_info: DownloadInfo | None = Field(default=None, alias="downloadInfo")
    release: Release | None = None
    release_title: str | None = Field(default=None, alias="releaseTitle")
    download_client: str | None = Field(default=None, alias="downloadClient")
    status_messages: Some[StatusMessage] | None = Field(default=None, alias="downloadStatusMessages")
    instance_name: str | None = Field(default=None, alias="instanceName")
    application_url: str | None = Field(default=None, alias="applicationUrl")


def family_event(
    event: str,
    body: Mapping[str, Any],
    *,
    origin: Origin,
    subject: str = "",
    tags: tuple[str, ...] = (),
) -> Notice | Ignored:
    """Give an event that every member of the family may send its meaning; any other is of no interest.

    ``subject`` and ``tags`` are those of the film, series or artist it is about, where there is one.
    """
    said = read_what_fits(Saying, body)
    match event.casefold():
        case "test":
            return connected(origin)
        case "health" | "healthissue":
            notice = _health(said, origin)
        case "healthrestored":
            notice = dataclasses.replace(_health(said, origin), kind=NoticeKind.RESTORED, level="ok")
        case "applicationupdate":
            notice = Notice(source=origin.key, kind=NoticeKind.UPDATED, message=_versions(said))
        case "manualinteractionrequired":
            notice = _interaction(said, origin, subject)
        case "downloadfailure" | "importfailure":
            notice = _failure(said, origin, subject, imported=event.casefold() == "importfailure")
        case _:
            return Ignored(reason=unknown(event), title=subject)
    notice = dataclasses.replace(notice, instance=line(said.instance_name, limit=MAX_NAME), tags=tags)
    return fit_notice(notice, sender=origin.title)


def connected(origin: Origin) -> Ignored:
    """What a test says: the way is open, and nothing else."""
    return Ignored(reason=text("Connected: a test from {source} arrived.", source=origin.title))


def is_replacement(reason: str | None) -> bool:
    """Whether a file was deleted because a better one takes its place."""
    return (reason or "").strip().casefold() == "upgrade"


def replaced(subject: str) -> Ignored:
    """What such a deletion leads to: it belongs to the import that follows it."""
    return Ignored(reason=Text("The old file was replaced: its import follows."), title=subject)


def fit_notice(notice: Notice, *, sender: str) -> Notice:
    """Shorten the message, then leave out the addresses, until a job can carry the notice."""
    while size_of(notice) > MAX_PAYLOAD and notice.message:
        notice = dataclasses.replace(notice, message=notice.message[: len(notice.message) // 2].rstrip())
    if size_of(notice) > MAX_PAYLOAD:
        notice = dataclasses.replace(notice, link=None, poster_url=None)
    if size_of(notice) > MAX_PAYLOAD:
        raise Permanent(text("{source} sent names that are too long.", source=sender))
    return notice


def _health(said: Saying, origin: Origin) -> Notice:
    check = line(said.type, limit=MAX_NAME)
    message = prose(said.message) or check
    if not message:
        raise Permanent(text("{source} did not say what is wrong.", source=origin.title))
    level = (said.level or "").strip().casefold()
    return Notice(
        source=origin.key,
        kind=NoticeKind.RESTORED if level == "ok" else NoticeKind.HEALTH,
        message=message,
        level=level if level in LEVELS else "warning",
        type=check,
        link=address_of(said.wiki_url),
    )


def _versions(said: Saying) -> str:
    before = line(said.previous_version, limit=MAX_NAME)
    now = line(said.new_version, limit=MAX_NAME)
    if before and now:
        return f"{before} -> {now}"
    return now or prose(said.message) or "A new version was installed."


def _interaction(said: Saying, origin: Origin, subject: str) -> Notice:
    release = said.release or Release()
    download = line(said.download_info.title if said.download_info else None) or line(release.release_title)
    reasons = [reason for each in said.status_messages or () if (reason := _reason(each, known=download))]
    return Notice(
        source=origin.key,
        kind=NoticeKind.INTERACTION,
        message=prose("\n".join(reasons[:MOST_REASONS])) or "A download needs your decision.",
        level="warning",
        subject=subject or download or line(said.download_client, limit=MAX_NAME),
        unmatched=not subject,
        link=address_of(said.application_url),
    )


def _reason(message: StatusMessage, *, known: str) -> str:
    """Put what is wrong with a file into a line; the download itself, which is named, is not named again."""
    title = line(message.title)
    wrong = ", ".join(words for each in message.messages if (words := line(each)))
    if not wrong:
        return title
    return f"{title}: {wrong}" if title and title != known else wrong


def _failure(said: Saying, origin: Origin, subject: str, *, imported: bool) -> Notice:
    client = name_of(said.download_client)
    if imported:
        message = "It was downloaded but could not be imported."
    else:
        message = f"The download failed in {client}." if client else "The download failed."
    return Notice(
        source=origin.key,
        kind=NoticeKind.FAILURE,
        message=message,
        level="warning",
        subject=subject or line(said.release_title),
        unmatched=not subject,
    )
