"""Bodies no sender makes: they are refused in plain words, and nothing else ever happens."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Event, Ignored, MediaEvent
from metarr_desktop.webhooks.body import read_object
from metarr_desktop.webhooks.sources import lidarr, radarr, sonarr
from metarr_desktop.webhooks.sources.registry import find_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metarr_desktop.webhooks.sources.declaration import Source

SAMPLES = Path(__file__).parents[4] / "resources" / "samples"
REPLACEMENTS: tuple[Any, ...] = (
    None,
    [],
    {},
    1,
    -1,
    2**70,
    0.5,
    "x",
    "",
    "\0",
    "\ud800",
    "../..",
    True,
    [None],
    {"a": 1},
)
SHAPED = [
    "radarr/download.json",
    "radarr/download-upgrade.json",
    "sonarr/download.json",
    "sonarr/import-complete.json",
]
SHAPED += ["lidarr/download.json", "radarr/grab.json", "sonarr/episode-file-delete.json", "lidarr/test.json"]


def sample(name: str) -> dict[str, Any]:
    return read_object((SAMPLES / name).read_bytes())


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Walk every node below the top."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key)
        yield from places(item, (*path, key))


def replaced(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    changed = copy.deepcopy(body)
    node = changed
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return changed


def outcome(source: Source, body: dict[str, Any]) -> Event | Ignored | Permanent:
    """Parse; any other exception fails the test."""
    try:
        return source.parse(body)
    except Permanent as error:
        return error


@pytest.mark.parametrize("name", SHAPED)
def test_a_wrong_type_anywhere_is_understood_or_refused_in_plain_words(name: str) -> None:
    body = sample(name)
    source = find_source(name.partition("/")[0])
    assert source is not None
    refused = 0
    for path in places(body):
        for value in REPLACEMENTS:
            found = outcome(source, replaced(body, path, value))
            if isinstance(found, Permanent):
                refused += 1
                assert str(found.text).startswith(source.title)
            if isinstance(found, MediaEvent):
                assert MediaEvent.from_payload(json.loads(json.dumps(found.to_payload()))) == found
    assert refused


def movie(**changes: Any) -> dict[str, Any]:
    body = sample("radarr/download.json")
    body["movie"] |= changes
    return body


def parsed(body: dict[str, Any]) -> MediaEvent:
    event = radarr.parse(body)
    assert isinstance(event, MediaEvent)
    return event


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"eventType": "Download"}, "Radarr sent an import without a movie."),
        (movie(tmdbId="603"), "Radarr sent movie.tmdbId in a form that Metarr Desktop does not understand."),
        (movie(year=2**64), "Radarr sent movie.year in a form that Metarr Desktop does not understand."),
        (movie(year=True), "Radarr sent movie.year in a form that Metarr Desktop does not understand."),
        (movie(images=[1]), "Radarr sent movie.images.0 in a form that Metarr Desktop does not understand."),
        (movie(folderPath=""), "Radarr did not say in which folder The Matrix lies."),
        (movie(folderPath="/movies/a\0b"), "Radarr sent a path that cannot be used."),
        (movie(folderPath="/movies/../etc"), "Radarr sent a path that cannot be used."),
        (movie(folderPath="D:\\movies\\..\\x"), "Radarr sent a path that cannot be used."),
        (movie(folderPath="/" + "x" * 5000), "Radarr sent a path that cannot be used."),
        (movie() | {"movieFile": {"relativePath": "../x.mkv"}}, "Radarr sent a path that cannot be used."),
        (movie() | {"movieFile": {"relativePath": "/x.mkv"}}, "Radarr sent a path that cannot be used."),
        (movie() | {"movieFile": {"relativePath": "x\0.mkv"}}, "Radarr sent a path that cannot be used."),
        (
            movie() | {"isUpgrade": "yes"},
            "Radarr sent isUpgrade in a form that Metarr Desktop does not understand.",
        ),
        (movie() | {"eventType": 5}, "Radarr did not name the event."),
    ],
)
def test_what_cannot_be_used_is_named(body: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Permanent) as caught:
        radarr.parse(body)
    assert str(caught.value.text) == sentence


def test_an_import_of_nothing_is_refused_by_every_source() -> None:
    with pytest.raises(Permanent, match="without a series"):
        sonarr.parse({"eventType": "Download"})
    with pytest.raises(Permanent, match="without an artist"):
        lidarr.parse({"eventType": "Download"})


def test_dots_inside_a_name_are_no_way_up() -> None:
    assert parsed(movie(folderPath="/movies/Wait... What")).folder == "/movies/Wait... What"


@pytest.mark.parametrize("spelling", ["Download", "download", "DOWNLOAD"])
def test_the_event_is_found_in_any_case(spelling: str) -> None:
    assert parsed(movie() | {"eventType": spelling}).tmdb_id == 603


def test_an_event_nobody_knows_is_named_and_ignored() -> None:
    found = radarr.parse({"eventType": "Movie\r\nSold", "movie": {"title": "Dune", "year": 0}})
    assert isinstance(found, Ignored)
    assert str(found.reason) == "Metarr Desktop does nothing for Movie Sold."
    assert found.title == "Dune"


def test_a_zero_is_no_number() -> None:
    body = movie(tmdbId=0, year=0)
    body["remoteMovie"] = {"tmdbId": 0, "year": 0}
    event = parsed(body)
    assert (event.tmdb_id, event.year, event.display_title) == (None, None, "The Matrix")


def test_titles_hold_no_line_breaks_and_no_more_than_500_characters() -> None:
    assert parsed(movie(title="Dune\r\nBcc: all\x07\u2028!")).title == "Dune Bcc: all !"
    assert len(parsed(movie(title="x" * 10_000)).title) == 500


def test_a_film_without_a_title_goes_by_its_folder() -> None:
    body = movie(title=" ")
    del body["remoteMovie"]
    assert parsed(body).title == "The Matrix (1999)"


@pytest.mark.parametrize(
    "address",
    [
        "/MediaCover/1/poster.jpg",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://",
        "http://[",
        "https://a b",
        "",
    ],
)
def test_only_public_addresses_become_posters(address: str) -> None:
    assert parsed(movie(images=[{"coverType": "poster", "remoteUrl": address}])).poster_url is None


def test_an_endless_overview_and_a_pack_of_a_thousand_files_still_fit_into_a_job() -> None:
    body = sample("sonarr/import-complete.json")
    body["series"]["title"] = "\N{CLAPPER BOARD}" * 1000
    body["episodes"][0] |= {"overview": "\N{CLAPPER BOARD}" * 40_000, "title": "\N{CLAPPER BOARD}" * 1000}
    body["episodeFiles"] = [
        {"relativePath": f"Season 01/{number:04d}-{'é' * 200}.mkv"} for number in range(1000)
    ]
    event = sonarr.parse(body)
    assert isinstance(event, MediaEvent)
    assert len(json.dumps(event.to_payload())) < 32_000
    assert event.title


def test_a_folder_that_fills_a_job_by_itself_is_refused() -> None:
    with pytest.raises(Permanent, match="too long"):
        parsed(movie(folderPath="/" + "\N{CLAPPER BOARD}" * 4000))


def test_episodes_of_several_seasons_have_no_common_number() -> None:
    body = sample("sonarr/import-complete.json")
    body["episodes"] = [{"seasonNumber": 1, "episodeNumber": 1}, {"seasonNumber": 2, "episodeNumber": 1}]
    event = sonarr.parse(body)
    assert isinstance(event, MediaEvent)
    assert (event.season, event.episodes, event.display_title) == (None, (), "The Expanse")


def test_specials_are_season_zero() -> None:
    body = sample("sonarr/download.json")
    body["episodes"] = [{"seasonNumber": 0, "episodeNumber": 3, "title": "TBA"}]
    event = sonarr.parse(body)
    assert isinstance(event, MediaEvent)
    assert (event.display_title, event.episode_title) == ("The Expanse S00E03", "TBA")


def test_tracks_outside_the_artists_folder_are_left_out() -> None:
    body = sample("lidarr/download.json")
    body["trackFiles"][0]["path"] = "/music/Boards of Canada 2/x.flac"
    event = lidarr.parse(body)
    assert isinstance(event, MediaEvent)
    assert len(event.files) == len(body["trackFiles"]) - 1


def test_windows_tracks_are_found_below_their_folder() -> None:
    body = sample("lidarr/download.json")
    body["artist"]["path"] = "D:\\Music\\Air\\"
    body["trackFiles"] = [{"path": "d:\\music\\air\\Moon Safari\\01.flac"}]
    event = lidarr.parse(body)
    assert isinstance(event, MediaEvent)
    assert event.files == ("Moon Safari\\01.flac",)


@pytest.mark.parametrize("name", ["radarr/download.json", "radarr/rename.json"])
def test_a_list_of_two_million_wrong_items_costs_no_more_than_its_first(name: str) -> None:
    # Each item that does not fit is kept with its place and its reason: that were gigabytes.
    body = sample(name)
    body["movie"]["images"] = [1] * 2_000_000
    started = time.process_time()
    found = outcome(radarr.SOURCE, body)
    assert time.process_time() - started < 3
    assert isinstance(found, Permanent if name == "radarr/download.json" else MediaEvent)
