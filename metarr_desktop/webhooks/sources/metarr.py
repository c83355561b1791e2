"""Metarr Desktop itself: what it could not deliver, and what keeps it from its work.

Nobody sends these over the network: ``app/failure_news.py`` stores them like webhooks, so that they go the
same way as what senders say, and can be chosen for each service like that. A drill is an import
that never was.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import Action, Ignored, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.domain.schedules import DRILL as SCHEDULED_DRILL
from metarr_desktop.domain.text import text
from metarr_desktop.webhooks.sources.declaration import Source
from metarr_desktop.webhooks.sources.notices import fit_notice
from metarr_desktop.webhooks.sources.shapes import Number, Shape, Some, event_name, read
from metarr_desktop.webhooks.sources.wording import MAX_NAME, line, prose

if TYPE_CHECKING:
    from collections.abc import Mapping

TITLE = "Metarr Desktop"
UNDELIVERED, KEY_REJECTED, NOT_RECEIVING = "Undelivered", "KeyRejected", "NotReceiving"
DRILL = "Drill"
MOST_NAMED = 10


class Failure(Shape):
    """One job that failed: of which service (none for a scan), about what, and why."""

    service: str = ""
    title: str = ""
    reason: str = ""


class Saying(Shape):
    """What each of the events may hold; ``count`` may be more than the failures that are named."""

    failures: Some[Failure] | None = None
    count: Number | None = None
    service: str = ""
    waiting: Number | None = None
    reason: str = ""


def parse(body: Mapping[str, Any]) -> MediaEvent | Notice | Ignored:
    """Give a stored event its meaning."""
    event = event_name(body, sender=TITLE)
    said = read(Saying, body, sender=TITLE)
    match event.casefold():
        case "drill":
            return DRILL_EVENT
        case "undelivered":
            failures = list(said.failures or ())
            subject, message = _headline(failures, said.count or len(failures)), _list(failures, said)
        case "keyrejected":
            subject = f"{line(said.service, limit=MAX_NAME)} needs a new key"
            message = f"{_waiting(said.waiting or 0)} Open settings to fix it."
        case "notreceiving":
            subject, message = "Not receiving webhooks", line(said.reason)
        case _:
            return Ignored(reason=text("Metarr Desktop does nothing for {event}.", event=event))
    return fit_notice(
        Notice(
            source=SOURCE.key,
            kind=NoticeKind.UNDELIVERED,
            message=prose(message) or "Open Metarr Desktop for details.",
            instance=TITLE,
            level="error",
            type=event,
            subject=subject,
            # It is about no film, whose tags or folder could keep it back.
            unmatched=True,
        ),
        sender=TITLE,
    )


def _headline(failures: list[Failure], count: int) -> str:
    services = {line(each.service, limit=MAX_NAME) for each in failures}
    if services == {str(SCHEDULED_DRILL.title)}:
        return "The weekly drill found a problem"
    what = "a delivery failed" if count == 1 else f"{count} deliveries failed"
    if services == {""}:
        return "A scan failed" if count == 1 else f"{count} scans failed"
    if len(services) == 1:
        return f"{services.pop()}: {what}"
    return what[0].upper() + what[1:]


def _list(failures: list[Failure], said: Saying) -> str:
    several = len({each.service for each in failures}) > 1
    lines = []
    for each in failures[:MOST_NAMED]:
        names = [each.service or "Scan"] if several else []
        lines.append(": ".join(part for part in (*names, line(each.title), line(each.reason)) if part))
    more = (said.count or len(failures)) - len(lines)
    if more > 0:
        lines.append(f"and {more} more")
    return "\n".join(lines)


def _waiting(count: int) -> str:
    if count == 0:
        return "New messages will wait."
    return "1 message waits." if count == 1 else f"{count} messages wait."


DRILL_EVENT = MediaEvent(
    source="metarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="Every service",
    folder="/drill",
    instance=TITLE,
    drill=True,
)
SOURCE = Source(key="metarr", title=TITLE, parse=parse, docs="docs/sources/metarr.md", routed=False)
