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


def test_a_folder_is_asked_for_by_its_whole_path(
    run: Callable[..., int],
    session: FakeSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    session.answers["scan"] = {"event_id": 1, "job_id": 2, "folder": "/films/Dune", "title": "Dune"}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    for path in ("Dune/", "~/Dune", "D:\\Films\\Dune", "smb://nas/Dune"):
        assert run("scan", path) == 0
    assert session.calls == [
        ("scan", {"path": str(tmp_path / "Dune")}),
        ("scan", {"path": "/home/me/Dune"}),
        ("scan", {"path": "D:\\Films\\Dune"}),
        ("scan", {"path": "smb://nas/Dune"}),
    ]
    assert capsys.readouterr().out.splitlines()[0] == "Dune is looked at: /films/Dune (job 2)"


def test_settings_of_a_folder_are_told_by_name(run: Callable[..., int], session: FakeSession) -> None:
    assert run("library", "set", "Films", "anchor=.disk", "needs_nfo=yes", "watch=polling") == 0
    values = {"anchor": ".disk", "needs_nfo": "yes", "watch": "polling"}
    assert session.calls == [("library_set", {"name": "Films", "values": values})]


def test_a_trace_tells_each_hop_and_why(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = {"scope": "radarr", "from": "/data", "to": "/films"}
    hops = [
        {"scope": "radarr", "path": "/data/Dune", "mapping": None, "library": None, "exists": None},
        {"scope": "here", "path": "/films/Dune", "mapping": mapping, "library": "Films", "exists": False},
        {"scope": "kodi", "path": "/data/Dune", "mapping": None, "library": None, "exists": None},
    ]
    session.answers["trace"] = hops
    assert run("trace", "/data/Dune", "--from", "radarr", "--to", "kodi") == 0
    assert session.calls == [("trace", {"path": "/data/Dune", "from": "radarr", "to": "kodi"})]
    lines = [line.split(None, 2) for line in capsys.readouterr().out.splitlines()[1:]]
    assert lines == [
        ["radarr", "/data/Dune"],
        [
            "here",
            "/films/Dune",
            "mapping of radarr: /data is /films; in the library folder Films, but not there",
        ],
        ["kodi", "/data/Dune", "no mapping fits, so it goes unchanged"],
    ]
    assert run("trace", "/data/Dune", "--from", "radarr", "--to", "kodi", "--json") == 0
    assert json.loads(capsys.readouterr().out) == hops


REPORT = {
    "proposals": [
        {
            "scope": "jellyfin", "from": "/movies", "to": "/media/films", "agree": 47, "total": 47,
            "example": "/media/films/Dune", "instead_of": None, "origin": "Radarr", "target": "Jellyfin",
        },
        {
            "scope": "jellyfin", "from": "/tv", "to": "/media/tv", "agree": 0, "total": 0,
            "example": "", "instead_of": None, "origin": "Sonarr", "target": "Jellyfin",
        },
        {
            "scope": "kodi", "from": "/movies", "to": "smb://nas/films", "agree": 9, "total": 10,
            "example": "", "instead_of": "smb://nas/old", "origin": "Radarr", "target": "Kodi",
        },
    ],
    "films": [{"server": "Jellyfin", "agree": 0, "total": 47}],
    "unasked": ["Plex did not answer within 45 s."],
}  # fmt: skip


def test_proposed_mappings_are_listed_with_what_speaks_for_them(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["mapping_propose"] = REPORT
    assert run("mapping", "propose") == 0
    assert capsys.readouterr().out.splitlines() == [
        "   SCOPE     FROM     TO               WHY",
        "1  jellyfin  /movies  /media/films     47 of 47 films agree",
        "2  jellyfin  /tv      /media/tv        the folders are called alike",
        "3  kodi      /movies  smb://nas/films  9 of 10 films agree, instead of smb://nas/old",
        "Jellyfin: 0 of 47 films agree.",
        "Plex did not answer within 45 s.",
    ]
    assert run("mapping", "propose", "--json") == 0
    assert json.loads(capsys.readouterr().out) == REPORT


def test_a_proposed_mapping_is_added_by_its_number(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["mapping_propose"] = REPORT
    assert run("mapping", "propose", "--apply", "2") == 0
    assert session.calls[-1] == ("mapping_add", {"scope": "jellyfin", "from": "/tv", "to": "/media/tv"})
    assert capsys.readouterr().out == "Saved for jellyfin: /tv is /media/tv\n"
    assert run("mapping", "propose", "--apply", "4") == 2
    assert session.calls[-1] == ("mapping_propose", {})
    assert "There is no proposal 4." in capsys.readouterr().err


def test_nothing_to_propose_is_told(
    run: Callable[..., int], session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    session.answers["mapping_propose"] = {"proposals": [], "films": [], "unasked": []}
    assert run("mapping", "propose") == 0
    assert capsys.readouterr().out == "No mapping is missing or wrong.\n"
