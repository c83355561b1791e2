"""A grab is shown on the screen where just that plays, and does nothing anywhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import AuthFailed, NothingToDo
from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind
from metarr_desktop.domain.notification import Notification
from metarr_desktop.services.declaration import Group, Member
from metarr_desktop.services.kodi import SERVICE, KodiConfig, KodiNotifier
from tests.fakes import FakeClock, tools
from tests.fakes_http import DROP, HANG, FakeServer, Reply, unused_port
from tests.fakes_kodi import PASSWORD, Kodi

if TYPE_CHECKING:
    from metarr_desktop.services.declaration import Delivery
    from metarr_desktop.services.http import Http

VIDEO = {"playerid": 1, "playertype": "internal", "type": "video"}
AUDIO = {"playerid": 0, "playertype": "internal", "type": "audio"}
MATRIX = {
    "type": "movie",
    "title": "The Matrix",
    "year": 1999,
    "uniqueid": {"tmdb": "603", "imdb": "tt0133093"},
    "file": "smb://nas/films/The Matrix (1999)/x.mkv",
}


class Living:
    """A room with a Kodi that may play."""

    def __init__(self, server: FakeServer, http: Http) -> None:
        self.kodi = Kodi()
        server.respond = self.kodi
        self.port = server.port
        self.notifier = KodiNotifier(tools(http, FakeClock()))

    async def grab(
        self, *, password: str = PASSWORD, others: tuple[str, ...] = (), folder: str = "", **changes: Any
    ) -> Delivery:
        values: dict[str, Any] = {
            "source": "radarr",
            "kind": MediaKind.MOVIE,
            "action": Action.GRABBED,
            "title": "The Matrix",
            "year": 1999,
            "folder": folder,
            "quality": "Bluray-2160p",
            "instance": "Radarr 4K",
        }
        event = MediaEvent(**(values | changes))
        configs = [
            KodiConfig(host="127.0.0.1", port=self.port, password=SecretStr(each))
            for each in (*others, password)
        ]
        told = Notification(title=event.display_title, body="Grabbed", event=event, folder=folder or None)
        members = [Member(id=n, name=f"Kodi {n}", config=config) for n, config in enumerate(configs)]
        group = Group(name="Default", members=tuple(members))
        return await self.notifier.send(group, told)

    def plays(self, item: dict[str, Any]) -> None:
        self.kodi.playing, self.kodi.item = [AUDIO, VIDEO], item

    @property
    def shown(self) -> list[dict[str, Any]]:
        assert not {"VideoLibrary.Scan", "AudioLibrary.Scan"} & set(self.kodi.methods)
        return self.kodi.params("GUI.ShowNotification")


@pytest.fixture
def living(server: FakeServer, http: Http) -> Living:
    return Living(server, http)


async def test_the_film_that_plays_gets_its_hint(living: Living) -> None:
    living.plays(MATRIX)
    delivery = await living.grab(tmdb_id=603)
    assert living.shown == [
        {
            "title": "Upgrade downloading: The Matrix (1999)",
            "message": "Bluray-2160p, grabbed by Radarr 4K",
            "image": "info",
            "displaytime": 8000,
        }
    ]
    assert str(delivery.detail) == "Kodi shows that The Matrix (1999) is downloading."
    assert living.kodi.params("Player.GetItem")[0]["playerid"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"imdb_id": "tt0133093"},
        {"title": "Matrix, The", "tmdb_id": 603},
        {"title": "THE MATRIX"},
        {"year": None},
        {"title": "Other", "folder": "smb://nas/films/The Matrix (1999)"},
    ],
)
async def test_a_film_is_known_by_an_id_its_name_or_its_folder(
    living: Living, changes: dict[str, Any]
) -> None:
    living.plays(MATRIX)
    await living.grab(**changes)
    assert len(living.shown) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"tmdb_id": 604},
        {"imdb_id": "tt9"},
        {"year": 2003},
        {"title": "The Matrix Reloaded"},
        {"title": "Other", "folder": "smb://nas/films/The Matrix (1999) Extras"},
        {"kind": MediaKind.EPISODE},
        {"kind": MediaKind.ALBUM},
    ],
)
async def test_another_film_gets_none(living: Living, changes: dict[str, Any]) -> None:
    living.plays(MATRIX)
    with pytest.raises(NothingToDo, match="is not being played"):
        await living.grab(**changes)
    assert living.shown == []


EPISODE = {
    "type": "episode",
    "title": "Strange Dogs",
    "showtitle": "The Expanse",
    "season": 6,
    "episode": 1,
    "uniqueid": {"tvdb": "280619"},
    "file": "/tv/The Expanse/Season 06/x.mkv",
}


SERIES: dict[str, Any] = {"kind": MediaKind.EPISODE, "title": "The Expanse", "season": 6, "episodes": (1, 2)}


async def test_the_episode_that_plays_gets_the_hint(living: Living) -> None:
    living.plays(EPISODE)
    await living.grab(**SERIES)
    await living.grab(**SERIES | {"title": "Expanse"}, folder="/tv/The Expanse")
    assert [shown["title"] for shown in living.shown] == [
        "Upgrade downloading: The Expanse S06E01-E02",
        "Upgrade downloading: Expanse S06E01-E02",
    ]
    with pytest.raises(NothingToDo):
        # The number is the episode's in Kodi and the series' in the event: it proves nothing.
        await living.grab(**SERIES | {"title": "Severance", "tvdb_id": 280619})


@pytest.mark.parametrize("changes", [{"episodes": (4,)}, {"season": 5}])
async def test_another_episode_of_the_series_gets_none(living: Living, changes: dict[str, Any]) -> None:
    living.plays(EPISODE)
    for folder in ("", "/tv/The Expanse"):
        with pytest.raises(NothingToDo):
            await living.grab(**SERIES | changes, folder=folder)
    assert living.shown == []


@pytest.mark.parametrize(
    ("unknown", "changes"),
    [
        ({"season": -1, "episode": -1}, {}),
        ({"episode": None}, {}),
        ({"season": "6"}, {}),
        ({}, {"season": None, "episodes": ()}),
        ({}, {"episodes": ()}),
    ],
)
async def test_an_episode_without_numbers_may_be_it(
    living: Living, unknown: dict[str, Any], changes: dict[str, Any]
) -> None:
    living.plays({**EPISODE, **unknown})
    await living.grab(**SERIES | changes)
    assert len(living.shown) == 1


@pytest.mark.parametrize(
    "item", [{}, {"title": 5, "file": None, "uniqueid": []}, {"label": "x", "title": ""}]
)
async def test_an_item_without_names_is_not_it(living: Living, item: dict[str, Any]) -> None:
    living.plays(item)
    cases: tuple[dict[str, Any], ...] = ({}, {"title": ""}, {"kind": MediaKind.EPISODE, "title": ""})
    for changes in cases:
        with pytest.raises(NothingToDo):
            await living.grab(**changes)


async def test_nothing_plays_or_only_music(living: Living) -> None:
    for playing in ([], [AUDIO]):
        living.kodi.playing, living.kodi.item = playing, MATRIX
        with pytest.raises(NothingToDo, match=r"^The Matrix \(1999\) is not being played\.$"):
            await living.grab()
    assert "Player.GetItem" not in living.kodi.methods


async def test_a_kodi_that_is_off_is_no_error(living: Living, server: FakeServer) -> None:
    for fault in (HANG, DROP):
        server.respond = lambda _request, fault=fault: Reply(fault=fault)
        with pytest.raises(NothingToDo, match="Kodi does not answer"):
            await living.grab()
    living.port = await unused_port()
    with pytest.raises(NothingToDo, match="Kodi does not answer"):
        await living.grab()


async def test_a_wrong_password_is_one(living: Living) -> None:
    with pytest.raises(AuthFailed):
        await living.grab(password="wrong")


async def test_a_wrong_password_of_one_player_stops_no_group_that_has_another(living: Living) -> None:
    """A rejected key stops the lane, and with it the scans that the other player could do."""
    with pytest.raises(NothingToDo, match="is not being played"):
        await living.grab(others=("wrong",))
    living.plays(MATRIX)
    await living.grab(others=("wrong",), tmdb_id=603)
    assert len(living.shown) == 1


@pytest.mark.parametrize("result", [5, None, [None], [{"playerid": "x", "type": "video"}], {"item": []}])
async def test_odd_answers_never_end_in_a_traceback(
    living: Living, server: FakeServer, result: object
) -> None:
    server.respond = lambda request: Reply.of_json({"id": request.json["id"], "result": result})
    with pytest.raises(NothingToDo):
        await living.grab()


async def test_a_title_without_end_and_with_control_characters_is_made_to_fit(living: Living) -> None:
    title = "Matrix\r\n\x1b" * 300
    living.plays({"title": title, "year": 1999})
    await living.grab(title=title, quality="x" * 5_000)
    (shown,) = living.shown
    assert len(shown["title"]) <= 60
    assert len(shown["message"]) <= 200
    assert "\n" not in shown["title"]


def test_kodi_takes_grabs_by_itself() -> None:
    assert EventKind.GRABBED in SERVICE.events.default <= SERVICE.events.takes
