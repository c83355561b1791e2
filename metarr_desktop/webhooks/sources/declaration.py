"""What a source declares once, and what everything else derives from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import Event, Ignored
from metarr_desktop.services.declaration import ServiceConfig

if TYPE_CHECKING:
    from metarr_desktop.webhooks.sources.arr import ArrInterface

Parse = Callable[[Mapping[str, Any]], Event | Ignored]
"""Gives a body its meaning; raises Permanent, and nothing else, where it has none."""


class SourceConfig(ServiceConfig):
    """Base of every source's settings, which are declared as those of a service are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A program that sends us webhooks.

    ``event_key`` is where its bodies name the event. With ``scans`` its imports are looked at on this
    computer's disks as well. ``interface`` is how it is called itself, to be connected and caught up with;
    None where that cannot be. One that is not ``routed`` has no address: its events are made here.
    ``docs`` is the page in the repository.
    """

    key: str
    title: str
    parse: Parse
    docs: str
    event_key: str = "eventType"
    scans: bool = False
    config: type[SourceConfig] = SourceConfig
    interface: ArrInterface | None = None
    routed: bool = True
