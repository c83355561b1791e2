from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.routing import EventChoice
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


@pytest.mark.parametrize("action", list(Action))
def test_only_what_refreshes_a_folder_goes_together_with_others(action: Action) -> None:
    player = service("kodi", merge_window=timedelta(seconds=15), waits_for_scan=True, events=EVERYTHING)
    (job,) = plan(
        dataclasses.replace(EVENT, action=action),
        services=(player,),
        enabled=frozenset({"kodi"}),
        scans=False,
    )
    assert job.merge_key == (None if action in {Action.GRABBED, Action.ADDED} else "/movies/Dune (2021)")
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
