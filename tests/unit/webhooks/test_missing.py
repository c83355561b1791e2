from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metarr_desktop.domain.knowledge import Knowledge, as_known
from metarr_desktop.domain.senders import Sender
from metarr_desktop.webhooks.missing import Window, found_imports, unknown, wanted_records, with_labels
from metarr_desktop.webhooks.sources.lidarr import SOURCE as LIDARR
from metarr_desktop.webhooks.sources.radarr import SOURCE as RADARR
from metarr_desktop.webhooks.sources.sonarr import SOURCE as SONARR
from tests.fakes import START

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.webhooks.sources.declaration import Source

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def knowing(**known: Any) -> Knowledge:
    return Knowledge.of(Sender(id=1, type="radarr", name="Radarr", known=known))


def window(*, at_once: bool = False, **known: datetime) -> Window:
    instants = {name: as_known(value) for name, value in known.items()}
    return Window.of(knowing(**instants), now=START, at_once=at_once)


def test_a_window_begins_a_little_before_the_last_one_ended_and_leaves_out_what_is_new() -> None:
    assert window(connected_at=START - DAY, caught_up_to=START - HOUR) == Window(
        since=START - HOUR - 10 * MINUTE, until=START - 2 * MINUTE
    )
    assert window(connected_at=START - DAY, at_once=True).until == START


def test_a_window_never_begins_before_the_connection() -> None:
    connected = START - HOUR
    assert window(connected_at=connected).since == connected
    assert window(connected_at=connected, caught_up_to=connected + MINUTE).since == connected


def test_a_window_is_two_weeks_at_most() -> None:
    assert window(connected_at=START - 99 * DAY).since == START - 14 * DAY


def test_what_was_dismissed_is_not_in_a_window() -> None:
    seen = window(connected_at=START - DAY, dismissed_until=START - MINUTE * 5)
    assert not seen.holds({"date": "2026-11-24T11:55:00Z"})
    assert seen.holds({"date": "2026-11-24T11:55:01.1234567Z"})
    assert not seen.holds({"date": "2026-11-24T11:59:00Z"})


@pytest.mark.parametrize("name", ["connected_at", "caught_up_to", "dismissed_until"])
def test_a_mark_of_before_the_senders_clock_was_set_back_hides_nothing(name: str) -> None:
    marks = {"connected_at": START - DAY, "caught_up_to": START - HOUR, name: START + 3 * HOUR}
    assert window(at_once=True, **marks).since <= START - HOUR
    assert window(connected_at=START + HOUR) == Window(since=START, until=START - 2 * MINUTE)
    assert window(connected_at=START + HOUR, caught_up_to=START - HOUR).since == START - HOUR - 10 * MINUTE


@pytest.mark.parametrize("date", [None, "", "yesterday", 5])
def test_a_record_without_a_date_is_in_no_window(date: object) -> None:
    assert not window(connected_at=START - DAY).holds({"date": date})


def record(**changes: Any) -> dict[str, Any]:
    return {
        "date": "2026-11-24T11:00:00Z",
        "eventType": "downloadFolderImported",
        "movieId": 3,
        "downloadId": "ABC",
        "sourceTitle": "Dune.2021",
        "quality": {"quality": {"name": "Bluray-1080p"}, "revision": {"version": 1}},
        "data": {"importedPath": "/movies/Dune (2021)/Dune.mkv", "fileId": "9"},
        "movie": {"id": 3, "title": "Dune", "year": 2021, "path": "/movies/Dune (2021)", "tags": [2, 9]},
        **changes,
    }


def sender(kind: str = "radarr") -> Sender:
    return Sender(id=7, type=kind, name="Mine", url="http://nas:7878")


def test_a_record_becomes_the_body_its_webhook_would_have_had() -> None:
    labelled = with_labels([record()], {2: "kids"}, owner="movie")
    (found,) = found_imports(labelled, source=RADARR, sender=sender(), known=knowing(instance_name="R"))
    body = json.loads(found.body)
    assert (body["eventType"], body["instanceName"], body["downloadId"]) == ("Download", "R", "ABC")
    assert body["movie"]["folderPath"] == "/movies/Dune (2021)"
    assert body["movieFile"]["relativePath"] == "Dune.mkv"
    assert (found.event.display_title, found.event.tags) == ("Dune (2021)", ("kids",))
    assert found.event.quality == "Bluray-1080p"
    assert found.keys == ("7:3:d:abc",)
    stored = found.webhook(sender(), job_id=5)
    assert (stored.instance, stored.remote_address, stored.recovered) == ("mine", "nas", 5)


def test_only_imports_inside_the_window_count_and_the_oldest_comes_first() -> None:
    records = [
        record(date="2026-11-24T11:30:00Z"),
        record(date="2026-11-24T11:00:00Z"),
        record(date="2026-11-24T11:10:00Z", eventType="grabbed"),
        record(date="2026-11-01T11:10:00Z"),
    ]
    wanted = wanted_records(records, window(connected_at=START - DAY), event_type="DownloadFolderImported")
    assert [each["date"] for each in wanted] == ["2026-11-24T11:00:00Z", "2026-11-24T11:30:00Z"]


@pytest.mark.parametrize(
    "broken",
    [
        record(movie=None),
        record(movie={"title": "No folder"}),
        record(movie={"path": "/a/../b", "title": "X"}),
        record(downloadId="", data={}),
        record(movieId="x", data=[]),
        record(quality="HD", data={"importedPath": 5}, downloadId=7),
        {"date": "2026-11-24T11:00:00Z"},
    ],
)
def test_a_record_that_says_too_little_is_left_out(broken: dict[str, Any]) -> None:
    assert found_imports([broken], source=RADARR, sender=sender(), known=knowing()) == []


def test_one_file_of_two_episodes_is_one_import_that_is_known_only_as_a_whole() -> None:
    def episode(number: int) -> dict[str, Any]:
        return record(
            seriesId=1,
            episodeId=number,
            episode={"episodeNumber": number, "seasonNumber": 2},
            series={"title": "Severance", "path": "/tv/Severance"},
            data={"importedPath": "/tv/Severance/Season 02/S02E01-E02.mkv"},
        )

    (found,) = found_imports(
        [episode(1), episode(2)], source=SONARR, sender=sender("sonarr"), known=knowing()
    )
    assert found.event.display_title == "Severance S02E01-E02"
    assert unknown([found], {found.keys[0]}) == [found]
    assert unknown([found], found.keys) == []


def test_tracks_of_an_album_are_one_import_and_two_goes_by_hand_are_two() -> None:
    def track(number: int, at: str, *, download_id: str) -> dict[str, Any]:
        return record(
            date=f"2026-11-24T{at}Z",
            downloadId=download_id,
            artistId=1,
            albumId=4,
            trackId=number,
            artist={"artistName": "Boards of Canada", "path": "/music/BoC"},
            album={"title": "Geogaddi"},
            track={"trackNumber": str(number)},
            data={"importedPath": f"/music/BoC/Geogaddi/{number}.flac"},
        )

    def found(download_id: str) -> list[tuple[str, ...]]:
        tracks = [
            track(1, "11:00:00", download_id=download_id),
            track(2, "11:00:30", download_id=download_id),
            track(3, "11:20:00", download_id=download_id),
        ]
        return [
            each.event.files
            for each in found_imports(tracks, source=LIDARR, sender=sender("lidarr"), known=knowing())
        ]

    assert found("ABC") == [("Geogaddi/1.flac", "Geogaddi/2.flac", "Geogaddi/3.flac")]
    assert found("") == [("Geogaddi/1.flac", "Geogaddi/2.flac"), ("Geogaddi/3.flac",)]


ODD: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", "x", "7", "\ud800", "2026-11-24T11:00:00", "/movies/X", [],
    [1, "a", {}], {}, {"id": [], "path": "/m", "title": 5, "tags": [1, "1", None, []], "name": {}},
]  # fmt: skip
PLACES = [
    "date", "eventType", "downloadId", "movieId", "seriesId", "episodeId", "albumId", "trackId", "data",
    "movie", "series", "episode", "artist", "album", "track", "quality", "sourceTitle",
]  # fmt: skip
INSIDE = ["importedPath", "fileId", "path", "title", "year", "tags", "images", "name", "quality", "revision"]
odd = st.sampled_from(ODD)
odd_records = st.dictionaries(
    st.sampled_from(PLACES), odd | st.dictionaries(st.sampled_from(INSIDE), odd, max_size=4), max_size=6
)


@given(records=st.lists(odd_records, max_size=3), kind=st.sampled_from([RADARR, SONARR, LIDARR]))
def test_any_history_is_read_without_an_error(records: list[dict[str, Any]], kind: Source) -> None:
    assert kind.interface is not None
    seen = window(connected_at=START - DAY)
    given_records = [record(**each) for each in records]
    wanted_records(given_records, seen, event_type="downloadFolderImported")
    labelled = with_labels(given_records, {1: "kids"}, owner=kind.interface.owner)
    for found in found_imports(labelled, source=kind, sender=sender(kind.key), known=knowing()):
        assert found.keys
        assert json.loads(found.body)["eventType"] == "Download"
