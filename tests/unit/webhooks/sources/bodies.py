"""What tests of sources share: sample bodies with changes, and what they come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from metarr_desktop.domain.events import Event, Ignored, MediaEvent, Notice
from metarr_desktop.webhooks.body import read_object
from metarr_desktop.webhooks.sources.registry import find_source

SAMPLES = Path(__file__).parents[4] / "resources" / "samples"


def body(name: str, **changes: Any) -> dict[str, Any]:
    """Return a sample body with fields replaced; None takes a field out."""
    changed = read_object((SAMPLES / f"{name}.json").read_bytes()) | changes
    return {key: value for key, value in changed.items() if value is not None}


def parse(name: str, **changes: Any) -> Event | Ignored:
    source = find_source(name.partition("/")[0])
    assert source is not None
    return source.parse(body(name, **changes))


def event(name: str, **changes: Any) -> MediaEvent:
    found = parse(name, **changes)
    assert isinstance(found, MediaEvent)
    return found


def notice(name: str, **changes: Any) -> Notice:
    found = parse(name, **changes)
    assert isinstance(found, Notice)
    return found


def ignored(name: str, **changes: Any) -> tuple[str, str]:
    found = parse(name, **changes)
    assert isinstance(found, Ignored)
    return str(found.reason), found.title
