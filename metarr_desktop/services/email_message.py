"""One e-mail: plain text, and the same as HTML that is readable in light and dark."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape, unescape
from typing import TYPE_CHECKING

from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.email_addresses import Mailbox
    from metarr_desktop.services.http import Attachment

LONGEST_SUBJECT = 200
LONGEST_BODY = 50_000
LONGEST_LINK = 2_000
_TAG = re.compile(r"<[^<>]*>")
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body style="font-family:sans-serif;font-size:16px;line-height:1.5;margin:16px">
<h1 style="font-size:20px;margin:0 0 8px">{title}</h1>
<p style="margin:0 0 16px">{body}</p>
{link}{poster}<p style="font-size:13px;opacity:.7;margin:0">Sent by Metarr Desktop</p>
</body></html>
"""
_PICTURE = """\
<p style="margin:0 0 16px"><img src="cid:{shown}" alt="" width="171" style="max-width:100%;height:auto"></p>
"""


def message(
    notification: Notification,
    *,
    sender: Mailbox,
    recipients: Sequence[Mailbox],
    message_id: str,
    sent_at: datetime,
    poster: Attachment | None = None,
) -> EmailMessage:
    """Build the message. No header holds a line end, whatever the title is.

    A poster is part of it: one that is fetched when it is read would tell who reads it, and when.
    """
    title, body = _plain(notification, notification.title), _plain(notification, notification.body)
    made = EmailMessage()
    made["Subject"] = cut(clean(title), LONGEST_SUBJECT) or "Metarr Desktop"
    made["From"] = sender.header
    made["To"] = tuple(each.header for each in recipients)
    made["Date"] = format_datetime(sent_at)
    made["Message-ID"] = message_id
    made["Auto-Submitted"] = "auto-generated"
    made["X-Metarr-Job"] = str(notification.job_id)
    link = _link(notification)
    parts = (clean(title), cut(clean(body, lines=True), LONGEST_BODY), link)
    made.set_content("\n\n".join(filter(None, parts)) + "\n\n-- \nSent by Metarr Desktop\n")
    shown = None if poster is None else f"poster.{message_id.strip('<>')}"
    made.add_alternative(_html(notification, link=link, shown=shown), subtype="html")
    if poster is not None:
        page = made.get_body(("html",))
        assert page is not None  # noqa: S101 - it was added just now
        kind, _, subtype = poster.content_type.partition("/")
        page.add_related(
            poster.content,
            kind,
            subtype,
            cid=f"<{shown}>",
            filename=poster.filename,
            disposition="inline",
        )
    return made


def _html(notification: Notification, *, link: str, shown: str | None) -> str:
    title = cut(clean(_plain(notification, notification.title)), LONGEST_SUBJECT)
    body = cut(clean(notification.body, lines=True), LONGEST_BODY)
    about = f'<p style="margin:0 0 16px"><a href="{escape(link)}">{escape(link)}</a></p>\n' if link else ""
    return _PAGE.format(
        title=escape(title),
        body=(body if notification.marked else escape(body)).replace("\n", "<br>\n"),
        link=about,
        poster="" if shown is None else _PICTURE.format(shown=escape(shown)),
    )


def _plain(notification: Notification, words: str) -> str:
    """Words without markup; what came from a template is HTML here."""
    return unescape(_TAG.sub("", _BREAK.sub("\n", words))) if notification.marked else words


def _link(notification: Notification) -> str:
    link = clean(notification.link or "")
    usable = link.lower().startswith(("http://", "https://")) and len(link) <= LONGEST_LINK
    return link if usable and " " not in link else ""
