from __future__ import annotations

import asyncio
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import AuthFailed, NothingToDo, Permanent, RateLimited, Transient
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.domain.notification import Notification
from metarr_desktop.services.http import Http, Limits
from metarr_desktop.services.plex import PlexConfig, PlexNotifier
from tests.fake_media_servers import MACHINE, PLEX_TOKEN, FakePlex, Library, episode, film, track
from tests.fakes import FakeClock, MemoryNotes, tools, until
from tests.fakes_http import CUT_OFF, DROP, HANG, FakeServer, Recorded, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.services.declaration import Delivery

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
)
EPISODES = MediaEvent(
    source="sonarr",
    kind=MediaKind.EPISODE,
    action=Action.IMPORTED,
    title="Lost",
    folder="/tv/Lost",
    files=("Season 1/e1.mkv", "Season 1/e2.mkv"),
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
async def plex(clock: FakeClock) -> AsyncIterator[FakePlex]:
    async with FakePlex(now=clock.monotonic) as running:
        yield running


@pytest.fixture
def notifier(http: Http, clock: FakeClock, notes: MemoryNotes) -> PlexNotifier:
    return PlexNotifier(tools(http, clock, notes=notes))


def config_for(server: FakeServer, *, token: str = PLEX_TOKEN, **more: Any) -> PlexConfig:
    return PlexConfig(url=server.url, token=SecretStr(token), **more)


def told(event: MediaEvent, *, folder: str | None = None) -> Notification:
    return Notification(title="t", body="b", event=event, folder=event.folder if folder is None else folder)


def key_of(plex: FakePlex, name: str) -> str:
    return next(each.key for each in plex.libraries if each.name == name)


async def deliver(
    notifier: PlexNotifier, clock: FakeClock, config: PlexConfig, *events: MediaEvent
) -> Delivery:
    """Send, with the clock turned whenever it waits for the scan."""
    sending = asyncio.create_task(notifier.send(config, replace(told(events[0]), events=events)))
    while not sending.done():
        await until(lambda: sending.done() or clock.sleeping)
        clock.advance(3)
    return await sending


# --- Scanning ---


@pytest.mark.parametrize(
    ("event", "library"), [(FILM, "Films"), (EPISODES, "Series"), (ALBUM, "Music")], ids=str
)
async def test_the_library_that_holds_the_folder_scans_just_that(
    notifier: PlexNotifier, plex: FakePlex, event: MediaEvent, library: str
) -> None:
    delivery = await notifier.send(config_for(plex), told(event, folder=event.folder + "/"))
    assert plex.scanned == [(key_of(plex, library), event.folder)]
    assert len(plex.requests) == 2
    assert str(delivery.detail) == f"Plex was told to look at {event.folder} in {library}."


async def test_every_library_that_holds_the_folder_scans_it_and_no_other(
    notifier: PlexNotifier, plex: FakePlex
) -> None:
    plex.libraries += [
        Library(name="All", kind="movie", locations=["/x", "/"]),
        Library(name="Beside", kind="movie", locations=["/movies2", "/mov"]),
        Library(name="Wrong type", kind="show", locations=["/movies"]),
    ]
    await notifier.send(config_for(plex), told(FILM))
    assert plex.scanned == [(key_of(plex, "Films"), FOLDER), (key_of(plex, "All"), FOLDER)]


async def test_a_windows_library_is_compared_without_case(notifier: PlexNotifier, server: FakeServer) -> None:
    place = {"key": "1", "type": "movie", "title": "F", "Location": [{"path": "D:\\Films"}]}
    server.answer(Reply.of_json({"MediaContainer": {"Directory": [place]}}), Reply())
    await notifier.send(config_for(server), told(FILM, folder="d:\\films\\Amélie (2001)"))
    assert server.last.query == {"path": "d:\\films\\Amélie (2001)"}


async def test_a_folder_in_no_library_names_those_there_are_and_scans_nothing(
    notifier: PlexNotifier, plex: FakePlex
) -> None:
    plex.libraries.append(Library(name="More", kind="movie", locations=["/data/a", "/data/b"]))
    with pytest.raises(Permanent) as caught:
        await notifier.send(config_for(plex), told(FILM, folder="/movies2/Heat"))
    assert str(caught.value) == (
        "/movies2/Heat is in no Plex library of films; those have: /movies, /data/a, /data/b. Check that the"
        " folder is written as Plex writes it; else add a path mapping for plex."
    )
    assert not plex.scanned


async def test_everything_is_scanned_only_where_a_person_wants_it(
    notifier: PlexNotifier, plex: FakePlex
) -> None:
    plex.libraries.append(Library(name="More", kind="movie", locations=["/data/a"]))
    config = config_for(plex, scan_everything=True)
    delivery = await notifier.send(config, told(FILM, folder="/elsewhere/Heat"))
    assert str(delivery.detail) == (
        "/elsewhere/Heat is in no Plex library, so Plex was told to scan all of Films, More."
    )
    assert plex.scanned == [(key_of(plex, "Films"), None), (key_of(plex, "More"), None)]
    plex.scanned.clear()
    await notifier.send(config, told(FILM))
    assert plex.scanned == [(key_of(plex, "Films"), FOLDER)]


@pytest.mark.parametrize("everything", [True, False])
async def test_without_a_library_of_the_type_it_says_so(
    notifier: PlexNotifier, plex: FakePlex, everything: bool
) -> None:
    plex.libraries = plex.libraries[:1]
    with pytest.raises(Permanent, match=r"Plex has no library of series\. Add one in Plex\."):
        await notifier.send(config_for(plex, scan_everything=everything), told(EPISODES))


async def test_a_library_that_is_gone_has_them_listed_once_more(
    notifier: PlexNotifier, server: FakeServer
) -> None:
    def listed(key: str) -> Reply:
        place = {"key": key, "type": "movie", "title": "F", "Location": [{"path": "/movies"}]}
        return Reply.of_json({"MediaContainer": {"Directory": [place]}})

    gone = Reply.of_html("<h1>404 Not Found</h1>", status=404)
    server.answer(listed("1"), gone, listed("2"), Reply())
    await notifier.send(config_for(server), told(FILM))
    assert [request.path for request in server.requests] == [
        "/library/sections",
        "/library/sections/1/refresh",
        "/library/sections",
        "/library/sections/2/refresh",
    ]
    server.answer(listed("1"), gone, listed("1"), gone)
    with pytest.raises(Permanent, match="has nothing at this address"):
        await notifier.send(config_for(server), told(FILM))
    assert len(server.requests) == 8


@pytest.mark.parametrize("event", [replace(FILM, kind=MediaKind.BOOK), replace(FILM, action=Action.ADDED)])
async def test_what_changes_no_library_is_not_sent(
    notifier: PlexNotifier, plex: FakePlex, event: MediaEvent
) -> None:
    with pytest.raises(NothingToDo):
        await notifier.send(config_for(plex), told(event))
    assert not plex.requests


async def test_without_a_folder_nothing_is_scanned(notifier: PlexNotifier, plex: FakePlex) -> None:
    with pytest.raises(Permanent, match="the webhook names no folder"):
        await notifier.send(config_for(plex), told(FILM, folder=""))
    assert not plex.requests


async def test_our_id_is_made_once_and_survives_a_restart(
    http: Http, clock: FakeClock, notes: MemoryNotes, plex: FakePlex
) -> None:
    for _ in range(2):
        await PlexNotifier(tools(http, clock, notes=notes)).send(config_for(plex), told(FILM))
    assert plex.clients == {notes.kept["device"]["id"]}


# --- What follows a scan ---


async def test_the_library_is_analyzed_and_its_trash_emptied_once_the_scan_has_ended(
    notifier: PlexNotifier, plex: FakePlex, clock: FakeClock
) -> None:
    plex.scanning_looks = 4
    config = config_for(plex, analyze=True, empty_trash=True)
    delivery = await deliver(notifier, clock, config, replace(FILM, action=Action.UPGRADED))
    films = key_of(plex, "Films")
    assert (plex.analyzed, plex.emptied, delivery.warnings) == ([films], [films], ())
    paths = [request.path for request in plex.requests]
    assert paths.count("/library/sections") == 4
    assert [request.method for request in plex.requests[-2:]] == ["PUT", "PUT"]


async def test_the_trash_is_emptied_only_of_what_the_event_left_there(
    notifier: PlexNotifier, plex: FakePlex, clock: FakeClock
) -> None:
    await deliver(notifier, clock, config_for(plex, empty_trash=True), FILM)
    assert not plex.emptied
    assert len(plex.requests) == 2
    for action in (Action.UPGRADED, Action.RENAMED, Action.DELETED):
        await deliver(notifier, clock, config_for(plex, empty_trash=True), replace(FILM, action=action))
    assert len(plex.emptied) == 3


async def test_the_trash_is_emptied_of_what_went_together_with_another_event(
    notifier: PlexNotifier, plex: FakePlex, clock: FakeClock
) -> None:
    config = config_for(plex, empty_trash=True)
    await deliver(notifier, clock, config, FILM, replace(FILM, action=Action.UPGRADED))
    assert len(plex.emptied) == 1


async def test_a_scan_without_end_is_not_waited_for_for_ever(
    notifier: PlexNotifier, plex: FakePlex, clock: FakeClock
) -> None:
    plex.scanning_looks = 10_000
    delivery = await deliver(notifier, clock, config_for(plex, analyze=True), FILM)
    assert [str(each) for each in delivery.warnings] == [
        "Plex is still scanning, so nothing else was done this time."
    ]
    assert not plex.analyzed
    assert clock.monotonic() < 180


async def test_what_follows_and_fails_is_a_warning_since_the_scan_went(
    notifier: PlexNotifier, server: FakeServer, clock: FakeClock
) -> None:
    def respond(request: Recorded) -> Reply:
        if request.method == "PUT":
            return Reply(status=500)
        place = {"key": "1", "type": "movie", "title": "F", "Location": [{"path": "/movies"}]}
        return Reply.of_json({"MediaContainer": {"Directory": [place]}})

    server.respond = respond
    delivery = await deliver(notifier, clock, config_for(server, analyze=True), FILM)
    assert [str(each) for each in delivery.warnings] == [
        "Plex scanned, but what was to follow failed: Unexpected answer: HTTP 500."
    ]


# --- Refusals ---


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (
            Reply.of_html("<h1>401 Unauthorized</h1>", status=401),
            AuthFailed,
            "Key rejected: Plex does not accept this token",
        ),
        (Reply(status=403), AuthFailed, "Key rejected: this token is not the server owner's"),
        (Reply(status=400), Permanent, r"refused it \(HTTP 400\): no reason given"),
        (Reply(status=404), Permanent, "has nothing at this address"),
        (Reply(status=500), Transient, "HTTP 500"),
        (Reply(status=302, headers={"Location": "http://nas/login"}), Permanent, "redirects to"),
        (Reply.of_html("<html>Log in</html>"), Transient, "was not understood"),
        (Reply(body=b"<MediaContainer size='0'/>"), Transient, "was not understood"),
        (Reply(), Transient, "was not understood"),
        (Reply.of_json({"MediaContainer": []}), Transient, "was not understood"),
        (Reply(fault=HANG), Transient, "Timed out"),
        (Reply(fault=DROP), Transient, "connection"),
        (Reply(fault=CUT_OFF), Transient, "cut off"),
    ],
)
async def test_every_answer_has_its_meaning(
    notifier: PlexNotifier, server: FakeServer, reply: Reply, error: type[Exception], words: str
) -> None:
    # A GET on a connection that breaks is repeated by aiohttp, so the answer stays the same.
    server.respond = lambda _request: reply
    with pytest.raises(error, match=words) as caught:
        await notifier.send(config_for(server), told(FILM))
    assert PLEX_TOKEN not in repr(caught.value)


async def test_a_plex_under_maintenance_is_asked_again(notifier: PlexNotifier, plex: FakePlex) -> None:
    plex.starting = True
    with pytest.raises(RateLimited, match="is starting, or under maintenance") as caught:
        await notifier.send(config_for(plex), told(FILM))
    assert caught.value.retry_after.total_seconds() == 15


@pytest.mark.parametrize(
    "listed",
    [
        None,
        "x",
        [1, None, {"key": "1/../../x", "type": "movie", "Location": [{"path": "/movies"}]}],
        [{"key": 1, "type": "movie", "Location": [{"path": "/movies"}]}],
        [{"key": "1", "type": ["movie"], "Location": [{"path": "/movies"}]}],
        [{"key": "1", "type": "movie", "Location": {"path": "/movies"}, "refreshing": []}],
        [{"key": "1", "type": "movie", "Location": [{"path": 1}, None, {"path": ""}]}],
    ],
)
async def test_a_list_of_nonsense_scans_nothing(
    notifier: PlexNotifier, server: FakeServer, listed: object
) -> None:
    server.respond = lambda _request: Reply.of_json({"MediaContainer": {"Directory": listed}})
    with pytest.raises(Permanent, match=r"in no Plex library|has no library of films"):
        await notifier.send(config_for(server), told(FILM))
    assert len(server.requests) == 1


# --- Test ---


async def test_a_test_goes_through_three_steps_and_scans_nothing(
    notifier: PlexNotifier, plex: FakePlex
) -> None:
    steps = await notifier.test(config_for(plex))
    assert [(str(step.name), step.ok) for step in steps] == [
        ("Connection", True),
        ("Token", True),
        ("Libraries", True),
    ]
    assert str(steps[0].detail) == "Plex 1.41.3.9314-a0bfb8370 answers after 0 ms."
    assert str(steps[2].detail) == "Libraries: Films (/movies), Series (/tv), Music (/music)"
    assert not plex.scanned


async def test_a_wrong_token_and_one_without_rights_fail_the_test(
    notifier: PlexNotifier, plex: FakePlex
) -> None:
    steps = await notifier.test(config_for(plex, token="wrong"))
    assert [step.ok for step in steps] == [True, False]
    assert "does not accept this token" in str(steps[-1].detail)
    plex.is_admin = False
    steps = await notifier.test(config_for(plex))
    assert "not the server owner's" in str(steps[-1].detail)


async def test_a_plex_without_a_library_of_use_fails_the_test(notifier: PlexNotifier, plex: FakePlex) -> None:
    plex.libraries = [Library(name="Photos", kind="photo", locations=["/photos"])]
    steps = await notifier.test(config_for(plex))
    assert [step.ok for step in steps] == [True, True, False]
    assert "Plex has no library of films, series or music" in str(steps[-1].detail)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"MediaContainer": {"size": 0}}', "is not Plex. Check the address."),
        (b'{"hello": 1}', "is not Plex. Check the address."),
        (b"[]", "is not Plex. Check the address."),
        (b"<html></html>", "was not understood"),
    ],
)
async def test_what_is_not_a_plex_is_named(
    notifier: PlexNotifier, server: FakeServer, body: bytes, words: str
) -> None:
    server.answer(Reply(body=body))
    (step,) = await notifier.test(config_for(server))
    assert words in str(step.detail)


# --- Whether it arrived ---


async def test_a_film_is_seen_after_the_scan_and_linked(
    notifier: PlexNotifier, plex: FakePlex, clock: FakeClock
) -> None:
    config = config_for(plex)
    plex.delay = 20
    title = film("Amélie", FILE, year=2001, tmdb="194")
    plex.on_disk = [title]
    await notifier.send(config, told(FILM))
    assert await notifier.sighting(config, FILM, folder=FOLDER) is None
    clock.advance(21)
    seen = await notifier.sighting(config, FILM, folder=FOLDER)
    assert seen is not None
    assert str(seen.detail) == "Plex has Amélie."
    page = f"/server/{MACHINE}/details?key=%2Flibrary%2Fmetadata%2F{1000 + title.number}"
    assert seen.link == f"https://app.plex.tv/desktop/#!{page}"


async def test_an_older_copy_is_no_proof(notifier: PlexNotifier, plex: FakePlex) -> None:
    config = config_for(plex)
    plex.known = [
        film("Amélie", f"{FOLDER}/old.mkv", year=2001, tmdb="194"),
        film("Amélie", "/movies/4K/Amélie.mkv", year=2001, tmdb="194"),
    ]
    assert await notifier.sighting(config, FILM, folder=FOLDER) is None
    plex.known[0].files.append(FILE)
    assert await notifier.sighting(config, FILM, folder=FOLDER) is not None


async def test_the_same_file_under_another_path_names_the_missing_mapping(
    notifier: PlexNotifier, plex: FakePlex
) -> None:
    plex.known = [film("Amélie", FILE, year=2001, tmdb="194")]
    elsewhere = FOLDER.replace("/movies/", "/data/")
    seen = await notifier.sighting(config_for(plex), FILM, folder=elsewhere)
    assert seen is not None
    assert str(seen.detail) == f"Plex has Amélie, but as {FILE}. Add a path mapping for plex."


async def test_a_copy_of_the_same_name_in_another_folder_is_no_proof(
    notifier: PlexNotifier, plex: FakePlex
) -> None:
    plex.libraries[0].locations = ["/movies", "/movies4k"]
    plex.known = [film("Amélie", FILE.replace("/movies/", "/movies4k/"), year=2001, tmdb="194")]
    assert await notifier.sighting(config_for(plex), FILM, folder=FOLDER) is None


async def test_a_library_of_a_mac_holds_a_folder_with_an_umlaut(
    notifier: PlexNotifier, plex: FakePlex
) -> None:
    plex.libraries[0].locations = [unicodedata.normalize("NFD", "/films/für uns")]
    await notifier.send(config_for(plex), told(FILM, folder="/films/für uns/Amélie"))
    assert plex.scanned == [(key_of(plex, "Films"), "/films/für uns/Amélie")]


async def test_a_film_among_many_is_found_by_its_year(notifier: PlexNotifier, plex: FakePlex) -> None:
    plex.known = [film("Amélie", FILE, year=2002)]
    plex.known += [film(f"F{n}", f"/movies/F{n}/f.mkv", year=1980 + n % 40) for n in range(1300)]
    config = config_for(plex)
    assert await notifier.sighting(config, FILM, folder=FOLDER) is not None
    assert await notifier.sighting(config, replace(FILM, year=None), folder=FOLDER) is not None


async def test_every_episode_has_to_be_there(notifier: PlexNotifier, plex: FakePlex) -> None:
    config = config_for(plex)
    plex.known = [episode("Perdidos", "/tv/Lost/Season 1/e1.mkv", season=1, number=1, tvdb="73739")]
    plex.known += [episode("Soap", f"/tv/Soap/S/e{n}.mkv", season=1, number=n) for n in range(300)]
    assert await notifier.sighting(config, EPISODES, folder="/tv/Lost") is None
    plex.known.insert(0, episode("Perdidos", "/tv/Lost/Season 1/e2.mkv", season=1, number=2, tvdb="73739"))
    seen = await notifier.sighting(config, EPISODES, folder="/tv/Lost")
    assert seen is not None
    show = next(each for each in plex._all() if each["title"] == "Perdidos")
    assert seen.link is not None
    assert seen.link.endswith(f"%2Flibrary%2Fmetadata%2F{show['ratingKey']}")


async def test_an_album_is_found_by_its_tracks(notifier: PlexNotifier, plex: FakePlex) -> None:
    config = config_for(plex)
    plex.known = [track("Radiohead", "OK Computer", "/music/Radiohead/OK Computer/1.flac")]
    plex.known += [track("B", f"A{n}", f"/music/B/A{n}/1.flac") for n in range(300)]
    assert await notifier.sighting(config, ALBUM, folder="/music/Radiohead") is None
    plex.known.insert(0, track("Radiohead", "Kid A", "/music/Radiohead/Kid A/1.flac"))
    assert await notifier.sighting(config, ALBUM, folder="/music/Radiohead") is not None
    event = replace(ALBUM, files=("Kid A/1.flac", "Kid A/2.flac"))
    assert await notifier.sighting(config, event, folder="/music/Radiohead") is None


async def test_a_book_is_never_seen(notifier: PlexNotifier, plex: FakePlex) -> None:
    event = replace(FILM, kind=MediaKind.BOOK)
    assert await notifier.sighting(config_for(plex), event, folder=FOLDER) is None


# --- What it has ---


async def test_its_folders_and_films_are_told(notifier: PlexNotifier, plex: FakePlex) -> None:
    plex.libraries += [
        Library(name="Photos", kind="photo", locations=["/photos"]),
        Library(name="4K", kind="movie", locations=["/4k", "/movies"]),
    ]
    plex.known = [film("Amélie", FILE, tmdb="194", imdb="tt0211915"), film("Old", "/4k/Old/old.avi")]
    config = config_for(plex)
    assert await notifier.locations(config) == ("/movies", "/tv", "/music", "/4k")
    assert set(await notifier.films(config)) == {
        KnownFilm(folder=FOLDER, tmdb_id=194, imdb_id="tt0211915"),
        KnownFilm(folder="/4k/Old"),
    }


async def test_a_film_with_versions_in_two_folders_is_known_in_both(
    notifier: PlexNotifier, plex: FakePlex
) -> None:
    title = film("Amélie", FILE, tmdb="194")
    title.files.append("/movies4k/Amélie/Amélie.mkv")
    plex.known = [title]
    found = await notifier.films(config_for(plex))
    assert [each.folder for each in found] == [FOLDER, "/movies4k/Amélie"]


async def test_films_come_in_pages_and_end_at_twenty_thousand(
    notifier: PlexNotifier, plex: FakePlex, server: FakeServer
) -> None:
    plex.known = [film(f"F{n}", f"/movies/F{n}/f.mkv", tmdb=str(n)) for n in range(1203)]
    assert len(await notifier.films(config_for(plex))) == 1203

    def endless(request: Recorded) -> Reply:
        if request.path == "/library/sections":
            places = [{"key": str(n), "type": "movie", "Location": [{"path": "/m"}]} for n in range(3)]
            return Reply.of_json({"MediaContainer": {"Directory": places}})
        page = [{"Media": [{"Part": [{"file": "/m/a/b.mkv"}]}]}] * 3000
        return Reply.of_json({"MediaContainer": {"totalSize": 10**30, "Metadata": page}})

    server.respond = endless
    assert len(await notifier.films(config_for(server))) == 20_000
    assert len(server.requests) == 101


@pytest.mark.parametrize(
    "item",
    [
        None,
        {"ratingKey": "../x", "Media": [{"Part": {"file": "/x"}}], "Guid": "tmdb://1"},
        {"ratingKey": 5, "Media": {"Part": 1}, "Guid": [{"id": 7}, None, {"id": "tmdb"}], "title": []},
        {"ratingKey": "7" * 400, "Media": [None, {"Part": [None, {"file": "/m/\ud800/x"}]}]},
        {"Media": [{"Part": [{"file": 3}]}], "index": 10**400, "parentIndex": "1"},
    ],
)
async def test_a_listing_of_nonsense_harms_nothing(
    notifier: PlexNotifier, server: FakeServer, item: object
) -> None:
    def respond(request: Recorded) -> Reply:
        if request.path == "/library/sections":
            types = ("movie", "show", "artist")
            listed = [{"key": "1", "type": each, "Location": [{"path": "/"}]} for each in types]
            return Reply.of_json({"MediaContainer": {"Directory": listed}})
        assert request.path == "/library/sections/1/all"
        return Reply.of_json({"MediaContainer": {"Metadata": [item, "x", 1]}})

    server.respond = respond
    config = config_for(server)
    assert not await notifier.films(config)
    for event in (FILM, EPISODES, ALBUM):
        assert await notifier.sighting(config, event, folder=event.folder) is None
