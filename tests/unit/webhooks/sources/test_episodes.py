from __future__ import annotations

import json

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Action
from tests.unit.webhooks.sources.bodies import body, event, ignored, parse


@pytest.mark.parametrize(
    ("name", "action"),
    [
        ("grab", Action.GRABBED),
        ("SeriesAdd", Action.ADDED),
        ("RENAME", Action.RENAMED),
        ("EpisodeFileDelete", Action.DELETED),
        ("EpisodeFileDeleted", Action.DELETED),
        ("seriesDelete", Action.DELETED),
        ("SeriesDeleted", Action.DELETED),
    ],
)
def test_names_and_aliases_are_understood_in_any_case(name: str, action: Action) -> None:
    assert event("sonarr/grab", eventType=name).action is action


def test_an_episode_file_that_was_replaced_is_never_a_deletion() -> None:
    said = ignored("sonarr/episode-file-delete", deleteReason="Upgrade")
    assert said == ("The old file was replaced: its import follows.", "The Expanse S06E01")


def test_the_raw_row_that_sonarr_3_sent_for_a_deleted_file_is_understood() -> None:
    raw = {
        "seriesId": 12,
        "seasonNumber": 6,
        "relativePath": "Season 06/x.mkv",
        "quality": {"quality": {"id": 3, "name": "WEBDL-1080p"}, "revision": {"version": 1}},
        "mediaInfo": {"audioLanguages": "eng"},
        "episodes": {"value": [], "isLoaded": False},
        "series": {"value": None},
    }
    found = event("sonarr/episode-file-delete", episodeFile=raw)
    assert (found.action, found.old_files, found.quality) == (Action.DELETED, ("Season 06/x.mkv",), "")
    assert found.display_title == "The Expanse S06E01"


def test_a_grab_of_old_versions_has_no_release() -> None:
    found = event("sonarr/grab", release=None)
    assert (found.display_title, found.quality) == ("The Expanse S06E01", "")


def test_a_rename_of_a_thousand_files_fits_into_a_job() -> None:
    files = [
        {"previousRelativePath": f"Season 01/{n:04d}-{'é' * 60}", "relativePath": f"Season 01/{n:04d}.mkv"}
        for n in range(1_100)
    ]
    found = event("sonarr/rename", renamedEpisodeFiles=files)
    assert len(json.dumps(found.to_payload())) < 32_000
    assert len(found.files) == len(found.old_files) >= 50
    assert found.old_files[7].startswith("Season 01/0007")
    assert found.files[7] == "Season 01/0007.mkv"


def test_an_upgrade_that_replaced_a_thousand_files_fits_into_a_job() -> None:
    gone = [{"relativePath": f"Season 01/{n:04d}-{'é' * 60}"} for n in range(1_100)]
    found = event("sonarr/download-upgrade", deletedFiles=gone)
    assert len(json.dumps(found.to_payload())) < 32_000
    assert found.old_files
    assert len(found.files) == 1


def test_endless_tags_are_cut() -> None:
    series = body("sonarr/grab")["series"] | {"tags": [f"tag-{n}" for n in range(500)] + ["tag-1"]}
    assert event("sonarr/grab", series=series).tags == tuple(f"tag-{n}" for n in range(50))


def test_numbers_of_unknown_episodes_are_left_out() -> None:
    episodes = [{"id": 0, "seasonNumber": 1, "episodeNumber": 1}, {"seasonNumber": 1}, {"id": 9}, {"id": 9}]
    assert event("sonarr/download", episodes=episodes).sender_ids == (9,)


@pytest.mark.parametrize("name", ["Grab", "SeriesAdd", "Rename", "EpisodeFileDelete", "SeriesDelete"])
@pytest.mark.parametrize("series", [None, [], {}, {"title": 5}])
def test_an_event_about_no_series_is_refused_in_plain_words(name: str, series: object) -> None:
    with pytest.raises(Permanent, match=r"^Sonarr did not say which series it is about"):
        parse("sonarr/grab", eventType=name, series=series)
