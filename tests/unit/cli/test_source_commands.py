from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.cli.conftest import FakeSession

FORM = {
    "type": "radarr",
    "fields": [
        {"name": "url", "secret": False, "title": "Address"},
        {"name": "api_key", "secret": True, "title": "API key"},
    ],
}
SOURCE: dict[str, Any] = {
    "id": 1,
    "name": "Radarr",
    "slug": "radarr",
    "type": "radarr",
    "title": "Radarr",
    "enabled": True,
    "url": "http://nas:7878",
    "state": "stopped_calling",
    "detail": "Radarr stopped calling after failed deliveries.",
    "version": "5.27",
    "webhook_address": "http://127.0.0.1:3000/webhooks/radarr/radarr",
    "last_contact": None,
    "events_24h": 3,
    "root_folders": [{"path": "/movies", "here": None, "library": False}],
    "missed": 25,
    "last_catch_up": None,
    "issues": [{"message": "Indexers unavailable", "level": "warning", "since": None}],
}


def test_the_key_of_a_source_is_read_from_standard_input(
    run: Callable[..., int],
    session: FakeSession,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    session.answers |= {"source_form": FORM, "source_add": SOURCE}
    monkeypatch.setattr("sys.stdin", io.StringIO("kkk\n"))
    assert run("source", "add", "Radarr", "--type", "radarr", "url=http://nas:7878", "api_key=-") == 0
    assert session.calls[-1] == (
        "source_add",
        {
            "name": "Radarr",
            "type": "radarr",
            "values": {"url": "http://nas:7878"},
            "secrets": {"api_key": "kkk"},
            "until_quit": False,
        },
    )
    assert "source connect radarr" in capsys.readouterr().out


def test_a_source_without_settings_needs_only_its_name(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers |= {"source_form": {"type": "prowlarr", "fields": []}, "source_add": SOURCE}
    assert run("source", "add", "Prowlarr", "--type", "prowlarr") == 0
    assert session.calls[-1][1]["values"] == {}
    assert "source connect" not in capsys.readouterr().out


@pytest.mark.parametrize("fields", [("api_key=abc",), ("host=nas",), ("url=a", "url=b")])
def test_a_field_that_cannot_be_given_so_is_refused(
    run: Callable[..., int], session: FakeSession, fields: tuple[str, ...]
) -> None:
    session.answers["source_form"] = FORM
    assert run("source", "set", "Radarr", *fields) == 2
    assert [action for action, _ in session.calls] == ["source_form"]


def test_a_source_is_shown_with_what_is_wrong(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers |= {"source": SOURCE, "sources": [SOURCE]}
    assert run("source", "show", "radarr") == 0
    shown = capsys.readouterr().out
    assert "stopped calling" in shown
    assert "/movies (no path mapping says where that is here)" in shown
    assert "Indexers unavailable" in shown
    assert "Missed          25" in shown
    assert run("source", "list") == 0
    assert "Radarr stopped calling after failed deliveries." in capsys.readouterr().out


def test_the_list_tells_what_was_missed(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["sources"] = [{**SOURCE, "state": "connected", "detail": None}]
    assert run("source", "list") == 0
    assert capsys.readouterr().out.rstrip().endswith("Missed: 25")


@pytest.mark.parametrize(("ok", "status"), [(True, 0), (False, 1)])
def test_connecting_shows_its_steps(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str], ok: bool, status: int
) -> None:
    step = {"name": "Radarr", "ok": ok, "detail": "Radarr 5.27 found", "ms": 3}
    session.answers["source_connect"] = {"ok": ok, "ms": 3, "released": 0, "steps": [step]}
    assert run("source", "connect", "radarr", "--address", "192.168.1.20") == status
    assert session.calls == [("source_connect", {"name": "radarr", "address": "192.168.1.20"})]
    assert "Radarr 5.27 found" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "action", "answer", "told"),
    [
        ("catch-up", "source_catch_up", {"job_id": 7}, "Job 7 waits to run."),
        ("dismiss", "source_dismiss", None, "left alone"),
        ("enable", "source_switch", None, "radarr is on."),
        ("disable", "source_switch", None, "radarr is off."),
        ("new-key", "source_new_key", {"url": "http://x/y?apikey=1"}, "http://x/y?apikey=1"),
        ("remove", "source_remove", {"done": "Radarr is removed."}, "Radarr is removed."),
    ],
)
def test_the_other_commands_ask_and_tell(
    run: Callable[..., int],
    session: FakeSession,
    capsys: pytest.CaptureFixture[str],
    command: str,
    action: str,
    answer: Any,
    told: str,
) -> None:
    session.answers[action] = answer
    assert run("source", command, "radarr") == 0
    assert session.calls[-1][0] == action
    assert told in capsys.readouterr().out
