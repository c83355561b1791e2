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
    """

    title: str
    body: str
    event: Event
    events: tuple[Event, ...] = ()
    folder: str | None = None
    link: str | None = None
