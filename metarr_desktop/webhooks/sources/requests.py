"""Requests and reports of problems, as Overseerr and Jellyseerr tell of them.

Their body is a template that people may edit: any field may be missing, ids are words, and what does not
apply is null or empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Ignored, Notice, NoticeKind
from metarr_desktop.domain.text import text
from metarr_desktop.webhooks.sources.notices import connected, fit_notice
from metarr_desktop.webhooks.sources.shapes import Shape, event_name, read_what_fits, unknown
from metarr_desktop.webhooks.sources.wording import MAX_NAME, address_of, line, prose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.webhooks.sources.origin import Origin

EVENT_KEY = "notification_type"
MEDIA, ISSUE = "media_", "issue_"
LEVELS = {"media_failed": "error", "issue_created": "warning", "issue_reopened": "warning"}


class Comment(Shape):
    """What somebody wrote about a problem."""

    message: str | None = Field(default=None, alias="comment_message")
    author: str | None = Field(default=None, alias="commentedBy_username")


class Requester(Shape):
    """Who asked for it."""

    name: str | None = Field(default=None, alias="requestedBy_username")


class Reporter(Shape):
    """Who has the problem."""

    name: str | None = Field(default=None, alias="reportedBy_username")


class Telling(Shape):
    """The fields of the template that people read."""

    event: str | None = None
    subject: str | None = None
    message: str | None = None
    image: str | None = None
    request: Requester | None = None
    issue: Reporter | None = None
    comment: Comment | None = None


def parse_request(body: Mapping[str, Any], *, origin: Origin) -> Notice | Ignored:
    """Give a body of this shape its meaning."""
    event = event_name(body, sender=origin.title, key=EVENT_KEY)
    name = event.casefold()
    told = read_what_fits(Telling, body)
    subject = line(told.subject)
    if name == "test_notification":
        return connected(origin)
    if not name.startswith((MEDIA, ISSUE)):
        return Ignored(reason=unknown(event), title=subject)
    message = _message(told)
    if not subject and not message:
        raise Permanent(text("{source} did not say what it is about.", source=origin.title))
    notice = Notice(
        source=origin.key,
        kind=NoticeKind.REQUEST if name.startswith(MEDIA) else NoticeKind.ISSUE,
        message=message or subject,
        level=LEVELS.get(name, "notice"),
        type=event.upper(),
        subject=subject,
        poster_url=address_of(told.image),
    )
    return fit_notice(notice, sender=origin.title)


def _message(told: Telling) -> str:
    """Put what happened, who wants it and what is said of it below each other."""
    who = told.request.name if told.request else told.issue.name if told.issue else None
    event, person = line(told.event, limit=MAX_NAME), line(who, limit=MAX_NAME)
    comment = told.comment or Comment()
    first = f"{event} ({person})" if event and person else event or person
    return "\n".join(part for part in (first, prose(comment.message), prose(told.message)) if part)
