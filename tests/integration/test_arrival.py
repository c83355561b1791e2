"""From the import of a film to "ready to watch": a server is refreshed and shows the film later."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.core import open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.routing import Route
from metarr_desktop.services.registry import service as registered
from tests.fake_library import Shelf, jellybean
from tests.fake_media_servers import JELLYFIN_KEY, FakeJellyfin, Library, film
from tests.fakes import MemorySecretStore, eventually, until
from tests.fakes_http import FakeServer
from tests.fakes_kodi import PASSWORD, Kodi
from tests.integration.test_walk import drained, post

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.domain.jobs import JobRecord
    from metarr_desktop.services.declaration import Service
    from tests.integration.fake_discord import FakeDiscord

DOWNLOAD = Path(__file__).parents[2] / "resources" / "samples" / "radarr" / "download.json"
PAGE = "http://127.0.0.1:8096/web/#/details?id=7"


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def open_program(tmp_path: Path, discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("METARR_DISCORD_BASE", discord.base)

    def opened(server: Service) -> Any:
        return open_core(
            AppPaths(tmp_path / "data"),
            serve=True,
            port=0,
            secrets=MemorySecretStore(),
            services=(server, registered("discord")),
        )

    return opened


async def set_up(core: Core, discord: FakeDiscord) -> None:
    await core.commands.set_enabled("jellybean", True)
    await core.commands.save_service(
        "discord", Draft(secrets={"webhook_url": discord.webhook_url}), enabled=True
    )
    await core.commands.set_route("discord", "", Route(events=frozenset({EventKind.READY})))
    await core.commands.add_mapping("jellybean", "/movies", "/library/films")


async def record(core: Core, kind: str) -> JobRecord:
    (family,) = await core.queries.recent()
    return next(each for each in family.records if each.type == kind)


async def test_the_message_goes_when_the_server_shows_the_film_and_leads_there(
    open_program: Any, shelf: Shelf, discord: FakeDiscord
) -> None:
    async with open_program(jellybean(shelf)) as core:
        await set_up(core, discord)
        await post(core, DOWNLOAD.read_bytes())
        await until(lambda: shelf.looked_for, within=20)
        (refresh,) = shelf.told
        folder, _ = shelf.looked_for[0]
        assert folder == refresh.folder
        assert folder.startswith("/library/films/")
        assert discord.requests == 0
        waiting = {job.type: job for job in await core.queries.jobs()}
        assert set(waiting) == {"confirm-jellybean", "notify-discord"}
        shelf.show(folder, link=PAGE)
        await drained(core)
        confirmed = await record(core, "confirm-jellybean")
        assert confirmed.status is EndStatus.COMPLETED
        detail = (await core.queries.job(confirmed.job_id)).attempts[-1].detail
        assert detail is not None
        assert detail.template.startswith("Confirmed after {time}")
        (message,) = discord.messages
        assert message["embeds"][0]["url"] == PAGE
        assert "Ready to watch in Jellybean" in str(message)
        assert (await record(core, "notify-jellybean")).job_id == confirmed.parent_id


async def test_what_does_not_come_is_told_with_the_remedy_and_retry_only_looks_again(
    open_program: Any, shelf: Shelf, discord: FakeDiscord
) -> None:
    async with open_program(jellybean(shelf, seen_within=timedelta(seconds=3))) as core:
        await set_up(core, discord)
        await core.commands.remove_mapping("jellybean", "/movies")
        await post(core, DOWNLOAD.read_bytes())

        async def ended() -> bool:
            return [job.type for job in await core.queries.jobs()] == ["notify-discord"]

        await eventually(ended, within=20)
        failed = await record(core, "confirm-jellybean")
        assert failed.status is EndStatus.FAILED
        assert "is in no Jellybean library; it has: /library/films." in str(failed.error)
        assert "Add a path mapping for Jellybean" in str(failed.error)
        (waiting,) = await core.queries.jobs()
        assert str(waiting.reason) == "Waits until a media server shows it."
        await core.commands.add_mapping("jellybean", "/movies", "/library/films")
        shelf.show(shelf.looked_for[0][0].replace("/movies", "/library/films"), link=PAGE)
        await core.commands.retry_job(failed.job_id)
        await drained(core)
        assert len(shelf.told) == 1
        (message,) = discord.messages
        assert message["embeds"][0]["url"] == PAGE


async def test_a_film_is_believed_when_jellyfin_itself_lists_it(
    open_program: Any, discord: FakeDiscord
) -> None:
    body = json.loads(DOWNLOAD.read_bytes())
    folder, file = body["movie"]["folderPath"], body["movieFile"]["relativePath"]
    async with FakeJellyfin() as server, open_program(registered("jellyfin")) as core:
        server.libraries = [Library(name="Films", kind="movie", locations=[folder.rpartition("/")[0]])]
        server.on_disk = [film(body["movie"]["title"], f"{folder}/{file}", tmdb=str(body["movie"]["tmdbId"]))]
        server.delay = 1.0
        await core.commands.save_service(
            "jellyfin",
            Draft(values={"url": server.url}, secrets={"api_key": JELLYFIN_KEY}),
            enabled=True,
        )
        await core.commands.save_service(
            "discord", Draft(secrets={"webhook_url": discord.webhook_url}), enabled=True
        )
        await core.commands.set_route("discord", "", Route(events=frozenset({EventKind.READY})))
        await post(core, DOWNLOAD.read_bytes())
        await until(lambda: discord.messages, within=20)
        await drained(core)
        assert server.refreshed == [folder]
        confirmed = await record(core, "confirm-jellyfin")
        assert confirmed.status is EndStatus.COMPLETED
        (message,) = discord.messages
        assert message["embeds"][0]["url"].startswith(f"{server.url}/web/#/details?id=")
        assert "Ready to watch in Jellyfin" in str(message)
        report = await core.commands.test_service("jellyfin")
        assert report.ok
        assert [str(line.name) for line in report.lines][-1] == "Paths"
        refreshed = await core.commands.send_test_message("jellyfin")
        assert refreshed.ok
        assert server.refreshed == [folder, folder]


async def test_jellyfin_without_the_folder_is_told_as_that(open_program: Any, discord: FakeDiscord) -> None:
    short = replace(registered("jellyfin"), seen_within=timedelta(seconds=3))
    async with FakeJellyfin() as server, open_program(short) as core:
        server.libraries = [Library(name="Films", kind="movie", locations=["/media/films"])]
        await core.commands.save_service(
            "jellyfin",
            Draft(values={"url": server.url}, secrets={"api_key": JELLYFIN_KEY}),
            enabled=True,
        )
        await post(core, DOWNLOAD.read_bytes())
        await drained(core)
        failed = await record(core, "confirm-jellyfin")
        assert failed.status is EndStatus.FAILED
        assert "is in no Jellyfin library; it has: /media/films." in str(failed.error)
        report = await core.commands.test_service("jellyfin")
        assert not report.ok
        assert "Add a path mapping for Jellyfin" in str(report.lines[-1].detail)


async def test_what_waits_for_a_key_goes_though_a_path_is_wrong(open_program: Any) -> None:
    async with FakeJellyfin() as server, open_program(registered("jellyfin")) as core:
        server.libraries = [Library(name="Films", kind="movie", locations=["/media/films"])]
        key, server.key = server.key, "f" * 32
        await core.commands.save_service(
            "jellyfin",
            Draft(values={"url": server.url, "confirm": False}, secrets={"api_key": JELLYFIN_KEY}),
            enabled=True,
        )
        await post(core, DOWNLOAD.read_bytes())

        async def stopped() -> bool:
            return any(lane.lane == "jellyfin" for lane in await core.queries.lanes())

        await eventually(stopped, within=20)
        server.key = key
        report = await core.commands.test_service("jellyfin")
        assert [line.ok for line in report.lines][-2:] == [True, False]
        assert report.released == 1
        await drained(core)
        assert server.refreshed


async def test_each_household_of_kodis_is_looked_at_by_its_own_paths(open_program: Any) -> None:
    first, kids = Kodi(), Kodi(sources=["/kids/"])
    for kodi, folder in ((first, "/movies/"), (kids, "/kids/")):
        name = "The Matrix (1999)"
        kodi.on_disk = [f"{folder}{name}/{name} Bluray-1080p.mkv"]
    async with (
        FakeServer(first) as living_room,
        FakeServer(kids) as nursery,
        open_program(registered("kodi")) as core,
    ):
        await core.commands.save_service("kodi", player(living_room), enabled=True)
        await core.commands.add_group("kodi", "Kids")
        await core.commands.add_player("kodi", "Kids", player(nursery))
        await core.commands.add_mapping("kodi/kids", "/movies", "/kids")
        await post(core, DOWNLOAD.read_bytes())
        await drained(core)
        (family,) = await core.queries.recent()
        confirmed = [each for each in family.records if each.type == "confirm-kodi"]
        assert [each.status for each in confirmed] == [EndStatus.COMPLETED] * 2, [
            str(each.error) for each in family.records
        ]
        assert first.scanned == ["/movies/The Matrix (1999)/"]
        assert kids.scanned == ["/kids/The Matrix (1999)/"]
        assert {each.payload["lane"] for each in confirmed} == {"kodi", "kodi/kids"}
        for kodi in (first, kids):
            assert kodi.complaints == []


def player(server: FakeServer) -> Draft:
    return Draft(
        values={"host": "127.0.0.1", "port": server.port, "ws_port": 0}, secrets={"password": PASSWORD}
    )
