from __future__ import annotations

import pytest

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.packs import combined, title_of


def episode(*numbers: int, season: int | None = 2, **changes: object) -> MediaEvent:
    return MediaEvent(
        **{  # type: ignore[arg-type]
            "source": "sonarr",
            "kind": MediaKind.EPISODE,
            "action": Action.IMPORTED,
            "title": "Dark",
            "folder": "/tv/Dark",
            "year": 2017,
            "tvdb_id": 7,
            "season": season,
            "episodes": numbers,
            "quality": "WEBDL-1080p",
            "download_id": "nzo_1",
            "files": tuple(f"S{season}E{number}.mkv" for number in numbers),
            **changes,
        }
    )


def album(name: str, **changes: object) -> MediaEvent:
    return MediaEvent(
        **{  # type: ignore[arg-type]
            "source": "lidarr",
            "kind": MediaKind.ALBUM,
            "action": Action.IMPORTED,
            "title": "Air",
            "folder": "/music/Air",
            "album": name,
            "year": 1998,
            **changes,
        }
    )


def season(number: int, count: int) -> list[MediaEvent]:
    return [episode(each, season=number) for each in range(1, count + 1)]


@pytest.mark.parametrize(
    ("events", "title"),
    [
        ([episode(3)], "Dark S02E03"),
        ([episode(1, 2)], "Dark S02E01-E02"),
        ([episode(1, 2), episode(2, 1)], "Dark S02E01-E02"),
        ([episode(1), episode(2)], "Dark S02E01-02 (2)"),
        ([episode(3), episode(3)], "Dark S02E03"),
        (season(2, 8), "Dark S02E01-08 (8)"),
        ([*season(2, 8), *season(2, 8)], "Dark S02E01-08 (8)"),
        (list(reversed(season(2, 8))), "Dark S02E01-08 (8)"),
        ([each for each in season(2, 8) if each.episodes != (4,)], "Dark S02E01-03, 05-08 (7)"),
        ([*season(1, 9), *season(2, 10)], "Dark S01E01-09 (9), S02E01-10 (10)"),
        ([*season(2, 2), *season(1, 1)], "Dark S01E01, S02E01-02 (2)"),
        ([episode(1, season=0), *season(1, 2)], "Dark S00E01, S01E01-02 (2)"),
        ([episode(1, 2), episode(3)], "Dark S02E01-03 (3)"),
        ([*season(2, 6), episode(*range(1, 7))], "Dark S02E01-06 (6)"),
    ],
)
def test_a_pack_of_episodes_is_named_by_its_numbers(events: list[MediaEvent], title: str) -> None:
    assert title_of(events) == title


def test_of_many_seasons_the_first_are_named_and_the_rest_is_counted() -> None:
    events = [each for number in range(1, 9) for each in season(number, 2)]
    assert title_of(events).endswith("S06E01-02 (2), … (16 in 8 seasons)")
    assert "S07" not in title_of(events)


@pytest.mark.parametrize(
    ("events", "title"),
    [
        ([episode(season=None, files=(f"{n}.mkv",)) for n in range(3)], "Dark (3)"),
        ([episode(season=None, files=(), episode_title=name) for name in "abc"], "Dark (3)"),
        ([episode(season=2, files=(f"{n}.mkv",)) for n in range(3)], "Dark S02 (3)"),
        ([episode(season=None, files=("a", "b")), episode(season=None, files=("b", "c"))], "Dark (3)"),
        ([*season(2, 3), episode(season=None, files=("x.mkv",))], "Dark S02E01-03 (3), 1 more"),
        ([episode(files=("a",), episode_title="A"), episode(files=("a",), episode_title="B")], "Dark S02"),
    ],
)
def test_episodes_without_a_number_are_counted(events: list[MediaEvent], title: str) -> None:
    assert title_of(events) == title


def test_a_last_webhook_that_names_the_files_of_all_seasons_counts_nothing_twice() -> None:
    parts = [*season(1, 2), *season(2, 3)]
    whole = episode(season=None, files=tuple(file for each in parts for file in each.files))
    assert title_of([*parts, whole]) == "Dark S01E01-02 (2), S02E01-03 (3)"


def test_what_all_share_is_kept_and_what_is_of_one_is_left_out() -> None:
    one = episode(1, overview="It begins.", episode_title="Secrets", poster_url="http://a/1.jpg")
    two = episode(2, overview="It goes on.", episode_title="Lies", poster_url="http://a/1.jpg")
    whole = combined([one, two])
    assert (whole.overview, whole.episode_title) == ("", "")
    assert (whole.season, whole.episodes, whole.quality) == (2, (1, 2), "WEBDL-1080p")
    assert (whole.title, whole.year, whole.tvdb_id, whole.poster_url) == ("Dark", 2017, 7, "http://a/1.jpg")
    assert whole.files == (*one.files, *two.files)


def test_a_pack_of_mixed_quality_has_none_and_of_several_seasons_no_numbers() -> None:
    whole = combined([episode(1), episode(1, season=3, quality="HDTV-720p")])
    assert (whole.quality, whole.season, whole.episodes) == ("", None, ())


@pytest.mark.parametrize(
    ("first", "second", "whole"),
    [
        (Action.UPGRADED, Action.UPGRADED, Action.UPGRADED),
        (Action.UPGRADED, Action.IMPORTED, Action.IMPORTED),
        (Action.IMPORTED, Action.UPGRADED, Action.IMPORTED),
    ],
)
def test_a_pack_was_upgraded_where_all_of_it_was(first: Action, second: Action, whole: Action) -> None:
    assert combined([episode(1, action=first), episode(2, action=second)]).action is whole


@pytest.mark.parametrize("event", [episode(1, overview="It begins."), album("Moon Safari")])
def test_one_alone_stays_as_it_is_however_often_it_was_sent(event: MediaEvent) -> None:
    assert combined([event]) == event
    assert combined([event, event]) == event
    assert title_of([event, event]) == event.display_title


@pytest.mark.parametrize(
    ("names", "title"),
    [
        (["Moon Safari"], "Air - Moon Safari (1998)"),
        (["Moon Safari", "moon safari"], "Air - Moon Safari (1998)"),
        (["B", "A", "C"], "Air - 3 albums: B, A, C"),
        (["Moon Safari", ""], "Air - 2 albums: Moon Safari and 1 more"),
    ],
)
def test_albums_are_named_one_after_the_other(names: list[str], title: str) -> None:
    assert title_of([album(name) for name in names]) == title


def test_albums_without_a_name_are_counted() -> None:
    assert title_of([album("", musicbrainz_id=each) for each in "ab"]) == "Air - 2 albums"


def test_of_many_albums_as_many_are_named_as_have_room() -> None:
    title = title_of([album(f"Album number {n}") for n in range(10, 40)])
    assert title == (
        "Air - 30 albums: Album number 10, Album number 11, Album number 12, Album number 13,"
        " Album number 14, Album number 15, Album number 16 and 23 more"
    )
    assert len(title_of([album("x" * 400), album("y")])) < 200


def test_what_several_albums_share_has_no_year_and_no_id_of_one_of_them() -> None:
    whole = combined([album("A", musicbrainz_id="1"), album("B", musicbrainz_id="2", year=2001)])
    assert (whole.album, whole.year, whole.musicbrainz_id, whole.title) == ("", None, None, "Air")


@pytest.mark.parametrize("action", list(Action))
def test_what_all_of_them_did_is_what_the_pack_did(action: Action) -> None:
    events = [episode(number, action=action) for number in (1, 2)]
    assert combined(events).action is action
    assert combined(events[:1]).action is action
