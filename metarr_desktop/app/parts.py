"""The parts of the program, as the composition root hands them to commands and queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from metarr_desktop.app.api import Api
    from metarr_desktop.app.folder_watch import FolderWatch
    from metarr_desktop.app.listener import Listener
    from metarr_desktop.app.logging_setup import LogBook
    from metarr_desktop.app.path_scopes import PathScopes
    from metarr_desktop.app.receiving import Receiving
    from metarr_desktop.app.route_desk import RouteDesk
    from metarr_desktop.app.sample_sender import SampleSender
    from metarr_desktop.app.scan_requests import ScanRequests
    from metarr_desktop.app.sender_desk import SenderDesk
    from metarr_desktop.app.sender_views import SenderViews
    from metarr_desktop.app.sender_watch import SenderWatch
    from metarr_desktop.app.service_desk import ServiceDesk
    from metarr_desktop.app.settings import AppSettings
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.schedules import Schedule
    from metarr_desktop.jobs.handlers import JobType
    from metarr_desktop.jobs.queue import JobQueue
    from metarr_desktop.jobs.scheduler import Scheduler
    from metarr_desktop.jobs.worker import Worker
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.event_store import EventStore
    from metarr_desktop.storage.history_store import HistoryStore
    from metarr_desktop.storage.import_store import ImportStore
    from metarr_desktop.storage.issue_store import IssueStore
    from metarr_desktop.storage.job_store import JobStore
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.route_store import RouteStore
    from metarr_desktop.storage.schedule_store import ScheduleStore
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.sender_store import SenderStore
    from metarr_desktop.storage.service_store import ServiceStore
    from metarr_desktop.storage.statistics_store import StatisticsStore
    from metarr_desktop.webhooks.connection import Connection
    from metarr_desktop.webhooks.sources.declaration import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything built; ``worker`` is None where the program does not serve.

    ``listener`` is None there too, and in a pure worker.
    """

    services: Sequence[Service]
    sources: Sequence[Source]
    types: Sequence[JobType]
    schedules: Sequence[Schedule]
    database: Database
    job_store: JobStore
    history: HistoryStore
    statistics: StatisticsStore
    events: EventStore
    service_store: ServiceStore
    sender_store: SenderStore
    imports: ImportStore
    issues: IssueStore
    route_store: RouteStore
    schedule_store: ScheduleStore
    library: LibraryStore
    secrets: SecretStore
    queue: JobQueue
    scheduler: Scheduler
    desk: ServiceDesk
    route_desk: RouteDesk
    sender_desk: SenderDesk
    sender_views: SenderViews
    connection: Connection
    sender_watch: SenderWatch
    settings: AppSettings
    receiving: Receiving
    api: Api
    samples: SampleSender
    scans: ScanRequests
    path_scopes: PathScopes
    log: LogBook
    bus: Bus
    clock: Clock
    tasks: TaskSupervisor
    worker_name: str
    stop_requested: asyncio.Event
    listener: Listener | None = None
    worker: Worker | None = None
    folder_watch: FolderWatch | None = None
