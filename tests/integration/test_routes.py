"""What each service is told, chosen by kind, tag and folder, through a real core."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from metarr_desktop.app.core import Core, open_core
from metarr_desktop.app.paths import AppPaths
from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import WEBHOOK_RECEIVED
from metarr_desktop.domain.routing import Route
from tests.fakes import MemorySecretStore, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.app.snapshots import FamilySnapshot


@pytest.fixture
async def core(tmp_path: Path) -> AsyncIterator[Core]:
    """A program that is told to deliver nothing yet, with Kodi and Discord on."""
    paths = AppPaths(tmp_path / "data")
    async with open_core(paths, serve=True, port=0, secrets=MemorySecretStore()) as core:
        await core.commands.pause()
        address = f"https://discord.com/api/webhooks/{1:018}/{'a' * 68}"
        for key, draft in (
            ("kodi", Draft(values={"host": "127.0.0.1", "port": 9})),
            ("discord", Draft(secrets={"webhook_url": address})),
        ):
            await core.commands.save_service(key, draft, enabled=True)
        yield core


async def told_of(
    core: Core,
    folder: str,
    *,
    instance: str = "",
    tags: tuple[str, ...] = (),
) -> set[str]:
    """Let an event of a film arrive and return which services are told of it."""
    listening = core.queries.listening()
    assert listening is not None
    movie = {"id": 1, "title": "Up", "year": 2009, "folderPath": folder, "tags": list(tags)}
    body = {"eventType": "Download", "instanceName": instance, "movie": movie}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{listening.port}/webhooks/radarr", json=body) as answer,
    ):
        event_id = (await answer.json())["eventId"]

    async def planned() -> bool:
        return any(record.type == WEBHOOK_RECEIVED for record in (await newest(core, event_id)).records)

    await eventually(planned)
    jobs = (await newest(core, event_id)).jobs
    return {job.lane for job in jobs if job.type.startswith("notify-")}


async def newest(core: Core, event_id: int) -> FamilySnapshot:
    (family,) = await core.queries.recent(limit=1)
    assert family.event is not None
    assert family.event.id == event_id
    return family


async def test_a_tag_is_kept_from_discord_alone(core: Core) -> None:
    await core.commands.set_route("discord", "", Route(exclude_tags=("surprise",)))
    assert await told_of(core, "/movies/A", tags=("Surprise", "uhd")) == {"kodi"}
    assert await told_of(core, "/movies/B", tags=("uhd",)) == {"kodi", "discord"}


async def test_kodi_is_told_of_one_folder_only(core: Core) -> None:
    await core.commands.set_route("kodi", "radarr", Route(include_paths=("/movies/Kids",)))
    assert await told_of(core, "/movies/Kids/Up (2009)") == {"kodi", "discord"}
    assert await told_of(core, "/movies/Kidsoff/Up (2009)") == {"discord"}


async def test_one_sender_has_rules_of_its_own_until_they_are_taken_away(core: Core) -> None:
    await told_of(core, "/movies/A", instance="Radarr 4K")
    await core.commands.set_route("discord", "Radarr 4K", Route(events=frozenset({EventKind.UPGRADED})))
    assert await told_of(core, "/movies/B", instance="Radarr 4K") == {"kodi"}
    assert await told_of(core, "/movies/C") == {"kodi", "discord"}
    await core.commands.reset_route("discord", "radarr/radarr-4k")
    assert await told_of(core, "/movies/D", instance="Radarr 4K") == {"kodi", "discord"}
