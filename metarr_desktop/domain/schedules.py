"""When recurring work is due: rules, their stored form, and their words."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.text import Text, text

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SHORTEST, LONGEST = 5 * MINUTE, 30 * DAY
UNITS = {"d": DAY, "h": HOUR, "m": MINUTE}
WRONG_TIME = Text("A time of day is written like 03:30, from 00:00 to 23:59.")
WRONG_INTERVAL = Text("An interval is written like 30m, 6h or 2d, from 5 minutes to 30 days.")
WRONG_RULE = Text("A schedule is daily at a time, such as 03:30, or every so often, such as 6h.")


@dataclass(frozen=True, slots=True)
class Every:
    """Due each time an interval has passed. Raises Refused where it is too short, too long or not whole."""

    interval: timedelta

    def __post_init__(self) -> None:
        if not SHORTEST <= self.interval <= LONGEST or self.interval % MINUTE:
            raise Refused(WRONG_INTERVAL)

    def next_after(self, instant: datetime, zone: tzinfo | None = None) -> datetime:  # noqa: ARG002 - as Daily's
        """Return the instant at which it is due next."""
        return instant.astimezone(UTC) + self.interval

    def at_latest(
        self,
        now: datetime,
        *,
        last_at: datetime | None,  # noqa: ARG002 - as Daily's
        zone: tzinfo | None = None,
    ) -> datetime:
        """Return the last instant that can be the next one, however far the clock was set back."""
        return self.next_after(now, zone)

    def to_json(self) -> dict[str, str]:
        """Return the public form, ``{"every": "6h"}``."""
        count, unit = self.parts()
        return {"every": f"{count}{unit}"}

    def parts(self) -> tuple[int, str]:
        """Return the interval in its largest whole unit: 36 hours are 36 ``h``."""
        unit = next(unit for unit, size in UNITS.items() if self.interval % size == timedelta(0))
        return self.interval // UNITS[unit], unit

    def words(self) -> Text:
        """Say it to a person."""
        count, unit = self.parts()
        one, many = {
            "d": ("Every 24 hours", "Every {n} days"),
            "h": ("Every hour", "Every {n} hours"),
            "m": ("Every minute", "Every {n} minutes"),
        }[unit]
        return Text(one) if count == 1 else text(many, n=count)


@dataclass(frozen=True, slots=True)
class Daily:
    """Due once a day at a local time.

    A time that the change to summer time leaves out is due at the next one there is; of a time that comes
    twice only the first one counts.
    """

    at: time

    def next_after(self, instant: datetime, zone: tzinfo | None = None) -> datetime:
        """Return the instant at which it is due next; ``zone`` None is that of this computer."""
        today = instant.astimezone(zone).date()
        days = (datetime.combine(today, self.at) + step * DAY for step in (-1, 0, 1, 2))
        return next(due for due in (_instant_of(day, zone) for day in days) if due > instant)

    def at_latest(self, now: datetime, *, last_at: datetime | None, zone: tzinfo | None = None) -> datetime:
        """Return the last instant that can be the next one, however far the clock was set back.

        What ran in the hours that come a second time does not run in them again.
        """
        again = last_at is not None and now < last_at < now + DAY
        return self.next_after(last_at if last_at is not None and again else now, zone)

    def to_json(self) -> dict[str, str]:
        """Return the public form, ``{"daily": "03:30"}``."""
        return {"daily": self.at.strftime("%H:%M")}

    def words(self) -> Text:
        """Say it to a person."""
        return text("Every day at {time}", time=self.at.strftime("%H:%M"))


Rule = Every | Daily


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Recurring work: ``name`` is its job type, ``title`` what people call it, ``purpose`` what it does."""

    name: str
    title: Text
    purpose: Text
    lane: str
    default: Rule


UPKEEP_LANE = "upkeep"
CLEAN_UP = Schedule(
    name="scheduled-cleanup",
    title=Text("Clean up history"),
    purpose=Text("Copies the database, then removes what is older than the Advanced settings say."),
    lane=UPKEEP_LANE,
    default=Daily(time(hour=3, minute=30)),
)
CATCH_UP = Schedule(
    name="scheduled-catch-up",
    title=Text("Catch up with senders"),
    purpose=Text("Asks Radarr, Sonarr and Lidarr for imports of which they could not tell this computer."),
    lane=UPKEEP_LANE,
    default=Every(HOUR),
)
PATH_CHECK = Schedule(
    name="scheduled-path-check",
    title=Text("Check path mappings"),
    purpose=Text("Compares where the media servers have films with where they are told to look."),
    lane=UPKEEP_LANE,
    default=Daily(time(hour=4, minute=10)),
)

DRILL = Schedule(
    name="scheduled-drill",
    title=Text("Weekly drill"),
    purpose=Text(
        "Lets a made-up import go to every service without telling anybody. On in the Advanced settings."
    ),
    lane=UPKEEP_LANE,
    default=Every(7 * DAY),
)


def rule_from_json(value: object) -> Rule:
    """Read the public form of a rule. Raises Refused where it is none."""
    match value:
        case {"daily": str(at)}:
            found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", at.strip(), re.ASCII)
            if found is None:
                raise Refused(WRONG_TIME)
            return Daily(time(hour=int(found[1]), minute=int(found[2])))
        case {"every": str(interval)}:
            found = re.fullmatch(r"(\d{1,6}) ?([dhm])", interval.strip().lower(), re.ASCII)
            if found is None:
                raise Refused(WRONG_INTERVAL)
            return Every(int(found[1]) * UNITS[found[2]])
        case _:
            raise Refused(WRONG_RULE)


def write_rule(rule: Rule) -> str:
    """Return the form in which a rule is stored."""
    return json.dumps(rule.to_json())


def read_rule(stored: object) -> Rule | None:
    """Read a stored rule; None for what is none, as after a slip by hand."""
    try:
        return rule_from_json(json.loads(str(stored)))
    except (ValueError, Refused):
        return None


def _instant_of(naive: datetime, zone: tzinfo | None) -> datetime:
    """Return when local clocks first show this time or a later one."""
    due = _as_utc(naive, zone)
    if _local(due, zone) == naive:
        return due
    # The clocks skip it. Read with the offset from after the skip it lies before it.
    due = min(due, _as_utc(naive.replace(fold=1), zone))
    while _local(due, zone) < naive:
        due += MINUTE
    return due


def _as_utc(naive: datetime, zone: tzinfo | None) -> datetime:
    # Without a zone Python takes it as a time of this computer's.
    return naive.replace(tzinfo=zone).astimezone(UTC)


def _local(instant: datetime, zone: tzinfo | None) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)
