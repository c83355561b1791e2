from __future__ import annotations

import json

import pytest

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind, Notice, NoticeKind, read_event


def event(**changes: object) -> MediaEvent:
    values: dict[str, object] = {
        "source": "radarr",
        "kind": MediaKind.MOVIE,
        "action": Action.IMPORTED,
        "title": "Dune",
        "folder": "/movies/Dune (2021)",
        **changes,
    }
    return MediaEvent(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (event(year=2021), "Dune (2021)"),
        (event(), "Dune"),
        (event(kind=MediaKind.EPISODE, season=2, episodes=(3,)), "Dune S02E03"),
        (event(kind=MediaKind.EPISODE, season=6, episodes=(2, 1)), "Dune S06E01-E02"),
        (event(kind=MediaKind.EPISODE, season=6, episodes=(3, 1)), "Dune S06E01, 03 (2)"),
        (event(kind=MediaKind.EPISODE, season=2, episodes=(1, 2, 3, 4, 5, 6)), "Dune S02E01-06 (6)"),
        (event(kind=MediaKind.EPISODE, season=2, episodes=(3, 1, 2, 5, 5)), "Dune S02E01-03, 05 (4)"),
        (event(kind=MediaKind.EPISODE, season=0, episodes=(5,)), "Dune S00E05"),
        (event(kind=MediaKind.EPISODE, season=1), "Dune S01"),
        (event(kind=MediaKind.EPISODE), "Dune"),
        (event(kind=MediaKind.ALBUM, album="Geogaddi", year=2002), "Dune - Geogaddi (2002)"),
        (event(kind=MediaKind.ALBUM), "Dune"),
        (event(kind=MediaKind.BOOK, album="The Way of Kings", year=2010), "Dune - The Way of Kings (2010)"),
    ],
)
def test_an_event_is_called_what_people_call_it(given: MediaEvent, name: str) -> None:
    assert given.display_title == name


def test_an_event_survives_the_payload_of_a_job() -> None:
    original = event(year=2021, files=("Dune.mkv",), episodes=(1, 2), tmdb_id=438631)
    stored = json.loads(json.dumps(original.to_payload()))
    assert MediaEvent.from_payload({**stored, "of_a_newer_version": 1}) == original


@pytest.mark.parametrize("payload", [{}, {"kind": "film"}, {"kind": "movie", "action": "imported"}])
def test_a_payload_that_is_not_ours_raises(payload: dict[str, str]) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        MediaEvent.from_payload(payload)


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_notice_survives_the_payload_of_a_job_and_belongs_to_a_kind(kind: NoticeKind) -> None:
    original = Notice(source="radarr", kind=kind, message="", tags=("4k",), recovered=True)
    assert read_event(json.loads(json.dumps(original.to_payload()))) == original
    assert original.event_kind


def test_a_notice_is_called_by_what_it_is_about_or_by_its_first_line() -> None:
    said = Notice(source="radarr", kind=NoticeKind.HEALTH, message="First\nSecond", subject="Dune")
    assert said.display_title == "Dune"
    said = Notice(source="radarr", kind=NoticeKind.HEALTH, message="First " * 100 + "\nSecond")
    assert said.display_title.startswith("First First")
    assert len(said.display_title) <= 200
    assert "Second" not in said.display_title


@pytest.mark.parametrize("kind", ["health", "movie"])
def test_a_payload_without_its_words_raises(kind: str) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        read_event({"kind": kind})
