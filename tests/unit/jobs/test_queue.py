from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.lanes import LaneState
from tests.fakes import START

if TYPE_CHECKING:
    from tests.unit.jobs.conftest import Engine


@pytest.mark.parametrize(("state", "shown"), [("probing", [LaneState.PROBING]), ("breaker", [])])
async def test_a_lane_that_is_tried_is_stopped_although_its_time_is_over(
    engine: Engine, state: str, shown: list[LaneState]
) -> None:
    with closing(sqlite3.connect(engine.path)) as db, db:
        db.execute(
            "INSERT INTO lanes (lane, state, reason, since, until) VALUES ('kodi', ?, 'x', ?, ?)",
            (state, to_ms(START) - 2, to_ms(START) - 1),
        )
    assert [stop.state for stop in await engine.queue.lane_stops()] == shown
