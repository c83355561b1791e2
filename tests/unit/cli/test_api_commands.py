from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.control_client import CallFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.unit.cli.conftest import FakeSession

EVENT: dict[str, Any] = {
    "id": 7,
    "source": "radarr",
    "instance": "Radarr 4K",
    "event_type": "Download",
    "title": "The Matrix (1999)",
    "received_at": "2026-11-24T12:00:00.000Z",
    "outcome": "done",
    "recovered": False,
}


def test_the_key_is_printed_and_nothing_else(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers |= {"api_key": {"key": "abc"}, "api_new_key": {"key": "def"}}
    assert run("api", "key", "show") == 0
    assert run("api", "key", "new") == 0
    assert capsys.readouterr().out == "abc\ndef\n"
    assert session.calls == [("api_key", {}), ("api_new_key", {})]


def test_a_key_that_cannot_be_kept_is_an_error_that_names_the_variable(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["api_key"] = CallFailedError(kind="secrets", message="Give METARR_API_KEY.")
    assert run("api", "key", "show") == 1
    assert capsys.readouterr() == ("", "Give METARR_API_KEY.\n")


def test_webhooks_are_shown_as_a_table_or_as_they_are(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["events"] = [EVENT, {**EVENT, "id": 6, "recovered": True, "title": ""}]
    assert run("events", "--limit", "2") == 0
    headings, first, second = capsys.readouterr().out.splitlines()
    assert headings.split() == ["RECEIVED", "EVENT", "SOURCE", "INSTANCE", "TYPE", "TITLE", "OUTCOME"]
    assert "The Matrix (1999)" in first
    assert second.endswith("recovered")
    assert run("events", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0] == EVENT
    assert session.calls == [("events", {"limit": 2}), ("events", {"limit": 50})]


def test_where_no_webhook_has_come_that_is_said(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["events"] = []
    assert run("events") == 0
    assert capsys.readouterr().out == "No webhook has come yet.\n"
