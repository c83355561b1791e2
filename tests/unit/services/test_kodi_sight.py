"""What Kodi is asked about its library: what arrived, where it looks, and which films it has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import AuthFailed, MetarrError, Transient
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.services.declaration import Group, Member
from metarr_desktop.services.kodi import KodiConfig, KodiNotifier
from tests.fakes import FakeClock, tools
from tests.fakes_http import FakeServer, Reply, unused_port
from tests.fakes_kodi import FILE, FOLDER, PASSWORD, Kodi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from metarr_desktop.services.http import Http

TV = "/tv/Severance/"
MATRIX = MediaEvent(
    source="radarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="The Matrix",
    year=1999,
    folder="/data/x",
    tmdb_id=603,
    files=("The Matrix (1999).mkv",),
)
SEVERANCE = MediaEvent(
    source="sonarr",
    kind=MediaKind.EPISODE,
    action=Action.IMPORTED,
    title="Severance",
    folder="/data/s",
    season=1,
    episodes=(1, 2),
    files=("Season 01/S01E01.mkv", "Season 01/S01E02.mkv"),
)
AIR = replace(MATRIX, kind=MediaKind.ALBUM, title="Air", album="Moon Safari", files=("Moon Safari/1.mp3",))


class Asked:
    """One household whose first player may be off."""

    def __init__(self, server: FakeServer, http: Http) -> None:
        self.server = server
        self.kodi = Kodi()
        server.respond = self.kodi
        self.notifier = KodiNotifier(tools(http, FakeClock()))
        self.ports = [server.port]
        self.password = PASSWORD

    @property
    def group(self) -> Group:
        configs = [
            KodiConfig(host="127.0.0.1", port=port, ws_port=0, password=SecretStr(self.password))
            for port in self.ports
        ]
        members = [Member(id=n, name=f"Room {n}", config=config) for n, config in enumerate(configs)]
        return Group(name="Home", members=tuple(members))

    async def sees(self, event: MediaEvent, folder: str = FOLDER) -> str:
        found = await self.notifier.sighting(self.group, event, folder=folder)
        return "" if found is None else str(found.detail)


@pytest.fixture
def asked(server: FakeServer, http: Http) -> Iterator[Asked]:
    made = Asked(server, http)
    yield made
    assert made.kodi.complaints == []


async def test_a_film_is_seen_at_its_place(asked: Asked) -> None:
    assert await asked.sees(MATRIX) == ""
    asked.kodi.add_film(FILE)
    assert await asked.sees(MATRIX, FOLDER.rstrip("/")) == "The Matrix (1999) is in the library of Room 0."
    assert await asked.sees(replace(MATRIX, files=())) != ""


async def test_an_older_copy_is_no_proof(asked: Asked) -> None:
    asked.kodi.add_film(FOLDER + "old.mkv", uniqueid={"tmdb": "603"}, title="The Matrix")
    asked.kodi.add_film("/elsewhere/The Matrix.avi", uniqueid={"tmdb": "603"}, title="The Matrix")
    assert await asked.sees(MATRIX) == ""


async def test_a_film_in_a_folder_written_in_another_way_is_known_by_its_numbers(asked: Asked) -> None:
    asked.kodi.add_film("smb://nas/m/x/The Matrix (1999).mkv", uniqueid={"tmdb": "604"})
    assert await asked.sees(MATRIX) == ""
    asked.kodi.add_film("smb://nas/m/y/The Matrix (1999).mkv", uniqueid={"tmdb": "603"})
    assert "written in another way" in await asked.sees(MATRIX)
    asked.kodi.add_film("smb://nas/m/z/a.mkv", uniqueid={"tmdb": "7"}, title="Alien")
    alien = replace(MATRIX, title="Alien", tmdb_id=7, files=())
    assert await asked.sees(alien, "/movies/Alien/") != ""
    assert await asked.sees(replace(alien, tmdb_id=8), "/movies/Alien/") == ""
    assert await asked.sees(replace(alien, tmdb_id=None), "/movies/Alien/") == ""


async def test_a_stack_has_all_of_its_parts(asked: Asked) -> None:
    asked.kodi.add_film(f"stack://{FOLDER}cd1.mkv , {FOLDER}cd2.mkv")
    event = replace(MATRIX, files=("cd1.mkv", "cd2.mkv"))
    asked.server.respond = lambda request: Reply.of_json(
        {"id": request.json["id"], "result": {"movies": asked.kodi.films}}
    )
    assert await asked.sees(event) != ""
    assert await asked.sees(replace(event, files=("cd1.mkv", "cd3.mkv"))) == ""


async def test_every_episode_has_to_be_there(asked: Asked) -> None:
    asked.kodi.add_episode(TV + "Season 01/S01E01.mkv")
    assert await asked.sees(SEVERANCE, TV) == ""
    assert await asked.sees(replace(SEVERANCE, files=()), TV) == ""
    asked.kodi.add_episode(TV + "Season 01/S01E02.mkv")
    assert await asked.sees(SEVERANCE, TV) == "Severance S01E01-E02 is in the library of Room 0."
    assert await asked.sees(replace(SEVERANCE, files=()), TV) != ""
    assert "another way" in await asked.sees(SEVERANCE, "/series/Severance")


async def test_an_album_is_seen_by_its_place(asked: Asked) -> None:
    asked.kodi.songs = ["/music/Air/Talkie Walkie/2.mp3"]
    assert await asked.sees(AIR, "/music/Air") == ""
    asked.kodi.songs.append("/music/Air/Moon Safari/1.mp3")
    assert await asked.sees(AIR, "/music/Air") == "Air - Moon Safari (1999) is in the library of Room 0."
    assert await asked.sees(replace(AIR, files=()), "/music/Air") != ""


async def test_the_next_player_answers_where_the_first_is_off(asked: Asked) -> None:
    asked.kodi.add_film(FILE)
    asked.ports.insert(0, await unused_port())
    assert await asked.sees(MATRIX) == "The Matrix (1999) is in the library of Room 1."
    asked.ports.pop()
    with pytest.raises(Transient) as caught:
        await asked.sees(MATRIX)
    assert caught.value.connection
    asked.ports, asked.password = [asked.server.port], "wrong"
    with pytest.raises(AuthFailed):
        await asked.sees(MATRIX)


async def test_its_sources_are_told_without_passwords(asked: Asked) -> None:
    asked.kodi.sources = ["/movies/", "smb://ann:hush@nas/tv/"]
    assert await asked.notifier.locations(asked.group) == ("/movies/", "smb://nas/tv/")
    assert [each["media"] for each in asked.kodi.params("Files.GetSources")] == ["video", "music"]


async def test_its_films_come_a_page_at_a_time(asked: Asked) -> None:
    for number in range(2_500):
        asked.kodi.add_film(
            f"/movies/{number}/x.mkv", uniqueid={"tmdb": str(number)}, imdbnumber=f"tt{number}"
        )
    found = await asked.notifier.films(asked.group)
    assert len(found) == 2_500
    assert found[7] == KnownFilm(folder="/movies/7/", tmdb_id=7, imdb_id="tt7")
    assert [each["limits"]["start"] for each in asked.kodi.params("VideoLibrary.GetMovies")] == [
        0,
        1_000,
        2_000,
    ]


async def test_films_without_end_are_cut_off(asked: Asked) -> None:
    page = [{"movieid": n, "file": f"/m/{n}/x.mkv"} for n in range(1_000)]
    asked.server.respond = lambda request: Reply.of_json(
        {"id": request.json["id"], "result": {"movies": page}}
    )
    assert len(await asked.notifier.films(asked.group)) == 20_000


@pytest.mark.parametrize(
    "told",
    [
        5, {"movies": 5}, {"movies": [None, {"movieid": True}, {"movieid": 1}]}, {"songs": [{"file": 5}]},
        {"movies": [{"movieid": 1, "file": 5, "uniqueid": [], "resume": 5, "playcount": -1}]},
        {"movies": [{"movieid": 1, "file": "/m/x.mkv", "uniqueid": {"tmdb": "9" * 5_000, "imdb": 5}}]},
        {"episodes": [{"episodeid": 1, "season": None, "episode": "x"}]}, {"sources": [{"file": None}, 5]},
    ],
)  # fmt: skip
async def test_odd_answers_never_end_in_a_traceback(asked: Asked, told: Any) -> None:
    asked.server.respond = lambda request: Reply.of_json({"id": request.json["id"], "result": told})
    for event in (MATRIX, SEVERANCE, AIR, replace(MATRIX, files=())):
        assert await asked.sees(event) in {"", "The Matrix (1999) is in the library of Room 0."}
    try:
        await asked.notifier.films(asked.group)
        assert await asked.notifier.locations(asked.group) == ()
    except MetarrError as error:
        pytest.fail(str(error))


async def test_a_pack_of_very_many_files_is_asked_for_in_a_body_kodi_takes(asked: Asked) -> None:
    files = tuple(f'{n:03} {"x" * 200} "quoted".mkv' for n in range(300))
    assert await asked.sees(replace(SEVERANCE, files=files), TV) == ""
    assert max(len(request.body) for request in asked.server.requests) > 5_000
