from __future__ import annotations

import time as time_module
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.schedules import (
    CLEAN_UP,
    Daily,
    Every,
    Rule,
    read_rule,
    rule_from_json,
    write_rule,
)

BERLIN = ZoneInfo("Europe/Berlin")
HALF_PAST_TWO = Daily(time(2, 30))


def berlin(*parts: int, fold: int = 0) -> datetime:
    year, month, day, hour, minute = parts
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN, fold=fold).astimezone(UTC)


def due_times(rule: Rule, start: datetime, *, until: datetime) -> list[datetime]:
    found, at = list[datetime](), start
    while (at := rule.next_after(at, BERLIN)) < until:
        found.append(at)
    return found


def test_an_interval_counts_from_the_instant_given() -> None:
    start = datetime(2026, 11, 24, 12, 0, 7, tzinfo=UTC)
    assert Every(timedelta(hours=6)).next_after(start) == start + timedelta(hours=6)


def test_a_time_of_day_is_due_today_until_it_is_reached_and_then_tomorrow() -> None:
    assert HALF_PAST_TWO.next_after(berlin(2026, 5, 1, 2, 29), BERLIN) == berlin(2026, 5, 1, 2, 30)
    assert HALF_PAST_TWO.next_after(berlin(2026, 5, 1, 2, 30), BERLIN) == berlin(2026, 5, 2, 2, 30)


def test_a_time_that_summer_time_leaves_out_is_due_at_the_next_there_is() -> None:
    times = due_times(HALF_PAST_TWO, berlin(2026, 3, 28, 12, 0), until=berlin(2026, 3, 31, 0, 0))
    assert times == [berlin(2026, 3, 29, 3, 0), berlin(2026, 3, 30, 2, 30)]


def test_a_time_that_comes_twice_is_due_once() -> None:
    times = due_times(HALF_PAST_TWO, berlin(2026, 10, 24, 12, 0), until=berlin(2026, 10, 27, 0, 0))
    assert times == [berlin(2026, 10, 25, 2, 30), berlin(2026, 10, 26, 2, 30)]
    second = berlin(2026, 10, 25, 2, 10, fold=1)
    assert HALF_PAST_TWO.next_after(second, BERLIN) == berlin(2026, 10, 26, 2, 30)


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Australia/Lord_Howe", date(2026, 10, 4)),  # half an hour is left out
        ("Asia/Beirut", date(2026, 3, 29)),  # midnight itself is left out
        ("Africa/Casablanca", date(2026, 2, 15)),
    ],
)
def test_every_time_of_day_is_due_once_on_each_day_around_a_change(zone: str, day: date) -> None:
    there = ZoneInfo(zone)
    for minutes in range(0, 24 * 60, 10):
        rule = Daily(time(*divmod(minutes, 60)))
        at, days = datetime(day.year, day.month, day.day - 3, tzinfo=there).astimezone(UTC), []
        for _ in range(6):
            at = rule.next_after(at, there)
            days.append(at.astimezone(there).date())
        assert days == [days[0] + timedelta(days=step) for step in range(6)]


def test_this_computers_own_zone_changes_its_clocks_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time_module.tzset()
    try:
        for start in (berlin(2026, 3, 28, 12, 0), berlin(2026, 10, 24, 12, 0)):
            here, there = start, start
            for _ in range(3):
                here, there = HALF_PAST_TWO.next_after(here), HALF_PAST_TWO.next_after(there, BERLIN)
                assert here == there
    finally:
        monkeypatch.undo()
        time_module.tzset()


def test_without_a_zone_times_are_those_of_this_computer() -> None:
    due = Daily(time(3, 30)).next_after(datetime(2026, 11, 24, 12, 0, tzinfo=UTC))
    assert due.astimezone().strftime("%H:%M") == "03:30"


def test_what_ran_in_hours_that_come_again_does_not_run_in_them_again() -> None:
    ran = berlin(2026, 5, 2, 2, 30)
    back = berlin(2026, 5, 1, 23, 0)
    assert HALF_PAST_TWO.at_latest(back, last_at=ran, zone=BERLIN) == berlin(2026, 5, 3, 2, 30)
    long_ago = berlin(2026, 4, 1, 23, 0)
    assert HALF_PAST_TWO.at_latest(long_ago, last_at=ran, zone=BERLIN) == berlin(2026, 4, 2, 2, 30)
    six_hours = Every(timedelta(hours=6))
    assert six_hours.at_latest(back, last_at=ran) == back + timedelta(hours=6)


@pytest.mark.parametrize(
    ("rule", "public", "words"),
    [
        (Daily(time(3, 5)), {"daily": "03:05"}, "Every day at 03:05"),
        (Every(timedelta(hours=6)), {"every": "6h"}, "Every 6 hours"),
        (Every(timedelta(hours=1)), {"every": "1h"}, "Every hour"),
        (Every(timedelta(minutes=90)), {"every": "90m"}, "Every 90 minutes"),
        (Every(timedelta(days=1)), {"every": "1d"}, "Every 24 hours"),
        (Every(timedelta(days=2)), {"every": "2d"}, "Every 2 days"),
    ],
)
def test_a_rule_has_a_public_form_and_words(rule: Rule, public: dict[str, str], words: str) -> None:
    assert rule.to_json() == public
    assert rule_from_json(public) == rule
    assert read_rule(write_rule(rule)) == rule
    assert str(rule.words()) == words


@pytest.mark.parametrize(
    "value",
    [
        {"daily": "24:00"},
        {"daily": "3"},
        {"daily": "03:30:00"},
        {"daily": "٠٣:30"},
        {"every": "4m"},
        {"every": "31d"},
        {"every": "6"},
        {"every": "-6h"},
        {"every": 6},
        {},
        None,
    ],
)
def test_what_is_no_rule_is_refused_with_a_sentence(value: object) -> None:
    with pytest.raises(Refused, match=r"such as|like"):
        rule_from_json(value)


@pytest.mark.parametrize("stored", ["", "every day", "[]", '{"every": "1m"}', None, b"\xff"])
def test_a_rule_broken_by_hand_reads_as_none(stored: object) -> None:
    assert read_rule(stored) is None


def test_history_is_cleaned_up_at_night_unless_chosen_otherwise() -> None:
    assert CLEAN_UP.default == Daily(time(3, 30))
