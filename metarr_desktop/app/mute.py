"""Keeps notifications off this computer's desktop for a while; whatever else is told goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.app.snapshots import PauseSnapshot
from metarr_desktop.domain.changes import SettingsChanged
from metarr_desktop.domain.errors import Refused
from metarr_desktop.services.desktop import MUTED

if TYPE_CHECKING:
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.tools import Notes

LONGEST_MIN = 7 * 24 * 60


class Mute:
    """A note of the service ``desktop``, which it reads before it shows anything."""

    def __init__(self, *, notes: Notes, bus: Bus, clock: Clock) -> None:
        self._notes = notes
        self._bus = bus
        self._clock = clock

    async def state(self) -> PauseSnapshot:
        """Return whether notifications are muted, and until when."""
        note = await self._notes.get(MUTED)
        if note is None:
            return PauseSnapshot(paused=False)
        try:
            until = datetime.fromisoformat(str(note.get("until")))
        except ValueError:
            return PauseSnapshot(paused=True)
        over = until <= self._clock.now()
        return PauseSnapshot(paused=False) if over else PauseSnapshot(paused=True, until=until)

    async def mute(self, minutes: int | None) -> PauseSnapshot:
        """Show nothing for some minutes, or until ``unmute``. Raises Refused."""
        if minutes is not None and not 1 <= minutes <= LONGEST_MIN:
            raise Refused("Mute for one minute to seven days, or until you unmute.")
        until = None if minutes is None else self._clock.now() + timedelta(minutes=minutes)
        await self._notes.put(MUTED, {"until": None if until is None else until.isoformat()})
        self._bus.publish(SettingsChanged())
        return PauseSnapshot(paused=True, until=until)

    async def unmute(self) -> None:
        """Show notifications again."""
        await self._notes.drop(MUTED)
        self._bus.publish(SettingsChanged())
