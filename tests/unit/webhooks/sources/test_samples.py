"""Every sample body of every sender, and what it comes to, on every route we have (docs/sources)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import (
    Action,
    Event,
    Ignored,
    MediaEvent,
    MediaKind,
    Notice,
    read_event,
)
from metarr_desktop.webhooks.body import read_object
from metarr_desktop.webhooks.fanout import plan
from metarr_desktop.webhooks.sources.registry import SOURCES, find_source

if TYPE_CHECKING:
    from metarr_desktop.webhooks.sources.declaration import Source

SAMPLES = Path(__file__).parents[4] / "resources" / "samples"
BODIES = sorted(SAMPLES.rglob("*.json"))

OUTCOMES = {
    "jellyseerr/media-auto-approved.json": (
        "request (notice): Le Fabuleux Destin d'Amélie Poulain (2001): Movie Request Automatically "
        "Approved (alice)\nÀ Paris…"
    ),
    "jellyseerr/test.json": "ignored: -: Connected: a test from Jellyseerr arrived.",
    "lidarr/album-delete.json": "album deleted: Boards of Canada - Geogaddi (2002)",
    "lidarr/application-update.json": "updated (notice): -: 2.13.3.4711 -> 2.14.5.4836",
    "lidarr/artist-add.json": "album added: Boards of Canada",
    "lidarr/artist-delete.json": "album deleted: Boards of Canada",
    "lidarr/download-failure.json": (
        "failure (warning): Boards of Canada - Geogaddi (2002) [FLAC]: The download failed in SABnzbd."
    ),
    "lidarr/download-upgrade.json": "album upgraded: Boards of Canada - Geogaddi (2002)",
    "lidarr/download.json": "album imported: Boards of Canada - Geogaddi (2002)",
    "lidarr/grab.json": "album grabbed: Boards of Canada - Geogaddi (2002)",
    "lidarr/health-restored.json": "restored (ok): -: Lists unavailable due to failures: Spotify",
    "lidarr/health.json": "health (warning): -: Lists unavailable due to failures: Spotify",
    "lidarr/import-failure.json": (
        "failure (warning): Boards of Canada: It was downloaded but could not be imported."
    ),
    "lidarr/rename.json": "album renamed: Boards of Canada",
    "lidarr/retag.json": "ignored: Boards of Canada: Lidarr wrote new tags into files: nothing to do.",
    "lidarr/test.json": "ignored: -: Connected: a test from Lidarr arrived.",
    "overseerr/issue-created.json": (
        "issue (warning): The Matrix (1999): New Video Issue Reported (bob)\nNo picture after 00:10:00"
    ),
    "overseerr/media-available-movie.json": (
        "request (notice): The Matrix (1999): Movie Request Now Available (alice)\nSet in the 22nd "
        "century, a computer hacker joins a group of underground insurgents…"
    ),
    "overseerr/media-available-tv.json": (
        "request (notice): The Expanse (2015): Series Request Now Available (alice)\nA thriller set two "
        "hundred years in the future…"
    ),
    "overseerr/media-pending.json": (
        "request (notice): Blade Runner 2049 (2017): New Movie Request (alice)\nThirty years after the "
        "events of the first film…"
    ),
    "overseerr/test.json": "ignored: -: Connected: a test from Overseerr arrived.",
    "prowlarr/application-update.json": "updated (notice): -: 2.3.0.5236 -> 2.3.5.5327",
    "prowlarr/grab.json": (
        "ignored: Ubuntu.24.04.ISO: The program that asked for it tells of it itself: nothing to do."
    ),
    "prowlarr/health.json": (
        "health (error): -: Indexers unavailable due to failures for more than 6 hours: Example"
    ),
    "prowlarr/test.json": "ignored: -: Connected: a test from Prowlarr arrived.",
    "radarr/application-update.json": "updated (notice): -: 6.0.2.10271 -> 6.0.3.10276",
    "radarr/download-manual-import.json": "movie imported: The Matrix (1999)",
    "radarr/download-no-mediainfo.json": "movie imported: The Matrix (1999)",
    "radarr/download-upgrade.json": "movie upgraded: The Matrix (1999)",
    "radarr/download-v3.json": "movie imported: Greyhound (2020)",
    "radarr/download-v4.3-source-path.json": "movie imported: Blade Runner 2049 (2017)",
    "radarr/download.json": "movie imported: The Matrix (1999)",
    "radarr/grab-no-download-id.json": "movie grabbed: The Matrix (1999)",
    "radarr/grab.json": "movie grabbed: The Matrix (1999)",
    "radarr/health-error.json": "health (error): -: Missing root folder: /movies/",
    "radarr/health-restored.json": (
        "restored (ok): -: Indexers unavailable due to failures: Example (Prowlarr)"
    ),
    "radarr/health-warning.json": (
        "health (warning): -: Indexers unavailable due to failures: Example (Prowlarr)"
    ),
    "radarr/manual-interaction-required.json": (
        "interaction (warning): The Matrix (1999): Found matching movie via grab history, but release "
        "was matched to movie by ID. Manual Import required."
    ),
    "radarr/movie-added.json": "movie added: The Matrix (1999)",
    "radarr/movie-delete-keep-files.json": "movie deleted: The Matrix (1999)",
    "radarr/movie-delete.json": "movie deleted: The Matrix (1999)",
    "radarr/movie-file-delete-missing.json": "movie deleted: The Matrix (1999)",
    "radarr/movie-file-delete-upgrade.json": (
        "ignored: The Matrix (1999): The old file was replaced: its import follows."
    ),
    "radarr/movie-file-delete.json": "movie deleted: The Matrix (1999)",
    "radarr/rename-v3.json": "movie renamed: Greyhound",
    "radarr/rename.json": "movie renamed: The Matrix (1999)",
    "radarr/seed-curl.json": "movie imported: The Matrix (1999)",
    "radarr/test.json": "ignored: -: Connected: a test from Radarr arrived.",
    "readarr/book-file-delete.json": "book deleted: Brandon Sanderson - The Way of Kings (2010)",
    "readarr/download.json": "book imported: Brandon Sanderson - The Way of Kings (2010)",
    "readarr/rename.json": "book renamed: Brandon Sanderson",
    "readarr/test.json": "ignored: -: Connected: a test from Readarr arrived.",
    "sonarr/application-update.json": "updated (notice): -: 4.0.18.2978 -> 4.0.19.2979",
    "sonarr/download-multi-episode.json": "episode imported: The Expanse S06E01-E02",
    "sonarr/download-season-pack-e01.json": "episode imported: The Expanse S06E01",
    "sonarr/download-season-pack-e02.json": "episode imported: The Expanse S06E02",
    "sonarr/download-upgrade.json": "episode upgraded: The Expanse S06E01",
    "sonarr/download-v3.json": "episode imported: Foyle's War S01E01",
    "sonarr/download-v5.json": "episode imported: Frieren: Beyond Journey's End S01E28",
    "sonarr/download.json": "episode imported: The Expanse S06E01",
    "sonarr/episode-file-delete-upgrade.json": (
        "ignored: The Expanse S06E01: The old file was replaced: its import follows."
    ),
    "sonarr/episode-file-delete.json": "episode deleted: The Expanse S06E01",
    "sonarr/grab-season-pack.json": "episode grabbed: The Expanse S06E01-06 (6)",
    "sonarr/grab.json": "episode grabbed: The Expanse S06E01",
    "sonarr/health-restored.json": (
        "restored (ok): -: Indexers unavailable due to failures: Example (Prowlarr)"
    ),
    "sonarr/health.json": "health (error): -: Missing root folder: /tv/",
    "sonarr/import-complete-season-pack.json": "episode imported: The Expanse S06E01-06 (6)",
    "sonarr/import-complete.json": "episode imported: The Expanse S06E01",
    "sonarr/manual-interaction-required.json": (
        "interaction (warning): The Expanse S06E01: One or more episodes expected in this release were "
        "not imported or missing from the release\nthe.expanse.s06e01-sample.mkv: Sample"
    ),
    "sonarr/rename.json": "episode renamed: The Expanse",
    "sonarr/series-add.json": "episode added: The Expanse",
    "sonarr/series-delete.json": "episode deleted: The Expanse",
    "sonarr/test.json": "ignored: -: Connected: a test from Sonarr arrived.",
    "whisparr/v2-download.json": "episode imported: Example Site S2024",
    "whisparr/v3-download.json": "movie imported: Example Film (2023)",
}
SCANNED = {
    *(f"radarr/{name}.json" for name in ("download", "download-upgrade", "download-manual-import")),
    *(f"radarr/{name}.json" for name in ("download-no-mediainfo", "download-v4.3-source-path")),
    *(f"radarr/{name}.json" for name in ("download-v3", "seed-curl", "rename", "rename-v3")),
    *(f"radarr/{name}.json" for name in ("movie-delete", "movie-file-delete", "movie-file-delete-missing")),
}


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


def told(found: Event | Ignored) -> str:
    """Say in one line what a body came to."""
    if isinstance(found, MediaEvent):
        return f"{found.kind} {found.action}: {found.display_title}"
    if isinstance(found, Notice):
        return f"{found.kind} ({found.level}): {found.subject or '-'}: {found.message}"
    return f"ignored: {found.title or '-'}: {found.reason}"


def test_no_sample_body_is_missing() -> None:
    assert len(BODIES) == 75
    assert [name_of(path) for path in BODIES] == sorted(OUTCOMES)


@pytest.mark.parametrize("name", OUTCOMES)
def test_every_body_comes_to_what_is_written_down(name: str) -> None:
    assert told(parse(name)) == OUTCOMES[name]


@pytest.mark.parametrize("name", OUTCOMES)
def test_an_event_says_who_sent_it_and_survives_the_way_through_a_job(name: str) -> None:
    found = parse(name)
    if isinstance(found, Ignored):
        return
    sent = body_of(name)
    assert (found.source, found.instance) == (name.partition("/")[0], sent.get("instanceName", ""))
    stored = json.dumps(found.to_payload())
    assert len(stored) < 32_000
    assert read_event(json.loads(stored)) == found


@pytest.mark.parametrize("path", BODIES, ids=name_of)
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.key))
def test_bodies_of_other_senders_never_crash_a_source(path: Path, source: Source) -> None:
    body = read_object(path.read_bytes())
    try:
        found: object = source.parse(body)
    except Permanent as error:
        found = error
    assert isinstance(found, MediaEvent | Notice | Ignored | Permanent)
    if source.event_key not in body:
        assert str(found) == f"{source.title} did not name the event."


@pytest.mark.parametrize("name", OUTCOMES)
def test_only_films_of_radarr_whose_files_changed_are_ever_scanned(name: str) -> None:
    source = find_source(name.partition("/")[0])
    assert source is not None
    found = source.parse(body_of(name))
    if isinstance(found, Ignored):
        return
    jobs = plan(found, services=(), enabled=frozenset(), scans=source.scans)
    assert bool(jobs) == (name in SCANNED)


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
        tags=("4k-wanted",),
        sender_ids=(1,),
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


def test_an_upgrade_names_what_it_replaced() -> None:
    assert imported("radarr/download-upgrade.json").old_files == ("The Matrix (1999) HDTV-720p.mkv",)
    assert imported("lidarr/download-upgrade.json").old_files[1] == "Geogaddi (2002)/02 - Music Is Math.mp3"
    assert imported("radarr/download.json").old_files == ()


def test_an_import_has_the_tags_and_numbers_of_its_sender() -> None:
    assert imported("radarr/download.json").tags == ("4k-wanted",)
    assert imported("radarr/download.json").sender_ids == (1,)
    assert imported("sonarr/import-complete-season-pack.json").sender_ids == (
        4321,
        4322,
        4323,
        4324,
        4325,
        4326,
    )
    assert imported("lidarr/download.json").sender_ids == (31,)


def test_only_a_list_of_files_tells_of_a_whole_download() -> None:
    complete = {name for name in OUTCOMES if getattr(parse(name), "complete", False)}
    assert complete == {"sonarr/import-complete.json", "sonarr/import-complete-season-pack.json"}


def test_renamed_files_stand_beside_their_old_names() -> None:
    event = imported("sonarr/rename.json")
    assert event.old_files == ("Season 06/the.expanse.s06e01.mkv", "Season 06/the.expanse.s06e02.mkv")
    assert [file[:35] for file in event.files] == [
        "Season 06/The Expanse - S06E01 - St",
        "Season 06/The Expanse - S06E02 - Az",
    ]
    assert imported("lidarr/rename.json").old_files == ("Geogaddi (2002)/01.flac",)
    assert imported("radarr/rename-v3.json").files == ()


def test_a_deletion_says_which_file_went_or_that_the_files_stay() -> None:
    assert imported("radarr/movie-file-delete.json").old_files == ("The Matrix (1999) Bluray-1080p.mkv",)
    kept = {name for name in OUTCOMES if getattr(parse(name), "files_kept", False)}
    assert kept == {"radarr/movie-delete-keep-files.json", "lidarr/album-delete.json"}


def test_a_grab_has_its_quality_and_its_download() -> None:
    event = imported("sonarr/grab.json")
    assert (event.quality, event.download_id, event.files) == ("WEBDL-1080p", "SABnzbd_nzo_k3x9q2", ())


def test_health_comes_with_its_check_and_its_help_page() -> None:
    notice = parse("radarr/health-error.json")
    assert isinstance(notice, Notice)
    assert notice.type == "RootFolderCheck"
    assert notice.link == "https://wiki.servarr.com/radarr/system#missing-root-folder"


def test_a_request_comes_with_its_type_and_its_poster() -> None:
    notice = parse("overseerr/media-pending.json")
    assert isinstance(notice, Notice)
    assert notice.type == "MEDIA_PENDING"
    assert str(notice.poster_url).endswith("gajva2L0rPYkEWjzgFlBXCAVBE5.jpg")
