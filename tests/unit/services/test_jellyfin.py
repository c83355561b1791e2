from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import (
    AuthFailed,
    NothingToDo,
    Permanent,
    RateLimited,
    Transient,
)
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.domain.notification import Notification
from metarr_desktop.services.answer import TooLarge
from metarr_desktop.services.http import Http, Limits
from metarr_desktop.services.jellyfin import SERVICE, JellyfinConfig, JellyfinNotifier
from tests.fake_media_servers import JELLYFIN_KEY, FakeEmby, FakeJellyfin, Title, episode, film, track
from tests.fakes import FakeClock, MemoryNotes, tools
from tests.fakes_http import CUT_OFF, DROP, HANG, FakeServer, Recorded, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Make = Callable[..., Notification]

FOLDER = '/movies/Amélie & Co #1 +100% ;=? "x" (2001)'
FILE = f"{FOLDER}/Amélie.mkv"
FILM = MediaEvent(
    source="radarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="Amélie",
    year=2001,
    folder=FOLDER,
    files=("Amélie.mkv",),
    tmdb_id=194,
    imdb_id="tt0211915",
)
EPISODES = MediaEvent(
    source="sonarr",
    kind=MediaKind.EPISODE,
    action=Action.IMPORTED,
    title="Lost",
    folder="/tv/Lost",
    files=("Season 1/e1.mkv", "Season 1/e2.mkv"),
    season=1,
    episodes=(1, 2),
    tvdb_id=73739,
)
ALBUM = MediaEvent(
    source="lidarr",
    kind=MediaKind.ALBUM,
    action=Action.IMPORTED,
    title="Radiohead",
    album="Kid A",
    folder="/music/Radiohead",
)


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    """Give long lists more time than the others need."""
    made = Http(lan=Limits(connect=2, total=1.5, slow=10))
    yield made
    await made.close()


@pytest.fixture
async def jellyfin(clock: FakeClock) -> AsyncIterator[FakeJellyfin]:
    async with FakeJellyfin(now=clock.monotonic) as running:
        yield running


@pytest.fixture
def notifier(http: Http, clock: FakeClock, notes: MemoryNotes) -> JellyfinNotifier:
    return JellyfinNotifier(tools(http, clock, notes=notes))


def config_for(server: FakeServer, *, key: str = JELLYFIN_KEY, base: str = "") -> JellyfinConfig:
    return JellyfinConfig(url=server.url + base, api_key=SecretStr(key))


def told(event: MediaEvent, *, folder: str | None = None) -> Notification:
    return Notification(title="t", body="b", event=event, folder=event.folder if folder is None else folder)


def updates(server: FakeJellyfin) -> list[tuple[str, str]]:
    sent = [each for each in server.requests if each.method == "POST"]
    return [(each["Path"], each["UpdateType"]) for request in sent for each in request.json["Updates"]]


# --- Telling it where to look ---


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ([Action.DELETED, Action.UPGRADED], [(FOLDER, "Modified"), ("/movies", "Modified")]),
        ([Action.IMPORTED, Action.DELETED], [(FOLDER, "Modified"), ("/movies", "Modified")]),
        ([Action.IMPORTED, Action.IMPORTED], [(FOLDER, "Created")]),
    ],
)
async def test_what_goes_together_asks_for_what_each_of_it_asks_for(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin, actions: list[Action], expected: list[tuple[str, str]]
) -> None:
    events = tuple(replace(FILM, action=action) for action in actions)
    await notifier.send(config_for(jellyfin), replace(told(events[0]), events=events))
    assert updates(jellyfin) == expected


async def test_a_film_is_one_request_for_its_folder(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    delivery = await notifier.send(config_for(jellyfin), told(FILM, folder=FOLDER + "/"))
    assert len(jellyfin.requests) == 1
    assert updates(jellyfin) == [(FOLDER, "Created")]
    assert str(delivery.detail) == f"Jellyfin was told to look at {FOLDER}."
    assert not delivery.warnings


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (replace(FILM, action=Action.UPGRADED), [(FOLDER, "Modified")]),
        (replace(FILM, action=Action.SCANNED), [(FOLDER, "Modified")]),
        (replace(FILM, action=Action.DELETED), [(FOLDER, "Deleted"), ("/movies", "Modified")]),
        (replace(FILM, action=Action.RENAMED), [(FOLDER, "Modified"), ("/movies", "Modified")]),
        (replace(EPISODES, action=Action.DELETED, old_files=("a.mkv",)), [("/tv/Lost", "Deleted")]),
        (replace(EPISODES, action=Action.DELETED), [("/tv/Lost", "Deleted"), ("/tv", "Modified")]),
        (ALBUM, [("/music/Radiohead", "Created")]),
    ],
)
async def test_what_is_gone_or_moved_names_the_folder_above_too(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin, event: MediaEvent, expected: list[tuple[str, str]]
) -> None:
    await notifier.send(config_for(jellyfin), told(event))
    assert updates(jellyfin) == expected


async def test_of_a_folder_at_the_root_nothing_above_is_named(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    await notifier.send(config_for(jellyfin), told(replace(FILM, action=Action.DELETED), folder="/movies"))
    assert updates(jellyfin) == [("/movies", "Deleted")]


@pytest.mark.parametrize(
    "event",
    [
        replace(FILM, kind=MediaKind.BOOK),
        replace(FILM, action=Action.GRABBED),
        Notice(source="radarr", kind=NoticeKind.HEALTH, message="x"),
    ],
)
async def test_what_changes_no_library_is_not_sent(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin, event: Any
) -> None:
    with pytest.raises(NothingToDo):
        await notifier.send(
            config_for(jellyfin), Notification(title="t", body="b", event=event, folder=FOLDER)
        )
    assert not jellyfin.requests


@pytest.mark.parametrize(
    ("folder", "complaint"),
    [
        (None, "the webhook names no folder"),
        ("  ", "the webhook names no folder"),
        ("/movies/\ud800", "the folder's name is not valid text"),
        ("/movies/" + "x" * 9000, "the folder's path is too long"),
    ],
)
async def test_without_a_usable_folder_nothing_is_sent(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin, folder: str | None, complaint: str
) -> None:
    with pytest.raises(Permanent, match=complaint):
        await notifier.send(
            config_for(jellyfin), Notification(title="t", body="b", event=FILM, folder=folder)
        )
    assert not jellyfin.requests


async def test_our_id_is_made_once_and_survives_a_restart(
    http: Http, clock: FakeClock, notes: MemoryNotes, jellyfin: FakeJellyfin
) -> None:
    for _ in range(2):
        notifier = JellyfinNotifier(tools(http, clock, notes=notes))
        config = config_for(jellyfin)
        await asyncio.gather(*(notifier.send(config, told(FILM)) for _ in range(3)))
    assert len(jellyfin.devices) == 1
    assert notes.kept["device"]["id"] in jellyfin.devices


async def test_a_damaged_note_is_made_anew(
    notifier: JellyfinNotifier, notes: MemoryNotes, jellyfin: FakeJellyfin
) -> None:
    notes.kept["device"] = {"id": 'x", Token="y'}
    await notifier.send(config_for(jellyfin), told(FILM))
    assert notes.kept["device"]["id"] in jellyfin.devices


async def test_a_key_of_odd_signs_arrives_as_it_is(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    jellyfin.key = 'a"b,c=d~e%41+f'
    await notifier.send(config_for(jellyfin, key=jellyfin.key), told(FILM))
    assert updates(jellyfin)


async def test_a_base_path_stands_before_every_address(
    notifier: JellyfinNotifier, server: FakeServer
) -> None:
    server.answer(Reply(status=204))
    await notifier.send(config_for(server, base="/jellyfin"), told(FILM))
    assert server.last.path == "/jellyfin/Library/Media/Updated"


# --- Refusals ---


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (Reply(status=401), AuthFailed, "Key rejected: Jellyfin does not accept this API key"),
        (Reply(status=403), AuthFailed, "Key rejected: this key is not an administrator's"),
        (
            Reply(status=400, body=b"Error processing request."),
            Permanent,
            r"refused it \(HTTP 400\): Error processing request\. Check that .* path mapping for jellyfin",
        ),
        (
            Reply.of_json({"title": "One or more validation errors occurred.", "status": 400}, status=400),
            Permanent,
            r"\(HTTP 400\): One or more validation errors occurred\. Check",
        ),
        (Reply(status=404), Permanent, r"has nothing at this address \(HTTP 404\)\. Check the address"),
        (Reply(status=415), Permanent, "HTTP 415"),
        (Reply(status=413), Permanent, "HTTP 413"),
        (Reply(status=500), Transient, "HTTP 500"),
        (Reply(status=502, body=b"<html>bad gateway</html>"), Transient, "HTTP 502"),
        (Reply(status=301, headers={"Location": "https://nas/x?token=1"}), Permanent, "redirects to https"),
        (Reply.of_html("<html>Log in</html>"), Transient, "was not understood"),
        (Reply.of_html("\n <!DOCTYPE html>"), Transient, "was not understood"),
        (Reply(body=b"{}"), Transient, "was not understood"),
        (Reply(fault=HANG), Transient, "Timed out"),
        (Reply(fault=DROP), Transient, "connection"),
        (Reply(fault=CUT_OFF), Transient, "cut off"),
        (Reply(body=b"x" * (6 * 1024 * 1024)), TooLarge, "larger than 5 MB"),
    ],
)
async def test_every_answer_has_its_meaning(
    notifier: JellyfinNotifier, server: FakeServer, reply: Reply, error: type[Exception], words: str
) -> None:
    server.answer(reply)
    with pytest.raises(error, match=words) as caught:
        await notifier.send(config_for(server), told(FILM))
    assert len(server.requests) == 1
    assert JELLYFIN_KEY not in repr(caught.value)


async def test_a_server_that_starts_is_left_alone_longer_each_time(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    config, waits = config_for(jellyfin), []
    jellyfin.starting = True
    for _ in range(9):
        with pytest.raises(RateLimited, match="is starting, or under maintenance") as caught:
            await notifier.send(config, told(FILM))
        waits.append(caught.value.retry_after.total_seconds())
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    jellyfin.starting = False
    await notifier.send(config, told(FILM))
    jellyfin.starting = True
    with pytest.raises(RateLimited) as caught:
        await notifier.send(config, told(FILM))
    assert caught.value.retry_after == timedelta(seconds=5)


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (503, {}, 15),
        (503, {"Retry-After": "7.5"}, 7.5),
        (503, {"Retry-After": "3600"}, 3600),
        (429, {"Retry-After": "9"}, 9),
        (429, {"Retry-After": "nonsense"}, 30),
        (429, {"Retry-After": "Tue, 24 Nov 2026 12:00:50 GMT"}, 50),
    ],
)
async def test_it_is_asked_again_when_it_said(
    notifier: JellyfinNotifier, server: FakeServer, status: int, headers: dict[str, str], seconds: float
) -> None:
    server.answer(Reply(status=status, headers=headers))
    with pytest.raises(RateLimited) as caught:
        await notifier.send(config_for(server), told(FILM))
    assert caught.value.retry_after.total_seconds() == seconds


async def test_a_redirect_does_not_take_the_key_along(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin, server: FakeServer
) -> None:
    server.respond = lambda request: Reply(status=302, headers={"Location": jellyfin.url + request.path})
    with pytest.raises(Permanent, match="Wrong address: it redirects"):
        await notifier.locations(config_for(server))
    assert not jellyfin.requests


# --- Test ---


async def test_a_test_goes_through_four_steps_and_changes_nothing(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    steps = await notifier.test(config_for(jellyfin))
    assert [(str(step.name), step.ok) for step in steps] == [
        ("Connection", True),
        ("Key", True),
        ("Permission", True),
        ("Folders", True),
    ]
    assert str(steps[0].detail) == "Jellyfin 12.0.0 answers as Living room after 0 ms."
    assert str(steps[3].detail) == "Libraries: Films (/movies), Series (/tv), Music (/music)"
    assert {request.method for request in jellyfin.requests} == {"GET"}


async def test_a_wrong_key_and_a_key_without_rights_each_stop_at_their_step(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    steps = await notifier.test(config_for(jellyfin, key="wrong"))
    assert [step.ok for step in steps] == [True, False]
    assert "does not accept this API key" in str(steps[-1].detail)
    jellyfin.is_admin = False
    steps = await notifier.test(config_for(jellyfin))
    assert [step.ok for step in steps] == [True, True, False]
    assert "not an administrator's" in str(steps[-1].detail)


async def test_an_emby_in_its_place_is_told_apart(notifier: JellyfinNotifier) -> None:
    async with FakeEmby() as emby:
        (step,) = await notifier.test(config_for(emby))
    assert str(step.detail).endswith("is Emby, not Jellyfin. Enter it under Emby.")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply.of_json({"hello": 1}), "is not Jellyfin. Check the address."),
        (Reply.of_json([]), "is not Jellyfin. Check the address."),
        (Reply.of_json({"Version": 12, "Id": None}), "is not Jellyfin. Check the address."),
        (Reply.of_html("<html>router</html>"), "was not understood"),
        (Reply(body=b"[" * 100_000), "was not understood"),
        (Reply(status=404), "Check the address: Jellyfin may have a base URL"),
        (
            Reply.of_json(
                {
                    "Version": "12",
                    "Id": "1",
                    "ProductName": "Jellyfin Server",
                    "StartupWizardCompleted": False,
                }
            ),
            "is not set up yet",
        ),
    ],
)
async def test_what_is_not_a_jellyfin_is_named(
    notifier: JellyfinNotifier, server: FakeServer, reply: Reply, words: str
) -> None:
    server.answer(reply)
    (step,) = await notifier.test(config_for(server))
    assert not step.ok
    assert words in str(step.detail)


async def test_a_jellyfin_without_libraries_says_so(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    jellyfin.libraries = []
    steps = await notifier.test(config_for(jellyfin))
    assert str(steps[-1].detail) == "Jellyfin has no library yet. Add one there."


# --- Whether it arrived ---


async def test_a_film_is_seen_after_the_refresh_and_not_before(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin, clock: FakeClock
) -> None:
    config = config_for(jellyfin)
    jellyfin.delay = 60
    jellyfin.on_disk = [film("Amélie", FILE, year=2001, tmdb="194")]
    await notifier.send(config, told(FILM))
    assert await notifier.sighting(config, FILM, folder=FOLDER) is None
    clock.advance(61)
    seen = await notifier.sighting(config, FILM, folder=FOLDER)
    assert seen is not None
    assert str(seen.detail) == "Jellyfin has Amélie."
    assert seen.link is not None
    assert seen.link.startswith(f"{jellyfin.url}/web/#/details?id=")


async def test_a_folder_outside_every_library_is_never_seen(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    event = replace(FILM, folder="/other/Amélie (2001)")
    jellyfin.on_disk = [film("Amélie", f"{event.folder}/Amélie.mkv", year=2001)]
    await notifier.send(config_for(jellyfin), told(event))
    assert await notifier.sighting(config_for(jellyfin), event, folder=event.folder) is None


async def test_a_film_in_a_library_of_mixed_content_is_seen(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    jellyfin.known = [Title(kind="video", name="Amélie", files=[FILE])]
    assert await notifier.sighting(config_for(jellyfin), FILM, folder=FOLDER) is not None


async def test_an_older_copy_is_no_proof(notifier: JellyfinNotifier, jellyfin: FakeJellyfin) -> None:
    config = config_for(jellyfin)
    jellyfin.known = [
        film("Amélie", f"{FOLDER}/old.mkv", year=2001, tmdb="194"),
        film("Amélie", "/movies/4K/Amélie.mkv", year=2001, tmdb="194"),
    ]
    assert await notifier.sighting(config, FILM, folder=FOLDER) is None
    jellyfin.known[0].files.append(FILE)
    assert await notifier.sighting(config, FILM, folder=FOLDER) is not None


async def test_the_same_file_under_another_path_names_the_missing_mapping(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    elsewhere = FILE.replace("/movies/", "/media/films/")
    jellyfin.libraries[0].locations = ["/media/films"]
    jellyfin.known = [film("Amélie", elsewhere, year=2001, imdb="tt0211915")]
    seen = await notifier.sighting(config_for(jellyfin), FILM, folder=FOLDER)
    assert seen is not None
    assert str(seen.detail) == f"Jellyfin has Amélie, but as {elsewhere}. Add a path mapping for jellyfin."


async def test_a_copy_of_the_same_name_in_another_library_is_no_proof(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    jellyfin.libraries[0].locations = ["/movies", "/movies4k"]
    jellyfin.known = [film("Amélie", FILE.replace("/movies/", "/movies4k/"), year=2001, tmdb="194")]
    assert await notifier.sighting(config_for(jellyfin), FILM, folder=FOLDER) is None


async def test_a_film_among_many_is_found_by_its_year_or_its_title(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    # It is the oldest, as an upgraded film is.
    jellyfin.known = [film("Amélie", FILE, year=2002)]
    jellyfin.known += [film(f"F{n}", f"/movies/F{n}/f.mkv", year=1980 + n % 40) for n in range(1300)]
    config = config_for(jellyfin)
    assert await notifier.sighting(config, FILM, folder=FOLDER) is not None
    assert await notifier.sighting(config, replace(FILM, year=None), folder=FOLDER) is not None


async def test_what_comes_with_its_files_is_read_in_small_pages(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    jellyfin.known = [film(f"F{n}", f"/movies/F{n}/f.mkv", year=2001) for n in range(300)]
    await notifier.sighting(config_for(jellyfin), FILM, folder=FOLDER)
    limits = {int(each.query["limit"]) for each in jellyfin.requests if each.path == "/Items"}
    assert max(limits) <= 100


async def test_every_episode_has_to_be_there(notifier: JellyfinNotifier, jellyfin: FakeJellyfin) -> None:
    config = config_for(jellyfin)
    first, second = (
        episode("Lost", f"/tv/Lost/Season 1/e{n}.mkv", season=1, number=n, tvdb="73739") for n in (1, 2)
    )
    jellyfin.known = [first]
    assert await notifier.sighting(config, EPISODES, folder="/tv/Lost") is None
    jellyfin.known += [second]
    seen = await notifier.sighting(config, EPISODES, folder="/tv/Lost")
    assert seen is not None
    series = next(each for each in jellyfin._all() if each["Type"] == "Series")
    assert seen.link == f"{jellyfin.url}/web/#/details?id={series['Id']}"


async def test_an_old_episode_is_found_in_its_series(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    jellyfin.known = [
        episode("Lost", f"/tv/Lost/Season 1/e{n}.mkv", season=1, number=n, tvdb="73739") for n in (1, 2)
    ] + [episode("Soap", f"/tv/Soap/Season 1/e{n}.mkv", season=1, number=n) for n in range(700)]
    assert await notifier.sighting(config_for(jellyfin), EPISODES, folder="/tv/Lost") is not None


async def test_without_file_names_episodes_and_albums_go_by_numbers_and_names(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    config, event = config_for(jellyfin), replace(EPISODES, files=())
    jellyfin.known = [episode("Lost", "/tv/Lost/Season 1/e1.mkv", season=1, number=1)]
    jellyfin.known += [track("Radiohead", "OK Computer", "/music/Radiohead/OK Computer/1.flac")]
    assert await notifier.sighting(config, event, folder="/tv/Lost") is None
    assert await notifier.sighting(config, ALBUM, folder="/music/Radiohead") is None
    jellyfin.known += [episode("Lost", "/tv/Lost/Season 1/e2.mkv", season=1, number=2)]
    jellyfin.known += [track("Radiohead", "Kid A", "/music/Radiohead/Kid A/1.flac")]
    assert await notifier.sighting(config, event, folder="/tv/Lost") is not None
    assert await notifier.sighting(config, ALBUM, folder="/music/Radiohead") is not None


async def test_an_old_album_is_found_by_its_name(notifier: JellyfinNotifier, jellyfin: FakeJellyfin) -> None:
    jellyfin.known = [track("Radiohead", "Kid A", "/music/Radiohead/Kid A/1.flac")]
    jellyfin.known += [track("B", f"A{n}", f"/music/B/A{n}/1.flac") for n in range(300)]
    event = replace(ALBUM, files=("Kid A/1.flac",))
    assert await notifier.sighting(config_for(jellyfin), event, folder="/music/Radiohead") is not None


async def test_a_sighting_raises_where_it_cannot_be_asked(
    notifier: JellyfinNotifier, jellyfin: FakeJellyfin
) -> None:
    with pytest.raises(AuthFailed):
        await notifier.sighting(config_for(jellyfin, key="wrong"), FILM, folder=FOLDER)


# --- What it has ---


async def test_its_folders_and_films_are_told(notifier: JellyfinNotifier, jellyfin: FakeJellyfin) -> None:
    jellyfin.libraries[0].locations = ["/movies", "/tv"]
    jellyfin.known = [
        film("Amélie", FILE, year=2001, tmdb="194", imdb="tt0211915"),
        Title(name="Disc", files=["/movies/Disc/Disc.iso"], ids={"tmdb": "no number"}),
        film("Loose", "/loose.mkv"),
    ]
    config = config_for(jellyfin)
    assert await notifier.locations(config) == ("/movies", "/tv", "/music")
    assert await notifier.films(config) == (
        KnownFilm(folder=FOLDER, tmdb_id=194, imdb_id="tt0211915"),
        KnownFilm(folder="/movies/Disc"),
    )


async def test_films_come_in_pages(notifier: JellyfinNotifier, jellyfin: FakeJellyfin) -> None:
    jellyfin.known = [film(f"F{n}", f"/movies/F{n}/f.mkv", tmdb=str(n)) for n in range(1203)]
    films = await notifier.films(config_for(jellyfin))
    assert [each.tmdb_id for each in films] == list(range(1203))
    assert len(jellyfin.requests) == 3


async def test_a_list_without_end_stops_at_twenty_thousand(
    notifier: JellyfinNotifier, server: FakeServer
) -> None:
    def endless(request: Recorded) -> Reply:
        page = [{"Path": "/m/a/b.mkv"}] * 5000
        return Reply.of_json({"Items": page, "TotalRecordCount": 10**30})

    server.respond = endless
    assert len(await notifier.films(config_for(server))) == 20_000
    assert len(server.requests) == 40


@pytest.mark.parametrize(
    "listed",
    [
        None,
        {"Path": 7, "ProviderIds": [], "MediaSources": "x", "Name": None},
        {"Path": "/movies/\ud800/x.mkv", "ProviderIds": {"Tmdb": 5, "Imdb": None}},
        {"Path": "", "ProviderIds": {"Tmdb": "9" * 5000}, "MediaSources": [None, {"Path": {}}]},
        {"Path": "..", "ProviderIds": {"Tmdb": "-1"}, "IndexNumber": 10**400, "IndexNumberEnd": "x"},
        {"Path": True, "ParentIndexNumber": [], "IndexNumber": True},
    ],
)
async def test_a_listing_of_nonsense_harms_nothing(
    notifier: JellyfinNotifier, server: FakeServer, listed: object
) -> None:
    server.respond = lambda _request: Reply.of_json({"Items": [listed, 1, "x", []]})
    config = config_for(server)
    assert not await notifier.films(config)
    for event, folder in ((FILM, FOLDER), (EPISODES, "/tv/Lost"), (ALBUM, "/music/Radiohead")):
        assert await notifier.sighting(config, event, folder=folder) is None


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'{"Items": 3}', b"<html>", b'"Jellyfin"'])
async def test_a_listing_of_another_shape_is_not_taken_for_an_empty_one(
    notifier: JellyfinNotifier, server: FakeServer, body: bytes
) -> None:
    server.respond = lambda _request: Reply(body=body)
    with pytest.raises(Transient, match="was not understood"):
        await notifier.films(config_for(server))


def test_the_declaration_says_how_it_is_treated() -> None:
    assert (SERVICE.waits_for_scan, SERVICE.concurrency) == (True, 1)
    assert SERVICE.merge_window == timedelta(seconds=10)
    assert SERVICE.seen_within == timedelta(minutes=5)
