"""One message for all that waited for the end of quiet hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.events import Action, MediaEvent, Notice, NoticeKind
from metarr_desktop.domain.quiet_hours import QuietHours
from metarr_desktop.jobs.composing import compose, compose_all
from metarr_desktop.services.declaration import MessageConfig

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.events import Event
    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Group, ServiceConfig

DIGEST = "digest"
"""The merge key of what comes together in the morning."""
MOST_LINES = 30


def digest_key(config: MessageConfig, events: Sequence[Event]) -> str | None:
    """Return under which key messages wait for the morning; None for those that come one by one.

    What is ready to watch comes one by one: it waits for its server, and would keep the others back.
    """
    if not config.digest or any(
        isinstance(each, MediaEvent) and each.action is Action.READY for each in events
    ):
        return None
    return DIGEST


def compose_digest(
    job: Job, events: Sequence[Event], *, config: ServiceConfig | Group
) -> Notification | None:
    """Word what came together in the morning; None where it is one message, or nothing that waited so.

    Parts of one download are one line.
    """
    if job.merge_key != DIGEST:
        return None
    packs = _packs(events)
    if len(packs) < 2:  # noqa: PLR2004 - one is a message like every other
        return None
    lines = [_line(pack) for pack in packs[:MOST_LINES]]
    if len(packs) > MOST_LINES:
        lines.append(f"and {len(packs) - MOST_LINES} more")
    since = _since(config)
    return compose(
        Notice(
            source="metarr",
            kind=NoticeKind.CAUGHT_UP,
            instance="Metarr Desktop",
            subject=f"{len(packs)} messages since {since}" if since else f"{len(packs)} messages",
            message="\n".join(lines),
        ),
        folder=None,
    )


def _packs(events: Sequence[Event]) -> list[list[Event]]:
    """Put parts of one download together, in the order in which they came."""
    packs: dict[object, list[Event]] = {}
    for number, event in enumerate(events):
        key: object = number
        if isinstance(event, MediaEvent) and event.download_id:
            key = (
                event.source,
                event.instance,
                event.download_id,
                event.kind,
                event.folder,
                event.event_kind,
            )
        packs.setdefault(key, []).append(event)
    return list(packs.values())


def _line(pack: Sequence[Event]) -> str:
    told = compose_all(pack, folder=None)
    rest = " ".join(told.body.split())
    return f"{told.title}: {rest}" if rest else told.title


def _since(config: ServiceConfig | Group) -> str:
    """Return when the quiet hours began; nothing where they were switched off since."""
    written = config.quiet_hours if isinstance(config, MessageConfig) else ""
    try:
        return f"{QuietHours.parse(written).begins:%H:%M}"
    except Refused:
        return ""
