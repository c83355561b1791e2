from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop import __version__
from metarr_desktop.cli.commands import COMMANDS
from metarr_desktop.cli.parser import build_parser, data_dir

if TYPE_CHECKING:
    from pathlib import Path


def test_without_a_command_the_program_starts_with_its_options() -> None:
    options = build_parser().parse_args(
        ["--data-dir", "/d", "--port", "0", "--host", "0.0.0.0", "--headless", "--minimized"]
    )
    assert (options.command, options.port, options.host) == (None, 0, "0.0.0.0")
    assert (options.headless, options.minimized) == (True, True)


def test_the_data_folder_comes_from_the_option_then_the_variable_then_the_platform(
    monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path
) -> None:
    parse = build_parser().parse_args
    monkeypatch.chdir(tmp_path)
    assert data_dir(parse(["--data-dir", "here"])) == tmp_path / "here"
    assert data_dir(parse([])).is_relative_to(home)
    monkeypatch.setenv("METARR_DATA_DIR", "there")
    assert data_dir(parse([])) == tmp_path / "there"
    assert data_dir(parse(["--data-dir", "~/here"])) == home / "here"


def test_the_version_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"metarr-desktop {__version__}\n"


@pytest.mark.parametrize(
    "typed",
    [
        "status", "status --json", "jobs --json", "history --limit 5 --json", "retry 5", "retry-failed",
        "replay 5", "pause", "pause 30", "resume", "quit", "open", "send-test radarr",
        "send-test lidarr --event Grab", "service list --json", "service enable kodi",
        "service disable kodi",
        "service choices pushover --json", "service test kodi",
        "service set kodi host=nas port=8080 password=-",
        "service set discord webhook_url=- --until-quit", "library add /films --name Films --type tv",
        "library list --json", "library remove Films", "mapping add radarr /movies /films",
        "mapping list --json", "mapping remove radarr /movies", "receiving show --json",
        "receiving allow home", "receiving allow local", "receiving new-key",
    ],
)  # fmt: skip
def test_every_command_that_can_be_typed_can_be_run(typed: str) -> None:
    options = build_parser().parse_args(typed.split())
    name = f"{options.command} {options.action}" if hasattr(options, "action") else options.command
    assert name in COMMANDS


@pytest.mark.parametrize(
    "typed",
    [
        "frobnicate", "--port many", "--port -1", "--port 65536", "retry", "retry five", "retry 0",
        "retry 9223372036854775808", "replay -5", "pause 0", "pause soon", "history --limit 0",
        "send-test jabber", "service", "service set kodi", "service set kodi host", "service set kodi =x",
        "--host a/b", "--host nas..local", "library add / --type books",
        "mapping add radarr /movies", "receiving allow everyone",
    ],
)  # fmt: skip
def test_what_is_typed_wrongly_is_told_with_the_usage(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(typed.split())
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("usage: metarr-desktop")
    assert "_port" not in told
    assert "_count" not in told


def test_a_value_may_hold_anything_after_the_first_equals_sign() -> None:
    options = build_parser().parse_args(["service", "set", "kodi", "host=a=b", "username="])
    assert options.fields == [("host", "a=b"), ("username", "")]
