from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

from metarr_desktop.app.snapshots import LaneSnapshot
from metarr_desktop.domain.jobs import Job, JobStatus, Progress
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.text import Text
from metarr_desktop.ui.models.job_cells import JobsColumn
from metarr_desktop.ui.models.job_tree import PROGRESS_ROLE
from metarr_desktop.ui.models.jobs_model import JobsModel
from metarr_desktop.ui.wording import next_try, status_shape, status_text
from tests.unit.ui.models.test_jobs_model import job

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

NOW = datetime.now(tz=UTC)
HALF = Progress(done=5, total=10, note=Text("Reading the folder"))
RUNNING = replace(job(1), status=JobStatus.PROCESSING, progress=HALF, worker="my-nas-12-ab")
SILENT = LaneSnapshot(
    lane="discord",
    title="Discord",
    state=LaneState.BREAKER,
    reason=Text("Discord does not answer."),
    until=NOW + timedelta(hours=10),
)


def shown(model: JobsModel, column: JobsColumn, role: int = Qt.ItemDataRole.DisplayRole) -> object:
    return model.index(0, column).data(role)


def flat(*jobs: Job, several_computers: bool = False) -> JobsModel:
    model = JobsModel(several_computers=several_computers)
    model.show_grouped(grouped=False)
    model.apply(jobs)
    return model


def test_a_running_job_tells_how_far_it_is_in_words_and_as_a_bar(qapp: QApplication) -> None:
    model = flat(RUNNING)
    assert shown(model, JobsColumn.STATUS) == "Running 5 of 10"
    assert shown(model, JobsColumn.WORKER) == ""
    assert shown(model, JobsColumn.WORKER, PROGRESS_ROLE) == HALF
    for role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
        assert shown(model, JobsColumn.WORKER, role) == "5 of 10, Reading the folder"


def test_the_computer_is_named_only_where_there_are_several(qapp: QApplication) -> None:
    model = flat(RUNNING, several_computers=True)
    assert shown(model, JobsColumn.WORKER) == "my-nas"
    told = shown(model, JobsColumn.WORKER, Qt.ItemDataRole.AccessibleTextRole)
    assert told == "my-nas, 5 of 10, Reading the folder"
    model.apply([replace(RUNNING, status=JobStatus.PENDING)])
    assert shown(model, JobsColumn.WORKER) == ""
    assert shown(model, JobsColumn.WORKER, PROGRESS_ROLE) is None


def test_why_a_job_was_taken_out_of_turn_is_in_its_tool_tip(qapp: QApplication) -> None:
    model = flat(replace(RUNNING, reason=Text("Taken out of turn: it had waited longest.")))
    tip = shown(model, JobsColumn.STATUS, Qt.ItemDataRole.ToolTipRole)
    assert tip == "Running 5 of 10\nTaken out of turn: it had waited longest."


def test_a_job_that_runs_with_another_names_it(qapp: QApplication) -> None:
    assert status_text(replace(RUNNING, merged_into=7)) == "Running - together with job 7"


def test_a_waiting_job_of_a_stopped_lane_says_why_and_when_it_is_tried(qapp: QApplication) -> None:
    model, changed = flat(job(1)), list[int]()
    assert shown(model, JobsColumn.STATUS) == "Waiting"
    model.dataChanged.connect(lambda first, _last: changed.append(first.row()))
    assert model.show_lanes({"discord": SILENT})
    assert changed == [0]
    assert shown(model, JobsColumn.STATUS) == "Waiting - Discord does not answer"
    assert next_try(job(1), lane=SILENT) == SILENT.until
    assert shown(model, JobsColumn.NEXT_TRY) != ""
    assert not model.show_lanes({"discord": SILENT})
    model.show_lanes({})
    assert shown(model, JobsColumn.STATUS) == "Waiting"


def test_a_paused_delivery_says_so_and_no_other_time_than_that_of_the_pause(qapp: QApplication) -> None:
    paused = replace(SILENT, state="paused", reason=Text("paused"), until=None)
    assert status_text(job(1), lane=paused) == "Waiting - paused"
    assert status_shape(job(1), lane=paused) == "blocked"
    assert next_try(job(1), lane=paused) is None


def test_a_jobs_own_reason_and_its_own_later_time_come_before_those_of_its_lane(qapp: QApplication) -> None:
    own = replace(job(1), reason=Text("Kodi is playing."))
    assert status_text(own, lane=SILENT) == "Waiting - Kodi is playing"
    later = replace(job(1), run_after=NOW + timedelta(hours=11))
    assert status_text(later, lane=SILENT).startswith("Retrying at")
    assert next_try(later, lane=SILENT) == later.run_after
