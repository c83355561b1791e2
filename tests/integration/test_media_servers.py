"""Jellyfin, Emby and Plex, set up from a shell, told of a film by the running program."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from tests.fake_media_servers import (
    EMBY_KEY,
    JELLYFIN_KEY,
    PLEX_TOKEN,
    FakeEmby,
    FakeJellyfin,
    FakePlex,
)
from tests.fakes import until
from tests.integration.conftest import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fake_media_servers import FakeMediaServer
    from tests.integration.conftest import Program

DOWNLOAD = (SAMPLES / "radarr" / "download.json").read_bytes()


async def test_all_three_are_set_up_from_a_shell_and_look_at_the_folder(
    program: Callable[..., Program],
) -> None:
    async with FakeJellyfin() as jellyfin, FakeEmby() as emby, FakePlex() as plex:
        servers: dict[str, FakeMediaServer] = {"jellyfin": jellyfin, "emby": emby, "plex": plex}
        here = program(
            METARR_SECRET_JELLYFIN_API_KEY=JELLYFIN_KEY,
            METARR_SECRET_EMBY_API_KEY=EMBY_KEY,
            METARR_SECRET_PLEX_TOKEN=PLEX_TOKEN,
        )
        for key, server in servers.items():
            for command in (("set", key, f"url={server.url}", "confirm=no"), ("test", key)):
                done = await asyncio.to_thread(here.run, "service", *command)
                assert done.returncode == 0, done
        here.enable(*servers)
        await asyncio.to_thread(here.start)
        status, _ = await asyncio.to_thread(here.post, DOWNLOAD)
        assert status == 200
        folder = json.loads(DOWNLOAD)["movie"]["folderPath"]
        await until(lambda: all(server.refreshed for server in servers.values()), within=30)
        assert [server.refreshed for server in servers.values()] == [[folder]] * 3
        await asyncio.to_thread(here.wait_for, lambda: here.drained)
        assert len(jellyfin.devices) == len(plex.clients) == 1
        await asyncio.to_thread(here.stop)
        leaked = [
            file.name
            for file in here.data_dir.rglob("*")
            if file.is_file()
            for secret in (JELLYFIN_KEY, EMBY_KEY, PLEX_TOKEN)
            if secret.encode() in file.read_bytes()
        ]
        assert leaked == []
