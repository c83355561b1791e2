from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind
from metarr_desktop.domain.groups import Households, PlayerGroup
from metarr_desktop.domain.jobs import Gathering
from metarr_desktop.domain.media import LibraryFolder
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.routing import EventChoice, Route, Routes
from metarr_desktop.services.declaration import Service, ServiceConfig
from metarr_desktop.webhooks.fanout import LONGEST_KEY, plan

if TYPE_CHECKING:
    from metarr_desktop.domain.jobs import NewJob
    from metarr_desktop.services.notifier import Notifier


def service(key: str, **options: Any) -> Service:
    # What delivers is of no interest to a plan.
    return Service(
        key=key,
        title=key.title(),
        config=ServiceConfig,
        notifier=cast("type[Notifier[Any]]", object),
        docs="",
        **options,
    )


EVERYTHING = EventChoice(takes=frozenset(EventKind), default=frozenset(EventKind))
KODI = service("kodi", waits_for_scan=True)
DISCORD = service("discord")
PUSHOVER = service("pushover", retry=RetryPolicy(max_retries=4))
EVENT = MediaEvent(
    source="radarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="Dune",
    folder="/movies/Dune (2021)",
    year=2021,
)


def planned(*enabled: str, scans: bool = True) -> tuple[NewJob, ...]:
    return plan(EVENT, services=(KODI, DISCORD, PUSHOVER), enabled=frozenset(enabled), scans=scans)


def test_a_film_is_scanned_and_told_to_each_enabled_service_in_order() -> None:
    jobs = planned("pushover", "kodi")
    assert [(job.type, job.lane, job.priority, job.max_retries) for job in jobs] == [
        ("scan-movie", "scan", 3, 3),
        ("notify-kodi", "kodi", 5, 3),
        ("notify-pushover", "pushover", 5, 4),
    ]
    assert all(MediaEvent.from_payload(job.payload["event"]) == EVENT for job in jobs)


def test_media_servers_wait_for_the_scan_and_chat_services_do_not() -> None:
    scan, kodi, discord, _ = planned("kodi", "discord", "pushover")
    assert (scan.waits_for, discord.waits_for, discord.waits_at_most) == (None, None, None)
    assert (kodi.waits_for, kodi.waits_at_most) == ("scan-movie", timedelta(seconds=60))


def test_without_a_scan_nobody_waits() -> None:
    jobs = planned("kodi", "discord", scans=False)
    assert [(job.type, job.waits_for, job.waits_at_most) for job in jobs] == [
        ("notify-kodi", None, None),
        ("notify-discord", None, None),
    ]


@pytest.mark.parametrize("scans", [True, False])
def test_services_that_are_off_get_no_job(scans: bool) -> None:
    assert [job.type for job in planned("gone", scans=scans)] == (["scan-movie"] if scans else [])


def test_the_keys_of_a_folder_however_long_fit_an_index_and_tell_folders_apart() -> None:
    def keys(folder: str) -> set[str | None]:
        merging = service("kodi", merge_window=timedelta(seconds=15))
        jobs = plan(
            dataclasses.replace(EVENT, folder=folder),
            services=(merging,),
            enabled=frozenset({"kodi"}),
            scans=True,
        )
        return {key for job in jobs for key in (job.dedupe_key, job.merge_key) if key is not None}

    one, other = (
        keys("/" + "\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 4_000 + "a"),
        keys("/" + "\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 4_000 + "b"),
    )
    assert len(one) == len(other) == 2
    assert not one & other
    assert all(key and len(key.encode()) <= LONGEST_KEY for key in one | other)
    assert keys("/movies/Dune") == {"scan-movie:radarr:/movies/Dune", "/movies/Dune"}


def test_senders_that_call_different_folders_by_one_name_are_told_apart() -> None:
    def keys(**values: Any) -> set[str | None]:
        merging = service("kodi", merge_window=timedelta(seconds=15))
        event = dataclasses.replace(EVENT, folder="/movies/Dune", **values)
        jobs = plan(event, services=(merging,), enabled=frozenset({"kodi"}), scans=True)
        return {job.dedupe_key or job.merge_key for job in jobs}

    assert keys(instance="Radarr") == {"scan-movie:radarr:/movies/Dune", "/movies/Dune"}
    assert keys(instance="Radarr 4K") == {
        "scan-movie:radarr-4k:/movies/Dune",
        "radarr-4k:/movies/Dune",
    }


@pytest.mark.parametrize("action", [Action.DELETED, Action.RENAMED])
def test_a_scan_after_files_went_joins_no_other(action: Action) -> None:
    event = dataclasses.replace(EVENT, folder="/movies/Dune", action=action)
    (scan,) = plan(event, services=(), enabled=frozenset(), scans=True)
    assert scan.dedupe_key == f"scan-movie:radarr:{action}:/movies/Dune"


EPISODE = dataclasses.replace(
    EVENT, source="sonarr", kind=MediaKind.EPISODE, folder="/tv/Dark", instance="Sonarr", download_id="nzo_1"
)


def messages(event: MediaEvent, *others: Service) -> tuple[NewJob, ...]:
    jobs = plan(
        event,
        services=(KODI, DISCORD, *others),
        enabled=frozenset({"kodi", "discord", *(each.key for each in others)}),
        scans=False,
    )
    return jobs[1:]


@pytest.mark.parametrize("kind", [MediaKind.EPISODE, MediaKind.ALBUM])
@pytest.mark.parametrize("action", [Action.IMPORTED, Action.UPGRADED])
def test_messages_about_parts_of_a_download_wait_for_one_another(kind: MediaKind, action: Action) -> None:
    discord, pushover = messages(dataclasses.replace(EPISODE, kind=kind, action=action), PUSHOVER)
    assert discord.gathering == Gathering(quiet=timedelta(seconds=20), at_most=timedelta(seconds=120))
    assert str(discord.reason) == "Waits for more of the same download."
    assert discord.merge_key == pushover.merge_key is not None
    assert (discord.lane, pushover.lane) == ("discord", "pushover")


@pytest.mark.parametrize(
    "event",
    [
        dataclasses.replace(EPISODE, kind=MediaKind.MOVIE),
        dataclasses.replace(EPISODE, download_id=""),
    ],
    ids=["film", "imported by hand"],
)
def test_films_and_what_belongs_to_no_download_go_at_once(event: MediaEvent) -> None:
    (job,) = messages(event)
    assert (job.merge_key, job.gathering, job.reason) == (None, None, None)


def test_what_refreshes_a_library_waits_for_nothing_of_the_kind() -> None:
    refreshing = service("plex", waits_for_scan=True, merge_window=timedelta(seconds=15))
    kodi, plex = plan(EPISODE, services=(KODI, refreshing), enabled=frozenset({"kodi", "plex"}), scans=False)
    assert (kodi.merge_key, kodi.gathering) == (None, None)
    assert (plex.merge_key, plex.gathering, plex.reason) == ("/tv/Dark", None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"download_id": "nzo_2"},
        {"instance": "Sonarr 4K"},
        {"source": "whisparr"},
        {"kind": MediaKind.ALBUM},
        {"folder": "/tv/Dark Matter"},
    ],
)
def test_only_parts_of_one_download_of_one_sender_and_series_go_together(changes: dict[str, Any]) -> None:
    (one,), (other,) = messages(EPISODE), messages(dataclasses.replace(EPISODE, **changes))
    assert one.merge_key != other.merge_key
    assert one.merge_key == messages(dataclasses.replace(EPISODE, episodes=(7,)))[0].merge_key


def test_the_key_of_a_download_however_long_fits_an_index() -> None:
    (job,) = messages(dataclasses.replace(EPISODE, folder="/" + "x" * 4_000))
    assert job.merge_key is not None
    assert len(job.merge_key) <= LONGEST_KEY


@pytest.mark.parametrize("action", list(Action))
def test_only_what_refreshes_a_folder_goes_together_with_others(action: Action) -> None:
    player = service("kodi", merge_window=timedelta(seconds=15), waits_for_scan=True, events=EVERYTHING)
    (job,) = plan(
        dataclasses.replace(EVENT, action=action),
        services=(player,),
        enabled=frozenset({"kodi"}),
        scans=False,
    )
    assert job.merge_key == (
        None if action in {Action.GRABBED, Action.ADDED, Action.READY} else "/movies/Dune (2021)"
    )
    assert job.waits_for is None


@pytest.mark.parametrize("action", [Action.GRABBED, Action.ADDED])
def test_what_changed_nothing_on_the_disk_is_never_scanned(action: Action) -> None:
    jobs = plan(dataclasses.replace(EVENT, action=action), services=(), enabled=frozenset(), scans=True)
    assert jobs == ()


def test_a_film_whose_files_were_kept_is_not_scanned() -> None:
    kept = dataclasses.replace(EVENT, action=Action.DELETED, files_kept=True)
    assert plan(kept, services=(), enabled=frozenset(), scans=True) == ()
    gone = dataclasses.replace(kept, files_kept=False)
    assert [job.type for job in plan(gone, services=(), enabled=frozenset(), scans=True)] == ["scan-movie"]


@pytest.mark.parametrize("kind", [MediaKind.EPISODE, MediaKind.ALBUM, MediaKind.BOOK])
def test_only_films_are_scanned(kind: MediaKind) -> None:
    event = dataclasses.replace(EVENT, kind=kind)
    assert plan(event, services=(), enabled=frozenset(), scans=True) == ()


def test_what_was_recovered_is_told_to_players_and_not_to_people() -> None:
    event = dataclasses.replace(EVENT, recovered=True)
    jobs = plan(event, services=(KODI, DISCORD), enabled=frozenset({"kodi", "discord"}), scans=True)
    assert [job.type for job in jobs] == ["scan-movie", "notify-kodi"]


JELLYFIN = service("jellyfin", waits_for_scan=True, seen_within=timedelta(minutes=5))
READY_TOO = Routes(stored={("discord", ""): Route(events=frozenset({EventKind.READY}))})


def told_ready(event: MediaEvent, *, confirming: str = "jellyfin", routes: Routes = READY_TOO) -> list[str]:
    enabled = frozenset({"jellyfin", "discord", "pushover"})
    jobs = plan(
        event,
        services=(JELLYFIN, DISCORD, PUSHOVER),
        enabled=enabled,
        scans=False,
        routes=routes,
        confirming=frozenset({confirming}),
    )
    return [
        job.type
        for job in jobs
        if MediaEvent.from_payload(job.payload["event"]).action is Action.READY and job.reason is not None
    ]


def test_who_chose_it_is_told_when_an_import_is_ready_to_watch() -> None:
    assert told_ready(EVENT) == ["notify-discord"]
    assert told_ready(dataclasses.replace(EVENT, action=Action.UPGRADED)) == ["notify-discord"]


def test_nobody_is_told_it_is_ready_where_nobody_will_see_it_or_wants_to_know() -> None:
    assert told_ready(EVENT, confirming="kodi") == []
    assert told_ready(EVENT, routes=Routes()) == []
    assert told_ready(dataclasses.replace(EVENT, action=Action.RENAMED)) == []
    assert told_ready(dataclasses.replace(EVENT, recovered=True)) == []
    deaf = {**READY_TOO.stored, ("jellyfin", ""): Route(events=frozenset({EventKind.DELETED}))}
    assert told_ready(EVENT, routes=Routes(stored=deaf)) == []


def test_nobody_waits_for_players_that_have_nothing_to_do_with_the_folder_or_for_books() -> None:
    kodi = dataclasses.replace(JELLYFIN, key="kodi", member=ServiceConfig)
    kids = PlayerGroup(id=2, service="kodi", name="Kids", slug="kids", players=1, libraries=frozenset({7}))

    def told(event: MediaEvent, folder: str) -> list[str]:
        library = LibraryFolder(id=7, name="Kids", path=folder, type="movies")
        jobs = plan(
            event,
            services=(kodi, DISCORD),
            enabled=frozenset({"kodi", "discord"}),
            scans=False,
            routes=READY_TOO,
            households=Households(groups={"kodi": (kids,)}, libraries=(library,)),
            confirming=frozenset({"kodi"}),
        )
        return [job.type for job in jobs]

    assert told(EVENT, "/movies") == ["notify-kodi", "notify-discord"]
    assert told(EVENT, "/kids") == []
    assert "notify-discord" not in told(dataclasses.replace(EVENT, kind=MediaKind.BOOK), "/movies")


def test_a_season_that_is_ready_is_one_message_apart_from_that_of_its_import() -> None:
    both = Routes(stored={("discord", ""): Route(events=frozenset({EventKind.READY, EventKind.DOWNLOADED}))})
    jobs = plan(
        EPISODE,
        services=(JELLYFIN, DISCORD),
        enabled=frozenset({"jellyfin", "discord"}),
        scans=False,
        routes=both,
        confirming=frozenset({"jellyfin"}),
    )
    imported, ready = [job for job in jobs if job.type == "notify-discord"]
    assert imported.gathering == ready.gathering is not None
    assert imported.merge_key != ready.merge_key


def test_a_service_with_players_is_told_in_the_lane_of_each_group_it_concerns() -> None:
    kodi = dataclasses.replace(KODI, member=ServiceConfig, merge_window=timedelta(seconds=15))
    first = PlayerGroup(id=1, service="kodi", name="Default", slug="default", players=1)
    kids = PlayerGroup(id=2, service="kodi", name="Kids", slug="kids", players=1)

    def told(*groups: PlayerGroup) -> list[NewJob]:
        jobs = plan(
            EVENT,
            services=(kodi, DISCORD),
            enabled=frozenset({"kodi", "discord"}),
            scans=True,
            households=Households(groups={"kodi": groups}),
        )
        return [job for job in jobs if job.type == "notify-kodi"]

    (alone,) = told(first)
    assert told() == [alone]
    assert (alone.lane, set(alone.payload)) == ("kodi", {"event"})
    both = told(first, kids)
    assert [(job.lane, job.payload["group"]) for job in both] == [("kodi", "Default"), ("kodi/kids", "Kids")]
    assert {(job.waits_for, job.merge_key) for job in both} == {("scan-movie", "/movies/Dune (2021)")}
    assert told(dataclasses.replace(first, libraries=frozenset({7}))) == []


def test_a_drill_goes_to_every_service_that_is_on_whatever_its_routes_and_waits_for_nothing() -> None:
    drill = dataclasses.replace(EVENT, source="metarr", drill=True)
    silent = Routes(stored={("discord", ""): Route(events=frozenset())})
    household = PlayerGroup(
        id=1, service="kodi", slug="cellar", name="Cellar", libraries=frozenset({9}), players=1
    )
    jobs = plan(
        drill,
        services=(dataclasses.replace(KODI, member=ServiceConfig), DISCORD, PUSHOVER),
        enabled=frozenset({"kodi", "discord"}),
        scans=True,
        routes=silent,
        households=Households(groups={"kodi": (household,)}),
        confirming=frozenset({"kodi"}),
    )
    assert [(job.type, job.lane) for job in jobs] == [
        ("notify-kodi", "kodi/cellar"),
        ("notify-discord", "discord"),
    ]
    assert all(job.waits_for is None and job.merge_key is None and job.gathering is None for job in jobs)
