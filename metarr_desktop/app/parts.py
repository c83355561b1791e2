"""The parts of the program, as the composition root hands them to commands and queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from metarr_desktop.app.api import Api
    from metarr_desktop.app.failure_news import FailureNews
    from metarr_desktop.app.finding_desk import FindingDesk
    from metarr_desktop.app.folder_watch import FolderWatch
    from metarr_desktop.app.foundation import Foundation
    from metarr_desktop.app.household_desk import HouseholdDesk
    from metarr_desktop.app.listener import Listener
    from metarr_desktop.app.logging_setup import LogBook
    from metarr_desktop.app.mute import Mute
    from metarr_desktop.app.path_desk import PathDesk
    from metarr_desktop.app.path_scopes import PathScopes
    from metarr_desktop.app.receiving import Receiving
    from metarr_desktop.app.route_desk import RouteDesk
    from metarr_desktop.app.sample_sender import SampleSender
    from metarr_desktop.app.scan_requests import ScanRequests
    from metarr_desktop.app.sender_building import SenderParts
    from metarr_desktop.app.service_desk import ServiceDesk
    from metarr_desktop.app.sign_in_desk import SignInDesk
    from metarr_desktop.app.template_desk import TemplateDesk
    from metarr_desktop.domain.schedules import Schedule
    from metarr_desktop.jobs.handlers import JobType
    from metarr_desktop.jobs.scheduler import Scheduler
    from metarr_desktop.jobs.worker import Worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything built, and what it stands ``on``; ``worker`` is None where the program does not serve.

    ``listener`` is None there too, and in a pure worker.
    """

    on: Foundation
    types: Sequence[JobType]
    schedules: Sequence[Schedule]
    scheduler: Scheduler
    desk: ServiceDesk
    finding: FindingDesk
    sign_ins: SignInDesk
    household: HouseholdDesk
    route_desk: RouteDesk
    template_desk: TemplateDesk
    mute: Mute
    senders: SenderParts
    receiving: Receiving
    api: Api
    samples: SampleSender
    scans: ScanRequests
    path_scopes: PathScopes
    path_desk: PathDesk
    log: LogBook
    stop_requested: asyncio.Event
    listener: Listener | None = None
    worker: Worker | None = None
    folder_watch: FolderWatch | None = None
    failure_news: FailureNews | None = None
