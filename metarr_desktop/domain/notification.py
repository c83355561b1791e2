"""What a service is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.domain.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a service is told about one event, already in plain words.

    ``folder`` is where the media lies as this service writes paths; None when it is unknown. Of a pack,
    ``event`` is what its ``events`` share.

    ``job_id`` and ``root_id`` are the job that tells it and the webhook's first one, 0 for a sample. With
    ``marked`` title and body came from a person's template and hold the service's own markup, its values
    escaped; else they are plain words.
    """

    title: str
    body: str
    event: Event
    events: tuple[Event, ...] = ()
    folder: str | None = None
    link: str | None = None
    job_id: int = 0
    root_id: int = 0
    marked: bool = False
