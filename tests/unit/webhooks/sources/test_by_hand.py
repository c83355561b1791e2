from __future__ import annotations

from typing import Any

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Action, Ignored, MediaEvent, MediaKind
from metarr_desktop.services.registry import SERVICES
from metarr_desktop.webhooks.fanout import plan
from metarr_desktop.webhooks.sources.by_hand import SOURCE, parse

DUNE = {"eventType": "Scan", "origin": "window", "path": "/films/Dune (2021)", "kind": "movie"}


def scanned(**more: Any) -> MediaEvent:
    found = parse({**DUNE, **more})
    assert isinstance(found, MediaEvent)
    return found


def test_a_film_is_known_by_what_its_folder_says() -> None:
    assert scanned(title="Dune", year=2021, tmdbId=438631, imdbId="tt1160419") == MediaEvent(
        source="scan",
        kind=MediaKind.MOVIE,
        action=Action.SCANNED,
        title="Dune",
        folder="/films/Dune (2021)",
        year=2021,
        tmdb_id=438631,
        imdb_id="tt1160419",
    )


def test_without_a_title_the_folder_s_name_is_one() -> None:
    assert scanned().title == "Dune (2021)"


def test_a_season_and_an_album_are_told_as_such() -> None:
    assert scanned(kind="episode", title="Severance", season=2).display_title == "Severance S02"
    assert scanned(kind="album", title="Air", album="Moon Safari").display_title == "Air - Moon Safari"


def test_a_film_is_scanned_and_players_look_while_people_are_told_nothing() -> None:
    everything = frozenset(service.key for service in SERVICES)
    jobs = plan(scanned(), services=SERVICES, enabled=everything, scans=SOURCE.scans)
    players = [service.job_type for service in SERVICES if not service.sends_messages]
    assert [job.type for job in jobs] == ["scan-movie", *players]


def test_a_series_is_told_to_players_only() -> None:
    jobs = plan(
        scanned(kind="episode"), services=SERVICES, enabled=frozenset({"kodi", "discord"}), scans=SOURCE.scans
    )
    assert [job.type for job in jobs] == ["notify-kodi"]


@pytest.mark.parametrize("change", [{"path": None}, {"path": "/a/../b"}, {"kind": "x"}, {"path": "\0"}])
def test_what_is_no_request_fails_for_good(change: dict[str, Any]) -> None:
    with pytest.raises(Permanent):
        parse({**DUNE, **change})


def test_another_event_leads_to_nothing() -> None:
    assert isinstance(parse({**DUNE, "eventType": "Test"}), Ignored)
