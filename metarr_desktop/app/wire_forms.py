"""The types of the public JSON forms: mypy holds ``wire.py`` to them, and the API's document tells them."""

from __future__ import annotations

# Not typing's own: pydantic makes schemas of those from Python 3.12 on only.
from typing_extensions import TypedDict

from metarr_desktop.app.snapshots import ServiceState  # noqa: TC001 - pydantic reads the annotations
from metarr_desktop.domain.jobs import AttemptOutcome, EndStatus, JobStatus  # noqa: TC001
from metarr_desktop.domain.lanes import LaneState  # noqa: TC001


class ListeningJson(TypedDict):
    """The address webhooks arrive at."""

    host: str
    port: int


class QueueJson(TypedDict):
    """How much there is to do."""

    pending: int
    processing: int
    oldest_pending_s: float | None


class ServiceJson(TypedDict):
    """How one service stands."""

    key: str
    title: str
    enabled: bool
    configured: bool
    state: ServiceState
    detail: str | None
    stop: LaneState | None
    until: str | None
    players: int | None


class StatusJson(TypedDict):
    """The program at a glance."""

    version: str
    running: bool
    listening: ListeningJson | None
    paused: bool
    paused_until: str | None
    queue: QueueJson
    services: list[ServiceJson]


class TallyJson(TypedDict):
    """Jobs in numbers."""

    waiting: int
    running: int
    oldest_waiting_s: float | None
    done_24h: int
    failed_24h: int


class TypeTallyJson(TallyJson):
    """Jobs of one type in numbers."""

    type: str


class ServiceTallyJson(TallyJson):
    """Deliveries to one service in numbers."""

    key: str
    title: str


class StatisticsJson(TypedDict):
    """What waits, runs and lately ended, in numbers."""

    at: str | None
    total: TallyJson
    types: list[TypeTallyJson]
    services: list[ServiceTallyJson]


class LaneJson(TypedDict):
    """A lane that takes no jobs; the state ``paused`` is everybody's, the others are its own."""

    lane: str
    title: str
    state: str
    reason: str
    since: str | None
    until: str | None


class ProgressJson(TypedDict):
    """How far a running job is."""

    done: int
    total: int
    note: str | None


class JobJson(TypedDict):
    """One row of the queue."""

    id: int
    type: str
    priority: int
    status: JobStatus
    retry_count: int
    max_retries: int
    parent_id: int | None
    root_id: int
    event_id: int | None
    created_at: str | None
    run_after: str | None
    error: str | None
    reason: str | None
    waits_for: int | None
    lane: str
    worker: str | None
    progress: ProgressJson | None
    dedupe_key: str | None
    merge_key: str | None
    merged_into: int | None
    expires_at: str | None


class AttemptJson(TypedDict):
    """One run of a job."""

    number: int
    started_at: str | None
    duration_ms: int
    outcome: AttemptOutcome
    detail: str | None


class QueuedJobJson(JobJson):
    """One row of the queue with its attempts so far."""

    attempts: list[AttemptJson]


class EndedJobJson(TypedDict):
    """One ended job."""

    id: int
    job_id: int
    type: str
    priority: int
    status: EndStatus
    error: str | None
    retry_count: int
    max_retries: int
    retry_of: int | None
    lane: str
    parent_id: int | None
    root_id: int
    event_id: int | None
    subject: str
    created_at: str | None
    started_at: str | None
    completed_at: str | None
    duration_ms: int


class HistoryJson(EndedJobJson):
    """One ended job with its attempts."""

    attempts: list[AttemptJson]


class EventJson(TypedDict):
    """One stored webhook; ``title`` and ``outcome`` are empty until it was looked at."""

    id: int
    source: str
    instance: str
    event_type: str
    title: str
    received_at: str | None
    outcome: str
    recovered: bool


class EventDetailJson(EventJson):
    """One stored webhook with its jobs: those in the queue, and those that ended."""

    jobs: list[JobJson]
    ended: list[HistoryJson]


class ReportStepJson(TypedDict):
    """One step of a connection test."""

    name: str
    ok: bool
    detail: str
    ms: int


class ReportJson(TypedDict):
    """Result of a connection test."""

    ok: bool
    ms: int
    released: int
    steps: list[ReportStepJson]


class LibraryJson(TypedDict):
    """One library folder of this computer."""

    id: int
    name: str
    path: str
    type: str
    found: bool
    anchor: str
    needs_nfo: bool
    watch: str


MappingJson = TypedDict("MappingJson", {"scope": str, "from": str, "to": str})


class HopJson(TypedDict):
    """How one side writes a path; ``translated_from`` is the path its mapping was used on."""

    scope: str
    path: str
    mapping: MappingJson | None
    translated_from: str
    library: str | None
    exists: bool | None


class ScanJson(TypedDict):
    """A folder that is to be looked at."""

    event_id: int
    job_id: int
    folder: str
    title: str


class AddressJson(TypedDict):
    """The address to paste into one sender."""

    source: str
    title: str
    url: str


class ScheduleJson(TypedDict):
    """Recurring work."""

    name: str
    title: str
    rule: dict[str, str]
    words: str
    next_at: str | None
    last_at: str | None
    last_job_id: int | None
    last_status: EndStatus | JobStatus | None
    last_detail: str | None


class PauseJson(TypedDict):
    """Whether deliveries are paused, and until when."""

    paused: bool
    until: str | None
