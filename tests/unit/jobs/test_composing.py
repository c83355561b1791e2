from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from metarr_desktop.domain.events import Action, Ignored, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.jobs.composing import compose, compose_all
from metarr_desktop.webhooks.sources.registry import find_source

SAMPLES = Path(__file__).parents[3] / "resources" / "samples"


def film(**changes: Any) -> MediaEvent:
    values: dict[str, Any] = {
        "source": "radarr",
        "kind": MediaKind.MOVIE,
        "action": Action.IMPORTED,
        "title": "Dune",
        "year": 2021,
        "folder": "/movies/Dune (2021)",
        "instance": "Radarr 4K",
    }
    return MediaEvent(**(values | changes))


def notice(kind: NoticeKind, **changes: Any) -> Notice:
    values: dict[str, Any] = {"source": "radarr", "message": "Something is wrong.", "instance": "Radarr 4K"}
    return Notice(kind=kind, **(values | changes))


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({}, "Downloaded"),
        ({"quality": "Bluray-1080p"}, "Downloaded in Bluray-1080p"),
        ({"action": Action.UPGRADED}, "Upgraded"),
        ({"action": Action.UPGRADED, "quality": "Bluray-1080p"}, "Upgraded to Bluray-1080p"),
        ({"action": Action.GRABBED}, "Grabbed"),
        ({"action": Action.GRABBED, "quality": "HDTV-720p"}, "Grabbed in HDTV-720p"),
        ({"action": Action.ADDED, "quality": "HDTV-720p"}, "Added to Radarr 4K"),
        ({"action": Action.ADDED, "instance": ""}, "Added to Radarr"),
        ({"action": Action.RENAMED}, "Renamed"),
        ({"action": Action.RENAMED, "files": ("S01/Dune.mkv",), "old_files": ("x",)}, "Renamed to Dune.mkv"),
        ({"action": Action.RENAMED, "files": ("a", "b", "c")}, "Renamed 3 files"),
        ({"action": Action.RENAMED, "files": ("a",) * 200}, "Renamed more than 20 files"),
        ({"action": Action.DELETED}, "Deleted"),
        ({"action": Action.DELETED, "old_files": (r"S01\Dune.mkv",)}, "Deleted: Dune.mkv"),
        ({"action": Action.DELETED, "old_files": ("a", "b")}, "Deleted 2 files"),
        ({"action": Action.DELETED, "files_kept": True}, "Removed from Radarr 4K, the files were kept"),
        ({"action": Action.SCANNED}, "Scanned"),
        ({"action": Action.READY}, "Ready to watch"),
        ({"action": Action.READY, "quality": "Bluray-1080p"}, "Ready to watch in Bluray-1080p"),
    ],
)
def test_what_happened_is_told_in_plain_words(changes: dict[str, Any], body: str) -> None:
    event = film(**changes)
    told = compose(event, folder="/m")
    assert (told.title, told.body, told.folder) == ("Dune (2021)", body, "/m")
    assert compose_all([event], folder="/m") == told


def test_an_episode_is_named_before_what_happened() -> None:
    event = film(
        kind=MediaKind.EPISODE, title="Severance", season=2, episodes=(3,), episode_title="Who Is Alive?"
    )
    told = compose(event, folder=None)
    assert (told.title, told.body) == ("Severance S02E03", "Who Is Alive?\nDownloaded")


@pytest.mark.parametrize("kind", [MediaKind.ALBUM, MediaKind.BOOK])
def test_albums_and_books_go_by_maker_and_name(kind: MediaKind) -> None:
    told = compose(film(kind=kind, title="Air", album="Moon Safari", year=1998), folder=None)
    assert (told.title, told.link) == ("Air - Moon Safari (1998)", None)


@pytest.mark.parametrize(
    ("told", "title", "body"),
    [
        (notice(NoticeKind.HEALTH, level="warning"), "Radarr 4K has a problem", "Something is wrong."),
        (notice(NoticeKind.HEALTH, level="error"), "Radarr 4K has a problem", "Something is wrong."),
        (notice(NoticeKind.RESTORED, level="ok"), "Radarr 4K is well again", "Something is wrong."),
        (notice(NoticeKind.UPDATED, message="1 -> 2"), "Radarr 4K was updated", "1 -> 2"),
        (
            notice(NoticeKind.INTERACTION, subject="Dune (2021)"),
            "Radarr 4K waits for you",
            "Dune (2021)\nSomething is wrong.",
        ),
        (notice(NoticeKind.INTERACTION), "Radarr 4K waits for you", "Something is wrong."),
        (
            notice(NoticeKind.FAILURE, subject="Dune", instance=""),
            "Radarr: a download failed",
            "Dune\nSomething is wrong.",
        ),
        (notice(NoticeKind.REQUEST, subject="Dune (2021)"), "Dune (2021)", "Something is wrong."),
        (notice(NoticeKind.ISSUE), "Radarr 4K", "Something is wrong."),
        (notice(NoticeKind.CAUGHT_UP, subject="3 imports"), "3 imports", "Something is wrong."),
        (notice(NoticeKind.CAUGHT_UP), "Radarr 4K", "Something is wrong."),
        (
            notice(NoticeKind.UNDELIVERED, subject="Kodi: a delivery failed"),
            "Kodi: a delivery failed",
            "Something is wrong.",
        ),
    ],
)
def test_notices_say_who_speaks_and_what(told: Notice, title: str, body: str) -> None:
    found = compose(told, folder=None)
    assert (found.title, found.body) == (title, body)


def test_a_mere_notice_is_no_problem() -> None:
    assert compose(notice(NoticeKind.HEALTH, level="notice"), folder=None).title == "Radarr 4K has a notice"


@pytest.mark.parametrize(
    ("changes", "link"),
    [
        ({"tmdb_id": 603, "imdb_id": "tt1"}, "https://www.themoviedb.org/movie/603"),
        ({"kind": MediaKind.EPISODE, "tmdb_id": 7}, "https://www.themoviedb.org/tv/7"),
        ({"kind": MediaKind.EPISODE, "tvdb_id": 8}, "https://www.thetvdb.com/?tab=series&id=8"),
        ({"imdb_id": "tt0133093"}, "https://www.imdb.com/title/tt0133093/"),
        ({"imdb_id": "tt01/../x"}, None),
        ({"kind": MediaKind.BOOK, "tmdb_id": 7}, None),
        ({}, None),
    ],
)
def test_a_link_leads_to_what_it_is_about(changes: dict[str, Any], link: str | None) -> None:
    assert compose(film(**changes), folder=None).link == link


def test_a_notice_leads_where_its_sender_says() -> None:
    assert compose(notice(NoticeKind.HEALTH, link="https://wiki"), folder=None).link == "https://wiki"


@pytest.mark.parametrize("title", ["Dune\r\nBcc: all\x00\x1b[31m", "\u202eenuD\x85", "\t", ""])
def test_a_title_is_one_line_without_control_characters_and_never_empty(title: str) -> None:
    for told in (
        compose(film(title=title, year=None), folder=None),
        compose(notice(NoticeKind.REQUEST, subject=title), folder=None),
        compose(notice(NoticeKind.HEALTH, instance=title), folder=None),
        compose(notice(NoticeKind.CAUGHT_UP, subject=title, instance=title, source=""), folder=None),
    ):
        assert told.title
        assert not any(unicodedata.category(each) == "Cc" or each == "\u202e" for each in told.title)


@pytest.mark.parametrize(
    "path", sorted(SAMPLES.rglob("*.json")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_every_sample_reads_like_a_sentence_of_a_person(path: Path) -> None:
    source = find_source(path.parent.name)
    assert source is not None
    found = source.parse(json.loads(path.read_bytes()))
    if isinstance(found, Ignored):
        return
    told = compose(found, folder=None)
    assert told.title
    assert told.body
    for odd in ("None", "Action.", "NoticeKind", "()", "  ", "MEDIA_"):
        assert odd not in f"{told.title}\n{told.body}"
