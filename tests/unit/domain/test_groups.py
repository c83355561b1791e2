from __future__ import annotations

from dataclasses import replace

import pytest

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.domain.groups import Households, PlayerGroup, ToldLane, lane_of, slug_of
from metarr_desktop.domain.media import LibraryFolder
from metarr_desktop.domain.paths import PathMapping

FIRST = PlayerGroup(id=1, service="kodi", name="Default", slug="default", players=1)
KIDS = PlayerGroup(id=2, service="kodi", name="Kids", slug="kids", players=1)
FILMS = LibraryFolder(id=7, name="films", path="/srv/films", type="movies")
CARTOONS = LibraryFolder(id=8, name="cartoons", path="/srv/films/cartoons", type="movies")


def event(folder: str, *, instance: str = "") -> MediaEvent:
    return MediaEvent(
        source="radarr", kind=MediaKind.MOVIE, action=Action.IMPORTED, title="Up", folder=folder,
        instance=instance,
    )  # fmt: skip


def lanes(
    event: MediaEvent | Notice, *groups: PlayerGroup, mappings: tuple[PathMapping, ...] = ()
) -> list[str]:
    household = Households(groups={"kodi": groups}, libraries=(FILMS, CARTOONS), mappings=mappings)
    return [told.lane for told in household.told("kodi", event)]


def test_a_service_nobody_asked_for_groups_has_its_own_lane_and_no_name() -> None:
    assert Households().told("kodi", event("/srv/films/Up")) == (ToldLane(lane="kodi"),)
    assert Households(groups={"kodi": (FIRST,)}).told("kodi", event("/x")) == (ToldLane(lane="kodi"),)


def test_groups_without_links_are_told_everything_each_by_its_name() -> None:
    told = Households(groups={"kodi": (FIRST, KIDS)}).told("kodi", event("/anywhere/Up"))
    assert told == (ToldLane(lane="kodi", group="Default"), ToldLane(lane="kodi/kids", group="Kids"))


def test_a_linked_group_is_told_of_its_folders_alone() -> None:
    kids = replace(KIDS, libraries=frozenset({8}))
    assert lanes(event("/srv/films/cartoons/Up"), FIRST, kids) == ["kodi", "kodi/kids"]
    assert lanes(event("/srv/films/Heat"), FIRST, kids) == ["kodi"]
    assert lanes(event("/srv/films/cartoons2/Heat"), FIRST, kids) == ["kodi"]


def test_where_all_groups_are_linked_and_none_fits_nobody_is_told() -> None:
    first = replace(FIRST, libraries=frozenset({8}))
    assert lanes(event("/srv/films/Heat"), first) == []
    assert lanes(event(""), first) == []


def test_a_folder_inside_another_concerns_those_who_share_the_outer_one() -> None:
    first = replace(FIRST, libraries=frozenset({7}))
    assert lanes(event("/srv/films/cartoons/Up"), first) == ["kodi"]


def test_the_senders_own_mapping_says_where_the_folder_is_here() -> None:
    kids = replace(KIDS, libraries=frozenset({8}))
    mapping = PathMapping(scope="radarr-kids", from_path="/data", to_path="/srv/films/cartoons")
    up = event("/data/Up", instance="Radarr Kids")
    assert lanes(up, FIRST, kids, mappings=(mapping,)) == ["kodi", "kodi/kids"]
    assert lanes(replace(up, instance="Other"), FIRST, kids, mappings=(mapping,)) == ["kodi"]


def test_what_a_sender_says_of_itself_concerns_every_group() -> None:
    kids = replace(KIDS, libraries=frozenset({8}))
    notice = Notice(source="radarr", kind=NoticeKind.HEALTH, message="Disk full")
    assert lanes(notice, FIRST, kids) == ["kodi", "kodi/kids"]


def test_a_first_group_without_players_is_nobodys_where_others_have_some() -> None:
    empty = replace(FIRST, players=0)
    assert lanes(event("/x"), empty, KIDS) == ["kodi/kids"]
    assert lanes(event("/x"), empty, replace(KIDS, players=0)) == ["kodi", "kodi/kids"]


@pytest.mark.parametrize("slug", ["default", "kids"])
def test_a_lane_tells_its_group(slug: str) -> None:
    assert slug_of("kodi", lane_of("kodi", slug)) == slug
    assert (lane_of("kodi", "default"), lane_of("kodi", "kids")) == ("kodi", "kodi/kids")
