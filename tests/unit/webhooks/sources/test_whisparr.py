from __future__ import annotations

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import Action, Ignored, MediaKind, Notice
from metarr_desktop.webhooks.fanout import plan
from metarr_desktop.webhooks.sources import whisparr
from tests.unit.webhooks.sources.bodies import body, event, parse

EVENTS = ["Download", "Grab", "Rename", "MovieAdded", "MovieDelete", "MovieFileDelete", "SeriesDelete"]


def test_version_2_tells_of_sites_and_version_3_of_films() -> None:
    old, new = event("whisparr/v2-download"), event("whisparr/v3-download")
    assert (old.kind, old.source, old.episode_title) == (MediaKind.EPISODE, "whisparr", "Example Scene")
    assert (new.kind, new.source, new.tmdb_id) == (MediaKind.MOVIE, "whisparr", None)


@pytest.mark.parametrize("sample", ["whisparr/v2-download", "whisparr/v3-download"])
@pytest.mark.parametrize("name", EVENTS)
def test_nothing_of_either_version_is_ever_scanned(sample: str, name: str) -> None:
    found = parse(sample, eventType=name)
    if not isinstance(found, Ignored):
        assert plan(found, services=(), enabled=frozenset(), scans=whisparr.SOURCE.scans) == ()


def test_events_without_media_are_understood_too() -> None:
    health = whisparr.parse(body("radarr/health-error"))
    assert isinstance(health, Notice)
    assert health.source == "whisparr"
    test = whisparr.parse({"eventType": "Test"})
    assert isinstance(test, Ignored)
    assert str(test.reason) == "Connected: a test from Whisparr arrived."


def test_a_deleted_film_is_a_deletion() -> None:
    assert event("whisparr/v3-download", eventType="MovieDelete").action is Action.DELETED


def test_an_import_of_nothing_is_refused() -> None:
    with pytest.raises(Permanent, match="Whisparr sent an import without a movie"):
        whisparr.parse({"eventType": "Download"})
