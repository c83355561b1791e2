from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.history import HistoryCursor
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.storage.history_page import FEW, HistoryQuery, read_page
from tests.fakes import START
from tests.unit.storage.history_rows import Ended, Explained, insert_ended, insert_events

if TYPE_CHECKING:
    from metarr_desktop.domain.jobs import JobRecord
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

FILTERS = [
    HistoryQuery(status=status, type=kind, source=source, since=since, text=text)
    for status, kind, source, since, text in itertools.product(
        (None, EndStatus.FAILED),
        ("", "notify-discord"),
        ("", "radarr"),
        (None, START - timedelta(seconds=3)),
        ("", "dune"),
    )
]


def rows_of_all_kinds() -> list[Ended]:
    """Many that ended together, and ids that do not follow the time."""
    dice = Random(1)
    return [
        Ended(
            id=number,
            at=START - timedelta(milliseconds=dice.randrange(6) * 1_000),
            type=dice.choice(("notify-discord", "notify-kodi", "scan-movie")),
            status=dice.choice([each.value for each in EndStatus]),
            source=dice.choice(("radarr", "sonarr", "")),
            error=dice.choice((None, None, "Dune was refused.", "No answer.")),
            event=dice.choice((None, 1, 2)),
        )
        for number in range(1, 301)
    ]


def fits(row: Ended, query: HistoryQuery) -> bool:
    return (
        query.status in {None, row.status}
        and query.type in {"", row.type}
        and query.source in {"", row.source}
        and (query.since is None or row.at >= query.since)
        and (not query.text or row.event == 1 or "Dune" in (row.error or ""))
    )


async def every_page(database: Database, query: HistoryQuery) -> list[int]:
    found: list[int] = []
    while True:
        page = await database.read(read_page, query)
        found += [record.id for record in page]
        if len(page) < query.limit:
            return found
        query = replace(query, before=place(page[-1]))


def place(record: JobRecord) -> HistoryCursor:
    return HistoryCursor(to_ms(record.completed_at), record.id)


async def test_every_filter_alone_and_together_brings_each_row_once_newest_first(database: Database) -> None:
    rows = rows_of_all_kinds()
    await database.run(insert_events, {1: "DUNE (2021)", 2: "Other (1999)"})
    await database.run(insert_ended, rows)
    for query in FILTERS:
        wanted = [row.id for row in sorted(rows, key=lambda row: (row.at, row.id), reverse=True)
                  if fits(row, query)]  # fmt: skip
        assert await every_page(database, replace(query, limit=7)) == wanted, query


async def test_no_filter_makes_sqlite_read_or_sort_the_whole_history(database: Database) -> None:
    def plans(db: Sql, query: HistoryQuery) -> list[str]:
        explained = Explained(db)
        read_page(explained, query)
        assert explained.lines
        return explained.slow

    await database.run(insert_ended, rows_of_all_kinds())
    for query in FILTERS:
        for before in (None, HistoryCursor(to_ms(START), 5)):
            assert await database.read(plans, replace(query, before=before)) == []


async def test_only_a_page_without_a_filter_may_go_along_the_index_of_all_rows(database: Database) -> None:
    def scans(db: Sql, query: HistoryQuery) -> list[str]:
        explained = Explained(db)
        read_page(explained, query)
        return [line.rpartition(": ")[2] for line in explained.lines if ": SCAN job_history" in line]

    await database.run(insert_ended, rows_of_all_kinds())
    whole = "SCAN job_history USING COVERING INDEX job_history_completed_at"
    assert await database.read(scans, HistoryQuery()) == [whole]
    for query in FILTERS:
        if not query.text and query != HistoryQuery():
            assert await database.read(scans, query) == []


async def test_a_search_reads_titles_and_errors_from_their_indexes(database: Database) -> None:
    def plan(db: Sql) -> str:
        explained = Explained(db)
        read_page(explained, HistoryQuery(text="nowhere", status=EndStatus.COMPLETED, type="scan-movie"))
        return "\n".join(explained.lines)

    steps = await database.read(plan)
    assert "SCAN webhook_events USING COVERING INDEX webhook_events_received_at" in steps
    assert "SCAN job_history USING COVERING INDEX job_history_error" in steps


async def test_a_clock_set_back_while_paging_neither_repeats_nor_loses_a_row(database: Database) -> None:
    old = [Ended(id=number, at=START + timedelta(seconds=number)) for number in range(1, 21)]
    await database.run(insert_ended, old)
    first = await database.read(read_page, HistoryQuery(limit=5))
    late = [Ended(id=100, at=START + timedelta(seconds=18)), Ended(id=101, at=START + timedelta(seconds=3))]
    await database.run(insert_ended, late)
    rest = await every_page(database, HistoryQuery(limit=5, before=place(first[-1])))
    assert [record.id for record in first] == [20, 19, 18, 17, 16]
    assert rest == [15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 101, 3, 2, 1]
    assert await every_page(database, HistoryQuery(limit=5)) == [20, 19, 100, *range(18, 3, -1), 101, 3, 2, 1]


@pytest.mark.parametrize("text", ["number 7", "NUMBER 7", "umber 7"])
async def test_a_title_is_found_by_any_part_in_any_case(database: Database, text: str) -> None:
    await database.run(insert_events, {1: "Film of the number 7", 2: "Film of the number 8"})
    await database.run(insert_ended, [Ended(id=1, event=1), Ended(id=2, event=2)])
    assert [record.id for record in await database.read(read_page, HistoryQuery(text=text))] == [1]


@pytest.mark.parametrize("text", ["%", "_", "\\", "100%_\\"])
async def test_wildcards_in_a_search_mean_themselves(database: Database, text: str) -> None:
    await database.run(insert_events, {1: "100%_\\", 2: "100 per cent"})
    await database.run(insert_ended, [Ended(id=1, event=1), Ended(id=2, event=2)])
    assert [record.id for record in await database.read(read_page, HistoryQuery(text=text))] == [1]


async def test_a_word_of_very_many_titles_is_found_in_the_same_order(database: Database) -> None:
    many = FEW + 50
    await database.run(insert_events, {number: f"Film {number}" for number in range(1, many + 1)})
    rows = [
        Ended(id=number, at=START + timedelta(seconds=number % 7), event=number)
        for number in range(1, many + 1)
    ]
    rows += [Ended(id=many + 1, error="A film was refused."), Ended(id=many + 2, status="failed")]
    await database.run(insert_ended, rows)
    found = await every_page(database, HistoryQuery(text="film", limit=500))
    assert len(found) == many + 1
    at = {row.id: row.at for row in rows}
    assert found == sorted(found, key=lambda number: (at[number], number), reverse=True)
    assert await every_page(database, HistoryQuery(text="film", status=EndStatus.FAILED)) == []


async def test_a_job_type_nobody_knows_any_more_is_found_by_its_source(database: Database) -> None:
    await database.run(insert_ended, [Ended(id=1, type="from-long-ago", source="sonarr")])
    assert await every_page(database, HistoryQuery(source="sonarr")) == [1]
    assert await every_page(database, HistoryQuery(source="lidarr")) == []


async def test_half_a_character_is_found_nowhere_and_breaks_nothing(database: Database) -> None:
    await database.run(insert_ended, [Ended(id=1, error="No answer.")])
    assert await database.read(read_page, HistoryQuery(text="\udcff")) == ()
