"""The commands of groups and players."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.control_client import CallFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.cli.conftest import FakeSession

FORM = {
    "fields": [
        {"name": "host", "secret": False, "title": "Host"},
        {"name": "password", "secret": True, "title": "Password"},
        {"name": "name", "secret": False, "title": "Name"},
    ]
}
DEN = {
    "id": 7, "name": "Den", "enabled": True, "complete": True,
    "values": {"host": "two.lan", "port": 8080}, "secrets": ["password"],
}  # fmt: skip
HOUSEHOLD = {
    "groups": [
        {"name": "Default", "slug": "default", "libraries": [], "players": []},
        {
            "name": "Kids",
            "slug": "kids",
            "libraries": ["cartoons"],
            "players": [DEN, {**DEN, "id": 8, "name": "Attic", "enabled": False}],
        },
    ]
}


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (["group", "remove", "Kids"], ("group_remove", {"service": "kodi", "name": "Kids"})),
        (
            ["group", "link", "Kids", "films"],
            ("group_link", {"service": "kodi", "group": "Kids", "library": "films", "linked": True}),
        ),
        (
            ["group", "unlink", "Kids", "films"],
            ("group_link", {"service": "kodi", "group": "Kids", "library": "films", "linked": False}),
        ),
        (["player", "enable", "7"], ("player_switch", {"service": "kodi", "player": "7", "enabled": True})),
        (
            ["player", "disable", "Den"],
            ("player_switch", {"service": "kodi", "player": "Den", "enabled": False}),
        ),
        (["player", "remove", "7"], ("player_remove", {"service": "kodi", "player": "7"})),
    ],
)
def test_each_command_asks_for_one_action(
    run: Callable[..., int], session: FakeSession, words: list[str], call: tuple[str, dict[str, Any]]
) -> None:
    assert run("kodi", *words) == 0
    assert session.calls == [call]


def test_a_group_is_added_by_its_name(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["group_add"] = {"name": "Kids", "slug": "kids"}
    assert run("kodi", "group", "add", "Kids") == 0
    assert session.calls == [("group_add", {"service": "kodi", "name": "Kids"})]
    assert "Added the group Kids." in capsys.readouterr().out


def test_groups_and_players_are_shown_as_tables_and_as_json(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["household"] = HOUSEHOLD
    assert run("kodi", "group", "list") == 0
    groups = capsys.readouterr().out.splitlines()
    assert [line.split() for line in groups[1:]] == [
        ["Default", "none", "all"],
        ["Kids", "Den,", "Attic", "cartoons"],
    ]
    assert run("kodi", "player", "list") == 0
    players = capsys.readouterr().out.splitlines()
    assert players[1].split()[:3] == ["7", "Den", "Kids"]
    assert "password kept" in players[1]
    assert players[2].split()[-1] == "off"
    assert run("kodi", "player", "list", "--json") == 0
    assert '"cartoons"' in capsys.readouterr().out


def test_a_player_is_added_with_its_secret_from_standard_input(
    run: Callable[..., int], session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.answers |= {"player_form": FORM, "player_add": {"id": 7}}
    monkeypatch.setattr("sys.stdin", io.StringIO("pw\n"))
    assert run("kodi", "player", "add", "Kids", "host=two.lan", "password=-", "name=Den") == 0
    assert session.calls[-1] == (
        "player_add",
        {
            "service": "kodi",
            "values": {"host": "two.lan", "name": "Den"},
            "secrets": {"password": "pw"},
            "until_quit": False,
            "group": "Kids",
        },
    )


def test_a_player_is_changed_by_its_number_or_name(run: Callable[..., int], session: FakeSession) -> None:
    session.answers["player_form"] = FORM
    assert run("kodi", "player", "set", "Den", "host=three.lan", "--until-quit") == 0
    assert session.calls[-1][1]["player"] == "Den"
    assert session.calls[-1][1]["until_quit"] is True


@pytest.mark.parametrize("field", ["password=shown", "colour=red"])
def test_what_is_given_wrongly_is_a_usage_error(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str], field: str
) -> None:
    session.answers["player_form"] = FORM
    assert run("kodi", "player", "set", "7", field) == 2
    assert "shown" not in capsys.readouterr().err
    assert [name for name, _ in session.calls] == ["player_form"]


def test_several_players_are_not_set_through_the_service(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["service_form"] = {"fields": FORM["fields"][2:], "of_players": ["host", "password"]}
    assert run("service", "set", "kodi", "host=one.lan") == 2
    assert "kodi player set PLAYER host=" in capsys.readouterr().err
    assert [name for name, _ in session.calls] == ["service_form"]


def test_the_list_of_services_says_how_many_players_there_are(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    kodi = {"key": "kodi", "title": "Kodi", "state": "off", "detail": None}
    session.answers["services"] = [{**kodi, "players": 3}, {**kodi, "key": "other", "players": 1}]
    assert run("service", "list") == 0
    _, several, single = capsys.readouterr().out.splitlines()
    assert "3 players." in several
    assert "player" not in single


def test_a_scan_that_waits_runs_anyway(run: Callable[..., int], session: FakeSession) -> None:
    assert run("scan-anyway", "12") == 0
    assert session.calls == [("scan_anyway", {"job_id": 12})]
    session.answers["scan_anyway"] = CallFailedError(kind="refused", message="It does not wait.")
    assert run("scan-anyway", "12") == 1
