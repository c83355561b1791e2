from __future__ import annotations

from datetime import timedelta

from metarr_desktop.domain.statistics import Tally, sum_of
from tests.fakes import START


def test_a_sum_of_tallies_keeps_the_oldest_waiting_of_all() -> None:
    young, old = START, START - timedelta(hours=1)
    total = sum_of(
        [
            Tally(waiting=2, oldest_waiting=young, done=1),
            Tally(waiting=1, oldest_waiting=old, running=1),
            Tally(failed=3),
        ]
    )
    assert total == Tally(waiting=3, running=1, oldest_waiting=old, done=1, failed=3)
    assert sum_of([]) == Tally()
