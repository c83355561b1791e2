"""What a source declares once, and what everything else derives from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from metarr_desktop.domain.events import Ignored, MediaEvent

Parse = Callable[[Mapping[str, Any]], MediaEvent | Ignored]
"""Gives a body its meaning; raises Permanent, and nothing else, where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A program that sends us webhooks.

    ``event_key`` is where its bodies name the event. With ``scans`` its imports are looked at on this
    computer's disks as well. ``docs`` is the page in the repository.
    """

    key: str
    title: str
    parse: Parse
    docs: str
    event_key: str = "eventType"
    scans: bool = False
