from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.domain.errors import NotFound, Refused

if TYPE_CHECKING:
    from pathlib import Path

    from metarr_desktop.app.core import Core


@pytest.fixture
def films(tmp_path: Path) -> Path:
    folder = tmp_path / "films"
    (folder / "Dune (2021)" / "Extras").mkdir(parents=True)
    (folder / "Dune (2021)" / "Dune.mkv").touch()
    (folder / "Alien.mkv").touch()
    return folder


@pytest.fixture
async def known(core: Core, films: Path) -> Core:
    await core.commands.add_library(str(films), name="Films")
    return core


@pytest.mark.parametrize("below", ["", "/", "/Dune.mkv", "/Extras", "/Extras/not-here.mkv"])
async def test_a_film_is_stored_by_its_folder(known: Core, films: Path, below: str) -> None:
    request = await known.commands.scan_path(f"{films}/Dune (2021){below}", origin="command line")
    assert (request.folder, request.title) == (str(films / "Dune (2021)"), "Dune (2021)")
    (job,) = await known.queries.jobs()
    assert (job.id, job.event_id, job.type) == (request.job_id, request.event_id, "webhook-received")


async def test_a_scan_is_not_the_last_webhook_of_a_sender(known: Core, films: Path) -> None:
    await known.commands.scan_path(str(films / "Dune (2021)"))
    assert (await known.queries.today()).last_source is None


async def test_what_is_not_there_any_more_may_be_asked_for(known: Core, films: Path) -> None:
    assert (await known.commands.scan_path(str(films / "Gone (1999)"))).title == "Gone (1999)"


async def test_a_sender_s_path_is_translated(known: Core, films: Path) -> None:
    await known.commands.add_mapping("radarr", "D:\\Films", str(films))
    await known.commands.add_mapping("kodi", "smb://nas/films", str(films))
    request = await known.commands.scan_path("d:\\films\\Dune (2021)\\Dune.mkv")
    assert request.folder == str(films / "Dune (2021)")
    with pytest.raises(Refused, match="is in no library folder of this computer"):
        await known.commands.scan_path("smb://nas/films/Dune (2021)")


async def test_of_two_senders_that_call_it_so_the_one_counts_that_has_it(
    known: Core, films: Path, tmp_path: Path
) -> None:
    (tmp_path / "4k" / "Up (2009)").mkdir(parents=True)
    await known.commands.add_library(str(tmp_path / "4k"))
    await known.commands.add_mapping("radarr", "/movies", str(films))
    await known.commands.add_mapping("sonarr", "/movies", str(tmp_path / "4k"))
    for name, root in (("Up (2009)", tmp_path / "4k"), ("Dune (2021)", films), ("Gone (1999)", films)):
        assert (await known.commands.scan_path(f"/movies/{name}")).folder == str(root / name)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "Give the whole path"),
        ("Dune (2021)", "Give the whole path of a folder, not Dune"),
        ("{films}/../films/Dune (2021)", "Give the whole path"),
        ("{films}/Du\0ne", "Give the whole path"),
        ("{films}", "is the whole library folder Films"),
        ("{films}/Alien.mkv", "lies in the library folder Films itself"),
        ("{films}/Loose.mkv", "lies in the library folder Films itself"),
        ("/etc/passwd", "is in no library folder of this computer"),
        ("{films}-4k/Dune", "is in no library folder of this computer"),
        ("{films}/" + "x" * 5000, "Give the whole path"),
    ],
)
async def test_anything_else_is_refused_with_the_remedy(
    known: Core, films: Path, path: str, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        await known.commands.scan_path(path.replace("{films}", str(films)))
    assert await known.queries.jobs() == ()


async def test_a_link_out_of_the_library_folders_is_not_followed(
    known: Core, films: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").mkdir()
    (films / "Link").symlink_to(tmp_path / "secret")
    with pytest.raises(Refused, match="leads to a place outside the library folders"):
        await known.commands.scan_path(str(films / "Link"))


async def test_without_any_library_folder_the_remedy_is_to_add_one(core: Core, films: Path) -> None:
    with pytest.raises(Refused, match="no library folder on this computer yet"):
        await core.commands.scan_path(str(films / "Dune (2021)"))


async def test_a_name_that_is_no_utf_8_is_refused(known: Core, films: Path) -> None:
    with pytest.raises(Refused, match="not valid UTF-8"):
        await known.commands.scan_path(os.fsdecode(os.fsencode(films) + b"/Am\xe9lie (2001)"))


async def test_paths_are_traced_by_the_names_of_scopes(known: Core, films: Path) -> None:
    await known.commands.add_mapping("radarr", "/data", str(films))
    await known.commands.add_mapping("kodi", str(films), "smb://nas/films")
    hops = await known.queries.trace("/data/Dune (2021)", "radarr", "kodi")
    assert [(hop.scope, hop.path, hop.exists) for hop in hops] == [
        ("radarr", "/data/Dune (2021)", None),
        ("here", str(films / "Dune (2021)"), True),
        ("kodi", "smb://nas/films/Dune (2021)", None),
    ]
    here = await known.queries.trace(str(films / "Gone"), "here", "here")
    assert [(hop.scope, hop.exists) for hop in here] == [("here", False)]
    for scopes in (("kodi", "here"), ("radarr", "radarr"), ("nobody", "kodi"), ("radarr", "nobody")):
        with pytest.raises((NotFound, Refused)):
            await known.queries.trace("/data", *scopes)


async def test_what_a_folder_is_asked_for_can_be_changed(known: Core) -> None:
    changed = await known.commands.set_library("Films", anchor=".disk", needs_nfo=True, watch="polling")
    assert (changed.anchor, changed.needs_nfo, changed.watch) == (".disk", True, "polling")
    changed = await known.commands.set_library("Films", anchor="")
    assert (changed.anchor, changed.needs_nfo, changed.watch) == ("", True, "polling")
    assert (await known.queries.libraries())[0] == changed
    for anchor in ("/etc", "../x", "D:\\x", "a\0"):
        with pytest.raises(Refused, match="Name a file below the library folder"):
            await known.commands.set_library("Films", anchor=anchor)
    with pytest.raises(NotFound):
        await known.commands.set_library("Nothing", needs_nfo=True)


async def test_by_hand_is_an_origin_of_events_and_no_sender(core: Core) -> None:
    assert ("scan", "By hand") in core.queries.event_sources()
    assert "scan" not in dict(core.queries.sources())
    with pytest.raises(NotFound):
        await core.commands.add_mapping("scan", "/a", "/b")
