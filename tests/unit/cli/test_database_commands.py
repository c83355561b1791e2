from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.paths import AppPaths
from metarr_desktop.storage.schema import prepare

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.unit.cli.conftest import FakeSession


@pytest.fixture
def paths(session: FakeSession, tmp_path: Path) -> AppPaths:
    paths = AppPaths(tmp_path / "data")
    paths.prepare()
    prepare(paths.database)
    session.data_dir = paths.data_dir
    return paths


def test_the_file_and_its_backups_are_shown(
    run: Callable[..., int], paths: AppPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("database", "show") == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "Engine: SQLite"
    assert shown[1].startswith(f"File: {paths.database} (")
    assert shown[-1] == "No backups yet."
    assert run("database", "backup") == 0
    (backup,) = paths.backups.iterdir()
    assert capsys.readouterr().out == (f"The SQLite database was copied and found whole: {backup}\n")
    assert run("database", "show", "--json") == 0
    shown_json = json.loads(capsys.readouterr().out)
    assert shown_json.keys() == {"engine", "file", "size", "backups", "set_aside"}
    assert [each["file"] for each in shown_json["backups"]] == [str(backup)]
    assert run("database", "show") == 0
    assert backup.name in capsys.readouterr().out


def test_a_restore_tells_where_the_file_of_before_is(
    run: Callable[..., int], paths: AppPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    run("database", "backup")
    paths.database.write_bytes(b"no database" * 1000)
    capsys.readouterr()
    assert run("database", "restore") == 0
    (aside,) = paths.data_dir.glob("metarr.db.damaged-*Z")
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == f"The file of before was kept: {aside}"
    assert "cancelled" not in out
    assert run("database", "start-empty") == 0
    assert "An empty SQLite database is in place." in capsys.readouterr().out


def test_a_damaged_database_is_not_backed_up_and_ends_with_the_status_of_data(
    run: Callable[..., int], paths: AppPaths, capsys: pytest.CaptureFixture[str]
) -> None:
    paths.database.write_bytes(b"no database" * 1000)
    assert run("database", "backup") == 5
    assert run("database", "restore") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "The database is damaged. Quit Metarr Desktop and start it again to see what can be done.",
        "There is no backup that could be restored.",
    ]
