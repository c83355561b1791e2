"""The pauses Discord asks for, kept so that no message is one too many."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotNow
from metarr_desktop.services.answer import retry_after
from metarr_desktop.services.discord_answer import cannot_be_changed, wait_of

if TYPE_CHECKING:
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.answer import Answer

LONGEST_PAUSE_S = 10.0
EVERYWHERE = ""
MOST_KEPT = 100


class Pace:
    """Counts by elapsed time; posting, changing and removing have limits of their own, and one is for all."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free_at: dict[str, float] = {}

    async def keep(self, place: str) -> None:
        """Sleep through a short pause. Raises NotNow where a longer one was asked for."""
        free_at = max(self._free_at.get(place, 0.0), self._free_at.get(EVERYWHERE, 0.0))
        wait = free_at - self._clock.monotonic()
        if wait > LONGEST_PAUSE_S:
            until = self._clock.now() + timedelta(seconds=wait)
            raise NotNow("Discord takes no more messages for the moment.", until=until)
        if wait > 0:
            await self._clock.sleep(wait)

    def note(self, place: str, answer: Answer) -> None:
        """Remember what an answer asks for: Discord says beforehand when the next would be one too many."""
        now = self._clock.monotonic()
        self._free_at = {each: at for each, at in self._free_at.items() if at > now}
        if cannot_be_changed(answer):
            return  # says something of one message, not of the pace
        if answer.status == 429:  # noqa: PLR2004 - too many
            for_all = answer.headers.get("X-RateLimit-Global", "").lower() == "true"
            for_all = for_all or answer.json_object().get("global") is True or not answer.json_object()
            wait = wait_of(answer, now=self._clock.now())
            self._free_at[EVERYWHERE if for_all else place] = now + wait.total_seconds()
        elif answer.ok and answer.headers.get("X-RateLimit-Remaining") == "0":
            wait = retry_after(answer.headers.get("X-RateLimit-Reset-After"), now=self._clock.now())
            self._free_at[place] = now + wait.total_seconds()
        while len(self._free_at) > MOST_KEPT:
            self._free_at.pop(next(iter(self._free_at)))
