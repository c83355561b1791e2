from __future__ import annotations

from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.media import LibraryFolder
from metarr_desktop.domain.paths import PathMapping
from metarr_desktop.domain.tracing import HERE, Hop, holding, scopes_of, trace

RADARR = PathMapping(scope="radarr", from_path="/data", to_path="/films")
OF_4K = PathMapping(scope="radarr-4k", from_path="/data/4k", to_path="/films4k")
KODI = PathMapping(scope="kodi", from_path="/films", to_path="smb://nas/films")
FILMS = LibraryFolder(id=1, name="Films", path="/films", type="movies")
DEEP = LibraryFolder(id=2, name="Deep", path="/films/deep", type="tv")


def follow(path: str, *scopes: str, to: str = "kodi", mappings: tuple[PathMapping, ...] = ()) -> list[Hop]:
    return list(trace(path, from_scopes=scopes, to_scope=to, mappings=mappings, libraries=(FILMS, DEEP)))


def test_a_path_goes_from_the_sender_over_here_to_the_service() -> None:
    hops = follow("/data/Dune", "radarr", mappings=(RADARR, KODI))
    assert [(hop.scope, hop.written, hop.path, hop.mapping) for hop in hops] == [
        ("radarr", "/data/Dune", "/data/Dune", None),
        (HERE, "/data/Dune", "/films/Dune", RADARR),
        ("kodi", "/films/Dune", "smb://nas/films/Dune", KODI),
    ]
    assert [hop.library for hop in hops] == [None, FILMS, None]


def test_a_service_is_asked_about_the_sender_s_own_path_first() -> None:
    direct = PathMapping(scope="kodi", from_path="/data", to_path="nfs://nas/data")
    assert follow("/data/Dune", "radarr", mappings=(RADARR, KODI, direct))[-1].path == "nfs://nas/data/Dune"


def test_without_any_mapping_of_the_service_it_gets_the_sender_s_path() -> None:
    hops = follow("/data/Dune", "radarr", mappings=(RADARR,))
    assert (hops[-1].path, hops[-1].mapping) == ("/data/Dune", None)


def test_the_very_sender_s_mappings_come_before_those_of_its_type() -> None:
    mappings = (RADARR, OF_4K)
    assert follow("/data/4k/Dune", "radarr-4k", "radarr", to=HERE, mappings=mappings)[1].mapping == OF_4K
    assert follow("/data/Dune", "radarr-4k", "radarr", to=HERE, mappings=mappings)[1].mapping == RADARR


def test_from_here_a_path_is_not_translated_before() -> None:
    here = PathMapping(scope=HERE, from_path="/films", to_path="/nowhere")
    hops = follow("/films/deep/x", HERE, mappings=(here, KODI))
    assert [hop.path for hop in hops] == ["/films/deep/x", "smb://nas/films/deep/x"]
    assert hops[0].library == DEEP


def test_what_lies_in_no_library_folder_says_so() -> None:
    assert follow("/elsewhere", "radarr", to=HERE)[1].library is None
    assert holding("/films/a\0b", [FILMS]) is None


def test_the_scopes_of_an_event_are_its_sender_and_its_type() -> None:
    event = MediaEvent(
        source="radarr",
        kind=MediaKind.MOVIE,
        action=Action.IMPORTED,
        title="",
        folder="",
        instance="Radarr 4K",
    )
    assert scopes_of(event) == ("radarr-4k", "radarr")


def test_the_mappings_of_a_group_come_before_those_of_its_service() -> None:
    kids = PathMapping(scope="kodi/kids", from_path="/films/kids", to_path="nfs://nas/kids")
    told = follow("/data/kids/Up", "radarr", to="kodi/kids", mappings=(RADARR, KODI, kids))[-1]
    assert (told.scope, told.path, told.mapping) == ("kodi/kids", "nfs://nas/kids/Up", kids)
    other = follow("/data/Dune", "radarr", to="kodi/kids", mappings=(RADARR, KODI, kids))[-1]
    assert (other.scope, other.path, other.mapping) == ("kodi/kids", "smb://nas/films/Dune", KODI)
    assert follow("/data/kids/Up", "radarr", mappings=(RADARR, KODI, kids))[-1].mapping == KODI
