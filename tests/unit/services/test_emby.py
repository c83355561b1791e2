from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import AuthFailed, Permanent
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.domain.notification import Notification
from metarr_desktop.services.emby import EmbyConfig, EmbyNotifier
from tests.fake_media_servers import EMBY_KEY, JELLYFIN_ID, FakeEmby, FakeJellyfin, episode, film
from tests.fakes import FakeClock, tools
from tests.fakes_http import FakeServer, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.services.http import Http

FOLDER = "/movies/Heat (1995)"
FILM = MediaEvent(
    source="radarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="Heat",
    year=1995,
    folder=FOLDER,
    files=("Heat.mkv",),
)


@pytest.fixture
async def emby() -> AsyncIterator[FakeEmby]:
    async with FakeEmby() as running:
        yield running


@pytest.fixture
def notifier(http: Http) -> EmbyNotifier:
    return EmbyNotifier(tools(http, FakeClock()))


def config_for(server: FakeServer, *, key: str = EMBY_KEY) -> EmbyConfig:
    return EmbyConfig(url=server.url, api_key=SecretStr(key))


def told() -> Notification:
    return Notification(title="t", body="b", event=FILM, folder=FOLDER)


async def test_the_folder_goes_with_the_key_in_embys_own_header(
    notifier: EmbyNotifier, emby: FakeEmby
) -> None:
    delivery = await notifier.send(config_for(emby), told())
    assert emby.last.json == {"Updates": [{"Path": FOLDER, "UpdateType": "Created"}]}
    assert emby.last.headers["X-Emby-Token"] == EMBY_KEY
    assert str(delivery.detail) == f"Emby was told to look at {FOLDER}."


async def test_a_wrong_key_stops_the_service(notifier: EmbyNotifier, emby: FakeEmby) -> None:
    with pytest.raises(AuthFailed, match="Emby does not accept this API key"):
        await notifier.send(config_for(emby, key="wrong"), told())


async def test_a_refused_folder_names_the_mapping_of_emby(notifier: EmbyNotifier, server: FakeServer) -> None:
    server.answer(Reply(status=400, body=b"Value cannot be null."))
    with pytest.raises(Permanent, match="add a path mapping for emby"):
        await notifier.send(config_for(server), told())


async def test_a_test_passes_and_tells_a_jellyfin_apart(notifier: EmbyNotifier, emby: FakeEmby) -> None:
    steps = await notifier.test(config_for(emby))
    assert [step.ok for step in steps] == [True] * 4
    assert str(steps[0].detail).startswith("Emby 4.9.1.90 answers as Living room")
    async with FakeJellyfin() as jellyfin:
        (step,) = await notifier.test(config_for(jellyfin))
    assert str(step.detail).endswith("is Jellyfin, not Emby. Enter it under Jellyfin.")


async def test_what_came_is_seen_and_linked(notifier: EmbyNotifier, emby: FakeEmby) -> None:
    config = config_for(emby)
    emby.on_disk = [film("Heat", f"{FOLDER}/Heat.mkv", year=1995, tmdb="949")]
    assert await notifier.sighting(config, FILM, folder=FOLDER) is None
    await notifier.send(config, told())
    seen = await notifier.sighting(config, FILM, folder=FOLDER)
    assert seen is not None
    item = emby._all()[0]
    assert seen.link == f"{emby.url}/web/index.html#!/item?id={item['Id']}&serverId={JELLYFIN_ID}"
    assert await notifier.films(config) == (KnownFilm(folder=FOLDER, tmdb_id=949),)
    assert await notifier.locations(config) == ("/movies", "/tv", "/music")


async def test_an_episode_is_found_in_its_series(notifier: EmbyNotifier, emby: FakeEmby) -> None:
    event = MediaEvent(
        source="sonarr",
        kind=MediaKind.EPISODE,
        action=Action.UPGRADED,
        title="Lost",
        folder="/tv/Lost",
        files=("Season 1/e1.mkv",),
    )
    emby.known = [episode("Lost", "/tv/Lost/Season 1/e1.mkv", season=1, number=1)]
    emby.known += [episode("Soap", f"/tv/Soap/S/e{n}.mkv", season=1, number=n) for n in range(300)]
    assert await notifier.sighting(config_for(emby), event, folder="/tv/Lost") is not None
