"""The hours in which people want to be left alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.schedules import DAY, Daily
from metarr_desktop.domain.text import Text

WRONG = Text("Quiet hours are written like 22:00-07:30, from one time of day to another.")
_FORM = re.compile(r"([01]?\d|2[0-3]):([0-5]\d) ?[-\u2013] ?([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
CLOCK_CHANGE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one local time of day to another, over midnight where the second one is earlier."""

    begins: time
    ends: time

    @classmethod
    def parse(cls, written: str) -> QuietHours:
        """Read ``22:00-07:30``. Raises Refused."""
        found = _FORM.fullmatch(written.strip())
        if found is None:
            raise Refused(WRONG)
        begins, ends = (time(hour=int(found[at]), minute=int(found[at + 1])) for at in (1, 3))
        if begins == ends:
            raise Refused(WRONG)
        return cls(begins, ends)

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}"

    def end(self, now: datetime, *, zone: tzinfo | None = None) -> datetime | None:
        """Return when it will be over, where it is quiet now; ``zone`` None is that of this computer.

        It ends when clocks first show that time, or the next there is where the change to summer time leaves
        it out.
        """
        local = now.astimezone(zone).time().replace(tzinfo=None)
        if self.begins < self.ends:
            is_quiet = self.begins <= local < self.ends
        else:
            is_quiet = local >= self.begins or local < self.ends
        if not is_quiet:
            return None
        end = Daily(self.ends).next_after(now, zone)
        # In the hour that comes twice their end has passed when clocks show it once more.
        return end if end - now <= self._length + CLOCK_CHANGE else None

    @property
    def _length(self) -> timedelta:
        begins, ends = (datetime.combine(date.min, each) for each in (self.begins, self.ends))
        return (ends - begins) % DAY
