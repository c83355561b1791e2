from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from metarr_desktop.domain.statistics import Tally
from metarr_desktop.ui.models.statistics_model import StatisticsColumn, StatisticsModel, StatisticsRow

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

pytestmark = pytest.mark.usefixtures("qapp")


def row(name: str, *, oldest: timedelta | None = None, **numbers: Any) -> StatisticsRow:
    return StatisticsRow(name=name, tally=Tally(**numbers), oldest=oldest)


def line(model: StatisticsModel, at: int) -> list[str]:
    return [str(model.index(at, column).data()) for column in StatisticsColumn]


def test_a_line_shows_its_numbers_under_titles_that_say_what_they_count(qtmodeltester: Any) -> None:
    model = StatisticsModel("Job")
    model.show([row("Scan movie", waiting=2, running=1, done=4, failed=3, oldest=timedelta(seconds=90))])
    assert line(model, 0) == ["Scan movie", "2", "1 min 30 s", "1", "4", "3"]
    horizontal = Qt.Orientation.Horizontal
    assert [model.headerData(column, horizontal) for column in StatisticsColumn] == [
        "Job", "Waiting", "Oldest waiting", "Running", "Done in 24 h", "Failed in 24 h",
    ]  # fmt: skip
    qtmodeltester.check(model)


def test_where_nothing_waits_no_time_is_shown(qapp: QApplication) -> None:
    model = StatisticsModel("Job")
    model.show([row("Webhook")])
    assert line(model, 0) == ["Webhook", "0", "", "0", "0", "0"]


def test_numbers_change_in_place_and_rows_that_stay_keep_still() -> None:
    model = StatisticsModel("Job")
    model.show([row("a"), row("b")])
    changed: list[int] = []
    resets: list[None] = []
    model.dataChanged.connect(lambda first, _last: changed.append(first.row()))
    model.modelReset.connect(lambda: resets.append(None))
    model.show([row("a"), row("b", done=1)])
    model.show([row("a"), row("b", done=1)])
    assert (changed, resets) == ([1], [])
    model.show([row("a"), row("b", done=1), row("c")])
    assert model.rowCount() == 3
