from __future__ import annotations

import io
import json

import pytest

from metarr_desktop.cli import output


def test_columns_are_as_wide_as_what_is_in_them() -> None:
    shown = output.table(("A", "LONG"), [("wide one", 1), ("x", None)], empty="Nothing.")
    assert shown.splitlines() == ["A         LONG", "wide one  1", "x"]
    assert output.table(("A",), [], empty="Nothing.") == "Nothing."


@pytest.mark.parametrize("evil", ["a\nb", "a\x1b[31mb", "a\x07b", "a\u202eb", "a\r\x9bb", "a\udcffb"])
def test_a_title_cannot_move_the_cursor_or_forge_a_line(evil: str) -> None:
    shown = output.table(("TITLE",), [(evil,)], empty="")
    assert len(shown.splitlines()) == 2
    assert all(character.isprintable() for character in shown.splitlines()[1])


@pytest.mark.parametrize(("encoding", "written"), [("utf-8", '"日"'), ("latin-1", '"\\u65e5"')])
def test_json_can_be_read_in_every_encoding(
    monkeypatch: pytest.MonkeyPatch, encoding: str, written: str
) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert output.as_json("日") == written
    assert json.loads(written) == "日"


def test_the_status_says_what_a_person_wants_to_know() -> None:
    status = {
        "version": "1.2.3",
        "running": False,
        "listening": None,
        "paused": True,
        "paused_until": None,
        "queue": {"pending": 0, "processing": 0, "oldest_pending_s": None},
        "services": [
            {"key": "kodi", "title": "Kodi", "state": "needs_attention", "detail": "Password rejected"}
        ],
    }
    assert output.status_text(status).splitlines() == [
        "Metarr Desktop 1.2.3: not running",
        "Queue: 0 running, 0 waiting",
        "Deliveries are paused.",
        "",
        "NAME  SERVICE  STATE            DETAIL",
        "kodi  Kodi     needs attention  Password rejected",
    ]


def test_a_program_whose_port_is_taken_says_that_it_receives_nothing() -> None:
    status = {
        "version": "1",
        "running": True,
        "listening": None,
        "paused": False,
        "paused_until": None,
        "queue": {"pending": 1, "processing": 0, "oldest_pending_s": 3.6},
        "services": [],
    }
    first, second, *_ = output.status_text(status).splitlines()
    assert first == "Metarr Desktop 1: running, not receiving webhooks"
    assert second == "Queue: 0 running, 1 waiting, oldest 4 s"


def test_statistics_are_one_table_of_jobs_and_one_of_services() -> None:
    def tally(**changes: object) -> dict[str, object]:
        nothing = {"waiting": 0, "running": 0, "oldest_waiting_s": None, "done_24h": 0, "failed_24h": 0}
        return {**nothing, **changes}

    statistics = {
        "total": tally(waiting=3, oldest_waiting_s=7_500.0),
        "types": [{"type": "scan-movie", **tally(waiting=1, oldest_waiting_s=59.6, done_24h=12)}],
        "services": [{"key": "kodi", **tally(oldest_waiting_s=61.0, failed_24h=4)}],
    }
    assert output.statistics_text(statistics).splitlines() == [
        "JOB TYPE    WAITING  OLDEST     RUNNING  DONE 24H  FAILED 24H",
        "all jobs    3        2 h 5 min  0        0         0",
        "scan-movie  1        1 min      0        12        0",
        "",
        "SERVICE  WAITING  OLDEST  RUNNING  DONE 24H  FAILED 24H",
        "kodi     0        1 min   0        0         4",
    ]


QUEUED = {
    "id": 7,
    "type": "notify-kodi",
    "status": "pending",
    "priority": 5,
    "retry_count": 1,
    "max_retries": 3,
    "run_after": "2026-11-24T12:00:00.000Z",
    "lane": "kodi",
    "progress": None,
    "merged_into": None,
    "reason": None,
    "error": None,
}
STOPPED = {
    "lane": "kodi",
    "title": "Kodi",
    "state": "rate_limited",
    "reason": "Kodi asked to wait.",
    "since": None,
    "until": "2026-11-24T13:00:00.000Z",
}


def test_a_running_job_shows_how_far_it_is_and_what_it_does() -> None:
    progress = {"done": 1, "total": 3, "note": "Reading the folder"}
    told = output.jobs_text([{**QUEUED, "status": "processing", "progress": progress}])
    assert "processing 1 of 3" in told
    assert told.endswith("Reading the folder")


def test_a_job_in_a_stopped_lane_says_why_and_until_when() -> None:
    told = output.jobs_text([QUEUED], lanes=[STOPPED])
    assert told.endswith("Kodi asked to wait.")
    assert output.local(STOPPED["until"]) in told
    assert output.jobs_text([{**QUEUED, "reason": "Its own."}], lanes=[STOPPED]).endswith("Its own.")


def test_a_job_that_runs_with_another_names_it() -> None:
    told = output.jobs_text([{**QUEUED, "status": "processing", "merged_into": 6}])
    assert told.endswith("together with job 6")


def test_stopped_lanes_are_a_table_and_none_is_a_sentence() -> None:
    line = output.lanes_text([STOPPED]).splitlines()[1]
    assert line.split()[:4] == ["kodi", "Kodi", "rate", "limited"]
    assert output.lanes_text([]) == "Nothing is stopped: every job is run when its turn comes."


def test_jobs_and_history_are_tables_with_reasons() -> None:
    job = {
        "id": 7,
        "type": "notify-kodi",
        "status": "pending",
        "priority": 5,
        "retry_count": 1,
        "max_retries": 3,
        "run_after": "2026-11-24T12:00:00.000Z",
        "lane": "kodi",
        "progress": None,
        "merged_into": None,
        "reason": "Kodi is playing.",
        "error": "older",
    }
    row = {
        "completed_at": "2026-11-24T12:00:00.000Z",
        "job_id": 7,
        "event_id": 2,
        "type": "notify-kodi",
        "subject": "Dune (2021)",
        "status": "failed",
        "duration_ms": 1250,
        "error": "No answer.",
    }
    jobs, history = output.jobs_text([job]), output.history_text([row])
    assert "1 of 3" in jobs
    assert jobs.endswith("Kodi is playing.")
    assert "Dune (2021)" in history
    assert history.endswith("1.2 s  No answer.")
    assert output.jobs_text([]) == "Nothing in the queue."
    assert output.history_text([]) == "No job has ended yet."
