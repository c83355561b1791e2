from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.unit.cli.conftest import FakeSession


def route(source: str, *, own: bool, **changes: Any) -> dict[str, Any]:
    lists: dict[str, list[str]] = {
        name: [] for name in ("include_tags", "exclude_tags", "include_paths", "exclude_paths")
    }
    return {
        "source": source,
        "own": own,
        "default_events": True,
        "events": ["downloaded"],
        **lists,
        **changes,
    }


ROUTES = [
    {
        "service": "discord",
        "routes": [
            route("", own=False),
            route("radarr", own=False),
            route(
                "radarr/4k", own=True, default_events=False, events=["grabbed"], exclude_tags=["kids", "x"]
            ),
            route("sonarr", own=True, default_events=False, events=[]),
        ],
    }
]


def test_what_holds_for_all_and_what_was_set_is_listed(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["route_list"] = ROUTES
    assert run("route", "list") == 0
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()[1:]]
    assert [[cell.strip() for cell in line if cell.strip()] for line in lines] == [
        ["discord", "(all)", "default: downloaded"],
        ["discord", "radarr/4k", "grabbed", "kids, x"],
        ["discord", "sonarr", "none"],
    ]
    assert run("route", "list", "discord", "--json") == 0
    assert json.loads(capsys.readouterr().out) == ROUTES
    assert session.calls == [("route_list", {"service": ""}), ("route_list", {"service": "discord"})]


def test_parts_are_set_for_all_senders_or_for_one(run: Callable[..., int], session: FakeSession) -> None:
    assert run("route", "set", "discord", "events=downloaded,upgraded", "include_tags=kids") == 0
    assert run("route", "set", "kodi", "--source", "Radarr 4K", "exclude_paths=") == 0
    assert session.calls == [
        (
            "route_set",
            {
                "service": "discord",
                "source": "",
                "values": {"events": "downloaded,upgraded", "include_tags": "kids"},
            },
        ),
        ("route_set", {"service": "kodi", "source": "Radarr 4K", "values": {"exclude_paths": ""}}),
    ]


def test_a_part_given_twice_is_told(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("route", "set", "discord", "events=grabbed", "events=deleted") == 2
    assert capsys.readouterr().err == "events is given twice. Several are parted by commas.\n"
    assert not session.calls


def test_own_rules_are_taken_away(run: Callable[..., int], session: FakeSession) -> None:
    assert run("route", "reset", "discord", "--source", "radarr") == 0
    assert session.calls == [("route_reset", {"service": "discord", "source": "radarr"})]
