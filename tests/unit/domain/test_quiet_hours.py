from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.quiet_hours import QuietHours

BERLIN = ZoneInfo("Europe/Berlin")


def local(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("22:00-07:30", "22:00-07:30"),
        (" 9:05 - 17:00 ", "09:05-17:00"),
        ("22:00\N{EN DASH}07:30", "22:00-07:30"),
    ],
)
def test_they_are_written_as_two_times(written: str, kept: str) -> None:
    assert str(QuietHours.parse(written)) == kept


@pytest.mark.parametrize("written", ["", "22:00", "22-7", "24:00-07:00", "22:00-07:60", "22:00-22:00", "a-b"])
def test_anything_else_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(Refused, match="22:00-07:30"):
        QuietHours.parse(written)


@pytest.mark.parametrize(
    ("hours", "now", "end"),
    [
        ("22:00-07:30", "2026-11-24T21:59", None),
        ("22:00-07:30", "2026-11-24T22:00", "2026-11-25T07:30"),
        ("22:00-07:30", "2026-11-25T03:00", "2026-11-25T07:30"),
        ("22:00-07:30", "2026-11-25T07:30", None),
        ("13:00-15:00", "2026-11-24T14:59", "2026-11-24T15:00"),
        ("13:00-15:00", "2026-11-24T12:59", None),
        ("13:00-15:00", "2026-11-24T23:00", None),
        ("22:00-00:00", "2026-11-24T23:00", "2026-11-25T00:00"),
    ],
)
def test_they_end_at_a_local_time_also_over_midnight(hours: str, now: str, end: str | None) -> None:
    found = QuietHours.parse(hours).end(local(now), zone=BERLIN)
    assert found == (None if end is None else local(end))


def test_a_night_with_a_change_of_clocks_ends_when_clocks_show_its_end() -> None:
    hours = QuietHours.parse("22:00-07:30")
    for evening, morning in (("2026-03-28", "2026-03-29"), ("2026-10-24", "2026-10-25")):
        assert hours.end(local(f"{evening}T23:00"), zone=BERLIN) == local(f"{morning}T07:30")


def test_an_end_that_clocks_leave_out_is_the_next_time_there_is() -> None:
    assert QuietHours.parse("22:00-02:30").end(local("2026-03-29T01:00"), zone=BERLIN) == local(
        "2026-03-29T03:00"
    )


def test_an_end_that_comes_twice_counts_once() -> None:
    hours = QuietHours.parse("22:00-02:30")
    assert hours.end(local("2026-10-25T02:10"), zone=BERLIN) == local("2026-10-25T02:30")
    assert hours.end(local("2026-10-25T02:10", fold=1), zone=BERLIN) is None
