from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from metarr_desktop.domain.errors import NotNow
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.jobs.quiet import check_quiet
from metarr_desktop.services.declaration import MediaServerConfig, MessageConfig

NIGHT = datetime(2026, 11, 24, 23, 15).astimezone()
FILM = MediaEvent(source="radarr", kind=MediaKind.MOVIE, action=Action.IMPORTED, title="Dune", folder="/m")
QUIET = MessageConfig(quiet_hours="22:00-07:30")


def notice(kind: NoticeKind) -> Notice:
    return Notice(source="radarr", kind=kind, message="No disk.")


def test_a_message_waits_until_quiet_hours_are_over() -> None:
    with pytest.raises(NotNow, match=r"Quiet hours until 07:30\.") as caught:
        check_quiet(QUIET, [FILM], now=NIGHT)
    assert caught.value.until.astimezone() == datetime(2026, 11, 25, 7, 30).astimezone()
    check_quiet(QUIET, [FILM], now=NIGHT + timedelta(hours=9))


def test_what_waits_for_the_morning_waits_under_one_key_where_a_digest_is_wanted() -> None:
    def key(config: MessageConfig, event: MediaEvent) -> str | None:
        with pytest.raises(NotNow) as caught:
            check_quiet(config, [event], now=NIGHT)
        return caught.value.merge_key

    digest = QUIET.model_copy(update={"digest": True})
    assert (key(QUIET, FILM), key(digest, FILM)) == (None, "digest")
    # It still waits for its server, and would keep the others back.
    assert key(digest, replace(FILM, action=Action.READY)) is None


@pytest.mark.parametrize(
    "kind", [NoticeKind.UNDELIVERED, NoticeKind.HEALTH, NoticeKind.FAILURE, NoticeKind.INTERACTION]
)
def test_problems_are_told_at_once_unless_nobody_wants_that(kind: NoticeKind) -> None:
    check_quiet(QUIET, [notice(kind)], now=NIGHT)
    with pytest.raises(NotNow):
        check_quiet(QUIET.model_copy(update={"quiet_breaks": False}), [notice(kind)], now=NIGHT)


@pytest.mark.parametrize("kind", [NoticeKind.RESTORED, NoticeKind.UPDATED, NoticeKind.REQUEST])
def test_good_news_can_wait(kind: NoticeKind) -> None:
    with pytest.raises(NotNow):
        check_quiet(QUIET, [notice(kind)], now=NIGHT)


def test_without_quiet_hours_and_for_media_servers_nothing_waits() -> None:
    check_quiet(MessageConfig(), [FILM], now=NIGHT)
    check_quiet(MediaServerConfig(), [FILM], now=NIGHT)
