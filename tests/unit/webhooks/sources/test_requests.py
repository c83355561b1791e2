"""Overseerr and Jellyseerr, which share their template."""

from __future__ import annotations

import json

import pytest

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.events import EventKind, NoticeKind
from metarr_desktop.webhooks.sources import jellyseerr, overseerr
from tests.unit.webhooks.sources.bodies import ignored, notice, parse

MEDIA = ["PENDING", "APPROVED", "AVAILABLE", "FAILED", "DECLINED", "AUTO_APPROVED", "AUTO_REQUESTED"]
ISSUES = ["CREATED", "COMMENT", "RESOLVED", "REOPENED"]


@pytest.mark.parametrize("name", [f"MEDIA_{state}" for state in MEDIA])
def test_every_state_of_a_request_is_told(name: str) -> None:
    found = notice("overseerr/media-pending", notification_type=name)
    assert (found.kind, found.type, found.event_kind) == (NoticeKind.REQUEST, name, EventKind.REQUESTS)
    assert found.subject == "Blade Runner 2049 (2017)"
    assert found.message.startswith("New Movie Request (alice)\nThirty years after")
    assert found.level == ("error" if name == "MEDIA_FAILED" else "notice")


@pytest.mark.parametrize("name", [f"issue_{state.lower()}" for state in ISSUES])
def test_every_state_of_a_problem_is_told(name: str) -> None:
    found = notice("overseerr/issue-created", notification_type=name)
    assert (found.kind, found.type) == (NoticeKind.ISSUE, name.upper())


def test_a_comment_is_part_of_the_message() -> None:
    comment = {"comment_message": "Fixed it.", "commentedBy_username": "bob"}
    found = notice("overseerr/issue-created", notification_type="ISSUE_COMMENT", comment=comment)
    assert found.message == "New Video Issue Reported (bob)\nFixed it.\nNo picture after 00:10:00"


@pytest.mark.parametrize("image", ["", None, "/poster.jpg", "file:///etc/passwd", 5, "javascript:x"])
def test_only_public_addresses_become_posters(image: object) -> None:
    assert notice("jellyseerr/media-auto-approved", image=image).poster_url is None


def test_blocks_may_be_missing_null_or_odd() -> None:
    found = notice("overseerr/media-pending", request=[], media="x", issue=5, event=None)
    assert found.message.startswith("Thirty years")


def test_a_request_about_nothing_is_refused() -> None:
    with pytest.raises(Permanent, match="Overseerr did not say what it is about"):
        parse("overseerr/media-pending", subject="", message="", event="", request=None)


def test_a_test_says_connected_and_other_types_lead_to_nothing() -> None:
    assert ignored("overseerr/test") == ("Connected: a test from Overseerr arrived.", "")
    assert ignored("jellyseerr/test") == ("Connected: a test from Jellyseerr arrived.", "")
    said = ignored("overseerr/test", notification_type="NONE")
    assert said == ("Metarr Desktop does nothing for NONE.", "Test Notification")


def test_a_body_of_radarr_is_none_of_theirs() -> None:
    for source in (overseerr.SOURCE, jellyseerr.SOURCE):
        assert source.event_key == "notification_type"
        assert not source.scans
        with pytest.raises(Permanent, match="did not name the event"):
            source.parse({"eventType": "Download", "movie": {"title": "x", "folderPath": "/x"}})


def test_an_endless_message_is_cut() -> None:
    found = notice("overseerr/media-pending", message="\N{CLAPPER BOARD}" * 40_000, subject="\u00e9" * 40_000)
    assert len(json.dumps(found.to_payload())) < 32_000
