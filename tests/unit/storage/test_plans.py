"""The clean-up has SQLite count its tables; whatever it finds, statements about the history stay quick."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

import pytest

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.history import HistoryCursor
from metarr_desktop.storage.ended_counts import ended_since
from metarr_desktop.storage.history_page import read_page
from metarr_desktop.storage.history_store import _failed_ids, _last_of_types
from metarr_desktop.storage.retention import _forgotten_webhooks, _remove_jobs
from metarr_desktop.storage.statistics_store import _tallies
from metarr_desktop.storage.upkeep import tidy
from tests.fakes import START
from tests.unit.storage.history_rows import Ended, Explained, insert_ended, insert_events
from tests.unit.storage.test_history_page import FILTERS, rows_of_all_kinds

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

ALIKE = [Ended(id=number, at=START + timedelta(seconds=number)) for number in range(1, 1_001)]
FAILED = [replace(row, status="failed", error="No answer.", event=row.id) for row in ALIKE]


@pytest.mark.parametrize("rows", [ALIKE, FAILED, rows_of_all_kinds()], ids=["done", "failed", "mixed"])
async def test_counted_tables_change_no_plan_for_the_worse(
    database: Database, tmp_path: Path, rows: list[Ended]
) -> None:
    await database.run(insert_events, {number: f"Film {number}" for number in range(1, 1_001)})
    await database.run(insert_ended, rows)
    tidy(tmp_path / "metarr.db")
    with closing(sqlite3.connect(tmp_path / "metarr.db")) as db:
        explained = Explained(cast("Sql", db))
        for query in FILTERS:
            if query.status or query.type or query.source or query.since:
                filtered = Explained(cast("Sql", db))
                read_page(filtered, replace(query, text=""))
                assert [line for line in filtered.lines if ": SCAN" in line] == []
            read_page(explained, query)
            read_page(explained, replace(query, before=HistoryCursor(to_ms(START), 5)))
        ended_since(explained, START + timedelta(minutes=1))
        _tallies(explained, START + timedelta(minutes=1))
        _last_of_types(explained, ("scan-movie", "notify-discord"))
        _failed_ids(explained, 500)
        _forgotten_webhooks(explained, START + timedelta(days=5), (-1, -1))
        _remove_jobs(explained, "failed", to_ms(START), (-1, -1), 500, START)
    allowed = ("FROM job_totals", "FROM job_queue WHERE status = 'processing'")
    assert [line for line in explained.slow if not any(each in line for each in allowed)] == []
    assert explained.lines
