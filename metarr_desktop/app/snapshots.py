"""Immutable pictures of the program, as the window and the command line read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from metarr_desktop.app.household_views import HouseholdForm
    from metarr_desktop.domain.forms import FieldSpec, PlainValue
    from metarr_desktop.domain.history import HistoryCursor
    from metarr_desktop.domain.jobs import Attempt, EndStatus, Job, JobRecord, JobStatus
    from metarr_desktop.domain.lanes import LaneState
    from metarr_desktop.domain.media import LibraryFolder, WatchMode
    from metarr_desktop.domain.quota import Quota
    from metarr_desktop.domain.schedules import Rule
    from metarr_desktop.domain.text import Text


class ServiceState(StrEnum):
    """How a service stands, as one word."""

    OFF = "off"
    NOT_SET_UP = "not_set_up"
    NOT_TESTED = "not_tested"
    CONNECTED = "connected"
    WAITING = "waiting"
    NEEDS_ATTENTION = "needs_attention"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSnapshot:
    """One service of the list; ``detail`` says more than the state, ``last_*`` is its last ended job.

    ``stop`` is why a lane of it takes no jobs, and ``until`` when that ends by itself. ``household`` are the
    players of a service that has some. ``quota`` is what it takes yet, where it said so. What goes wrong with
    an ``optional`` one is shown here, and raises no alarm.
    """

    key: str
    title: str
    enabled: bool
    configured: bool
    state: ServiceState
    detail: Text | None = None
    waiting: int = 0
    last_status: EndStatus | None = None
    last_at: datetime | None = None
    stop: LaneState | None = None
    until: datetime | None = None
    household: HouseholdForm | None = None
    quota: Quota | None = None
    optional: bool = False

    @property
    def alarms(self) -> bool:
        """Whether a person has to be told that something is wrong with it."""
        return self.state is ServiceState.NEEDS_ATTENTION and not self.optional


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSnapshot:
    """A lane that takes no jobs: why, and until when (None: until a person acts, or a try succeeds)."""

    lane: str
    title: str
    state: LaneState | Literal["paused"]
    reason: Text
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceForm:
    """What a service's settings page starts from; of secrets only whether one is kept.

    A service that has players tells them in ``household``; where there are several, ``fields`` are those of
    the service alone.
    ``loads`` are the fields whose choices the service can be asked for.
    ``sign_in`` is the label of the button that signs in there, where that is possible.
    """

    key: str
    title: str
    enabled: bool
    fields: tuple[FieldSpec, ...]
    values: Mapping[str, PlainValue]
    secrets_set: frozenset[str]
    docs: str
    takes_messages: bool = True
    sign_in: Text | None = None
    household: HouseholdForm | None = None
    loads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestLine:
    """One line of a connection test."""

    __test__ = False

    name: Text
    ok: bool
    detail: Text
    ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReport:
    """A whole connection test; ``released`` jobs are being sent since it passed."""

    __test__ = False

    ok: bool
    lines: tuple[TestLine, ...]
    ms: int
    released: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSnapshot:
    """How much there is to do."""

    pending: int
    processing: int
    oldest_pending: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """The address the webhook listener is bound to."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseSnapshot:
    """Whether deliveries are paused, and until when (None: until resumed)."""

    paused: bool
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSnapshot:
    """The program at a glance."""

    version: str
    running: bool
    listening: Listening | None
    pause: PauseSnapshot
    queue: QueueSnapshot
    services: tuple[ServiceSnapshot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TodaySnapshot:
    """Counts since local midnight."""

    webhooks: int
    done: int
    failed: int
    last_source: str | None = None
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSnapshot:
    """One stored webhook, named for people; ``title`` is empty until it was looked at.

    A ``recovered`` one was read from the sender's history later.
    """

    id: int
    source: str
    source_title: str
    event_type: str
    title: str
    received_at: datetime
    remote_address: str
    instance: str = ""
    outcome: str = ""
    recovered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilySnapshot:
    """One webhook with all its jobs: those still in the queue and those that ended."""

    root_id: int
    event: EventSnapshot | None
    jobs: tuple[Job, ...]
    records: tuple[JobRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """What the history shows; empty parts do not restrict. ``text`` is looked for in titles and errors."""

    text: str = ""
    status: EndStatus | None = None
    type: str = ""
    source: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One ended job with the subject it was about and its attempts."""

    record: JobRecord
    subject: str
    source: str
    attempts: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetail:
    """One webhook with everything it became, its replays included."""

    event: EventSnapshot
    jobs: tuple[Job, ...]
    ended: tuple[HistoryRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Rows newest first; ``next_before`` continues after the last one, None at the end."""

    rows: tuple[HistoryRow, ...]
    next_before: HistoryCursor | None


class GivenUp(StrEnum):
    """Why a job failed without an error of its own: its time was over, or its process died too often."""

    EXPIRED = "expired"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDetail:
    """Everything known of one job: it is either still in the queue or has a record.

    Of the ``related`` jobs those come first that it ran together with. ``lanes`` are those that take no jobs.
    """

    job: Job | None
    record: JobRecord | None
    attempts: tuple[Attempt, ...]
    event: EventSnapshot | None
    payload: str
    webhook_body: str
    related: tuple[Job | JobRecord, ...] = ()
    waits_for: Text | None = None
    given_up: GivenUp | None = None
    lanes: Mapping[str, LaneSnapshot] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAddress:
    """The address to paste into one sender; ``url`` carries the key where one is needed."""

    key: str
    title: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LibrarySnapshot:
    """One library folder of this computer; ``found`` and ``anchored``: it is there now, and so is its anchor.

    ``anchor``, ``needs_nfo`` and ``watch`` are as in ``domain/media.py``.
    """

    id: int
    name: str
    path: str
    type: Literal["movies", "tv", "music"]
    found: bool = True
    anchored: bool = True
    anchor: str = ""
    needs_nfo: bool = False
    watch: WatchMode = "off"


def library_snapshot(folder: LibraryFolder, *, found: bool = True, anchored: bool = True) -> LibrarySnapshot:
    """Return a library folder as it is shown."""
    return LibrarySnapshot(
        id=folder.id,
        name=folder.name,
        path=str(folder.path),
        type=folder.type,
        found=found,
        anchored=anchored,
        anchor=folder.anchor,
        needs_nfo=folder.needs_nfo,
        watch=folder.watch,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsSnapshot:
    """The program's own settings, as the settings window shows them.

    ``told_still_running`` is no choice: a person was told once that closing the window ends nothing, nor is
    ``assistant_seen``: the setup assistant comes up by itself once.
    ``allow_only`` and ``trusted_proxies`` are addresses and networks with commas between them.
    """

    port: int = 3000
    allow: Literal["local", "home"] = "local"
    require_key_locally: bool = False
    allow_only: str = ""
    base_path: str = ""
    trusted_proxies: str = ""
    host_override: str | None = None
    close_button: Literal["ask", "keep", "quit"] = "ask"
    theme: Literal["system", "light", "dark"] = "system"
    start_hidden: bool = False
    start_at_login: bool = False
    told_still_running: bool = False
    assistant_seen: bool = False
    keep_done_days: int = 30
    keep_failed_days: int = 90
    deliver_within_days: int = 7
    weekly_drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSnapshot:
    """Recurring work. ``last_status`` is how its last job stands or ended, None where nothing is kept of it.

    ``next_at`` may lie in the past where the program does not run: it is due as soon as it does.
    """

    name: str
    title: Text
    purpose: Text
    rule: Rule
    default: Rule
    next_at: datetime
    last_at: datetime | None = None
    last_job_id: int | None = None
    last_status: EndStatus | JobStatus | None = None
    last_detail: Text | None = None


class ProblemKind(StrEnum):
    """The states that a banner tells."""

    PORT_IN_USE = "port_in_use"
    PORT_FORBIDDEN = "port_forbidden"
    KEY_REJECTED = "key_rejected"
    NOT_SET_UP = "not_set_up"
    KEYRING_LOCKED = "keyring_locked"
    NO_KEYRING = "no_keyring"
    DATABASE_BUSY = "database_busy"
    DATABASE_DAMAGED = "database_damaged"
    DATABASE_FAILED = "database_failed"
    DISK_FULL = "disk_full"
    PATH_UNKNOWN = "path_unknown"
    ADDRESS_CHANGED = "address_changed"
    SOURCE_STOPPED = "source_stopped"
    SOURCE_KEY_REJECTED = "source_key_rejected"
    WEBHOOK_GONE = "webhook_gone"
    MISSED = "missed"
    PATH_DRIFT = "path_drift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something a person should know.

    ``subject`` is the service key, the port, the path or the name of the sender it is about.
    """

    kind: ProblemKind
    text: Text
    subject: str = ""
    values: Mapping[str, str | int] = field(default_factory=dict)
