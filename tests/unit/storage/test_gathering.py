from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.jobs import Gathering, NewJob
from metarr_desktop.storage.insertion import insert_jobs
from tests.fakes import START
from tests.unit.storage.history_rows import Explained

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

NEW = NewJob(
    type="notify-x",
    lane="x",
    priority=5,
    merge_key="pack",
    gathering=Gathering(quiet=timedelta(seconds=20), at_most=timedelta(seconds=120)),
)


async def test_what_waits_for_more_is_found_by_its_key_however_much_else_waits(database: Database) -> None:
    def plans(db: Sql) -> list[str]:
        explained = Explained(db)
        insert_jobs(explained, (NEW,), START)
        return [line for line in explained.lines if "merge_key = ?" in line and "job_queue " in line]

    others = [NewJob(type="notify-x", lane="x", priority=5) for _ in range(500)]
    await database.run(insert_jobs, (NEW, *others), START)
    steps = await database.run(plans)
    assert steps
    for step in steps:
        assert "INDEX job_queue_merge_key" in step or "PRIMARY KEY" in step or "LIST SUBQUERY" in step, step
