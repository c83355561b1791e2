from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.control_client import CallFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.cli.conftest import FakeSession

NAME = "scheduled-cleanup"
SCHEDULES = [
    {
        "name": NAME,
        "title": "Clean up history",
        "rule": {"daily": "03:30"},
        "words": "Every day at 03:30",
        "next_at": "2026-11-25T03:30:00.000Z",
        "last_at": None,
        "last_job_id": None,
        "last_status": None,
        "last_detail": None,
    }
]


def test_schedules_are_listed_for_people_and_for_scripts(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["schedules"] = SCHEDULES
    assert run("schedule", "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "SCHEDULE", "RUNS", "NEXT", "LAST", "STATUS", "DETAIL"]
    assert lines[1].startswith("scheduled-cleanup  Clean up history  Every day at 03:30  2026-11-25 ")
    assert lines[1].endswith("never")
    assert run("schedule", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == SCHEDULES


def test_running_one_says_which_job_does_it(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["schedule_run"] = {"job_id": 12}
    assert run("schedule", "run", NAME) == 0
    assert session.calls == [("schedule_run", {"name": NAME})]
    assert capsys.readouterr().out == "Job 12 waits to run.\n"


@pytest.mark.parametrize(
    ("rhythm", "value", "rule", "words"),
    [
        ("daily", "3:05", {"daily": "03:05"}, "Every day at 03:05"),
        ("every", "6h", {"every": "6h"}, "Every 6 hours"),
    ],
)
def test_a_new_rhythm_is_said_back(
    run: Callable[..., int],
    session: FakeSession,
    capsys: pytest.CaptureFixture[str],
    rhythm: str,
    value: str,
    rule: dict[str, str],
    words: str,
) -> None:
    assert run("schedule", "set", NAME, rhythm, value) == 0
    assert session.calls == [("schedule_set", {"name": NAME, "rule": rule})]
    assert capsys.readouterr().out == f"{NAME}: {words}.\n"


@pytest.mark.parametrize(("rhythm", "value"), [("daily", "25:00"), ("every", "1m"), ("every", "often")])
def test_a_rhythm_that_cannot_be_is_typed_wrongly(
    run: Callable[..., int],
    session: FakeSession,
    capsys: pytest.CaptureFixture[str],
    rhythm: str,
    value: str,
) -> None:
    assert run("schedule", "set", NAME, rhythm, value) == 2
    assert session.calls == []
    assert "is written like" in capsys.readouterr().err


def test_settings_are_listed_and_set(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["settings"] = {"keep_done_days": 30, "start_hidden": False}
    assert run("settings", "list") == 0
    assert capsys.readouterr().out.splitlines()[1:] == ["keep_done_days  30", "start_hidden    false"]
    assert run("settings", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == session.answers["settings"]
    assert run("settings", "set", "keep_done_days=10", "start_hidden=on") == 0
    assert session.calls[-1] == (
        "settings_set",
        {"values": {"keep_done_days": "10", "start_hidden": "on"}},
    )
    assert capsys.readouterr().out == "Saved: keep_done_days, start_hidden.\n"


def test_a_setting_given_twice_or_out_of_bounds_is_told(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("settings", "set", "port=1", "port=2") == 2
    session.answers["settings_set"] = CallFailedError(
        kind="refused", message="Done jobs are kept 1 to 3650 days."
    )
    assert run("settings", "set", "keep_done_days=0") == 1
    assert capsys.readouterr().err.splitlines() == [
        "port is given twice.",
        "Done jobs are kept 1 to 3650 days.",
    ]
