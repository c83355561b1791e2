"""What waited for the morning is one message: a line for each, and one for a whole download."""

from __future__ import annotations

from dataclasses import replace

from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.jobs.digest import DIGEST, MOST_LINES, compose_digest
from metarr_desktop.services.declaration import MessageConfig
from tests.fakes import START

CONFIG = MessageConfig(quiet_hours="22:00-07:30", digest=True)
JOB = Job(
    id=1, type="notify-chat", lane="chat", priority=5, status=JobStatus.PROCESSING, payload={},
    created_at=START, updated_at=START, run_after=START, root_id=1, merge_key=DIGEST,
)  # fmt: skip
FILM = MediaEvent(
    source="radarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="Dune",
    year=2021,
    folder="/m",
    quality="Bluray-1080p",
    tmdb_id=1,
)
NEWS = Notice(source="radarr", kind=NoticeKind.UPDATED, instance="Radarr 4K", message="Version\n6.1")


def part(number: int) -> MediaEvent:
    return MediaEvent(
        source="sonarr", kind=MediaKind.EPISODE, action=Action.IMPORTED, title="Dark", folder="/tv/Dark",
        season=2, episodes=(number,), download_id="nzo",
    )  # fmt: skip


def test_each_is_a_line_and_the_parts_of_a_download_are_one() -> None:
    told = compose_digest(JOB, [part(1), FILM, part(2), NEWS], config=CONFIG)
    assert told is not None
    assert told.title == "3 messages since 22:00"
    assert told.body.splitlines() == [
        "Dark S02E01-02 (2): Downloaded",
        "Dune (2021): Downloaded in Bluray-1080p",
        "Radarr 4K was updated: Version 6.1",
    ]
    assert told.event.event_kind is EventKind.DOWNLOADED
    assert (told.link, told.marked) == (None, False)


def test_what_came_alone_or_did_not_wait_for_the_morning_is_a_message_as_always() -> None:
    assert compose_digest(JOB, [FILM], config=CONFIG) is None
    assert compose_digest(JOB, [part(1), part(2)], config=CONFIG) is None
    assert compose_digest(replace(JOB, merge_key="pack"), [FILM, NEWS], config=CONFIG) is None


def test_what_waited_is_told_together_also_where_the_settings_changed_in_between() -> None:
    told = compose_digest(JOB, [FILM, NEWS], config=MessageConfig())
    assert told is not None
    assert told.title == "2 messages"


def test_very_many_are_counted() -> None:
    told = compose_digest(JOB, [FILM] * (MOST_LINES + 5), config=CONFIG)
    assert told is not None
    assert (told.title, len(told.body.splitlines())) == ("35 messages since 22:00", MOST_LINES + 1)
    assert told.body.endswith("\nand 5 more")
