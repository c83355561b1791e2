"""Proposed path mappings in the window, from the settings and from the banner, over the real core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtWidgets import QApplication

from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.services.registry import service as registered
from metarr_desktop.ui.mapping_proposals import MappingProposals
from tests.fake_library import Shelf, jellybean
from tests.fakes import eventually, until
from tests.integration.senders import Home, draft
from tests.integration.windows import button, running_shell, unnamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.app.core import Core

pytestmark = pytest.mark.qt_loop


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.locations = ("/media/films",)
    shelf.films = [KnownFilm(folder=f"/media/films/Film {number}", tmdb_id=number) for number in range(1, 8)]
    return shelf


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = Home(tmp_path)
    yield home
    await home.close()


@pytest.fixture
def opened(tmp_path: Path, qapp: QApplication, shelf: Shelf) -> Any:
    return lambda: running_shell(tmp_path, qapp, services=(jellybean(shelf), registered("discord")))


async def set_up(home: Home, core: Core) -> None:
    arr = await home.arr("radarr")
    arr.folders = ["/movies"]
    arr.movies = [{"path": f"/movies/Film {number}", "tmdbId": number} for number in range(1, 8)]
    await core.commands.add_sender("Radarr", type="radarr", draft=draft(arr))
    await core.commands.set_enabled("jellybean", True)


def dialog() -> MappingProposals:
    shown = [
        each
        for each in QApplication.topLevelWidgets()
        if isinstance(each, MappingProposals) and each.isVisible()
    ]
    return shown[0]


def cells(form: MappingProposals) -> list[list[str]]:
    items = [form.table.topLevelItem(row) for row in range(form.table.topLevelItemCount())]
    return [[item.text(column) for column in range(4)] for item in items if item is not None]


async def test_what_is_proposed_is_added_with_one_button(opened: Any, home: Home) -> None:
    async with opened() as (core, shell):
        await set_up(home, core)
        shell.open_settings("library")
        await until(lambda: shell.settings._page().key == "library")
        page = shell.settings._page()
        await until(lambda: page._scope.findData("jellybean") >= 0)
        button(page, "Propose mappings...").click()
        form = dialog()
        assert unnamed(form) == []
        assert not form.add.isEnabled()
        await until(lambda: form.table.topLevelItemCount() == 1)
        assert cells(form) == [["Jellybean", "/movies", "/media/films", "7 of 7 films agree"]]
        assert "Jellybean: 0 of 7 films agree." in form.note.text()
        await until(form.add.isEnabled)
        form.add.click()
        await until(lambda: form.table.topLevelItemCount() == 0)
        assert "No mapping is missing or wrong." in form.note.text()
        (mapping,) = await core.queries.mappings()
        assert (mapping.scope, mapping.from_path, mapping.to_path) == ("jellybean", "/movies", "/media/films")
        form.reject()


async def test_the_banner_of_films_that_drifted_leads_to_the_proposals(opened: Any, home: Home) -> None:
    async with opened() as (core, shell):
        await set_up(home, core)
        await core.commands.propose_mappings()

        async def told() -> bool:
            return bool(shell.window.banners._banners)

        await eventually(told)
        (banner,) = shell.window.banners._banners.values()
        assert banner.words == (
            "Jellybean writes 7 of 7 films under another path than it is told. A mapping is missing."
        )
        button(banner, "Show proposals").click()
        await until(
            lambda: any(
                isinstance(each, MappingProposals) and each.isVisible()
                for each in QApplication.topLevelWidgets()
            )
        )
        form = dialog()
        await until(lambda: form.table.topLevelItemCount() == 1)
        form.reject()


async def test_nobody_to_ask_is_told(tmp_path: Path, qapp: QApplication) -> None:
    async with running_shell(tmp_path, qapp, services=(registered("discord"),)) as (_, shell):
        shell.open_settings("library proposals")
        await until(
            lambda: any(
                isinstance(each, MappingProposals) and each.isVisible()
                for each in QApplication.topLevelWidgets()
            )
        )
        form = dialog()
        await until(lambda: "nobody can be asked" in form.note.text())
        form.reject()
