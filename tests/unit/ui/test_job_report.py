from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.snapshots import GivenUp, JobDetail, LaneSnapshot
from metarr_desktop.domain.jobs import Attempt, AttemptOutcome, EndStatus, Job, JobRecord, JobStatus, Progress
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.text import Text
from metarr_desktop.ui.job_report import advice, footer, reason, status_line, time_limit, timeline
from tests.unit.ui.models.test_jobs_model import ended, job

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

NOW = datetime.now(tz=UTC)
WAITING = job(1)
RUNNING = replace(
    WAITING, status=JobStatus.PROCESSING, started_at=NOW, worker="nas-1-a", attempts=1,
    progress=Progress(done=1, total=3, note=Text("Reading the folder")),
)  # fmt: skip
CRASH = Attempt(
    job_id=1,
    number=1,
    started_at=NOW - timedelta(hours=9),
    duration=timedelta(hours=8),
    outcome=AttemptOutcome.CRASHED,
    detail=Text("The program ended while this ran."),
)
SILENT = LaneSnapshot(
    lane="discord",
    title="Discord",
    state=LaneState.BREAKER,
    reason=Text("Discord does not answer."),
    until=NOW + timedelta(minutes=10),
)


def detail(of: Job | JobRecord, **changes: Any) -> JobDetail:
    values: dict[str, Any] = {
        "job": of if isinstance(of, Job) else None,
        "record": of if isinstance(of, JobRecord) else None,
        "attempts": (),
        "event": None,
        "payload": "{}",
        "webhook_body": "",
        **changes,
    }
    return JobDetail(**values)


def test_a_job_that_was_never_begun_has_a_timeline_of_one_line(qapp: QApplication) -> None:
    (row,) = timeline(detail(WAITING), needs_key=False)
    assert row.what == "Created, priority Normal"


def test_the_attempt_that_runs_is_the_last_line_and_says_what_it_is_at(qapp: QApplication) -> None:
    row = timeline(detail(RUNNING, attempts=(CRASH,)), needs_key=False)[-1]
    assert (row.what, row.detail) == ("Attempt 2", "Running 1 of 3 - Reading the folder")


def test_a_crashed_attempt_tells_no_time_it_took_and_that_the_job_went_on(qapp: QApplication) -> None:
    row = timeline(detail(WAITING, attempts=(CRASH,)), needs_key=False)[1]
    assert (row.detail, row.took, row.after) == ("The program ended while this ran.", "", "taken up again")
    poisoned = ended(WAITING, status=EndStatus.FAILED)
    assert timeline(detail(poisoned, attempts=(CRASH,)), needs_key=False)[1].after == "stopped"


def test_a_waiting_delivery_says_until_when_it_is_tried(qapp: QApplication) -> None:
    limited = replace(WAITING, expires_at=NOW + timedelta(days=7))
    assert time_limit(detail(limited)).startswith("Given up on ")
    assert time_limit(detail(WAITING)) == ""
    assert time_limit(detail(replace(limited, status=JobStatus.PROCESSING))) == ""


def test_what_was_given_up_has_something_to_do_next(qapp: QApplication) -> None:
    failed = ended(WAITING, status=EndStatus.FAILED)
    expired = advice(detail(failed, given_up=GivenUp.EXPIRED), ())
    crashed = advice(detail(failed, given_up=GivenUp.CRASHED), ())
    assert expired is not None
    assert crashed is not None
    assert (expired.page, crashed.page) == ("advanced", "")
    assert crashed.text.startswith("Look into the log")


def test_a_job_of_a_lane_that_does_not_answer_says_so_and_what_to_do(qapp: QApplication) -> None:
    told = detail(WAITING, lanes={"discord": SILENT})
    assert status_line(told) == "Waiting - Discord does not answer"
    assert reason(told) == "Discord does not answer."
    next_step = advice(told, ())
    assert next_step is not None
    assert next_step.page == "discord"


def test_the_computer_is_named_only_where_there_are_several(qapp: QApplication) -> None:
    assert footer(detail(RUNNING), several_computers=False) == "Job 1   Attempts 1 of 4"
    assert footer(detail(RUNNING), several_computers=True) == "Job 1   Attempts 1 of 4   Runs on nas"
    assert "Runs on" not in footer(detail(WAITING), several_computers=True)


def test_what_did_not_arrive_leads_to_the_mappings_and_says_that_nothing_is_sent(qapp: QApplication) -> None:
    failed = ended(replace(WAITING, type="confirm-jellyfin"), status=EndStatus.FAILED)
    told = advice(detail(failed), ())
    assert told is not None
    assert (told.page, "It only looks again." in told.text) == ("library", True)
