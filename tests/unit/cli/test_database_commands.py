from __future__ import annotations

import io
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


def test_another_database_is_chosen_and_shown_without_asking_for_its_password(
    run: Callable[..., int], paths: AppPaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.db"
    assert run("database", "use", f"sqlite:///{other}") == 0
    assert capsys.readouterr().out == f"From the next start on: {other}. Nothing was copied to it.\n"
    assert run("database", "show") == 0
    assert f"File: {other} (not there yet)" in capsys.readouterr().out
    assert run("database", "use", "own") == 0
    assert run("database", "use", "postgresql://metarr:hush@nas/x") == 1
    assert "hush" not in capsys.readouterr().err


def test_a_server_is_shown_and_its_backups_are_left_to_it(
    run: Callable[..., int],
    paths: AppPaths,
    session: FakeSession,
    capsys: pytest.CaptureFixture[str],
) -> None:
    session.database_url = "postgresql://metarr:hush@nas/metarr"
    assert run("database", "show", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == {
        "engine": "postgresql",
        "address": "postgresql://metarr@nas/metarr",
        "backups": [],
        "set_aside": [],
    }
    assert run("database", "show") == 0
    assert "pg_dump" in capsys.readouterr().out
    assert run("database", "backup") == 1
    told = capsys.readouterr().err
    assert "pg_dump" in told
    assert "hush" not in told


def test_a_password_is_read_from_standard_input(
    run: Callable[..., int],
    paths: AppPaths,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hush\n"))
    assert run("database", "use", "sqlite:////srv/x.db", "--password") == 1
    assert "An SQLite file has no password." in capsys.readouterr().err
