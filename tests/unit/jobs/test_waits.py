from __future__ import annotations

from datetime import timedelta

import pytest

from metarr_desktop.jobs.waits import LONGEST, Waits, this_moment
from tests.fakes import START, FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def waits(clock: FakeClock) -> Waits[str]:
    return Waits(clock)


def at(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def test_waits_are_over_by_elapsed_time_in_their_order(clock: FakeClock, waits: Waits[str]) -> None:
    waits.add("late", START + at(20))
    waits.add("early", START + at(10))
    clock.jump(timedelta(hours=-1))
    assert waits.next_in() == 10
    assert waits.take_due() == {}
    clock.advance(10)
    assert waits.take_due() == {"early": START + at(10)}
    assert not waits.waiting("early")
    assert waits.waiting("late")
    assert waits.next_in() == 10
    clock.advance(10)
    assert waits.take_due() == {"late": START + at(20)}
    assert waits.next_in() is None


@pytest.mark.parametrize("seconds", [0, -5, LONGEST.total_seconds()])
def test_what_is_past_or_far_away_goes_by_the_clock_on_the_wall(waits: Waits[str], seconds: float) -> None:
    waits.add("a", START + at(seconds))
    assert not waits.waiting("a")
    assert waits.next_in() is None


def test_a_second_wait_of_a_key_replaces_the_first(clock: FakeClock, waits: Waits[str]) -> None:
    waits.add("a", START + at(10))
    waits.add("a", START + at(30))
    clock.advance(10)
    assert waits.take_due() == {}
    assert waits.waiting("a")
    clock.advance(20)
    assert waits.take_due() == {"a": START + at(30)}
    assert waits.take_due() == {}


def test_a_wait_that_got_long_is_forgotten(clock: FakeClock, waits: Waits[str]) -> None:
    waits.add("a", START + at(10))
    waits.add("a", START + timedelta(hours=1))
    clock.advance(10)
    assert waits.take_due() == {}


def test_a_discarded_wait_is_never_over(clock: FakeClock, waits: Waits[str]) -> None:
    waits.add("a", START + at(10))
    waits.discard("a")
    waits.discard("never")
    assert not waits.waiting("a")
    assert waits.next_in() is None
    clock.advance(10)
    assert waits.take_due() == {}


def test_an_instant_is_given_back_as_the_database_keeps_it(clock: FakeClock, waits: Waits[str]) -> None:
    waits.add("a", START + timedelta(microseconds=5_000_900))
    clock.advance(6)
    assert waits.take_due() == {"a": START + at(5)}


def test_a_wait_lasts_from_the_moment_it_was_planned_though_the_clock_was_set_meanwhile() -> None:
    clock = FakeClock()
    waits: Waits[int] = Waits(clock)
    planned = this_moment(clock)
    clock.jump(timedelta(hours=-1))
    waits.add(1, START + timedelta(seconds=5), since=planned)
    clock.advance(4.9)
    assert waits.take_due() == {}
    clock.advance(0.1)
    assert waits.take_due() == {1: START + timedelta(seconds=5)}
