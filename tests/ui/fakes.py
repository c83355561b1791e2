"""A core made by hand: real snapshots, commands that remember what was asked of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.logging_setup import LogBook
from metarr_desktop.app.snapshots import (
    EventSnapshot,
    FamilySnapshot,
    HistoryFilter,
    HistoryPage,
    HistoryRow,
    JobDetail,
    LibrarySnapshot,
    Listening,
    PauseSnapshot,
    Problem,
    QueueSnapshot,
    ServiceForm,
    ServiceSnapshot,
    ServiceState,
    SettingsSnapshot,
    SourceAddress,
    StatusSnapshot,
    TestLine,
    TestReport,
    TodaySnapshot,
)
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import PauseChanged, ServiceChanged, SettingsChanged
from metarr_desktop.domain.errors import MetarrError, NotFound
from metarr_desktop.domain.forms import Draft, FieldSpec, PlainValue
from metarr_desktop.domain.jobs import (
    CRITICAL,
    HIGH,
    NORMAL,
    Attempt,
    AttemptOutcome,
    EndStatus,
    Job,
    JobRecord,
    JobStatus,
)
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.paths import PathMapping

NOW = datetime.now(tz=UTC).replace(microsecond=0)
SCAN, KODI, DISCORD, PUSHOVER = "scan-movie", "notify-kodi", "notify-discord", "notify-pushover"
PRIORITIES = {"webhook-received": CRITICAL, SCAN: HIGH}
PUSHOVER_FIELDS = (
    FieldSpec(
        name="token",
        title="Application token",
        kind="secret",
        required=True,
        description="Get one at pushover.net.",
    ),
    FieldSpec(name="user_key", title="User key", kind="secret", required=True),
    FieldSpec(name="device", title="Device", kind="text", placeholder="All devices"),
    FieldSpec(
        name="priority",
        title="Priority",
        kind="choice",
        default=0,
        choices=((-1, "Low"), (0, "Normal"), (1, "High")),
    ),
    FieldSpec(name="sound", title="Sound", kind="text", advanced=True),
)
KODI_FIELDS = (
    FieldSpec(name="host", title="Host", kind="text", required=True),
    FieldSpec(name="port", title="Port", kind="integer", default=8080, minimum=1, maximum=65_535),
    FieldSpec(name="username", title="User name", kind="text"),
    FieldSpec(name="password", title="Password", kind="secret"),
)


def job(job_id: int, kind: str = "webhook-received", **changes: Any) -> Job:
    """A waiting job; a child of ``root_id`` where that is given."""
    root = changes.setdefault("root_id", job_id)
    values: dict[str, Any] = {
        "id": job_id,
        "type": kind,
        "lane": kind.removeprefix("notify-"),
        "priority": PRIORITIES.get(kind, NORMAL),
        "status": JobStatus.PENDING,
        "payload": {},
        "created_at": NOW,
        "updated_at": NOW,
        "run_after": NOW,
        "parent_id": None if root == job_id else root,
        "event_id": root,
    }
    return Job(**{**values, **changes})


def running(job_id: int, kind: str = "webhook-received", **changes: Any) -> Job:
    """A job that runs for the first time."""
    return job(job_id, kind, status=JobStatus.PROCESSING, started_at=NOW, attempts=1, **changes)


def record(job_id: int, kind: str = "webhook-received", **changes: Any) -> JobRecord:
    """A job that is done."""
    root = changes.setdefault("root_id", job_id)
    values: dict[str, Any] = {
        "id": job_id,
        "job_id": job_id,
        "type": kind,
        "lane": kind.removeprefix("notify-"),
        "priority": PRIORITIES.get(kind, NORMAL),
        "status": EndStatus.COMPLETED,
        "payload": {},
        "created_at": NOW,
        "started_at": NOW,
        "completed_at": NOW + timedelta(seconds=0.4),
        "duration": timedelta(seconds=0.4),
        "parent_id": None if root == job_id else root,
        "event_id": root,
        "attempts": 1,
    }
    return JobRecord(**{**values, **changes})


def event(event_id: int, title: str = "The Matrix (1999)", **changes: Any) -> EventSnapshot:
    """A webhook of Radarr."""
    values: dict[str, Any] = {
        "source": "radarr",
        "source_title": "Radarr",
        "event_type": "Download",
        "received_at": NOW,
        "remote_address": "192.168.1.30",
    }
    return EventSnapshot(id=event_id, title=title, **{**values, **changes})


def family(root_id: int, *members: Job | JobRecord, title: str = "The Matrix (1999)") -> FamilySnapshot:
    """A webhook with these jobs."""
    return FamilySnapshot(
        root_id=root_id,
        event=event(root_id, title),
        jobs=tuple(each for each in members if isinstance(each, Job)),
        records=tuple(each for each in members if isinstance(each, JobRecord)),
    )


def row(made: JobRecord, subject: str = "The Matrix (1999)") -> HistoryRow:
    """A history row with one attempt."""
    outcome = AttemptOutcome.FAILED if made.status is EndStatus.FAILED else AttemptOutcome.DONE
    attempt = Attempt(
        job_id=made.job_id,
        number=1,
        started_at=made.completed_at - made.duration,
        duration=made.duration,
        outcome=outcome,
        detail=made.error,
    )
    return HistoryRow(record=made, subject=subject, source="Radarr", attempts=(attempt,))


def services() -> tuple[ServiceSnapshot, ...]:
    """Kodi works, Discord waits, Pushover is off."""
    return (
        ServiceSnapshot(
            key="kodi", title="Kodi", enabled=True, configured=True, state=ServiceState.CONNECTED,
            detail=Text("Living room, 21.1"), last_status=EndStatus.COMPLETED, last_at=NOW,
        ),
        ServiceSnapshot(
            key="discord", title="Discord", enabled=True, configured=True, state=ServiceState.WAITING,
            detail=Text("rate limited until 14:03"), waiting=3,
        ),
        ServiceSnapshot(
            key="pushover", title="Pushover", enabled=False, configured=False, state=ServiceState.OFF,
        ),
    )  # fmt: skip


class FakeQueries:
    """Answers from its attributes, which a test may set."""

    version = "0.0.0"

    def __init__(self) -> None:
        self.settings_now = SettingsSnapshot()
        self.services_now = services()
        self.paused = PauseSnapshot(paused=False)
        self.listening_now: Listening | None = Listening(host="127.0.0.1", port=3000)
        self.queue = QueueSnapshot(pending=0, processing=0, oldest_pending=None)
        self.today_now = TodaySnapshot(webhooks=0, done=0, failed=0)
        self.families_now: tuple[FamilySnapshot, ...] = ()
        self.recent_now: tuple[FamilySnapshot, ...] = ()
        self.history_rows: list[HistoryRow] = []
        self.details: dict[int, JobDetail] = {}
        self.problems_now: tuple[Problem, ...] = ()
        self.secrets: dict[str, str | None] = {}
        self.libraries_now: tuple[LibrarySnapshot, ...] = ()
        self.mappings_now: tuple[PathMapping, ...] = ()
        self.failure: MetarrError | None = None
        self.asked: list[str] = []

    def _ask(self, name: str) -> None:
        self.asked.append(name)
        if self.failure is not None:
            raise self.failure

    async def status(self) -> StatusSnapshot:
        self._ask("status")
        return StatusSnapshot(
            version=self.version,
            running=True,
            listening=self.listening_now,
            pause=self.paused,
            queue=self.queue,
            services=self.services_now,
        )

    async def today(self) -> TodaySnapshot:
        self._ask("today")
        return self.today_now

    def pause(self) -> PauseSnapshot:
        return self.paused

    def listening(self) -> Listening | None:
        return self.listening_now

    async def jobs(self) -> tuple[Job, ...]:
        self._ask("jobs")
        return tuple(each for one in self.families_now for each in one.jobs)

    async def families(self, *, limit: int = 500) -> tuple[FamilySnapshot, ...]:
        self._ask("families")
        return self.families_now[:limit]

    async def family(self, root_id: int) -> FamilySnapshot | None:
        self._ask("family")
        known = (*self.families_now, *self.recent_now)
        return next((one for one in known if one.root_id == root_id), None)

    async def recent(self, *, limit: int = 20) -> tuple[FamilySnapshot, ...]:
        self._ask("recent")
        return self.recent_now[:limit]

    async def history(
        self, wanted: HistoryFilter, /, *, before: int | None = None, limit: int = 100
    ) -> HistoryPage:
        self._ask("history")
        rows = [
            one
            for one in sorted(self.history_rows, key=lambda one: -one.record.id)
            if (before is None or one.record.id < before)
            and (wanted.status is None or one.record.status is wanted.status)
            and (not wanted.type or one.record.type == wanted.type)
            and wanted.text.casefold() in f"{one.subject} {one.record.error or ''}".casefold()
        ]
        more = len(rows) > limit
        return HistoryPage(rows=tuple(rows[:limit]), next_before=rows[limit - 1].record.id if more else None)

    async def job(self, job_id: int) -> JobDetail:
        self._ask("job")
        if job_id not in self.details:
            raise NotFound(text("There is no job {id}.", id=job_id))
        return self.details[job_id]

    async def services(self) -> tuple[ServiceSnapshot, ...]:
        self._ask("services")
        return self.services_now

    async def service_form(self, key: str) -> ServiceForm:
        self._ask("service_form")
        one = next(one for one in self.services_now if one.key == key)
        fields = KODI_FIELDS if key == "kodi" else PUSHOVER_FIELDS
        values: Mapping[str, PlainValue] = {
            each.name: each.default for each in fields if each.kind != "secret"
        }
        return ServiceForm(
            key=key,
            title=one.title,
            enabled=one.enabled,
            fields=fields,
            values=values,
            secrets_set=frozenset(
                name.partition("/")[2] for name in self.secrets if name.startswith(f"{key}/")
            ),
            docs="",
        )

    async def secret(self, key: str, field: str) -> str | None:
        self._ask("secret")
        return self.secrets.get(f"{key}/{field}")

    def check_field(self, key: str, field: str, value: PlainValue) -> Text | None:
        if field == "user_key" and isinstance(value, str) and len(value) != 30:
            return text("A user key has 30 letters and digits. This has {n}.", n=len(value))
        if field in {"host", "token"} and value == "":
            return Text("Enter a value.")
        return None

    def settings(self) -> SettingsSnapshot:
        return self.settings_now

    async def addresses(self) -> tuple[SourceAddress, ...]:
        self._ask("addresses")
        return tuple(
            SourceAddress(key=key, title=title, url=f"http://127.0.0.1:3000/webhooks/{key}")
            for key, title in self.sources()
        )

    async def libraries(self) -> tuple[LibrarySnapshot, ...]:
        return self.libraries_now

    async def mappings(self) -> tuple[PathMapping, ...]:
        return self.mappings_now

    async def retryable(self) -> int:
        return sum(one.record.status is EndStatus.FAILED for one in self.history_rows)

    def job_types(self) -> tuple[str, ...]:
        return ("webhook-received", SCAN, KODI, DISCORD, PUSHOVER)

    def sources(self) -> tuple[tuple[str, str], ...]:
        return (("radarr", "Radarr"), ("sonarr", "Sonarr"), ("lidarr", "Lidarr"))

    async def problems(self) -> tuple[Problem, ...]:
        self._ask("problems")
        return self.problems_now

    def log(self, *, limit: int = 2_000) -> tuple[Any, ...]:
        return ()


class FakeCommands:
    """Remembers each call as (name, arguments); ``failure`` is raised by the next one."""

    def __init__(self, queries: FakeQueries, bus: Bus) -> None:
        self._queries = queries
        self._bus = bus
        self.calls: list[tuple[Any, ...]] = []
        self.failure: MetarrError | None = None
        self.report = TestReport(
            ok=True,
            lines=(TestLine(name=Text("Connection"), ok=True, detail=Text("Connected in 4 ms."), ms=4),),
            ms=4,
        )
        self.hold: asyncio.Event | None = None
        self.called = asyncio.Event()

    def _note(self, *call: Any) -> None:
        self.calls.append(call)
        self.called.set()
        failure, self.failure = self.failure, None
        if failure is not None:
            raise failure

    async def set_enabled(self, key: str, enabled: bool) -> None:
        self._note("set_enabled", key, enabled)
        self._queries.services_now = tuple(
            replace(one, enabled=enabled, state=ServiceState.NOT_TESTED if enabled else ServiceState.OFF)
            if one.key == key
            else one
            for one in self._queries.services_now
        )
        self._bus.publish(ServiceChanged(key))

    async def save_service(
        self, key: str, draft: Draft, *, enabled: bool | None = None, until_quit: bool = False
    ) -> None:
        self._note("save_service", key, draft, enabled, until_quit)
        self._bus.publish(ServiceChanged(key))

    async def test_service(self, key: str, draft: Draft | None = None) -> TestReport:
        self._note("test_service", key, draft)
        if self.hold is not None:
            await self.hold.wait()
        return self.report

    async def send_test_message(self, key: str, draft: Draft | None = None) -> TestReport:
        self._note("send_test_message", key, draft)
        return self.report

    async def pause(self, minutes: int | None = None) -> PauseSnapshot:
        self._note("pause", minutes)
        until = None if minutes is None else NOW + timedelta(minutes=minutes)
        self._queries.paused = PauseSnapshot(paused=True, until=until)
        self._bus.publish(PauseChanged())
        return self._queries.paused

    async def resume(self) -> None:
        self._note("resume")
        self._queries.paused = PauseSnapshot(paused=False)
        self._bus.publish(PauseChanged())

    async def retry_job(self, job_id: int) -> int:
        self._note("retry_job", job_id)
        return job_id + 1000

    async def retry_failed(self) -> int:
        self._note("retry_failed")
        return 0

    async def run_now(self, job_id: int) -> None:
        self._note("run_now", job_id)

    async def cancel_job(self, job_id: int) -> None:
        self._note("cancel_job", job_id)

    async def replay_event(self, event_id: int) -> int:
        self._note("replay_event", event_id)
        return event_id + 1000

    async def save_settings(self, **changes: Any) -> SettingsSnapshot:
        self._note("save_settings", changes)
        self._queries.settings_now = replace(self._queries.settings_now, **changes)
        self._bus.publish(SettingsChanged())
        return self._queries.settings_now

    async def restart_listener(self) -> None:
        self._note("restart_listener")

    async def new_key(self) -> None:
        self._note("new_key")
        self._bus.publish(SettingsChanged())

    async def add_library(self, path: str, *, name: str = "", type: str = "movies") -> LibrarySnapshot:  # noqa: A002
        self._note("add_library", path, name, type)
        made = LibrarySnapshot(id=1, name=name or path, path=path, type="movies")
        self._queries.libraries_now += (made,)
        self._bus.publish(SettingsChanged())
        return made

    async def remove_library(self, id_or_name: int | str) -> None:
        self._note("remove_library", id_or_name)
        self._bus.publish(SettingsChanged())

    async def add_mapping(self, scope: str, from_path: str, to_path: str) -> None:
        self._note("add_mapping", scope, from_path, to_path)
        self._bus.publish(SettingsChanged())

    async def remove_mapping(self, scope: str, from_path: str) -> None:
        self._note("remove_mapping", scope, from_path)
        self._bus.publish(SettingsChanged())

    async def unlock_keyring(self) -> None:
        self._note("unlock_keyring")

    async def keep_secrets_until_quit(self) -> None:
        self._note("keep_secrets_until_quit")

    async def send_test(self, source: str, *, event: str = "Download") -> tuple[int, int]:
        self._note("send_test", source, event)
        return 200, 7

    async def quit(self) -> None:
        self._note("quit")


class FakeCore:
    """What ``open_core`` gives, as far as the window looks at it."""

    def __init__(self, tasks: Any) -> None:
        self.bus = Bus()
        self.queries = FakeQueries()
        self.commands = FakeCommands(self.queries, self.bus)
        self.tasks = tasks
        self.log = LogBook()
        self.stop_requested = asyncio.Event()
