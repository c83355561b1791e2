"""Every sample body of every sender, on every route we have (docs/sources)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Action, Event, Ignored, MediaEvent, MediaKind
from metarr_desktop.webhooks.body import read_object
from metarr_desktop.webhooks.sources.registry import SOURCES, find_source

SAMPLES = Path(__file__).parents[4] / "resources" / "samples"
BODIES = sorted(SAMPLES.rglob("*.json"))

IMPORTS = {
    "radarr/download.json": "The Matrix (1999)",
    "radarr/download-upgrade.json": "The Matrix (1999)",
    "radarr/download-manual-import.json": "The Matrix (1999)",
    "radarr/download-no-mediainfo.json": "The Matrix (1999)",
    "radarr/download-v4.3-source-path.json": "Blade Runner 2049 (2017)",
    "radarr/download-v3.json": "Greyhound (2020)",
    "radarr/seed-curl.json": "The Matrix (1999)",
    "sonarr/download.json": "The Expanse S06E01",
    "sonarr/download-multi-episode.json": "The Expanse S06E01-E02",
    "sonarr/download-season-pack-e01.json": "The Expanse S06E01",
    "sonarr/download-season-pack-e02.json": "The Expanse S06E02",
    "sonarr/download-upgrade.json": "The Expanse S06E01",
    "sonarr/download-v3.json": "Foyle's War S01E01",
    "sonarr/download-v5.json": "Frieren: Beyond Journey's End S01E28",
    "sonarr/import-complete.json": "The Expanse S06E01",
    "sonarr/import-complete-season-pack.json": "The Expanse S06E01-06 (6)",
    "lidarr/download.json": "Boards of Canada - Geogaddi (2002)",
    "lidarr/download-upgrade.json": "Boards of Canada - Geogaddi (2002)",
}
OWN = [path for path in BODIES if find_source(path.parent.name)]
OTHERS = [path for path in BODIES if not find_source(path.parent.name)]


def name_of(path: Path) -> str:
    return path.relative_to(SAMPLES).as_posix()


def body_of(name: str) -> dict[str, Any]:
    return read_object((SAMPLES / name).read_bytes())


def parse(name: str) -> Event | Ignored:
    source = find_source(name.partition("/")[0])
    assert source is not None
    return source.parse(body_of(name))


def imported(name: str) -> MediaEvent:
    event = parse(name)
    assert isinstance(event, MediaEvent)
    return event


def test_no_sample_body_is_missing() -> None:
    assert len(BODIES) == 75
    assert {name_of(path) for path in OWN} >= set(IMPORTS)


@pytest.mark.parametrize("path", OWN, ids=name_of)
def test_imports_become_events_and_everything_else_says_why_not(path: Path) -> None:
    found = parse(name_of(path))
    if name_of(path) in IMPORTS:
        assert isinstance(found, MediaEvent)
        assert found.display_title == IMPORTS[name_of(path)]
    else:
        assert isinstance(found, Ignored)
        assert "does nothing for" not in str(found.reason), "a known event has a reason of its own"
        assert "{" not in str(found.reason)


@pytest.mark.parametrize("path", OWN, ids=name_of)
def test_an_event_survives_the_way_through_a_job(path: Path) -> None:
    found = parse(name_of(path))
    if isinstance(found, MediaEvent):
        stored = json.dumps(found.to_payload())
        assert len(stored) < 32_000
        assert MediaEvent.from_payload(json.loads(stored)) == found


@pytest.mark.parametrize("path", OTHERS, ids=name_of)
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.key))
def test_bodies_of_other_senders_never_crash_a_source(path: Path, source: Any) -> None:
    body = read_object(path.read_bytes())
    try:
        found: object = source.parse(body)
    except Permanent as error:
        found = error
    assert isinstance(found, MediaEvent | Ignored | Permanent)
    if path.parent.name in {"overseerr", "jellyseerr"}:
        assert str(found) == f"{source.title} did not name the event."


def test_a_film_is_told_with_everything_a_message_needs() -> None:
    assert imported("radarr/download.json") == MediaEvent(
        source="radarr",
        kind=MediaKind.MOVIE,
        action=Action.IMPORTED,
        title="The Matrix",
        folder="/movies/The Matrix (1999)",
        instance="Radarr",
        year=1999,
        files=("The Matrix (1999) Bluray-1080p.mkv",),
        tmdb_id=603,
        imdb_id="tt0133093",
        quality="Bluray-1080p",
        overview=body_of("radarr/download.json")["movie"]["overview"],
        poster_url="https://image.tmdb.org/t/p/original/poster-1.jpg",
        download_id="SABnzbd_nzo_0a1b2c3d",
    )


def test_an_upgrade_is_an_import_that_says_so() -> None:
    assert imported("radarr/download-upgrade.json").action is Action.UPGRADED
    assert imported("sonarr/download-upgrade.json").action is Action.UPGRADED
    assert imported("lidarr/download-upgrade.json").action is Action.UPGRADED


def test_the_folder_of_the_download_client_is_never_taken() -> None:
    event = imported("radarr/download-v4.3-source-path.json")
    sent = body_of("radarr/download-v4.3-source-path.json")
    assert event.folder == sent["movie"]["folderPath"]
    assert event.files == (sent["movieFile"]["relativePath"],)
    assert sent["movieFile"]["path"] not in json.dumps(event.to_payload())


def test_a_year_that_only_the_remote_movie_has_is_found() -> None:
    assert "year" not in body_of("radarr/download-v3.json")["movie"]
    assert imported("radarr/download-v3.json").year == 2020


def test_a_body_made_by_hand_may_say_path_instead_of_folder() -> None:
    event = imported("radarr/seed-curl.json")
    assert (event.folder, event.files, event.tmdb_id) == ("/movies/The Matrix (1999)", (), 603)


def test_two_episodes_in_one_file_are_one_event() -> None:
    event = imported("sonarr/download-multi-episode.json")
    assert (event.season, event.episodes, len(event.files)) == (6, (1, 2), 1)
    assert " / " in event.episode_title


def test_a_finished_season_pack_lists_its_files_and_names_no_single_episode() -> None:
    event = imported("sonarr/import-complete-season-pack.json")
    assert (len(event.episodes), len(event.files), event.episode_title) == (6, 6, "")
    assert event.action is Action.IMPORTED


def test_import_complete_is_told_like_the_import_of_its_one_file() -> None:
    whole, single = imported("sonarr/import-complete.json"), imported("sonarr/download.json")
    assert whole.files == single.files
    assert whole.display_title == single.display_title


def test_an_episode_comes_with_the_ids_of_its_series() -> None:
    event = imported("sonarr/download.json")
    assert (event.tvdb_id, event.tmdb_id, event.imdb_id, event.year) == (280619, 63639, "tt3230854", 2015)
    assert event.folder == "/tv/The Expanse"
    assert (
        event.poster_url == "https://artworks.thetvdb.com/banners/v4/series/280619/posters/poster-280619.jpg"
    )


def test_an_album_has_its_files_below_the_artist_and_its_own_cover() -> None:
    event = imported("lidarr/download.json")
    assert (event.kind, event.folder, event.quality) == (MediaKind.ALBUM, "/music/Boards of Canada", "FLAC")
    assert event.files[0] == "Geogaddi (2002)/Boards of Canada - Geogaddi - 01 - Ready Lets Go.flac"
    assert event.musicbrainz_id == "ff2f8cd0-9a5d-3d6a-9ea7-1d8fd3f1c30a"
    assert str(event.poster_url).endswith("31-1200.jpg")
    assert event.overview == "Scottish electronic music duo."


@pytest.mark.parametrize(
    ("name", "reason", "title"),
    [
        ("radarr/test.json", "A test from Radarr: nothing to do.", "Test Title (1970)"),
        ("radarr/grab.json", "Grabbed: nothing to do until it is imported.", "The Matrix (1999)"),
        (
            "radarr/movie-file-delete-upgrade.json",
            "Radarr deleted a file: nothing to do.",
            "The Matrix (1999)",
        ),
        ("radarr/health-error.json", "Radarr reports on its own health: nothing to do.", ""),
        (
            "sonarr/grab-season-pack.json",
            "Grabbed: nothing to do until it is imported.",
            "The Expanse S06E01-06 (6)",
        ),
        ("sonarr/series-add.json", "Added to Sonarr: nothing to do until it is imported.", "The Expanse"),
        ("lidarr/grab.json", "Grabbed: nothing to do until it is imported.", "Boards of Canada - Geogaddi"),
        ("lidarr/download-failure.json", "A download of Lidarr failed: nothing to do.", ""),
    ],
)
def test_what_leads_to_no_work_says_why_and_what_it_was_about(name: str, reason: str, title: str) -> None:
    found = parse(name)
    assert isinstance(found, Ignored)
    assert (str(found.reason), found.title) == (reason, title)
