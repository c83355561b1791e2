"""Setting services up: drafts, the real connection test, and what a saved change sets free."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.drafts import check_draft, keep_secrets, parse_typed
from metarr_desktop.app.service_state import secrets_set
from metarr_desktop.app.snapshots import TestLine, TestReport
from metarr_desktop.domain.changes import ServiceChanged
from metarr_desktop.domain.errors import MetarrError, NotFound, Refused, Transient
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.text import Text, text
from metarr_desktop.jobs.composer import BuiltInWords
from metarr_desktop.services.forms import build_config, check_field, missing_fields, secret_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.jobs.composer import Composer
    from metarr_desktop.jobs.queue import JobQueue
    from metarr_desktop.services.declaration import Service, ServiceConfig, TestStep
    from metarr_desktop.services.notifier import Notifier
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.service_store import ServiceStore

logger = logging.getLogger(__name__)

TEST_DEADLINE_S = 10.0
SAMPLE = MediaEvent(
    source="radarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="The Matrix",
    year=1999,
    folder="",
    tmdb_id=603,
    quality="Bluray-1080p",
)


class ServiceDesk:
    """Changes and tests the settings of services; secrets go to the keyring and nowhere else."""

    def __init__(
        self,
        *,
        services: Sequence[Service],
        notifiers: Mapping[str, Notifier[Any]],
        store: ServiceStore,
        secrets: SecretStore,
        queue: JobQueue,
        bus: Bus,
        clock: Clock,
        wording: Composer | BuiltInWords | None = None,
    ) -> None:
        self._services = {service.key: service for service in services}
        self._notifiers = notifiers
        self._store = store
        self._secrets = secrets
        self._queue = queue
        self._bus = bus
        self._clock = clock
        self._wording = wording or BuiltInWords()

    async def set_enabled(self, key: str, *, enabled: bool) -> None:
        """Switch a service. Off, its waiting jobs run and end as skipped. Raises NotFound."""
        await self._store.set_enabled(key, enabled=enabled, now=self._clock.now())
        await self._queue.open_lane(self._service(key).lane)
        self._bus.publish(ServiceChanged(key))

    async def save(self, key: str, draft: Draft, *, enabled: bool | None, until_quit: bool) -> None:
        """Store a draft and let the waiting jobs go. Raises Refused or SecretsUnavailable."""
        service, row = self._service(key), await self._store.row(key)
        values = {**row.values, **draft.values}
        new = {name: value for name, value in draft.secrets.items() if value}
        cleared = set(draft.secrets) - set(new)
        filled = (secrets_set(service, row, self._secrets) | set(new)) - cleared
        check_draft(service, draft)
        if enabled and (missing := missing_fields(service, values, filled)):
            complaint = check_field(service, missing[0], "")
            raise Refused(complaint or text("Enter the {field}.", field=missing[0]))
        kept = await keep_secrets(self._secrets, key, draft, kept=row.kept_secrets, until_quit=until_quit)
        now = self._clock.now()
        await self._store.save(key, values=values, kept_secrets=kept, now=now)
        if enabled is not None:
            await self._store.set_enabled(key, enabled=enabled, now=now)
        await self._queue.open_lane(service.lane)
        self._bus.publish(ServiceChanged(key))

    def parse_values(self, key: str, typed: Mapping[str, str]) -> dict[str, PlainValue]:
        """Turn typed text into plain values. Raises Refused, also for a secret field."""
        return parse_typed(self._service(key), typed)

    async def test(self, key: str, draft: Draft | None) -> TestReport:
        """Try the settings against the real service; a pass with the stored ones frees its jobs."""
        service = self._service(key)
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(TEST_DEADLINE_S):
                config = await self._config(service, draft)
                steps = await self._notifiers[key].test(config)
            lines = tuple(_line(step) for step in steps)
        except TimeoutError:
            lines = (_settings_line(text("Timed out after {seconds} s.", seconds=int(TEST_DEADLINE_S))),)
        except MetarrError as error:
            lines = (_settings_line(error.text),)
        ms = int((self._clock.monotonic() - began) * 1000)
        report = TestReport(ok=bool(lines) and all(line.ok for line in lines), lines=lines, ms=ms)
        if draft is not None and (draft.values or draft.secrets):
            return report
        return await self._remember(service, report)

    async def _remember(self, service: Service, report: TestReport) -> TestReport:
        failed = next((line.detail for line in report.lines if not line.ok), None)
        detail = failed or (report.lines[-1].detail if report.lines else None)
        await self._store.record_check(service.key, ok=report.ok, detail=detail, now=self._clock.now())
        released = await self._queue.open_lane(service.lane) if report.ok else 0
        self._bus.publish(ServiceChanged(service.key))
        return TestReport(ok=report.ok, lines=report.lines, ms=report.ms, released=released)

    async def send_test_message(self, key: str, draft: Draft | None) -> TestReport:
        """Send one sample message with these settings, worded as that of an import is."""
        service = self._service(key)
        if not service.sends_messages:
            raise Refused(text("{service} takes no messages.", service=service.title))
        began = self._clock.monotonic()
        try:
            config = await self._config(service, draft)
            told = await self._wording.compose(service, (SAMPLE,), folder=None)
            delivery = await self._notifiers[key].send(config, told.notification)
        except MetarrError as error:
            ok, detail = False, error.text
        else:
            ok, detail = True, told.warning or delivery.detail
        ms = int((self._clock.monotonic() - began) * 1000)
        line = TestLine(name=Text("Test message"), ok=ok, detail=detail, ms=ms)
        return TestReport(ok=ok, lines=(line,), ms=ms)

    async def choices(self, key: str, draft: Draft | None) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Ask a service what some of its fields may be; raises from ``domain/errors.py``."""
        service = self._service(key)
        if not service.loads:
            raise Refused(text("{service} has nothing to choose from.", service=service.title))
        try:
            async with asyncio.timeout(TEST_DEADLINE_S):
                return await self._notifiers[key].choices(await self._config(service, draft))
        except TimeoutError:
            raise Transient(text("Timed out after {seconds} s.", seconds=int(TEST_DEADLINE_S))) from None

    async def _config(self, service: Service, draft: Draft | None) -> ServiceConfig:
        row = await self._store.row(service.key)
        draft = draft or Draft()
        values: dict[str, str] = {}
        for field in secret_fields(service):
            if field in draft.secrets:
                if (given := draft.secrets[field]) is not None:
                    values[field] = given
                continue
            name = f"{service.key}/{field}"
            if field in row.kept_secrets or self._secrets.provided(name):
                stored = await self._secrets.get(name)
                if stored is not None:
                    values[field] = stored
        return build_config(service, {**row.values, **draft.values}, values)

    async def free_keyring_lanes(self) -> None:
        """Try the lanes again that stopped for want of the keyring, or of settings now given otherwise."""
        for stop in await self._queue.lane_stops():
            if stop.cause is not None and stop.cause.value in {"keyring", "not_set_up"}:
                await self._queue.open_lane(stop.lane)
        # A run that found the keyring locked may not have been recorded yet.
        self._queue.try_here_again()

    def _service(self, key: str) -> Service:
        try:
            return self._services[key]
        except KeyError:
            raise NotFound(text("There is no service called {service}.", service=key)) from None


def _settings_line(complaint: Text) -> TestLine:
    return TestLine(name=Text("Settings"), ok=False, detail=complaint, ms=0)


def _line(step: TestStep) -> TestLine:
    return TestLine(name=step.name, ok=step.ok, detail=step.detail, ms=step.ms)
