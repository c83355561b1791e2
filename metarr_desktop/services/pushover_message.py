"""The fields of one Pushover message, within its limits, which count characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.services import pushover_markup
from metarr_desktop.services.problems import is_problem
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.pushover_config import PushoverConfig

LONGEST_TITLE, LONGEST_MESSAGE, LONGEST_URL = 250, 1024, 512
EMERGENCY = 2


def message(config: PushoverConfig, notification: Notification, *, sent_at: datetime) -> dict[str, str]:
    """Build the fields of one message; HTML is only what a person's template holds."""
    title, body = clean(notification.title), clean(notification.body, lines=True)
    form = {"timestamp": str(int(sent_at.timestamp())), **_urgency(config, notification)}
    if notification.marked:
        title = clean(pushover_markup.plain(title))
        form["html"] = "1"
        form["message"] = pushover_markup.cut(body, LONGEST_MESSAGE)
        if not pushover_markup.plain(body).strip():
            form["message"] = pushover_markup.cut(
                pushover_markup.escape(title or "Imported"), LONGEST_MESSAGE
            )
    else:
        form["message"] = cut(body or title or "Imported", LONGEST_MESSAGE)
    if title:
        form["title"] = cut(title, LONGEST_TITLE)
    if notification.link and len(notification.link) <= LONGEST_URL:
        form["url"] = notification.link
    if config.device:
        form["device"] = config.device
    if config.sound:
        form["sound"] = config.sound
    return form


def _urgency(config: PushoverConfig, notification: Notification) -> dict[str, str]:
    """How loudly it comes: an emergency is repeated and never forgotten, anything else may be."""
    priority = config.priority
    if config.problem_priority != "same" and is_problem(notification.event):
        priority = config.problem_priority
    if priority == EMERGENCY:
        return {"priority": "2", "retry": str(config.retry), "expire": str(config.expire)}
    lifetime = {"ttl": str(config.ttl)} if config.ttl else {}
    return {"priority": str(priority), **lifetime}
