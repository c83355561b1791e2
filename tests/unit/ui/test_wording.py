from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.snapshots import ServiceSnapshot, ServiceState
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.text import Text
from metarr_desktop.ui.wording import clock_time, event_name, named_job, service_state_text

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

UNTIL = datetime.now(tz=UTC).replace(microsecond=0)


@pytest.mark.parametrize(
    ("stop", "until", "words"),
    [
        (LaneState.BREAKER, UNTIL, "Waiting - Kodi does not answer. Next try at {time}."),
        (LaneState.RATE_LIMITED, UNTIL, "Waiting - Kodi asked to wait until {time}."),
        (LaneState.PROBING, None, "Trying again now"),
        (None, None, "Waiting - Timed out"),
    ],
)
def test_a_service_that_waits_says_why_and_until_when(
    qapp: QApplication, stop: LaneState | None, until: datetime | None, words: str
) -> None:
    service = ServiceSnapshot(
        key="kodi",
        title="Kodi",
        enabled=True,
        configured=True,
        state=ServiceState.WAITING,
        detail=Text("Timed out."),
        stop=stop,
        until=until,
    )
    assert service_state_text(service)[1] == words.replace("{time}", clock_time(UNTIL))


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("TEST_NOTIFICATION", "Test"),
        ("MEDIA_AUTO_APPROVED", "Request"),
        ("ISSUE_CREATED", "Problem reported"),
        ("DownloadFailure", "Download failed"),
        ("Retag", "Retag"),
    ],
)
def test_a_senders_word_for_an_event_is_told_in_plain_words(qapp: QApplication, sent: str, read: str) -> None:
    assert event_name(sent) == read


def test_a_catch_up_is_named_by_its_sender(qapp: QApplication) -> None:
    assert named_job("catch-up", {"sender": "Radarr 4K", "why": "start"}) == "Catch up with Radarr 4K"
    assert named_job("catch-up", {}) == "Catch up"
    assert named_job("scheduled-catch-up", {"sender": "x"}) == "Catch up with senders"


def test_a_job_of_one_of_several_groups_is_called_after_it() -> None:
    assert named_job("notify-kodi", {"group": "Kids"}) == "Notify Kodi (Kids)"
    assert named_job("notify-kodi", {}) == "Notify Kodi"
    assert named_job("scan-movie", {"group": "Kids"}) == "Scan movie"
