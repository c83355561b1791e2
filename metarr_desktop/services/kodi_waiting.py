"""Jobs that wait for the end of a video: since when, and what lets them go on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError, NotNow
from metarr_desktop.domain.text import text
from metarr_desktop.services.kodi_link import LEAVING, STOPPED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.services.kodi_link import Announcement, Ears
    from metarr_desktop.services.kodi_player import Player
    from metarr_desktop.services.tools import Tools

LOOK_AGAIN = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=6)
HOLDS_ON_S = 15.0
"""So much longer than a job waits its player is listened to: the job then looks, and may wait again."""
AFTER_STOP_S = 2.0
"""Kodi tells of the end a little before it says that nothing plays."""
ANYWAY = "anyway/{job}"
"""Written by who wants this job to be done although a video plays."""
SINCE = "waiting/{job}"


class VideoWait:
    """Puts jobs off while everybody watches, and lets them go on as soon as one has stopped."""

    def __init__(self, *, tools: Tools) -> None:
        self._tools = tools
        self._waiting: dict[str, dict[int, float]] = {}

    async def is_over(self, job_id: int) -> bool:
        """Whether this job may be done although a video plays: it waited long enough, or a person said so."""
        if await self._tools.notes.get(ANYWAY.format(job=job_id)) is not None:
            return True
        since = await self._since(job_id)
        return since is not None and self._tools.clock.now() - since >= LONGEST_WAIT

    async def put_off(self, job_id: int, players: Sequence[Player]) -> NotNow:
        """Remember since when this job waits, and return the error that makes it."""
        now = self._tools.clock.now()
        since = await self._since(job_id)
        if since is None:
            since = now
            await self._tools.notes.put(SINCE.format(job=job_id), {"since": now.isoformat()})
        for player in players:
            self._listen(player, job_id)
        reason = (
            text("{player} is playing a video.", player=players[0].name)
            if len(players) == 1
            else text("A video plays on every player that is on.")
        )
        return NotNow(reason, until=min(now + LOOK_AGAIN, since + LONGEST_WAIT))

    async def done(self, job_id: int) -> None:
        """Forget what was noted of this job."""
        for name in (SINCE, ANYWAY):
            note = name.format(job=job_id)
            # Most jobs left none, and looking is cheaper than writing.
            if await self._tools.notes.get(note) is not None:
                await self._tools.notes.drop(note)

    async def _since(self, job_id: int) -> datetime | None:
        note = await self._tools.notes.get(SINCE.format(job=job_id))
        try:
            since = None if note is None else datetime.fromisoformat(note["since"])
        except (KeyError, TypeError, ValueError):
            return None
        # A clock that was set back must not make it wait for longer.
        return since if since is None or since.tzinfo is None else min(since, self._tools.clock.now())

    def _listen(self, player: Player, job_id: int) -> None:
        """Have one listener for all jobs that wait for this player, each until its own time."""
        until = self._tools.clock.monotonic() + LOOK_AGAIN.total_seconds() + HOLDS_ON_S
        waiting = self._waiting.get(player.place)
        if waiting is not None:
            waiting[job_id] = until
        elif player.link is not None:
            self._waiting[player.place] = {job_id: until}
            self._tools.spawn(
                self._until_stopped(player), name=f"wait for the end of a video on {player.name}"
            )

    async def _until_stopped(self, player: Player) -> None:
        try:
            stopped = await self._hear_end(player)
        finally:
            jobs = self._waiting.pop(player.place, {})
        if stopped:
            for job_id in sorted(jobs):
                self._tools.hurry(job_id)

    async def _hear_end(self, player: Player) -> bool:
        if player.link is None:
            return False
        async with player.link.listening(methods=LEAVING | {STOPPED}) as ears:
            if not ears.open:
                return False
            try:
                if not await player.videos():
                    return True  # it ended before we listened
            except MetarrError:
                return False
            heard = await self._hear(ears, player)
        if heard is None or heard.method in LEAVING:
            return False
        await self._tools.clock.sleep(AFTER_STOP_S)
        return True

    async def _hear(self, ears: Ears, player: Player) -> Announcement | None:
        heard = None
        while heard is None and ears.open and (left := self._left(player)) > 0:
            heard = await ears.wait_for(LEAVING | {STOPPED}, within=left)
        return heard

    def _left(self, player: Player) -> float:
        """For how long somebody still waits for this player."""
        waiting = self._waiting.get(player.place, {})
        return max(waiting.values(), default=0.0) - self._tools.clock.monotonic()
