"""One message for everything that was caught up with, instead of one for each import."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.events import Notice, NoticeKind
from metarr_desktop.domain.jobs import NORMAL, NewJob

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.domain.routing import Routes
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.services.declaration import Service

MOST_TITLES = 10


def summaries(
    events: Sequence[MediaEvent],
    *,
    sender: Sender,
    services: Sequence[Service],
    enabled: frozenset[str],
    routes: Routes,
    expires_after: timedelta | None,
) -> tuple[NewJob, ...]:
    """Plan one message to each service that people read, of those imports that it would have been told."""
    jobs: list[NewJob] = []
    for service in services:
        if service.key not in enabled or not service.sends_messages:
            continue
        told = [each for each in events if routes.passes(each, service=service.key, choice=service.events)]
        if told:
            jobs.append(
                NewJob(
                    type=service.job_type,
                    lane=service.lane,
                    priority=NORMAL,
                    payload={"event": notice(told, sender=sender).to_payload()},
                    max_retries=service.retry.max_retries,
                    expires_after=expires_after,
                )
            )
    return tuple(jobs)


def notice(events: Sequence[MediaEvent], *, sender: Sender) -> Notice:
    """Say how many imports there were, and which: at most ten by name."""
    titles = [each.display_title for each in events]
    shown = titles[:MOST_TITLES]
    if len(titles) > MOST_TITLES:
        shown.append(f"and {len(titles) - MOST_TITLES} more")
    count = "1 import" if len(titles) == 1 else f"{len(titles)} imports"
    return Notice(
        source=sender.type,
        kind=NoticeKind.CAUGHT_UP,
        message="\n".join(shown),
        instance=sender.name,
        subject=f"{count} while Metarr Desktop was off",
    )
