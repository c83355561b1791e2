"""Everything a person can ask the program to do; the window and the command line share it."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from metarr_desktop.app.household_commands import HouseholdCommands
from metarr_desktop.app.message_port import MessageCommands
from metarr_desktop.app.sender_commands import SenderCommands
from metarr_desktop.app.snapshots import (
    LibrarySnapshot,
    PauseSnapshot,
    SettingsSnapshot,
    TestReport,
    library_snapshot,
)
from metarr_desktop.domain.changes import SettingsChanged, StorageChanged
from metarr_desktop.domain.errors import MetarrError, NotFound, PortUnavailable, Refused
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.jobs.quiet import waits_for_quiet, wanted_note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.finding_snapshots import FindReport
    from metarr_desktop.app.parts import Parts
    from metarr_desktop.app.path_desk import PathReport
    from metarr_desktop.app.scan_requests import Origin, ScanRequest
    from metarr_desktop.app.sign_in_desk import SignInRun
    from metarr_desktop.domain.forms import Draft, PlainValue
    from metarr_desktop.domain.media import WatchMode
    from metarr_desktop.domain.routing import Route
    from metarr_desktop.domain.schedules import Rule
    from metarr_desktop.domain.text import Text

LONGEST_PAUSE_MIN = 10 * 365 * 24 * 60
RETRY_AT_ONCE = 500
"""At most so many failed jobs are tried again by one command."""


class Commands(SenderCommands, MessageCommands, HouseholdCommands):
    """Writes. Each raises from ``domain/errors.py`` with a sentence for the person who asked."""

    def __init__(self, parts: Parts) -> None:
        SenderCommands.__init__(self, parts)
        HouseholdCommands.__init__(self, parts)
        self._desk = parts.desk
        self._finding = parts.finding
        self._sign_ins = parts.sign_ins
        self._routes = parts.route_desk
        self._template_desk = parts.template_desk
        self._mute = parts.mute
        self._queue = parts.on.queue
        self._jobs_in_queue = parts.on.stores.jobs
        self._notes = parts.on.stores.notes
        self._by_job_type = {each.job_type: each for each in parts.on.services}
        self._worker = parts.worker
        self._scheduler = parts.scheduler
        self._history = parts.on.stores.history
        self._settings = parts.on.settings
        self._receiving = parts.receiving
        self._listener = parts.listener
        self._library = parts.on.stores.library
        self._secrets = parts.on.secrets
        self._samples = parts.samples
        self._delivering = {kind.type for kind in parts.types if kind.delivers}
        self._retries = {kind.type: kind.retry for kind in parts.types}
        self._scans = parts.scans
        self._path_scopes = parts.path_scopes
        self._path_desk = parts.path_desk
        self._bus = parts.on.bus
        self._clock = parts.on.clock
        self._stop_requested = parts.stop_requested

    # Services

    async def set_enabled(self, key: str, enabled: bool) -> None:  # noqa: FBT001 - the switch itself
        """Switch a service on or off."""
        await self._desk.set_enabled(key, enabled=enabled)

    async def save_service(
        self, key: str, draft: Draft, *, enabled: bool | None = None, until_quit: bool = False
    ) -> None:
        """Save a service's settings; with ``until_quit`` new secrets stay in memory only."""
        await self._desk.save(key, draft, enabled=enabled, until_quit=until_quit)

    def parse_values(self, key: str, typed: Mapping[str, str]) -> dict[str, PlainValue]:
        """Turn what was typed on a command line into plain values. Raises Refused or NotFound."""
        return self._desk.parse_values(key, typed)

    async def test_service(self, key: str, draft: Draft | None = None) -> TestReport:
        """Test a service's settings, saved or not, against the service itself; ends within 10 s."""
        return await self._desk.test(key, draft)

    async def service_choices(
        self, key: str, draft: Draft | None = None
    ) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Ask a service what some of its fields may be: pairs of value and label, by field."""
        return await self._desk.choices(key, draft)

    async def send_test_message(self, key: str, draft: Draft | None = None) -> TestReport:
        """Send one sample message; a media server is told to look at the folder of what came last."""
        return await self._desk.send_test_message(key, draft)

    async def find_services(self) -> FindReport:
        """Look for services on the home network, which takes three seconds."""
        return await self._finding.find()

    async def begin_sign_in(self, key: str, values: Mapping[str, PlainValue] | None = None) -> SignInRun:
        """Begin to sign in at a service, with what stands in its form or, without, is stored."""
        return await self._sign_ins.begin(key, values)

    def sign_in(self, number: int) -> SignInRun:
        """Return a sign-in that was begun. Raises NotFound."""
        return self._sign_ins.run(number)

    # Routes

    async def set_route(self, service: str, source: str, route: Route) -> None:
        """Choose what a service is told of a scope: empty for all, a type, or a sender."""
        await self._routes.set_route(service, source, route)

    async def reset_route(self, service: str, source: str) -> None:
        """Take the own rules of a scope away: what holds for more senders holds again."""
        await self._routes.reset_route(service, source)

    async def remove_sender(self, name: str) -> Text:
        """Forget a sender, and what was chosen for it alone; returns what was done."""
        sender = await self._sender_store.sender(name)
        told = await super().remove_sender(name)
        await self._routes.forget_sender(sender.type, sender.name)
        return told

    async def parse_route(self, service: str, source: str, typed: Mapping[str, str]) -> Route:
        """Return what holds for a scope, with what was typed on a command line changed."""
        return await self._routes.parse(service, source, typed)

    # Jobs

    async def pause(self, minutes: int | None = None) -> PauseSnapshot:
        """Stop delivering, for some minutes or until resumed; receiving goes on."""
        if minutes is not None and not 1 <= minutes <= LONGEST_PAUSE_MIN:
            raise Refused("Pause for one minute to ten years, or until you resume.")
        until = None if minutes is None else self._clock.now() + timedelta(minutes=minutes)
        await self._settings.save_pause(paused=True, until=until)
        self._queue.set_pause(paused=True, until=until)
        return PauseSnapshot(paused=True, until=until)

    async def resume(self) -> None:
        """Go on delivering."""
        await self._settings.save_pause(paused=False, until=None)
        self._queue.set_pause(paused=False)

    async def retry_job(self, job_id: int) -> int:
        """Try an ended job again as a new job; a waiting one runs now. Returns the id of that job."""
        record = await self._history.record(job_id)
        kind = "" if record is None else record.type
        policy = self._retries.get(kind, RetryPolicy())
        limit = self._settings.snapshot.deliver_within_days if kind in self._delivering else None
        return await self._queue.retry(
            job_id,
            max_retries=policy.max_retries,
            expires_after=None if limit is None else timedelta(days=limit),
        )

    async def retry_failed(self) -> int:
        """Try every failed job again that was not tried again since; returns how many."""
        failed = await self._history.failed_ids(limit=RETRY_AT_ONCE)
        for job_id in reversed(failed):
            await self.retry_job(job_id)
        return len(failed)

    async def run_now(self, job_id: int) -> None:
        """Make a waiting job due; a message that waits for the end of quiet hours is sent in them."""
        job = await self._jobs_in_queue.job(job_id)
        service = None if job is None or not waits_for_quiet(job) else self._by_job_type.get(job.type)
        if service is not None:
            await self._notes.of(service.key, clock=self._clock).put(wanted_note(job_id), {"now": True})
        await self._queue.run_now(job_id)

    async def cancel_job(self, job_id: int) -> None:
        """Cancel a waiting or running job; it ends as cancelled."""
        if self._worker is None or not self._worker.cancel(job_id):
            await self._queue.cancel(job_id)

    async def replay_event(self, event_id: int) -> int:
        """Run a stored webhook once more; returns the id of its new root job."""
        return await self._queue.replay(event_id)

    # Schedules

    async def run_schedule(self, name: str) -> int:
        """Run recurring work once, now; returns the id of its job, which may have waited already."""
        job_id = await self._scheduler.run_now(name)
        with suppress(NotFound, Refused):  # a worker may be quicker than we are
            await self._queue.run_now(job_id)
        self._bus.publish(SettingsChanged())
        return job_id

    async def set_schedule(self, name: str, rule: Rule) -> None:
        """Give recurring work another rhythm, which counts from now."""
        await self._scheduler.set_rule(name, rule)
        self._bus.publish(SettingsChanged())

    # Receiving

    async def save_settings(self, **changes: Any) -> SettingsSnapshot:
        """Save settings. A port or allowance that cannot be used is not kept. Raises PortUnavailable."""
        before = self._settings.state()
        address = self._settings.port, self._receiving.host
        needs_key = changes.get("allow") == "home" or changes.get("require_key_locally") is True
        if needs_key:
            await self._receiving.ensure_key()
        self._settings.use(changes)
        moves = self._listener is not None and address != (self._settings.port, self._receiving.host)
        try:
            if moves:
                await self.restart_listener()
            return await self._settings.save(changes)
        except MetarrError:
            self._settings.restore(before)
            if moves:
                with suppress(PortUnavailable):
                    await self.restart_listener()
            raise

    async def restart_listener(self) -> None:
        """Try to listen again. Raises PortUnavailable."""
        if self._listener is None:
            raise Refused("This program receives no webhooks. Start it without --no-listener.")
        await self._listener.start()

    async def new_key(self) -> None:
        """Make a new receiving key; senders need the new address then."""
        await self._receiving.new_key()

    # Library

    async def add_library(
        self,
        path: str,
        *,
        name: str = "",
        type: Literal["movies", "tv", "music"] = "movies",  # noqa: A002 - the public word
    ) -> LibrarySnapshot:
        """Add a folder of this computer."""
        folder = await self._library.add_library(path, name=name, library_type=type, now=self._clock.now())
        self._bus.publish(SettingsChanged())
        return library_snapshot(folder)

    async def set_library(
        self,
        id_or_name: int | str,
        *,
        anchor: str | None = None,
        needs_nfo: bool | None = None,
        watch: WatchMode | None = None,
    ) -> LibrarySnapshot:
        """Change what is asked of a folder; what is None stays as it is. Raises NotFound or Refused."""
        folder = await self._library.change_library(
            id_or_name, anchor=anchor, needs_nfo=needs_nfo, watch=watch
        )
        self._bus.publish(SettingsChanged())
        return library_snapshot(folder)

    async def scan_path(
        self, path: str, *, origin: Origin = "window", remote_address: str = ""
    ) -> ScanRequest:
        """Look at a folder in a library folder and tell the media servers; raises Refused with the remedy."""
        return await self._scans.request(path, origin=origin, remote_address=remote_address)

    async def remove_library(self, id_or_name: int | str) -> None:
        """Remove a folder; its files stay."""
        await self._library.remove_library(id_or_name)
        self._bus.publish(SettingsChanged())

    async def add_mapping(self, scope: str, from_path: str, to_path: str) -> None:
        """Add or replace a path mapping of a source, of one sender by its name, or of a service."""
        scope = await self._path_scopes.scope(scope)
        await self._library.add_mapping(scope, from_path=from_path, to_path=to_path)
        self._bus.publish(SettingsChanged())

    async def remove_mapping(self, scope: str, from_path: str) -> None:
        """Remove a path mapping."""
        await self._library.remove_mapping(self._path_scopes.stored_scope(scope), from_path=from_path)
        self._bus.publish(SettingsChanged())

    async def propose_mappings(self) -> PathReport:
        """Ask senders and media servers where they have their films; returns what to map."""
        return await self._path_desk.look()

    # The program

    async def unlock_keyring(self) -> None:
        """Ask the keyring now, which may open its dialog, and try again what waits for it."""
        self._secrets.forget()
        await self._secrets.get("metarr-desktop/unlock")
        await self._desk.free_keyring_lanes()
        self._sender_watch.look_soon()
        self._bus.publish(StorageChanged())

    async def send_test(self, source: str, *, event: str = "Download") -> tuple[int, int]:
        """Post a sample body to our own listener; returns the HTTP status and the webhook's id."""
        return await self._samples.send(source, event=event)

    async def quit(self) -> None:
        """Ask the running program to stop."""
        self._stop_requested.set()
