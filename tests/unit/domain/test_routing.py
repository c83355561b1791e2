from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.domain.routing import EventChoice, Route, Routes, sender_scope

DEFAULT = frozenset({EventKind.DOWNLOADED})
CHOICE = EventChoice(takes=frozenset(EventKind) - {EventKind.REQUESTS}, default=DEFAULT)
FILM = MediaEvent(
    source="radarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="Up",
    folder="/movies/Kids/Up (2009)",
    instance="Radarr 4K",
    tags=("Kids", "uhd"),
)
ILL = Notice(source="radarr", kind=NoticeKind.HEALTH, message="No indexers", instance="Radarr 4K")
UNDECIDED = Notice(
    source="radarr", kind=NoticeKind.INTERACTION, message="Which film is it?", subject="Up", tags=("kids",)
)


def told(route: Route, event: MediaEvent | Notice = FILM, **changes: Any) -> bool:
    return route.passes(dataclasses.replace(event, **changes), default=DEFAULT)


def test_without_a_choice_a_service_is_told_what_it_declares() -> None:
    assert told(Route())
    assert not told(Route(), action=Action.UPGRADED)


def test_a_choice_of_events_stands_in_the_place_of_the_default() -> None:
    route = Route(events=frozenset({EventKind.UPGRADED}))
    assert told(route, action=Action.UPGRADED)
    assert not told(route)
    assert not told(Route(events=frozenset()))


@pytest.mark.parametrize(
    ("route", "passes"),
    [
        (Route(include_tags=("kids",)), True),
        (Route(include_tags=("horror", "UHD")), True),
        (Route(include_tags=("horror",)), False),
        (Route(exclude_tags=("KIDS",)), False),
        (Route(exclude_tags=("kid",)), True),
        (Route(include_tags=("uhd",), exclude_tags=("kids",)), False),
    ],
)
def test_tags_compare_whole_and_without_case_and_excluding_wins(route: Route, passes: bool) -> None:
    assert told(route) is passes


@pytest.mark.parametrize(
    ("route", "passes"),
    [
        (Route(include_paths=("/movies/Kids",)), True),
        (Route(include_paths=("/movies/Kid",)), False),
        (Route(include_paths=("/movies/kids",)), False),
        (Route(include_paths=("/series", "/movies/")), True),
        (Route(exclude_paths=("/movies/Kids/",)), False),
        (Route(include_paths=("/movies",), exclude_paths=("/movies/Kids",)), False),
    ],
)
def test_folders_hold_whole_components_of_the_senders_path(route: Route, passes: bool) -> None:
    assert told(route) is passes


def test_windows_folders_compare_without_case_and_with_either_separator() -> None:
    film = r"D:\Movies\Kids\Up (2009)"
    assert told(Route(include_paths=("d:/movies",)), folder=film)
    assert not told(Route(exclude_paths=("D:\\MOVIES\\",)), folder=film)
    assert told(Route(include_paths=(r"\\NAS\movies",)), folder=r"\\nas\Movies\Up (2009)")


def test_what_has_no_folder_passes_folders_that_are_only_excluded() -> None:
    assert told(Route(exclude_paths=("/movies",)), folder="")
    assert not told(Route(include_paths=("/movies",)), folder="")


def test_what_has_no_tags_passes_tags_that_are_only_excluded() -> None:
    assert told(Route(exclude_tags=("kids",)), tags=())
    assert not told(Route(include_tags=("kids",)), tags=())


def test_what_a_sender_says_of_itself_passes_by_its_kind_alone() -> None:
    narrow = Route(events=frozenset(EventKind), include_tags=("uhd",), include_paths=("/movies",))
    assert told(narrow, ILL)
    assert not told(Route(include_tags=("uhd",)), ILL)


def test_what_is_said_of_a_film_is_asked_for_its_tags() -> None:
    everything = frozenset(EventKind)
    assert told(Route(events=everything, include_tags=("kids",)), UNDECIDED)
    assert not told(Route(events=everything, exclude_tags=("kids",)), UNDECIDED)
    assert not told(Route(events=everything, include_paths=("/movies",)), UNDECIDED)


def test_a_download_that_belongs_to_no_film_yet_passes_by_its_kind_alone() -> None:
    narrow = Route(events=frozenset(EventKind), include_tags=("uhd",), include_paths=("/movies",))
    assert told(narrow, dataclasses.replace(UNDECIDED, subject="Up.2009.mkv", unmatched=True, tags=()))


def passes(stored: dict[str, Route], event: MediaEvent = FILM) -> bool:
    routes = Routes(stored={("discord", scope): route for scope, route in stored.items()})
    return routes.passes(event, service="discord", choice=CHOICE)


NOTHING, EVERYTHING = Route(events=frozenset()), Route(events=frozenset(EventKind))


def test_the_rules_of_a_sender_come_before_those_of_its_type_and_those_of_all() -> None:
    own = sender_scope("radarr", "RADARR_4k")
    assert own == "radarr/radarr-4k"
    assert passes({"": NOTHING, "radarr": NOTHING, own: EVERYTHING})
    assert not passes({"": EVERYTHING, "radarr": NOTHING})
    assert not passes({"": NOTHING})
    assert passes({"radarr/radarr-hd": NOTHING, "sonarr": NOTHING})


def test_a_sender_without_a_name_has_the_rules_of_its_type() -> None:
    unnamed = dataclasses.replace(FILM, instance="")
    assert passes({"": NOTHING, "radarr": EVERYTHING}, unnamed)


def test_a_sender_that_is_called_as_a_type_shares_no_rules_with_it() -> None:
    namesake = dataclasses.replace(FILM, instance="Sonarr")
    assert passes({"sonarr": NOTHING}, namesake)
    assert not passes({"radarr": EVERYTHING, "radarr/sonarr": NOTHING}, namesake)


def test_another_services_rules_do_not_count() -> None:
    routes = Routes(stored={("kodi", ""): NOTHING})
    assert routes.passes(FILM, service="discord", choice=CHOICE)


def test_a_kind_that_a_service_does_not_take_is_never_told() -> None:
    asked = Notice(source="overseerr", kind=NoticeKind.REQUEST, message="Up was asked for", subject="Up")
    routes = Routes(stored={("discord", ""): EVERYTHING})
    assert not routes.passes(asked, service="discord", choice=CHOICE)


def test_a_route_is_stored_and_read_back() -> None:
    route = Route(events=frozenset({EventKind.DELETED}), include_tags=("kids",), exclude_paths=("/movies/X",))
    assert Route.from_json(route.to_json()) == route
    assert Route.from_json(Route().to_json()) == Route()
    assert Route.from_json(NOTHING.to_json()) == NOTHING


def test_what_was_damaged_by_hand_does_not_restrict() -> None:
    damaged = {
        "events": "downloaded",
        "include_tags": "kids",
        "exclude_tags": [1, "x"],
        "exclude_paths": None,
    }
    assert Route.from_json(damaged) == Route(exclude_tags=("x",))
