"""Messages in a person's own words, and in the built-in ones where those fail."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.domain.message_templates import FIELDS, MessageTemplate
from metarr_desktop.jobs.composer import BuiltInWords, Composer
from metarr_desktop.jobs.composing import compose, compose_all
from metarr_desktop.jobs.template_values import values_of
from metarr_desktop.services.registry import SERVICES

if TYPE_CHECKING:
    from metarr_desktop.domain.events import Event
    from metarr_desktop.domain.notification import Notification

DISCORD = next(each for each in SERVICES if each.key == "discord")
KODI = next(each for each in SERVICES if each.key == "kodi")
SHOUTS = replace(DISCORD, escape=lambda words: words.replace("*", "\\*"))
FILM = MediaEvent(
    source="radarr", kind=MediaKind.MOVIE, action=Action.IMPORTED, title="M*A*S*H", year=1970, folder="/m",
    instance="Radarr 4K", quality="Bluray-1080p", tags=("war", "old"), files=("a.mkv", "b.mkv"), tmdb_id=651,
)  # fmt: skip


def episode(number: int) -> MediaEvent:
    return replace(
        FILM,
        kind=MediaKind.EPISODE,
        title="Dark",
        season=2,
        episodes=(number,),
        episode_title=f"Part {number}",
    )


class Written:
    """The templates of one service; ``failure`` is what reading them comes to."""

    def __init__(self, title: str, body: str, *, event: EventKind = EventKind.DOWNLOADED) -> None:
        self.stored = MessageTemplate(service="discord", event=event, title=title, body=body)
        self.failure: Exception | None = None

    async def template(self, service: str, event: EventKind, /) -> MessageTemplate | None:
        if self.failure is not None:
            raise self.failure
        return self.stored if (service, event) == (self.stored.service, self.stored.event) else None


async def told(written: Written, *events: Event) -> Notification:
    composed = await Composer(written).compose(SHOUTS, events or (FILM,), folder="/m")
    assert composed.warning is None
    return composed.notification


async def test_a_template_words_its_kind_of_event_and_no_other() -> None:
    written = Written("*{title}*", "New in {quality}, on {sender}: {files} files")
    one = await told(written)
    assert (one.title, one.body) == ("*M\\*A\\*S\\*H*", "New in Bluray-1080p, on Radarr 4K: 2 files")
    assert (one.marked, one.link, one.events) == (True, compose(FILM, folder=None).link, (FILM,))
    other = await told(written, replace(FILM, action=Action.UPGRADED))
    assert (other.marked, other.body) == (False, "Upgraded to Bluray-1080p")


async def test_a_line_without_a_template_is_as_it_was_with_its_markup_escaped() -> None:
    one = await told(Written("", "*new*"))
    assert (one.title, one.body, one.marked) == ("M\\*A\\*S\\*H (1970)", "*new*", True)
    assert (await told(Written("{quality}", ""))).body == "Downloaded in Bluray-1080p"


async def test_a_title_is_one_line_and_never_empty() -> None:
    assert (await told(Written("{album}", "x"))).title == "M\\*A\\*S\\*H (1970)"
    assert (await told(Written("a{% for t in tags %}\n{t}{% endfor %}", "x"))).title == "a war old"


async def test_a_pack_is_one_message_of_its_own_words() -> None:
    one = await told(Written("{heading}", "{count} episodes of {title}: {episodes}"), episode(1), episode(2))
    assert (one.title, one.body) == ("Dark S02E01-02 (2)", "2 episodes of Dark: 1, 2")


async def test_a_template_that_fails_goes_out_in_the_built_in_words_with_a_warning() -> None:
    written = Written("{title}", "{% for a in (1..9999) %}x{% endfor %}")
    composed = await Composer(written).compose(DISCORD, (FILM,), folder="/m")
    assert composed.notification == compose_all([FILM], folder="/m")
    assert "built-in words. The loops go round too often" in str(composed.warning)
    written.failure = StorageFailed("The database is busy.")
    composed = await Composer(written).compose(DISCORD, (FILM,), folder="/m")
    assert (composed.notification.marked, "is busy" in str(composed.warning)) == (False, True)


async def test_media_servers_have_no_templates() -> None:
    written = Written("x", "x")
    written.failure = AssertionError("it was asked")
    assert (await Composer(written).compose(KODI, (FILM,), folder="/m")).notification.marked is False


async def test_without_templates_everything_has_the_built_in_words() -> None:
    composed = await BuiltInWords().compose(DISCORD, (FILM,), folder="/m")
    assert composed.notification == compose_all([FILM], folder="/m")


@pytest.mark.parametrize(
    "event",
    [
        FILM,
        episode(3),
        replace(FILM, kind=MediaKind.ALBUM, album="Geogaddi"),
        Notice(source="radarr", kind=NoticeKind.HEALTH, message="No disk.", level="error"),
    ],
    ids=["film", "episode", "album", "notice"],
)
def test_every_field_that_is_documented_has_a_value_and_no_other(event: Event) -> None:
    assert set(values_of(compose(event, folder="/m"))) == {field.name for field in FIELDS}


def test_what_is_unknown_is_nothing_and_no_value_has_control_characters() -> None:
    values = values_of(compose(replace(FILM, quality="", overview="a\x1b[31m\x01b", tags=()), folder=None))
    assert (values["quality"], values["tags"], values["folder"]) == (None, None, None)
    assert values["overview"] == "a[31mb"
    notice = Notice(source="overseerr", kind=NoticeKind.REQUEST, message="By Trinity.", subject="Dune")
    of_notice = values_of(compose(notice, folder=None))
    assert (of_notice["subject"], of_notice["message"], of_notice["sender"]) == (
        "Dune",
        "By Trinity.",
        "Overseerr",
    )


async def test_the_loop_goes_on_while_a_message_is_worded() -> None:
    await told(Written("{title}", "loads the engine"))
    slow = (
        "{% for a in (1..100) %}" + "{% if title == year or year == title %}{% endif %}" * 75 + "{% endfor %}"
    )
    gaps, last = list[float](), time.monotonic()
    work = asyncio.ensure_future(told(Written("{title}", slow)))
    while not work.done():
        await asyncio.sleep(0.001)
        gaps.append(time.monotonic() - last)
        last = time.monotonic()
    assert (await work).marked
    assert len(gaps) > 3
    assert max(gaps) < 0.2
