from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from tests.unit.cli.conftest import FakeSession

FOLDERS = [
    {"id": 1, "name": "Films", "path": "/films", "type": "movies", "found": True},
    {"id": 2, "name": "Series", "path": "/tv", "type": "tv", "found": False},
]


def test_a_folder_named_from_here_is_told_whole(
    run: Callable[..., int], session: FakeSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.answers["library_add"] = {"name": "films", "path": "films"}
    monkeypatch.chdir(tmp_path)
    assert run("library", "add", "films/") == 0
    assert run("library", "add", "/films", "--name", "F", "--type", "tv") == 0
    assert session.calls == [
        ("library_add", {"path": str(tmp_path / "films"), "name": "", "type": "movies"}),
        ("library_add", {"path": "/films", "name": "F", "type": "tv"}),
    ]


def test_folders_are_listed_with_those_that_are_gone(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["library_list"] = FOLDERS
    assert run("library", "list") == 0
    assert capsys.readouterr().out.splitlines() == [
        "NAME    TYPE    PATH",
        "Films   movies  /films",
        "Series  tv      /tv     not found",
    ]
    assert run("library", "list", "--json") == 0
    assert json.loads(capsys.readouterr().out) == FOLDERS


def test_mappings_are_told_as_scope_from_and_to(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["mapping_list"] = []
    assert run("mapping", "add", "radarr", "/movies", "/films") == 0
    assert run("mapping", "remove", "radarr", "/movies") == 0
    assert run("library", "remove", "Films") == 0
    assert run("mapping", "list") == 0
    assert session.calls[:3] == [
        ("mapping_add", {"scope": "radarr", "from": "/movies", "to": "/films"}),
        ("mapping_remove", {"scope": "radarr", "from": "/movies"}),
        ("library_remove", {"name": "Films"}),
    ]
    assert capsys.readouterr().out.endswith("No mappings.\n")
