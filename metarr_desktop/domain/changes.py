"""Messages of the bus: what just became true (always after the commit)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.domain.jobs import Job, JobRecord


@dataclass(frozen=True, slots=True)
class JobChanged:
    """A job was added to the queue, started, or went back to waiting."""

    job: Job


@dataclass(frozen=True, slots=True)
class JobEnded:
    """A job left the queue for the history."""

    record: JobRecord


@dataclass(frozen=True, slots=True)
class EventStored:
    """A webhook was stored; ``instance`` is its sender's name in the address or in the body."""

    event_id: int
    source: str
    event_type: str = ""
    instance: str = ""


@dataclass(frozen=True, slots=True)
class WebhookRefused:
    """A request was refused before it was stored; ``reason`` is for the log page."""

    remote_address: str
    reason: str


@dataclass(frozen=True, slots=True)
class LaneChanged:
    """A lane stopped or opened."""

    lane: str


@dataclass(frozen=True, slots=True)
class ServiceChanged:
    """A service was switched, saved or tested."""

    key: str


@dataclass(frozen=True, slots=True)
class PauseChanged:
    """Deliveries were paused or resumed."""


@dataclass(frozen=True, slots=True)
class ListenerChanged:
    """The webhook listener started, stopped, or could not start."""


@dataclass(frozen=True, slots=True)
class StorageChanged:
    """The database began or ceased to fail, or the keyring to answer."""


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """Settings, library folders, mappings or the receiving key changed."""


Change = (
    JobChanged
    | JobEnded
    | EventStored
    | WebhookRefused
    | LaneChanged
    | ServiceChanged
    | PauseChanged
    | ListenerChanged
    | StorageChanged
    | SettingsChanged
)
