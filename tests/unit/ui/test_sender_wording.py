from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from metarr_desktop.app.sender_snapshots import RootFolder, SenderIssue, SenderSnapshot, SenderState
from metarr_desktop.domain.text import Text
from metarr_desktop.ui.notes import NoteKind
from metarr_desktop.ui.sender_wording import (
    contact_text,
    folder_text,
    issue_text,
    missed_text,
    sender_state_text,
    sender_state_word,
    steps_by_hand,
)
from metarr_desktop.ui.settings_pages.add_sender import free_name

NOW = datetime(2020, 1, 1, 12, tzinfo=UTC)


def sender(**changes: Any) -> SenderSnapshot:
    values: dict[str, Any] = {
        "id": 1, "type": "radarr", "type_title": "Radarr", "name": "Radarr", "slug": "radarr",
        "enabled": True, "url": "http://127.0.0.1:1", "can_connect": True, "state": SenderState.CONNECTED,
        "webhook_address": "", "last_contact": NOW,
    }  # fmt: skip
    return SenderSnapshot(**{**values, **changes})


@pytest.mark.parametrize("state", SenderState)
def test_every_state_has_its_word(state: SenderState) -> None:
    kind, words = sender_state_text(sender(state=state))
    assert words
    troubled = state not in {SenderState.OFF, SenderState.SEEN, SenderState.CONNECTED}
    assert (kind in {NoteKind.WARNING, NoteKind.FAILED}) is troubled


def test_what_is_known_of_a_trouble_stands_in_the_place_of_its_word() -> None:
    stopped = sender(state=SenderState.STOPPED_CALLING, detail=Text("Radarr stopped calling."))
    assert sender_state_text(stopped) == (NoteKind.FAILED, "Radarr stopped calling.")
    assert sender_state_word(stopped) == (NoteKind.FAILED, "Stopped calling")


def test_a_sender_that_never_called_says_so() -> None:
    silent = sender(state=SenderState.SEEN, last_contact=None)
    assert sender_state_text(silent) == (NoteKind.PLAIN, "Nothing came from it yet")
    assert contact_text(silent) == "No webhook yet"


def test_numbers_are_told_for_one_and_for_many() -> None:
    assert contact_text(sender(events_24h=1)).endswith("; 1 webhook in the last 24 hours")
    assert contact_text(sender(events_24h=2)).endswith("; 2 webhooks in the last 24 hours")
    assert missed_text(sender(missed=1)) == "1 import happened while Metarr Desktop was off."
    assert missed_text(sender(missed=23)) == "23 imports happened while Metarr Desktop was off."


@pytest.mark.parametrize(
    ("here", "library", "words"),
    [
        (None, False, "Not on this computer"),
        ("/mnt/films", True, "Here as /mnt/films"),
        ("/mnt/films", False, "Here as /mnt/films - in no library folder"),
    ],
)
def test_a_folder_tells_where_it_lies_here(here: str | None, library: bool, words: str) -> None:
    assert folder_text(RootFolder(path="/movies", here=here, library=library)) == words


def test_a_complaint_tells_since_when_and_how_bad_it_is() -> None:
    kind, words = issue_text(SenderIssue(message="No indexers.", level="error", since=NOW))
    assert kind is NoteKind.FAILED
    assert words.startswith("No indexers (since ")
    assert issue_text(SenderIssue(message="x", level="warning", since=NOW))[0] is NoteKind.WARNING


def test_steps_name_the_triggers_of_the_program() -> None:
    assert "On Movie File Delete" in steps_by_hand("radarr", title="Radarr", can_connect=True)[1]
    assert "On Episode File Delete" in steps_by_hand("sonarr", title="Sonarr", can_connect=True)[1]
    assert "Jellyseerr" in steps_by_hand("jellyseerr", title="Jellyseerr", can_connect=False)[0]


def test_a_name_that_is_free_is_proposed() -> None:
    taken = (sender(), sender(name="Radarr 2", slug="radarr-2", id=2))
    assert free_name("Radarr", kind="radarr", senders=()) == "Radarr"
    assert free_name("Radarr", kind="radarr", senders=taken) == "Radarr 3"
    seen = sender(url="", state=SenderState.SEEN)
    assert free_name("Radarr", kind="radarr", senders=(seen,)) == "Radarr"
    assert free_name("Radarr", kind="sonarr", senders=(seen,)) == "Radarr 2"
