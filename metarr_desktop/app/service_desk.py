"""Setting services up: drafts, the real connection test, and what a saved change sets free."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.drafts import check_draft, keep_secrets, parse_typed
from metarr_desktop.app.household_desk import parted_draft
from metarr_desktop.app.household_trial import Trial, line_of, settings_line, try_players
from metarr_desktop.app.household_views import player_secrets_set
from metarr_desktop.app.path_trial import takes_deliveries
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
    from collections.abc import Collection, Mapping, Sequence

    from metarr_desktop.app.household_desk import HouseholdDesk
    from metarr_desktop.app.refresh_trial import RefreshTrial
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.domain.groups import Player
    from metarr_desktop.jobs.composer import Composer
    from metarr_desktop.jobs.queue import JobQueue
    from metarr_desktop.services.declaration import Service, ServiceConfig
    from metarr_desktop.services.notifier import Notifier
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.service_store import ServiceRow, ServiceStore

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
        household: HouseholdDesk,
        refreshes: RefreshTrial,
        queue: JobQueue,
        bus: Bus,
        clock: Clock,
        wording: Composer | BuiltInWords | None = None,
    ) -> None:
        self._services = {service.key: service for service in services}
        self._notifiers = notifiers
        self._store = store
        self._secrets = secrets
        self._household = household
        self._refreshes = refreshes
        self._queue = queue
        self._bus = bus
        self._clock = clock
        self._wording = wording or BuiltInWords()

    async def set_enabled(self, key: str, *, enabled: bool) -> None:
        """Switch a service. Off, its waiting jobs run and end as skipped. Raises NotFound."""
        await self._store.set_enabled(key, enabled=enabled, now=self._clock.now())
        await self._open_lanes(self._service(key))
        self._bus.publish(ServiceChanged(key))

    async def save(self, key: str, draft: Draft, *, enabled: bool | None, until_quit: bool) -> None:
        """Store a draft and let the waiting jobs go. Raises Refused or SecretsUnavailable.

        Of a service that has players it says what the first one is, as long as there is no other.
        """
        service, row = self._service(key), await self._store.row(key)
        check_draft(service, draft)
        own = Draft()
        if service.member is not None:
            draft, own = parted_draft(service, draft)
            await self._refuse_several(service, own)
        if enabled:
            await self._refuse_missing(service, row, draft=draft, own=own)
        kept = await keep_secrets(self._secrets, key, draft, kept=row.kept_secrets, until_quit=until_quit)
        if own.values or own.secrets:
            await self._household.save_first(service, own, until_quit=until_quit)
        now = self._clock.now()
        await self._store.save(key, values={**row.values, **draft.values}, kept_secrets=kept, now=now)
        if enabled is not None:
            await self._store.set_enabled(key, enabled=enabled, now=now)
        await self._open_lanes(service)
        self._bus.publish(ServiceChanged(key))

    async def _refuse_several(self, service: Service, own: Draft) -> None:
        if (own.values or own.secrets) and len(await self._household.players(service)) > 1:
            message = (
                "{service} has several players. Say which one you mean: {key} player set PLAYER {field}=..."
            )
            field = next(iter({**own.values, **own.secrets}))
            raise Refused(text(message, service=service.title, key=service.key, field=field))

    async def _refuse_missing(self, service: Service, row: ServiceRow, *, draft: Draft, own: Draft) -> None:
        """Refuse to switch on what is not complete."""
        values = {**row.values, **draft.values, **own.values}
        filled = set(secrets_set(service, row, self._secrets))
        if service.member is not None:
            players = await self._household.players(service)
            first = players[0] if len(players) > 1 else await self._household.first_player(service)
            if first is not None:
                values = {**first.values, **values}
                filled |= player_secrets_set(service, first, self._secrets)
        given = {**draft.secrets, **own.secrets}
        new = {name for name, value in given.items() if value}
        if missing := missing_fields(service, values, (filled | new) - (set(given) - new)):
            complaint = check_field(service, missing[0], "")
            raise Refused(complaint or text("Enter the {field}.", field=missing[0]))

    async def _open_lanes(self, service: Service) -> int:
        """End the stops of all lanes of a service; returns how many jobs waited for that."""
        return sum([await self._queue.open_lane(lane) for lane in await self._household.lanes(service)])

    def parse_values(self, key: str, typed: Mapping[str, str]) -> dict[str, PlainValue]:
        """Turn typed text into plain values. Raises Refused, also for a secret field."""
        return parse_typed(self._service(key), typed)

    async def test(self, key: str, draft: Draft | None) -> TestReport:
        """Try the settings against the real service; a pass with the stored ones frees its jobs.

        A path that is wrong keeps none of them back: the service takes them.
        """
        service = self._service(key)
        first = None if service.member is None else await self._household.first_player(service)
        trial, ms = await self._try(service, draft or Draft(), player=first)
        report = TestReport(ok=_passed(trial.lines), lines=trial.lines, ms=ms)
        if draft is not None and (draft.values or draft.secrets):
            return report
        return await self._remember(service, report, well=trial.well)

    async def test_player(self, key: str, named: str | None, draft: Draft | None) -> TestReport:
        """Try one player, saved or not, against itself; a pass with what is stored frees its group's jobs."""
        service = self._household.service(key)
        player = None if named is None else await self._household.player(key, named)
        given = draft or Draft()
        trial, ms = await self._try(service, given, player=player, only=True)
        released = 0
        if player is not None and takes_deliveries(trial.lines) and not (given.values or given.secrets):
            lanes = await self._household.lane_by_group(service)
            released = await self._queue.open_lane(lanes.get(player.group_id, service.lane))
        return TestReport(ok=_passed(trial.lines), lines=trial.lines, ms=ms, released=released)

    async def _try(
        self, service: Service, draft: Draft, *, player: Player | None, only: bool = False
    ) -> tuple[Trial, int]:
        """Run a test within its time, of all players or of one; returns how long it took."""
        began = self._clock.monotonic()
        row, well = await self._store.row(service.key), frozenset[int]()
        try:
            async with asyncio.timeout(TEST_DEADLINE_S):
                if service.member is None:
                    steps = await self._notifiers[service.key].test(await self._config(service, draft))
                    lines = tuple(line_of(step) for step in steps)
                else:
                    everyone = await self._household.players(service)
                    trial = await try_players(
                        service,
                        row,
                        notifier=self._notifiers[service.key],
                        secrets=self._secrets,
                        players=[each for each in everyone if not only or each == player],
                        draft=draft,
                        drafted=player,
                    )
                    lines, well = trial.lines, trial.well
        except TimeoutError:
            lines = (settings_line(text("Timed out after {seconds} s.", seconds=int(TEST_DEADLINE_S))),)
        except MetarrError as error:
            lines = (settings_line(error.text),)
        return Trial(lines=lines, well=well), int((self._clock.monotonic() - began) * 1000)

    async def _remember(self, service: Service, report: TestReport, *, well: frozenset[int]) -> TestReport:
        failed = next((line.detail for line in report.lines if not line.ok), None)
        detail = failed or (report.lines[-1].detail if report.lines else None)
        await self._store.record_check(service.key, ok=report.ok, detail=detail, now=self._clock.now())
        lanes = await self._household.lane_by_group(service)
        freed = [lane for group, lane in lanes.items() if group in well]
        released = sum([await self._queue.open_lane(lane) for lane in ([] if report.ok else freed)])
        whole = report.ok or (service.member is None and takes_deliveries(report.lines))
        released += await self._open_lanes(service) if whole else 0
        self._bus.publish(ServiceChanged(service.key))
        return TestReport(ok=report.ok, lines=report.lines, ms=report.ms, released=released)

    async def send_test_message(self, key: str, draft: Draft | None) -> TestReport:
        """Send one sample message with these settings, worded as that of an import is.

        A media server is told to look at the folder of what came last.
        """
        service = self._service(key)
        if not service.sends_messages:
            return await self._refresh(service, draft)
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

    async def _refresh(self, service: Service, draft: Draft | None) -> TestReport:
        if draft is None or not (draft.values or draft.secrets):
            return await self._refreshes.run(service, None)
        if service.member is not None:
            raise Refused(text("Save the settings of {service} first.", service=service.title))
        return await self._refreshes.run(service, await self._config(service, draft))

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


def _passed(lines: Collection[TestLine]) -> bool:
    return bool(lines) and all(line.ok for line in lines)
