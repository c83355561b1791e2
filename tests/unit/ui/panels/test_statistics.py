from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.domain.statistics import Statistics, Tally
from metarr_desktop.ui.bridge import Bridge
from metarr_desktop.ui.panels.statistics import (
    FOLLOW_MS,
    WAITING_MS,
    StatisticsPanel,
    rows_of_services,
    rows_of_types,
)
from metarr_desktop.ui.ports import Ports
from metarr_desktop.ui.theme import Theme
from tests.fakes import START, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from PySide6.QtWidgets import QApplication

pytestmark = pytest.mark.qt_loop


def numbers(**changes: Any) -> Statistics:
    total = Tally(**changes)
    return Statistics(
        at=START,
        total=total,
        types={"scan-movie": total, "notify-kodi": Tally()},
        services={"kodi": Tally()},
        titles={"kodi": "Kodi"},
    )


class FakeQueries:
    """Answers with ``statistics``, or fails; counts how often it was asked."""

    def __init__(self) -> None:
        self.statistics_now = numbers()
        self.failure: StorageFailed | None = None
        self.asked = 0

    async def statistics(self) -> Statistics:
        self.asked += 1
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return self.statistics_now


@pytest.fixture
def queries() -> FakeQueries:
    return FakeQueries()


@pytest.fixture
async def panel(queries: FakeQueries, qapp: QApplication) -> AsyncIterator[StatisticsPanel]:
    tasks = TaskSupervisor()
    ports = Ports(
        queries=cast("Any", queries),
        bridge=Bridge(Bus()),
        tasks=tasks,
        actions=cast("Any", None),
        theme=Theme(qapp),
    )
    panel = StatisticsPanel(ports, name="Statistics by job", heading="Job", rows=rows_of_types)
    panel.bridge = ports.bridge  # type: ignore[attr-defined]
    yield panel
    panel.hide()
    await tasks.close()
    panel.deleteLater()


def news(panel: StatisticsPanel) -> None:
    panel.bridge.glance_changed.emit()  # type: ignore[attr-defined]


async def test_numbers_are_read_only_while_somebody_looks(
    panel: StatisticsPanel, queries: FakeQueries
) -> None:
    news(panel)
    assert (queries.asked, panel._timer.isActive()) == (0, False)
    panel.show()
    await until(lambda: panel.model.rowCount() == 3)
    panel.hide()
    news(panel)
    panel.refresh()
    assert (queries.asked, panel._timer.isActive()) == (1, False)
    panel.show()
    await until(lambda: queries.asked == 2)


async def test_a_burst_of_news_is_read_once_a_second_at_most(
    panel: StatisticsPanel, queries: FakeQueries
) -> None:
    panel.show()
    await until(lambda: panel.model.rowCount() == 3)
    for _ in range(5):
        news(panel)
    assert panel._timer.interval() == FOLLOW_MS
    assert queries.asked == 1
    queries.statistics_now = numbers(done=7)
    panel._timer.timeout.emit()
    await until(lambda: panel.model.index(0, 4).data() == "7")
    assert queries.asked == 2
    assert not panel._timer.isActive()


async def test_while_jobs_wait_their_time_is_looked_at_now_and_then(
    panel: StatisticsPanel, queries: FakeQueries
) -> None:
    queries.statistics_now = numbers(waiting=1, oldest_waiting=START - timedelta(seconds=30))
    panel.show()
    await until(lambda: panel.model.index(0, 2).data() == "30 s")
    assert panel._timer.isActive()
    assert panel._timer.interval() == WAITING_MS
    news(panel)
    assert panel._timer.interval() == FOLLOW_MS


async def test_a_database_that_fails_leaves_the_numbers_and_is_asked_again(
    panel: StatisticsPanel, queries: FakeQueries
) -> None:
    panel.show()
    await until(lambda: panel.model.rowCount() == 3)
    queries.failure = StorageFailed("The database is busy.")
    panel.refresh()
    await until(panel._timer.isActive)
    assert panel.model.rowCount() == 3


async def test_the_table_has_a_name_and_says_how_many_rows_it_has(panel: StatisticsPanel) -> None:
    panel.show()
    await until(lambda: panel.view.accessibleDescription() == "3 rows")
    assert panel.view.accessibleName() == "Statistics by job"


async def test_services_are_called_by_their_titles_and_jobs_by_their_names() -> None:
    assert [row.name for row in rows_of_services(numbers())] == ["Kodi"]
    assert [row.name for row in rows_of_types(numbers())] == ["All jobs", "Scan movie", "Notify Kodi"]


async def test_a_job_from_the_future_has_waited_no_time() -> None:
    late = numbers(waiting=1, oldest_waiting=START + timedelta(hours=1))
    assert rows_of_types(late)[0].oldest == timedelta(0)
