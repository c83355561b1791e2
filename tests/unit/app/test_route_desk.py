from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.actions import call
from metarr_desktop.app.route_desk import KIND_TITLES, LONGEST_PATH, LONGEST_TAG, MOST_WORDS
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.routing import OPEN_ROUTE, Route

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from metarr_desktop.app.paths import AppPaths

GRABS = Route(events=frozenset({EventKind.GRABBED}))


@pytest.fixture
def household(core: Core, paths: AppPaths) -> None:
    """Two Radarrs, of which one is called as its type is, and a Sonarr."""
    with closing(sqlite3.connect(paths.database)) as db, db:
        for kind, name, slug in (
            ("radarr", "Radarr", "radarr"),
            ("radarr", "Radarr 4K", "radarr-4k"),
            ("sonarr", "Series", "series"),
        ):
            db.execute(
                "INSERT INTO sources (type, instance, slug, created_at, updated_at) VALUES (?, ?, ?, 0, 0)",
                (kind, name, slug),
            )


async def own(core: Core, service: str = "discord") -> dict[str, Route]:
    """Return the rules that were set, by scope."""
    scopes = (await core.queries.routes(service)).scopes
    return {scope.source: scope.route for scope in scopes if scope.route is not None}


async def test_every_kind_of_event_has_its_title() -> None:
    assert set(KIND_TITLES) == set(EventKind)


async def test_a_service_offers_the_kinds_it_takes_and_says_what_it_is_told_by_itself(core: Core) -> None:
    kodi, discord = await core.queries.routes("kodi"), await core.queries.routes("discord")
    assert [kind for kind, _ in discord.kinds] == list(KIND_TITLES)
    assert {kind for kind, _ in kodi.kinds} < set(KIND_TITLES)
    assert kodi.default == {kind for kind, _ in kodi.kinds}
    assert EventKind.DOWNLOADED in discord.default
    assert EventKind.GRABBED not in discord.default


@pytest.mark.usefixtures("household")
async def test_scopes_go_from_all_senders_over_types_to_each_sender(core: Core) -> None:
    scopes = (await core.queries.routes("discord")).scopes
    assert [(scope.source, str(scope.title)) for scope in scopes][:6] == [
        ("", "All senders"),
        ("radarr", "Every Radarr"),
        ("radarr/radarr", "Radarr"),
        ("radarr/radarr-4k", "Radarr 4K"),
        ("sonarr", "Every Sonarr"),
        ("sonarr/series", "Series"),
    ]
    assert {str(scope.title) for scope in scopes[6:]} >= {"Lidarr"}
    assert all((scope.route, scope.holds) == (None, OPEN_ROUTE) for scope in scopes)


@pytest.mark.usefixtures("household")
async def test_what_is_set_for_a_type_holds_for_its_senders_alone(core: Core) -> None:
    await core.commands.set_route("discord", "radarr", GRABS)
    routes = await core.queries.routes("discord")
    held = {scope.source for scope in routes.scopes if scope.holds == GRABS}
    assert held == {"radarr", "radarr/radarr", "radarr/radarr-4k"}
    assert await own(core) == {"radarr": GRABS}
    assert await own(core, "pushover") == {}


@pytest.mark.usefixtures("household")
@pytest.mark.parametrize("spelling", ["Radarr 4K", "radarr-4k", "RADARR/radarr 4k"])
async def test_a_sender_is_found_in_any_spelling(core: Core, spelling: str) -> None:
    await core.commands.set_route("discord", spelling, GRABS)
    assert await own(core) == {"radarr/radarr-4k": GRABS}
    await core.commands.reset_route("discord", spelling)
    assert await own(core) == {}


@pytest.mark.usefixtures("household")
async def test_a_word_that_names_a_type_and_a_sender_means_the_type(core: Core) -> None:
    await core.commands.set_route("discord", "Radarr", GRABS)
    await core.commands.set_route("discord", "radarr/Radarr", OPEN_ROUTE)
    assert await own(core) == {"radarr": GRABS, "radarr/radarr": OPEN_ROUTE}


@pytest.mark.usefixtures("household")
@pytest.mark.parametrize("source", ["Whoever", "sonarr/radarr 4k", "/", "radarr/"])
async def test_a_sender_nobody_knows_is_told(core: Core, source: str) -> None:
    with pytest.raises(NotFound, match="There is no sender called"):
        await core.commands.set_route("discord", source, GRABS)


async def test_a_service_nobody_knows_is_told(core: Core) -> None:
    for asked in (
        core.queries.routes("fax"),
        core.commands.set_route("fax", "", GRABS),
        core.commands.reset_route("fax", ""),
        core.commands.parse_route("fax", "", {}),
    ):
        with pytest.raises(NotFound, match="There is no service called fax"):
            await asked


@pytest.mark.parametrize(
    ("route", "sentence"),
    [
        (Route(events=frozenset({EventKind.HEALTH})), "Kodi cannot be told of: Health."),
        (Route(include_tags=("",)), "Only these tags: one of them is empty."),
        (Route(exclude_tags=("x" * (LONGEST_TAG + 1),)), "Not these tags: each has at most 100 characters"),
        (Route(include_tags=("a\nb",)), "on one line"),
        (Route(include_tags=tuple(map(str, range(MOST_WORDS + 1)))), "Only these tags: at most 50."),
        (Route(include_paths=("movies/Kids",)), "movies/Kids is no whole folder"),
        (Route(include_paths=("/movies/../kids",)), "is no whole folder"),
        (Route(exclude_paths=("/" + "x" * LONGEST_PATH,)), "Not below these folders: each has at most"),
        (Route(exclude_paths=("  ",)), "Not below these folders: one of them is empty."),
    ],
)
async def test_what_cannot_be_meant_is_refused(core: Core, route: Route, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        await core.commands.set_route("kodi", "", route)
    assert await own(core, "kodi") == {}


async def test_words_are_kept_once_and_without_blanks_around_them(core: Core) -> None:
    many = tuple(map(str, range(MOST_WORDS)))
    route = Route(
        include_tags=(" kids ", "kids"), exclude_tags=many, include_paths=(r"D:\Films", "smb://nas/f")
    )
    await core.commands.set_route("discord", "", route)
    kept = (await own(core))[""]
    assert (kept.include_tags, kept.exclude_tags) == (("kids",), many)
    assert kept.include_paths == (r"D:\Films", "smb://nas/f")


async def test_what_is_typed_changes_what_holds(core: Core) -> None:
    await core.commands.set_route("discord", "", Route(include_tags=("kids",)))
    route = await core.commands.parse_route("discord", "radarr", {"events": "grabbed, Deleted"})
    assert route == Route(events=frozenset({EventKind.GRABBED, EventKind.DELETED}), include_tags=("kids",))
    again = await core.commands.parse_route("discord", "", {"events": "default", "include_tags": ""})
    assert again == OPEN_ROUTE
    nothing = await core.commands.parse_route("discord", "", {"events": "none"})
    assert nothing.events == frozenset()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"events": "grabbed,eaten"}, "eaten is no kind of event that Discord can be told of"),
        ({"events": ""}, "Nothing is no kind of event"),
        ({"tags": "kids"}, "A route has no part tags"),
        ({"include_tags": "x" * 60_000}, "include_tags is too long"),
    ],
)
async def test_what_is_typed_wrong_is_told(core: Core, typed: dict[str, str], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        await core.commands.parse_route("discord", "", typed)


@pytest.mark.usefixtures("household")
async def test_the_rules_of_a_sender_go_with_it(core: Core) -> None:
    await core.commands.set_route("discord", "Radarr 4K", GRABS)
    await core.commands.set_route("pushover", "Radarr 4K", GRABS)
    await core.commands.set_route("discord", "radarr", GRABS)
    await core.commands.remove_sender("Radarr 4K")
    await core.commands.add_sender("Radarr 4K", type="radarr", draft=Draft())
    assert await own(core) == {"radarr": GRABS}
    assert await own(core, "pushover") == {}


async def ask(core: Core, action: str, /, **params: Any) -> Any:
    """What travels has to be JSON, so it is made to travel."""
    return json.loads(json.dumps(await call(core, action, params)))


@pytest.mark.usefixtures("household")
async def test_routes_are_set_listed_and_reset_by_actions(core: Core) -> None:
    typed = {"events": "upgraded", "exclude_paths": "/movies/Kids"}
    await ask(core, "route_set", service="discord", source="radarr 4k", values=typed)
    (told,) = await ask(core, "route_list", service="discord")
    assert (told["service"], told["title"]) == ("discord", "Discord")
    assert told["default"] == ["downloaded", "upgraded", "interaction", "failed"]
    by_source = {route["source"]: route for route in told["routes"]}
    assert by_source["radarr/radarr-4k"] == {
        "source": "radarr/radarr-4k",
        "title": "Radarr 4K",
        "own": True,
        "default_events": False,
        "events": ["upgraded"],
        "include_tags": [],
        "exclude_tags": [],
        "include_paths": [],
        "exclude_paths": ["/movies/Kids"],
    }
    assert (by_source[""]["own"], by_source[""]["events"]) == (False, told["default"])
    await ask(core, "route_reset", service="discord", source="radarr 4k")
    everything = await ask(core, "route_list", service="")
    keys = ["kodi", "jellyfin", "emby", "plex", "discord", "pushover"]
    assert [each["service"] for each in everything] == keys
    assert not any(route["own"] for each in everything for route in each["routes"])
