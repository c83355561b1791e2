"""Messages that something is ready to watch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from metarr_desktop.domain.errors import NotFound, NotNow
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.domain.text import Text
from metarr_desktop.jobs.composing import compose, compose_all
from metarr_desktop.jobs.ready import WAITS, Arrival, LetGo, ReadyToWatch
from metarr_desktop.storage.history_store import Family
from tests.fakes import START, FakeClock

READY = MediaEvent(
    source="radarr", kind=MediaKind.MOVIE, action=Action.READY, title="Dune", folder="/movies/Dune", year=2021
)
PAGE = "http://jellyfin/web/#/details?id=1"


class Notes:
    def __init__(self) -> None:
        self.seen: dict[str, dict[str, dict[str, Any]]] = {}

    async def named(self, name: str) -> dict[str, dict[str, Any]]:
        return self.seen.get(name, {})


def job(number: int = 1, *merged: Job, reason: Text | None = WAITS, event: MediaEvent = READY) -> Job:
    return Job(
        id=number, type="notify-discord", lane="discord", priority=5, status=JobStatus.PENDING,
        payload={"event": event.to_payload()}, created_at=START, updated_at=START, run_after=START,
        root_id=number * 10, merged=merged, reason=reason,
    )  # fmt: skip


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ready(notes: Notes, clock: FakeClock) -> ReadyToWatch:
    return ReadyToWatch(notes=notes, titles={"kodi": "Kodi", "jellyfin": "Jellyfin"}, clock=clock)


async def test_other_messages_wait_for_nothing(ready: ReadyToWatch) -> None:
    assert await ready.arrival(job(), replace(READY, action=Action.IMPORTED)) is None


async def test_it_waits_until_a_server_shows_it(ready: ReadyToWatch, notes: Notes, clock: FakeClock) -> None:
    waits = []
    for elapsed in (0, 5, 20, 580):
        clock.jump(START + timedelta(seconds=elapsed) - clock.now())
        with pytest.raises(NotNow, match="until a media server shows it") as told:
            await ready.arrival(job(), READY)
        waits.append((told.value.until - START).total_seconds())
    assert waits == [5, 15, 35, 600]
    notes.seen["arrival/10"] = {"jellyfin": {"link": PAGE}}
    assert await ready.arrival(job(), READY) == Arrival(place="Jellyfin", link=PAGE)


async def test_after_ten_minutes_it_goes_and_says_so(ready: ReadyToWatch, clock: FakeClock) -> None:
    clock.jump(timedelta(minutes=10))
    arrival = await ready.arrival(replace(job(), run_after=clock.now()), READY)
    assert arrival == Arrival()
    assert arrival is not None
    assert str(arrival.warning) == "No media server showed it within 10 min."
    told = arrival.into(compose(READY, folder=None))
    assert told.body == "Imported, but no media server shows it yet"


async def test_after_a_sleep_the_looks_at_the_servers_come_first(
    ready: ReadyToWatch, notes: Notes, clock: FakeClock
) -> None:
    clock.jump(timedelta(hours=8))
    overslept = replace(job(), run_after=START + timedelta(seconds=15))
    with pytest.raises(NotNow) as told:
        await ready.arrival(overslept, READY)
    assert told.value.until == clock.now() + timedelta(seconds=90)
    assert await ready.arrival(replace(overslept, deferrals=13), READY) == Arrival(), "but not for ever"
    notes.seen["arrival/10"] = {"jellyfin": {"link": PAGE}}
    assert await ready.arrival(overslept, READY) == Arrival(place="Jellyfin", link=PAGE)


async def test_a_pack_waits_for_all_of_it(ready: ReadyToWatch, notes: Notes) -> None:
    together = job(1, job(2))
    notes.seen["arrival/10"] = {"jellyfin": {"link": PAGE}}
    with pytest.raises(NotNow):
        await ready.arrival(together, READY)
    notes.seen["arrival/20"] = {"jellyfin": {"link": PAGE + "2"}}
    assert await ready.arrival(together, READY) == Arrival(place="Jellyfin")


def test_the_message_says_where_and_leads_there() -> None:
    told = Arrival(place="Jellyfin", link=PAGE).into(compose(replace(READY, tmdb_id=438631), folder=None))
    assert (told.title, told.body, told.link) == ("Dune (2021)", "Ready to watch in Jellyfin", PAGE)
    without = Arrival(place="Kodi").into(compose(replace(READY, tmdb_id=438631), folder=None))
    assert without.link == "https://www.themoviedb.org/movie/438631"
    own_words = replace(compose(READY, folder=None), body="**Dune**", marked=True)
    assert Arrival(place="Jellyfin", link=PAGE).into(own_words) == replace(own_words, link=PAGE)


def test_a_pack_that_is_ready_is_told_as_ready() -> None:
    episode = replace(READY, kind=MediaKind.EPISODE, season=1, files=("1.mkv",))
    pack = compose_all([replace(episode, episodes=(number,)) for number in (1, 2)], folder=None)
    assert isinstance(pack.event, MediaEvent)
    assert pack.event.action is Action.READY
    assert Arrival(place="Jellyfin").into(pack).body == "Ready to watch in Jellyfin"


async def test_what_waits_for_an_arrival_is_let_go_and_nothing_else() -> None:
    waiting, gathering = job(1), job(2, reason=Text("Waits for more of the same download."))
    other = job(3, event=replace(READY, action=Action.IMPORTED))
    gone = job(4)
    ran: list[int] = []

    class Families:
        async def families(self, root_ids: Any) -> tuple[Family, ...]:
            assert root_ids == (10, 20)
            return (Family(root_id=10, jobs=(gone, waiting, gathering, other), records=()),)

    async def run_now(job_id: int) -> None:
        if job_id == gone.id:
            raise NotFound("It is over.")
        ran.append(job_id)

    await LetGo(families=Families(), run_now=run_now)((10, 20))
    assert ran == [1]
