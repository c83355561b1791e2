"""Keeps senders connected: looks after their webhooks at start, after a sleep, and when addresses change."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from metarr_desktop.app.sleep_watch import SleepWatch
from metarr_desktop.domain.changes import ListenerChanged, SettingsChanged
from metarr_desktop.domain.errors import MetarrError, NeedsAttention
from metarr_desktop.domain.knowledge import Knowledge
from metarr_desktop.webhooks.catch_up_plan import Why, catch_up_job, is_connected

if TYPE_CHECKING:
    from metarr_desktop.app.receiving import Receiving
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.changes import Change
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.jobs.queue import JobQueue
    from metarr_desktop.storage.sender_store import SenderStore
    from metarr_desktop.webhooks.connection import Connection

logger = logging.getLogger(__name__)

NAP_S = 15.0
ADDRESSES_EVERY_S = 60.0
REPAIR_EVERY_S = 3_600.0
FIRST_RETRY_S = 60.0


class SenderWatch:
    """Runs beside the listener; a sender that does not answer is looked after again, less and less often."""

    def __init__(
        self,
        *,
        store: SenderStore,
        connection: Connection,
        receiving: Receiving,
        queue: JobQueue,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._store = store
        self._connection = connection
        self._receiving = receiving
        self._queue = queue
        self._bus = bus
        self._clock = clock
        self._sleep = SleepWatch(clock)
        self._moved = False
        self._base_path = receiving.base_path
        self._addresses_at = 0.0
        self._repair_at = 0.0
        self._retry_s = FIRST_RETRY_S
        self._silent: frozenset[int] = frozenset()

    async def run(self) -> None:
        """Look after the senders until cancelled."""
        end = self._bus.subscribe(self._hear)
        try:
            await self._look_after(Why.START)
            while True:
                slept = await self._sleep.nap(NAP_S)
                if slept:
                    logger.info("The computer slept")
                    await self._receiving.find_addresses()
                    await self._look_after(Why.WAKE)
                elif await self._has_moved() or self._clock.monotonic() >= self._repair_at:
                    await self._look_after(None)
        finally:
            end()

    def look_soon(self) -> None:
        """Look after the senders within seconds: settings of one were changed."""
        self._moved = True

    def _hear(self, change: Change) -> None:
        if isinstance(change, ListenerChanged):
            self._moved = True
        elif isinstance(change, SettingsChanged) and self._receiving.base_path != self._base_path:
            self._base_path = self._receiving.base_path
            self._moved = True

    async def _has_moved(self) -> bool:
        """Whether others have to call us elsewhere now."""
        moved, self._moved = self._moved, False
        if self._clock.monotonic() < self._addresses_at:
            return moved
        self._addresses_at = self._clock.monotonic() + ADDRESSES_EVERY_S
        before = self._receiving.own_addresses
        await self._receiving.find_addresses()
        return moved or self._receiving.own_addresses != before

    async def _look_after(self, why: Why | None) -> None:
        """Mend the webhooks, and catch up: with all for a reason, else with who answers again."""
        try:
            back = await self._repair()
            senders = [each for each in await self._store.senders() if is_connected(each)]
            if why is None:
                senders, why = [each for each in senders if each.id in back], Why.WAKE
            await self._queue.add([catch_up_job(each, why) for each in senders])
        except MetarrError as error:
            logger.warning("The senders could not be looked after: %s", error)
        except Exception:
            # What one sender answered must not leave all of them without care until the next start.
            logger.exception("The senders could not be looked after")

    async def _repair(self) -> frozenset[int]:
        """Mend the webhooks; returns who could not be asked before and can be now."""
        self._repair_at = self._clock.monotonic() + self._retry_s  # also where we do not get to the end
        before = [each for each in await self._store.senders() if is_connected(each)]
        errors = {each.id: await self._connection.repair(each) for each in before}
        silent = {each for each, error in errors.items() if error is not None}
        known = [Knowledge.of(each) for each in await self._store.senders()]
        # Who lacks a key or the keyring waits for a person: asking again would only open its dialog again.
        waiting = any(
            error is not None and not isinstance(error, NeedsAttention) for error in errors.values()
        ) or any(each.wanted_url for each in known)
        self._retry_s = min(self._retry_s * 2, REPAIR_EVERY_S) if waiting else FIRST_RETRY_S
        self._repair_at = self._clock.monotonic() + (self._retry_s if waiting else REPAIR_EVERY_S)
        if before:
            self._bus.publish(SettingsChanged())
        was_silent = self._silent | {each.id for each in before if Knowledge.of(each).trouble is not None}
        self._silent = frozenset(silent)
        return frozenset(was_silent - silent)
