from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.control_client import CallFailedError, NotRunningError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.cli.conftest import FakeSession

QUEUED = {
    "id": 7,
    "type": "notify-kodi",
    "status": "pending",
    "priority": 5,
    "retry_count": 0,
    "max_retries": 3,
    "run_after": "2026-11-24T12:00:00.000Z",
    "lane": "kodi",
    "progress": None,
    "merged_into": None,
    "reason": None,
    "error": None,
}
STATUS = {
    "version": "1.2.3",
    "running": True,
    "listening": {"host": "127.0.0.1", "port": 3000},
    "paused": False,
    "paused_until": None,
    "queue": {"pending": 2, "processing": 1, "oldest_pending_s": 12.4},
    "services": [],
}


def test_json_is_what_the_program_answered_and_nothing_else(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["status"] = STATUS
    assert run("status", "--json") == 0
    assert json.loads(capsys.readouterr().out) == STATUS
    assert run("status") == 0
    assert capsys.readouterr().out.startswith("Metarr Desktop 1.2.3: running, listening on 127.0.0.1:3000\n")


def test_statistics_are_printed_as_tables_or_as_json(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    tally = {"waiting": 1, "running": 0, "oldest_waiting_s": 5.0, "done_24h": 2, "failed_24h": 0}
    answer = {"at": "2026-11-24T12:00:00.000Z", "total": tally, "types": [], "services": []}
    session.answers["stats"] = answer
    assert run("stats") == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["all", "jobs", "1", "5", "s", "0", "2", "0"]
    assert run("stats", "--json") == 0
    assert json.loads(capsys.readouterr().out) == answer


def test_history_asks_for_as_many_as_wanted(run: Callable[..., int], session: FakeSession) -> None:
    session.answers["history"] = []
    run("history")
    run("history", "--limit", "7")
    assert session.calls == [("history", {"limit": 50}), ("history", {"limit": 7})]


def test_the_queue_is_printed_with_what_stops_it_and_as_json_without(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers.update(jobs=[], lanes=[])
    assert run("jobs", "--json") == 0
    assert json.loads(capsys.readouterr().out) == []
    session.answers["jobs"] = [QUEUED]
    assert run("jobs") == 0
    assert session.calls == [("jobs", {}), ("jobs", {}), ("lanes", {})]
    assert run("lanes", "--json") == 0


@pytest.mark.parametrize(
    ("typed", "call", "answer", "told"),
    [
        ("retry 5", ("retry", {"job_id": 5}), {"job_id": 9}, "Job 9 waits to run."),
        ("replay 5", ("replay", {"event_id": 5}), {"job_id": 9}, "Job 9 waits to run."),
        ("run-now 5", ("run_now", {"job_id": 5}), None, "Job 5 is due now."),
        (
            "cancel 5",
            ("cancel", {"job_id": 5}),
            None,
            "Job 5 is cancelled. One that runs ends as soon as it can.",
        ),
        ("retry-failed", ("retry_failed", {}), {"retried": 4}, "Failed jobs tried again: 4"),
        (
            "pause",
            ("pause", {"minutes": None}),
            {"until": None},
            "Deliveries are paused. Webhooks are still received.",
        ),
        ("resume", ("resume", {}), None, "Deliveries go on."),
        ("quit", ("quit", {}), None, "Metarr Desktop has stopped."),
        (
            "send-test radarr --event Grab",
            ("send_test", {"source": "radarr", "event": "Grab"}),
            {"status": 200, "event_id": 3},
            "Answered 200, webhook 3.",
        ),
    ],
)
def test_a_command_is_one_call_and_one_sentence(
    run: Callable[..., int],
    session: FakeSession,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    call: tuple[str, dict[str, object]],
    answer: object,
    told: str,
) -> None:
    session.answers[call[0]] = answer
    assert run(*typed.split()) == 0
    assert session.calls == [call]
    assert capsys.readouterr().out == told + "\n"


def test_a_pause_says_until_when_by_this_computers_clock(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["pause"] = {"until": "2026-11-24T13:00:00.000Z"}
    assert run("pause", "60") == 0
    assert "until 2026-11-2" in capsys.readouterr().out


def test_a_program_that_does_not_stop_is_told(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.stops = False
    assert run("quit") == 1
    assert "still at it" in capsys.readouterr().err


def test_a_sample_that_was_refused_is_a_failure(run: Callable[..., int], session: FakeSession) -> None:
    session.answers["send_test"] = {"status": 503, "event_id": 0}
    assert run("send-test", "sonarr") == 1


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (NotRunningError(), 3, "Metarr Desktop is not running on /data. Start it first."),
        (CallFailedError(kind="refused", message="No."), 1, "No."),
        (CallFailedError(kind="not_found", message="No job."), 1, "No job."),
        (CallFailedError(kind="secrets", message="No keyring."), 1, "No keyring."),
        (CallFailedError(kind="unexpected", message="Odd."), 1, "Odd."),
        (CallFailedError(kind="timeout", message="Late."), 1, "Late."),
        (CallFailedError(kind="port", message="Used."), 4, "Used."),
        (CallFailedError(kind="storage", message="Full."), 5, "Full."),
        (CallFailedError(kind="refused", message="No \x1b[2J."), 1, "No  [2J."),
    ],
)
def test_an_error_is_a_sentence_on_standard_error_and_an_exit_status(
    run: Callable[..., int],
    session: FakeSession,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    status: int,
    told: str,
) -> None:
    session.answers["open"] = error
    assert run("open") == status
    assert capsys.readouterr() == ("", told + "\n")
