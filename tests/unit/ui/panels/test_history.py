from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.changes import JobEnded
from metarr_desktop.ui.bridge import Bridge
from metarr_desktop.ui.panels.history import PAGE, HistoryPanel
from metarr_desktop.ui.ports import Ports
from metarr_desktop.ui.theme import Theme
from tests.fakes import MemorySecretStore, until
from tests.unit.storage.history_rows import Ended, insert_ended

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from PySide6.QtWidgets import QApplication

    from metarr_desktop.app.snapshots import HistoryFilter
    from metarr_desktop.storage.sql import Sql

pytestmark = pytest.mark.qt_loop

MOST = 250
BEGAN = datetime.now(tz=UTC) - timedelta(hours=1)


@pytest.fixture
def paths(tmp_path: Path) -> AppPaths:
    return AppPaths(tmp_path / "data")


@pytest.fixture
async def core(paths: AppPaths) -> AsyncIterator[Core]:
    async with open_core(paths, serve=False, secrets=MemorySecretStore()) as core:
        yield core


@pytest.fixture
async def panel(core: Core, paths: AppPaths, qapp: QApplication) -> AsyncIterator[HistoryPanel]:
    put_in(paths, [Ended(id=number, at=BEGAN + timedelta(seconds=number)) for number in range(1, MOST + 1)])
    bridge = Bridge(core.bus)
    panel = HistoryPanel(
        Ports(
            queries=core.queries,
            bridge=bridge,
            tasks=core.tasks,
            actions=cast("Any", None),
            theme=Theme(qapp),
        )
    )
    panel.show()
    await until(lambda: panel.model.rowCount() == PAGE)
    yield panel
    bridge.close()
    panel.hide()
    panel.deleteLater()


def put_in(paths: AppPaths, rows: Sequence[Ended]) -> None:
    with closing(sqlite3.connect(paths.database)) as db, db:
        insert_ended(cast("Sql", db), rows)


def shown(panel: HistoryPanel) -> list[int]:
    return [panel.model.row(at).record.id for at in range(panel.model.rowCount())]


async def read_to_the_end(panel: HistoryPanel) -> None:
    while panel.model.canFetchMore(panel.model.index(-1, -1)):
        before = panel.model.rowCount()
        panel.model.fetchMore(panel.model.index(-1, -1))
        await until(lambda: panel.model.rowCount() > before)  # noqa: B023 - awaited at once


async def end(core: Core, panel: HistoryPanel, paths: AppPaths, row: Ended) -> None:
    """A job ends: it is stored, told, and looked for without waiting out the second."""
    put_in(paths, [row])
    wanted: HistoryFilter = panel._wanted()
    records = (await core.queries.history(wanted, limit=1_000)).rows
    record = next(each.record for each in records if each.record.id == row.id)
    core.bus.publish(JobEnded(record))
    await until(panel._follow.isActive)
    panel._follow.timeout.emit()


async def test_scrolling_to_the_end_brings_every_row_once(panel: HistoryPanel) -> None:
    await read_to_the_end(panel)
    assert shown(panel) == list(range(MOST, 0, -1))


async def test_a_job_that_ended_after_the_clock_was_set_back_takes_its_place_among_the_rows_read(
    core: Core, panel: HistoryPanel, paths: AppPaths
) -> None:
    await read_to_the_end(panel)
    await end(core, panel, paths, Ended(id=900, at=BEGAN + timedelta(seconds=20.5)))
    await until(lambda: panel.model.rowCount() == MOST + 1)
    assert shown(panel) == [*range(MOST, 20, -1), 900, *range(20, 0, -1)]


async def test_while_rows_are_read_a_newer_one_comes_on_top(
    core: Core, panel: HistoryPanel, paths: AppPaths
) -> None:
    await end(core, panel, paths, Ended(id=900, at=BEGAN + timedelta(seconds=MOST + 1)))
    await until(lambda: panel.model.rowCount() == PAGE + 1)
    await read_to_the_end(panel)
    assert shown(panel) == [900, *range(MOST, 0, -1)]
