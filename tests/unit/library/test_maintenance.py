from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import Permanent, StorageFailed
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.domain.text import Text, text
from metarr_desktop.library.maintenance import CleanUp, Step, Swept, remove_temporary_files
from tests.fakes import START, no_report

if TYPE_CHECKING:
    from pathlib import Path

JOB = Job(
    id=1,
    type="scheduled-cleanup",
    lane="upkeep",
    priority=8,
    status=JobStatus.PROCESSING,
    payload={},
    created_at=START,
    updated_at=START,
    run_after=START,
    root_id=1,
)


def step(key: str, result: Swept | Exception) -> Step:
    async def run() -> Swept:
        if isinstance(result, Exception):
            raise result
        return result

    return Step(key=key, title=Text(key.capitalize()), run=run)


HISTORY = step("history", Swept(detail=text("Removed {n} jobs.", n=12), removed={"done": 12}))
FILES = step("files", Swept(removed={"files": 0}))


async def test_the_result_says_what_was_removed() -> None:
    done = await CleanUp([HISTORY, FILES])(JOB, no_report)
    assert str(done.detail) == "Removed 12 jobs."
    assert done.result == {"removed": {"done": 12, "files": 0}, "steps": ["history", "files"]}


async def test_where_nothing_had_to_go_that_is_said() -> None:
    done = await CleanUp([step("backup", Swept(detail=Text("Backup saved as x.db."))), FILES])(JOB, no_report)
    assert str(done.detail) == "Nothing had to be removed. Backup saved as x.db."


async def test_a_failed_step_is_told_in_plain_words_and_the_others_still_run() -> None:
    broken = step("backup", StorageFailed("The disk is full. Make some space."))
    with pytest.raises(Permanent) as failed:
        await CleanUp([broken, HISTORY])(JOB, no_report)
    assert str(failed.value) == (
        "Not everything could be cleaned up. Backup: The disk is full. Make some space."
        " Apart from that: Removed 12 jobs."
    )


@pytest.mark.expects_errors("Backup failed on an error of our own")
async def test_a_fault_of_our_own_in_one_step_keeps_no_other_from_its_work() -> None:
    with pytest.raises(Permanent, match=r"The log has the details\..*Removed 12 jobs\."):
        await CleanUp([step("backup", ValueError("a fault")), HISTORY])(JOB, no_report)


def touch(path: Path, *, age: timedelta) -> None:
    path.touch()
    at = (START - age).timestamp()
    os.utime(path, (at, at))


def test_only_abandoned_files_of_ours_are_removed(tmp_path: Path) -> None:
    old, young = timedelta(days=2), timedelta(hours=23)
    for name in ("control.new", "metarr-2026-11-20.db.4711.part", "metarr.db.part-journal"):
        touch(tmp_path / name, age=old)
    for name in ("metarr.db", "metarr.db-wal", "control.json", "lock", "holiday.part", "metarr-notes.txt"):
        touch(tmp_path / name, age=old)
    touch(tmp_path / "metarr-2026-11-24.db.4712.part", age=young)
    (tmp_path / "metarr.part").mkdir()
    (tmp_path / "metarr-link.part").symlink_to(tmp_path / "metarr.db")
    missing = tmp_path / "backups"
    assert remove_temporary_files([tmp_path, missing], now=START) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "control.json",
        "holiday.part",
        "lock",
        "metarr-2026-11-24.db.4712.part",
        "metarr-link.part",
        "metarr-notes.txt",
        "metarr.db",
        "metarr.db-wal",
        "metarr.part",
    ]


def test_a_folder_that_cannot_be_changed_is_told(tmp_path: Path) -> None:
    class Unwritable:
        """A folder of another user."""

        def is_dir(self) -> bool:
            return True

        def iterdir(self) -> list[Path]:
            raise PermissionError(13, "Permission denied")

        def __str__(self) -> str:
            return "/data/backups"

    with pytest.raises(StorageFailed, match=r"/data/backups cannot be removed: Permission denied"):
        remove_temporary_files([Unwritable()], now=START)  # type: ignore[list-item]
