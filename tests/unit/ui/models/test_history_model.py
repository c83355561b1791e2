from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from metarr_desktop.app.snapshots import HistoryPage, HistoryRow
from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.history import HistoryCursor
from metarr_desktop.domain.jobs import EndStatus, JobRecord
from metarr_desktop.ui.models.history_model import HistoryModel
from tests.fakes import START

pytestmark = pytest.mark.usefixtures("qapp")


def row(number: int, *, seconds: float | None = None) -> HistoryRow:
    """A job that ended ``number`` seconds after the start, unless said otherwise."""
    at = START + timedelta(seconds=number if seconds is None else seconds)
    record = JobRecord(
        id=number,
        job_id=number,
        type="scan-movie",
        lane="scan",
        priority=5,
        status=EndStatus.COMPLETED,
        payload={},
        created_at=at,
        started_at=at,
        completed_at=at,
        duration=timedelta(0),
        root_id=number,
    )
    return HistoryRow(record=record, subject="", source="")


def page(*rows: HistoryRow, more: bool = False) -> HistoryPage:
    last = rows[-1].record
    return HistoryPage(
        rows=rows, next_before=HistoryCursor(to_ms(last.completed_at), last.id) if more else None
    )


def shown(model: HistoryModel) -> list[int]:
    return [model.row(at).record.id for at in range(model.rowCount())]


def model_of(*rows: HistoryRow, more: bool = False) -> HistoryModel:
    model = HistoryModel()
    model.replace(page(*rows, more=more))
    return model


def test_newer_rows_come_on_top_and_those_shown_stay(qtmodeltester: Any) -> None:
    model = model_of(row(2), row(1))
    assert model.merge(page(row(4), row(3), row(2), row(1)))
    assert shown(model) == [4, 3, 2, 1]
    qtmodeltester.check(model)


def test_a_first_page_that_does_not_reach_what_is_shown_is_not_merged() -> None:
    model = model_of(row(2), row(1))
    assert not model.merge(page(row(9), row(8), more=True))
    assert shown(model) == [2, 1]


def test_a_row_that_ended_before_others_as_the_clock_was_set_back_stands_among_them() -> None:
    model = model_of(row(9), row(5), row(1))
    assert model.merge(page(row(9), row(11, seconds=7), row(10, seconds=6), row(5), row(12, seconds=3)))
    assert shown(model) == [9, 11, 10, 5, 12, 1]
    assert not model.is_newer(row(13, seconds=8).record)
    assert model.is_newer(row(13).record)


def test_a_row_below_those_read_so_far_waits_for_its_page() -> None:
    model = model_of(row(9), row(5), more=True)
    asked: list[HistoryCursor] = []
    model.page_wanted.connect(asked.append)
    assert model.merge(page(row(9), row(5), row(10, seconds=2)))
    assert shown(model) == [9, 5]
    model.fetchMore(model.index(-1, -1))
    assert asked == [HistoryCursor(to_ms(START + timedelta(seconds=5)), 5)]
    model.append(page(row(10, seconds=2), row(1)))
    assert shown(model) == [9, 5, 10, 1]


def test_jobs_that_ended_in_the_same_millisecond_stand_in_the_order_of_their_ids() -> None:
    model = model_of(row(2, seconds=1), row(1, seconds=1))
    assert model.merge(page(*(row(number, seconds=1) for number in (4, 3, 2, 1))))
    assert shown(model) == [4, 3, 2, 1]
