"""The job that looks whether what a media server was told of is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.domain.errors import (
    AuthFailed,
    MetarrError,
    NothingToDo,
    NotNow,
    Permanent,
    RateLimited,
    SecretsUnavailable,
    Transient,
)
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.jobs import Job, JobStatus, NewJob
from metarr_desktop.domain.paths import PathMapping
from metarr_desktop.jobs.confirm import Confirm
from metarr_desktop.jobs.notify import Notify
from metarr_desktop.services.declaration import Service, confirms
from metarr_desktop.storage.service_store import ServiceStore
from tests.fake_library import Library, Shelf, jellybean
from tests.fakes import START, MemoryNotes, MemorySecretStore, no_report, tools

if TYPE_CHECKING:
    from metarr_desktop.domain.outcomes import Done
    from metarr_desktop.services.http import Http
    from tests.unit.jobs.conftest import Engine

FILM = MediaEvent(
    source="radarr",
    kind=MediaKind.MOVIE,
    action=Action.IMPORTED,
    title="Dune",
    folder="/movies/Dune",
    files=("Dune.mkv",),
)
THERE = "/library/films/Dune"


class Mappings:
    def __init__(self) -> None:
        self.set: tuple[PathMapping, ...] = ()

    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        return self.set


class Bench:
    """The two handlers of one service, with everything they ask."""

    def __init__(self, engine: Engine, shelf: Shelf) -> None:
        self.clock = engine.clock
        self.shelf = shelf
        self.service: Service = jellybean(shelf)
        self.notes = MemoryNotes()
        self.mappings = Mappings()
        self.mappings.set = (PathMapping(scope="jellybean", from_path="/movies", to_path="/library/films"),)
        self.store = ServiceStore(engine.database)
        self.told: list[tuple[int, ...]] = []
        self.secrets = cast("Any", MemorySecretStore())
        notifier = cast(
            "Library", self.service.notifier(tools(cast("Http", None), self.clock, notes=self.notes))
        )
        self.notify = Notify(
            service=self.service,
            notifier=notifier,
            services=self.store,
            secrets=self.secrets,
            mappings=self.mappings,
            clock=self.clock,
        )
        self.confirm = Confirm(
            service=self.service, notify=self.notify, notifier=notifier, clock=self.clock, tell=self._tell
        )

    async def _tell(self, roots: Any) -> None:
        self.told.append(tuple(roots))

    async def switch_on(self, **values: Any) -> None:
        await self.store.seed([self.service.key], now=START)
        await self.store.set_enabled(self.service.key, enabled=True, now=START)
        await self.store.save(self.service.key, values=values, kept_secrets=frozenset(), now=START)

    async def refresh(self, *events: MediaEvent) -> tuple[NewJob, ...]:
        """Run the notify job of these events; returns what follows it."""
        leader, *others = [
            job("notify-jellybean", {"event": event.to_payload()}, number=number)
            for number, event in enumerate(events, 1)
        ]
        done = await self.notify(replace(leader, merged=tuple(others)), no_report)
        return () if done.fan_out is None else done.fan_out(frozenset({"jellybean"}))

    async def look(self, given: Job, *, after: float) -> Done:
        self.clock.jump(START + timedelta(seconds=after) - self.clock.now())
        return await self.confirm(given, no_report)


def job(kind: str, payload: Any, *, number: int = 9, **changes: Any) -> Job:
    return Job(
        id=number, type=kind, lane="confirm", priority=5, status=JobStatus.PROCESSING, payload=payload,
        created_at=START, updated_at=START, run_after=START, root_id=number * 10, **changes,
    )  # fmt: skip


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def bench(engine: Engine, shelf: Shelf) -> Bench:
    bench = Bench(engine, shelf)
    await bench.switch_on()
    return bench


LOOKING = job("confirm-jellybean", {"event": FILM.to_payload()})


async def test_a_refresh_is_followed_by_one_look(bench: Bench) -> None:
    (new,) = await bench.refresh(FILM)
    assert (new.type, new.lane, new.priority) == ("confirm-jellybean", "confirm", 5)
    assert MediaEvent.from_payload(new.payload["event"]) == FILM


async def test_refreshes_that_ran_as_one_are_followed_by_one_look_for_all(bench: Bench) -> None:
    other = replace(FILM, kind=MediaKind.EPISODE, season=1, episodes=(1,), files=("e1.mkv",))
    (new,) = await bench.refresh(other, replace(other, season=2, files=("e2.mkv",)))
    assert [MediaEvent.from_payload(new.payload["events"][0]).season, new.payload["roots"]] == [2, [10, 20]]
    looking = job("confirm-jellybean", new.payload, number=1)
    bench.shelf.show(THERE)
    await bench.look(looking, after=2)
    assert bench.shelf.looked_for == [(THERE, ("e1.mkv",)), (THERE, ("e2.mkv",))]
    assert bench.told == [(10, 20)]
    assert set(bench.notes.kept) == {"arrival/10", "arrival/20"}


@pytest.mark.parametrize("action", [Action.RENAMED, Action.DELETED, Action.SCANNED])
async def test_what_brings_nothing_is_not_looked_for(bench: Bench, action: Action) -> None:
    assert await bench.refresh(replace(FILM, action=action)) == ()


async def test_nothing_is_looked_for_where_a_person_does_not_want_it(bench: Bench) -> None:
    await bench.switch_on(confirm=False)
    assert await bench.refresh(FILM) == ()
    with pytest.raises(NothingToDo, match="not looked at"):
        await bench.look(LOOKING, after=2)


async def test_what_was_switched_off_meanwhile_is_not_looked_for(bench: Bench) -> None:
    await bench.store.set_enabled("jellybean", enabled=False, now=START)
    with pytest.raises(NothingToDo, match="turned off"):
        await bench.look(LOOKING, after=2)


async def test_it_is_looked_for_in_the_folder_the_server_was_told_of(bench: Bench) -> None:
    bench.shelf.show(THERE, link="http://jellybean/1")
    done = await bench.look(LOOKING, after=14)
    assert str(done.detail) == "Confirmed after 14 s: In the library Films."
    assert done.result == {"link": "http://jellybean/1", "seconds": 14}
    assert bench.notes.kept["arrival/90"]["link"] == "http://jellybean/1"
    assert bench.told == [(90,)]


@pytest.mark.parametrize("after", [0, 0.004, 1.9])
async def test_a_server_gets_two_seconds_before_the_first_look(bench: Bench, after: float) -> None:
    bench.shelf.show(THERE)
    with pytest.raises(NotNow) as told:
        await bench.look(LOOKING, after=after)
    assert told.value.until == START + timedelta(seconds=2)
    assert bench.shelf.looked_for == []


async def test_what_is_not_there_yet_is_looked_for_again_and_uses_no_retry(bench: Bench) -> None:
    with pytest.raises(NotNow, match="Not in Jellybean's library yet") as told:
        await bench.look(LOOKING, after=16)
    assert told.value.until == START + timedelta(seconds=20)
    assert bench.told == []


async def test_a_folder_in_no_library_is_named_with_the_remedy(bench: Bench) -> None:
    bench.mappings.set = ()
    bench.shelf.locations = ("/library/films", "/library/tv")
    with pytest.raises(Permanent) as told:
        await bench.look(LOOKING, after=300)
    assert str(told.value) == (
        "Jellybean accepted it, but did not show it within 5 min. /movies/Dune is in no Jellybean library;"
        " it has: /library/films, /library/tv. Add a path mapping for Jellybean, or the folder in Jellybean."
    )


async def test_a_password_in_the_address_of_a_share_is_not_told_and_not_compared(bench: Bench) -> None:
    bench.mappings.set = (
        PathMapping(scope="jellybean", from_path="/movies", to_path="smb://tv:s3cret@nas/films"),
    )
    bench.shelf.locations = ("smb://nas/films",)
    with pytest.raises(Permanent, match="smb://nas/films/Dune lies in its library folder") as told:
        await bench.look(LOOKING, after=300)
    assert "s3cret" not in str(told.value)


async def test_a_folder_in_a_library_is_named_with_it(bench: Bench) -> None:
    with pytest.raises(Permanent, match="lies in its library folder /library/films: its scanner"):
        await bench.look(LOOKING, after=300)


async def test_a_server_without_folders_is_told_as_that(bench: Bench) -> None:
    bench.shelf.locations = ()
    with pytest.raises(Permanent, match="has no library folders"):
        await bench.look(LOOKING, after=300)


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (AuthFailed("Jellybean rejected its key."), Permanent),
        (Transient("No answer.", connection=True), NotNow),
        (SecretsUnavailable("The keyring is locked."), NotNow),
        (RateLimited("Slowly.", retry_after=timedelta(seconds=40)), NotNow),
    ],
)
async def test_what_one_server_says_stops_the_looks_at_no_other(
    bench: Bench, failure: MetarrError, kind: type[MetarrError]
) -> None:
    bench.shelf.failure = failure
    with pytest.raises(kind) as told:
        await bench.look(LOOKING, after=5)
    assert type(told.value) is kind
    assert getattr(told.value, "connection", False) is False
    if isinstance(told.value, NotNow):
        assert str(told.value) == str(failure)
        wait = 45 if isinstance(failure, RateLimited) else 10
        assert told.value.until == START + timedelta(seconds=wait)


@pytest.mark.parametrize(
    "failure",
    [Transient("No answer.", connection=True), RateLimited("Starting.", retry_after=timedelta(seconds=15))],
)
async def test_a_server_that_is_off_is_looked_at_for_an_hour_and_then_given_up(
    bench: Bench, failure: MetarrError
) -> None:
    bench.shelf.failure = failure
    with pytest.raises(NotNow):
        await bench.look(LOOKING, after=3500)
    with pytest.raises(Permanent, match="accepted it, but could not be asked whether it arrived: "):
        await bench.look(LOOKING, after=3601)


async def test_what_comes_back_within_the_hour_is_seen(bench: Bench) -> None:
    bench.shelf.failure = Transient("No answer.", connection=True)
    with pytest.raises(NotNow):
        await bench.look(LOOKING, after=290)
    bench.shelf.failure = None
    bench.shelf.show(THERE)
    bench.clock.advance(40)
    assert "Confirmed" in str((await bench.look(LOOKING, after=1800)).detail)


async def test_a_server_that_does_not_answer_is_asked_by_one_look_at_a_time(bench: Bench) -> None:
    bench.shelf.failure = Transient("No answer.")
    with pytest.raises(NotNow):
        await bench.look(LOOKING, after=2)
    bench.shelf.failure = None
    bench.shelf.show(THERE)
    for number in range(20, 30):
        with pytest.raises(NotNow, match="No answer"):
            await bench.look(replace(LOOKING, id=number), after=2)
    assert bench.shelf.looked_for == []
    bench.clock.advance(31)
    await bench.look(LOOKING, after=35)
    await bench.look(replace(LOOKING, id=20), after=35)
    assert len(bench.shelf.looked_for) == 2


async def test_retry_looks_again_without_a_time_that_means_nothing(bench: Bench) -> None:
    bench.shelf.show(THERE)
    done = await bench.look(replace(LOOKING, retry_of=3), after=2)
    assert str(done.detail) == "Confirmed: In the library Films."


async def test_a_damaged_job_fails_for_good(bench: Bench) -> None:
    for payload in ({}, {"event": 3}, {"event": replace(FILM, action=Action.GRABBED).to_payload()}):
        with pytest.raises(Permanent, match="does not say what to look for"):
            await bench.look(job("confirm-jellybean", payload), after=2)


def test_settings_without_the_choice_ask_for_no_look() -> None:
    assert not confirms(cast("Any", object()))
