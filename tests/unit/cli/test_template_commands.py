"""The commands of how messages are worded."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.unit.cli.conftest import FakeSession

WRITTEN = [{"service": "discord", "event": "downloaded", "title": "{title}", "body": "New\nin {quality}"}]
SHOWN: dict[str, Any] = {
    **WRITTEN[0],
    "own": True,
    "preview": {"title": "Dune", "body": "New\x1b[2J\nin HD", "example": "An example.", "complaint": None},
    "fields": [{"name": "title", "meaning": "The title"}],
}


def test_what_was_written_is_listed(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["template_list"] = WRITTEN
    assert run("template", "list") == 0
    assert "discord  downloaded  {title}  New in {quality}" in capsys.readouterr().out
    assert run("template", "list", "discord", "--json") == 0
    assert json.loads(capsys.readouterr().out) == WRITTEN
    assert session.calls == [("template_list", {"service": ""}), ("template_list", {"service": "discord"})]


def test_one_is_shown_with_its_preview_and_the_fields(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["template_show"] = SHOWN
    assert run("template", "show", "discord", "downloaded") == 0
    out = capsys.readouterr().out
    assert "body=New\n  in {quality}" in out
    assert "  Dune\n  New [2J\n  in HD" in out
    assert "{title}  The title" in out
    broken = {**SHOWN["preview"], "complaint": "Too long."}
    session.answers["template_show"] = {**SHOWN, "own": False, "title": "", "body": "", "preview": broken}
    assert run("template", "show", "discord", "downloaded") == 0
    out = capsys.readouterr().out
    assert "built-in words are used" in out
    assert "Too long." in out


def test_parts_are_set_also_from_standard_input(
    run: Callable[..., int], session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("New\n\nin {quality}\n"))
    assert run("template", "set", "discord", "downloaded", "title={title} = new", "body=-") == 0
    values = {"title": "{title} = new", "body": "New\n\nin {quality}"}
    assert session.calls == [
        ("template_set", {"service": "discord", "event": "downloaded", "values": values})
    ]


def test_a_part_given_twice_is_told(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("template", "set", "discord", "downloaded", "body=a", "body=b") == 2
    assert capsys.readouterr().err == "body is given twice.\n"
    assert not session.calls


def test_one_is_reset(run: Callable[..., int], session: FakeSession) -> None:
    assert run("template", "reset", "discord", "downloaded") == 0
    assert session.calls == [("template_reset", {"service": "discord", "event": "downloaded"})]
