from __future__ import annotations

import json

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import EventKind, NoticeKind
from tests.unit.webhooks.sources.bodies import notice, parse


@pytest.mark.parametrize(
    ("sent", "kind", "level"),
    [
        ("error", NoticeKind.HEALTH, "error"),
        ("Error", NoticeKind.HEALTH, "error"),
        ("WARNING", NoticeKind.HEALTH, "warning"),
        ("Notice", NoticeKind.HEALTH, "notice"),
        ("Ok", NoticeKind.RESTORED, "ok"),
        ("fatal", NoticeKind.HEALTH, "warning"),
        ("", NoticeKind.HEALTH, "warning"),
        (3, NoticeKind.HEALTH, "warning"),
        (None, NoticeKind.HEALTH, "warning"),
    ],
)
@pytest.mark.parametrize("name", ["Health", "HealthIssue", "healthissue"])
def test_levels_are_read_in_any_case_and_are_a_warning_otherwise(
    name: str, sent: object, kind: NoticeKind, level: str
) -> None:
    found = notice("radarr/health-error", eventType=name, level=sent)
    assert (found.kind, found.level, found.type) == (kind, level, "RootFolderCheck")


def test_good_news_has_the_words_of_the_bad_news_it_ends() -> None:
    found = notice("sonarr/health-restored", level="error")
    assert (found.kind, found.level, found.event_kind) == (NoticeKind.RESTORED, "ok", EventKind.HEALTH)
    assert found.message == "Indexers unavailable due to failures: Example (Prowlarr)"


def test_health_without_words_goes_by_its_check_and_without_that_is_refused() -> None:
    assert notice("radarr/health-error", message=None).message == "RootFolderCheck"
    assert notice("radarr/health-error", message=[], wikiUrl="nowhere").link is None
    with pytest.raises(Permanent, match="Radarr did not say what is wrong"):
        parse("radarr/health-error", message=" ", type=None)


def test_an_update_names_both_versions_as_far_as_they_are_known() -> None:
    assert notice("radarr/application-update").message == "6.0.2.10271 -> 6.0.3.10276"
    assert notice("radarr/application-update", previousVersion=None).message == "6.0.3.10276"
    said = notice("radarr/application-update", newVersion=5, message="Radarr updated")
    assert said.message == "Radarr updated"
    said = notice("radarr/application-update", newVersion=None, message=None)
    assert said.message == "A new version was installed."


@pytest.mark.parametrize("movie", [None, [], {}, {"title": None}])
def test_a_download_that_belongs_to_no_film_goes_by_its_own_name(movie: object) -> None:
    found = notice("radarr/manual-interaction-required", movie=movie)
    assert found.subject == "Matrix 1999 1080p WEB"
    assert (found.tags, found.event_kind, found.unmatched) == ((), EventKind.INTERACTION, True)
    found = notice("radarr/manual-interaction-required", movie=movie, downloadInfo=None)
    assert found.subject == "Matrix 1999 1080p WEB"
    found = notice("radarr/manual-interaction-required", movie=movie, downloadInfo=None, release=None)
    assert found.subject == "qBittorrent"


def test_why_a_download_waits_is_told_in_lines() -> None:
    messages = [
        {"title": "a.mkv", "messages": ["Sample", "Too small"]},
        {"title": "Nothing was imported", "messages": []},
        {"messages": ["No files found"]},
        {"title": 5, "messages": 5},
        "odd",
    ]
    found = notice("sonarr/manual-interaction-required", downloadStatusMessages=messages)
    assert found.message == "a.mkv: Sample, Too small\nNothing was imported\nNo files found"
    assert found.tags == ("kodi",)


@pytest.mark.parametrize("messages", [None, [], "odd"])
def test_a_download_that_waits_without_a_reason_says_what_is_wanted(messages: object) -> None:
    found = notice("radarr/manual-interaction-required", downloadStatusMessages=messages)
    assert found.message == "A download needs your decision."


def test_the_way_to_the_sender_is_its_own_address() -> None:
    found = notice("radarr/manual-interaction-required", applicationUrl="http://192.168.1.20:7878")
    assert found.link == "http://192.168.1.20:7878"


def test_a_failed_download_says_what_and_where() -> None:
    found = notice("lidarr/download-failure")
    assert (found.kind, found.subject) == (NoticeKind.FAILURE, "Boards of Canada - Geogaddi (2002) [FLAC]")
    assert found.message == "The download failed in SABnzbd."
    assert notice("lidarr/download-failure", downloadClient=None).message == "The download failed."


def test_an_endless_message_still_fits_into_a_job() -> None:
    endless = "\N{CLAPPER BOARD}" * 40_000
    found = notice(
        "radarr/health-error", message=endless, type=endless, wikiUrl="http://x/" + endless[:1_500]
    )
    assert len(json.dumps(found.to_payload())) < 32_000
    assert found.message
