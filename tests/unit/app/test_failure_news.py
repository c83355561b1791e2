"""What this program could not do becomes a message once, whatever happens in between."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.failure_news import BETWEEN_S, FailureNews
from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent, PortUnavailable
from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.domain.jobs import NewJob
from metarr_desktop.domain.routing import Route
from metarr_desktop.jobs.handlers import JobType
from metarr_desktop.services.registry import SERVICES
from metarr_desktop.storage.event_store import EventStore
from metarr_desktop.storage.failure_store import FailureStore
from metarr_desktop.storage.route_store import RouteStore
from metarr_desktop.storage.service_store import ServiceStore
from metarr_desktop.webhooks.sources.metarr import parse
from tests.fakes import START, eventually, until
from tests.unit.jobs.conftest import Engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from metarr_desktop.domain.jobs import Job
    from metarr_desktop.domain.outcomes import Done
    from metarr_desktop.jobs.handlers import Report

FILM = MediaEvent(
    source="radarr", kind=MediaKind.MOVIE, action=Action.IMPORTED, title="Dune", year=2021, folder="/m/Dune"
)
ALARM = Notice(source="metarr", kind=NoticeKind.UNDELIVERED, message="Kodi failed.", unmatched=True)


class Scene:
    """A queue whose jobs fail, and the news of it."""

    def __init__(self, path: Path) -> None:
        self.engine = Engine(path)
        self.services = ServiceStore(self.engine.database)
        self.routes = RouteStore(self.engine.database)
        self.events = EventStore(self.engine.database)
        self.problem: PortUnavailable | None = None
        self.error: MetarrError = Permanent("Message is blank.")
        self.engine.start(
            *(
                JobType(type=kind, handler=self._fail, lane=kind.partition("-")[2], delivers=True)
                for kind in ("notify-discord", "notify-pushover", "confirm-kodi", "scan-movie")
            )
        )
        self.news = self.fresh()

    def fresh(self) -> FailureNews:
        """Begin anew, as the program does after a start."""
        engine = self.engine
        return FailureNews(
            failures=FailureStore(engine.database),
            jobs=engine.store,
            rows=self.services,
            routes=self.routes,
            services=SERVICES,
            queue=engine.queue,
            listener_problem=lambda: self.problem,
            bus=engine.bus,
            clock=engine.clock,
        )

    async def _fail(self, _job: Job, _report: Report) -> Done:
        raise self.error

    async def fail(self, *types: str, event: MediaEvent | Notice = FILM) -> None:
        before = len(self._ended())
        await self.engine.queue.add(
            [
                NewJob(
                    type=kind, lane=kind.partition("-")[2], priority=5, payload={"event": event.to_payload()}
                )
                for kind in types
            ]
        )
        await until(lambda: len(self._ended()) == before + len(types))

    def _ended(self) -> list[object]:
        return [change for change in self.engine.changes if hasattr(change, "record")]

    async def told(self) -> list[Notice]:
        found = []
        for stored in reversed(await self.events.newest(limit=100)):
            notice = parse(json.loads((await self.events.body(stored.id)).body))
            assert isinstance(notice, Notice)
            found.append(notice)
        return found


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = Scene(tmp_path / "metarr.db")
    await scene.services.seed([each.key for each in SERVICES], now=START)
    await scene.services.set_enabled("discord", enabled=True, now=START)
    await scene.routes.save("discord", "", Route(events=frozenset({EventKind.UNDELIVERED})))
    await scene.news.tell()
    yield scene
    await scene.engine.close()


async def test_a_failed_delivery_is_told_once_also_after_a_restart(scene: Scene) -> None:
    await scene.fail("notify-pushover")
    assert await scene.news.tell()
    (notice,) = await scene.told()
    assert (notice.subject, notice.message) == (
        "Pushover: a delivery failed",
        "Dune (2021): Message is blank.",
    )
    assert (notice.event_kind, notice.level) == (EventKind.UNDELIVERED, "error")
    assert not await scene.news.tell()
    assert not await scene.fresh().tell()
    assert len(await scene.told()) == 1


async def test_an_end_between_the_message_and_the_note_of_it_tells_nothing_twice(scene: Scene) -> None:
    failures = FailureStore(scene.engine.database)
    last = await failures.told(now=START)
    await scene.fail("notify-pushover", "scan-movie")
    assert await scene.news.tell()
    await scene.engine.database.run(
        lambda db: db.execute("UPDATE settings SET value = ? WHERE name = 'failures_told'", (str(last),))
    )
    assert not await scene.fresh().tell()
    assert len(await scene.told()) == 1


async def test_what_failed_after_such_an_end_is_told(scene: Scene) -> None:
    failures = FailureStore(scene.engine.database)
    last = await failures.told(now=START)
    await scene.fail("notify-pushover")
    assert await scene.news.tell()
    await scene.engine.database.run(
        lambda db: db.execute("UPDATE settings SET value = ? WHERE name = 'failures_told'", (str(last),))
    )
    await scene.fail("scan-movie")
    assert await scene.fresh().tell()
    assert [notice.subject for notice in await scene.told()] == [
        "Pushover: a delivery failed",
        "A scan failed",
    ]


async def test_with_other_computers_each_failure_is_told_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FailureStore, "shared", True)
    for service in ("pushover", "discord", "pushover"):
        await scene.fail(f"notify-{service}")
        assert await scene.news.tell()
    assert [notice.subject for notice in await scene.told()] == [
        "Pushover: a delivery failed",
        "Discord: a delivery failed",
        "Pushover: a delivery failed",
    ]


async def test_what_another_computer_wrote_late_is_told_and_nothing_twice(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FailureStore, "shared", True)
    await scene.fail("notify-pushover")
    await scene.fail("notify-discord")
    await FailureStore(scene.engine.database).note_told(1_000, now=START)  # before the first came in sight
    assert await scene.news.tell()
    assert not await scene.news.tell()
    (notice,) = await scene.told()
    assert notice.subject == "2 deliveries failed"


async def test_what_failed_before_the_first_start_is_no_news(tmp_path: Path) -> None:
    scene = Scene(tmp_path / "other.db")
    await scene.services.seed([each.key for each in SERVICES], now=START)
    await scene.services.set_enabled("discord", enabled=True, now=START)
    await scene.routes.save("discord", "", Route(events=frozenset({EventKind.UNDELIVERED})))
    await scene.fail("notify-pushover")
    assert not await scene.news.tell()
    assert await scene.told() == []
    await scene.engine.close()


async def test_several_are_one_message(scene: Scene) -> None:
    await scene.fail("notify-pushover", "notify-pushover", "notify-discord", "scan-movie", "confirm-kodi")
    await scene.news.tell()
    (notice,) = await scene.told()
    assert notice.subject == "5 deliveries failed"
    assert "Scan: Dune (2021): Message is blank." in notice.message
    assert "Kodi: Dune (2021): Message is blank." in notice.message
    assert len(notice.message.split("\n")) == 5


async def test_the_first_is_told_at_once_and_the_rest_a_minute_later(scene: Scene) -> None:
    scene.engine.tasks.spawn(scene.news.run(), name="news")
    await scene.fail("notify-pushover")

    async def count() -> int:
        return len(await scene.told())

    await _reaches(count, 1)
    await scene.fail("notify-pushover", "notify-pushover")
    assert await count() == 1
    scene.engine.clock.advance(BETWEEN_S)
    await _reaches(count, 2)
    assert (await scene.told())[1].subject == "Pushover: 2 deliveries failed"


async def test_a_message_about_a_failure_that_fails_is_not_told(scene: Scene) -> None:
    await scene.fail("notify-pushover", event=ALARM)
    assert not await scene.news.tell()
    assert await scene.told() == []


async def test_optional_services_have_no_failures(scene: Scene) -> None:
    await scene.services.save("pushover", values={"optional": True}, kept_secrets=frozenset(), now=START)
    await scene.fail("notify-pushover")
    assert not await scene.news.tell()
    scene.error = AuthFailed("Key rejected.")
    await scene.engine.queue.add([_job("notify-pushover")])
    await _stopped(scene)
    assert not await scene.news.tell()


async def test_nothing_is_stored_where_nobody_would_be_told(scene: Scene) -> None:
    await scene.routes.reset("discord", "")
    await scene.fail("notify-pushover")
    assert not await scene.news.tell()
    assert await scene.told() == []


async def test_a_rejected_key_is_told_once_with_what_waits(scene: Scene) -> None:
    scene.error = AuthFailed("Key rejected.")
    await scene.engine.queue.add([_job("notify-pushover"), _job("notify-pushover")])
    await _stopped(scene)
    assert await scene.news.tell()
    assert not await scene.news.tell()
    (notice,) = await scene.told()
    assert (notice.subject, notice.message) == (
        "Pushover needs a new key",
        "2 messages wait. Open settings to fix it.",
    )


async def test_a_port_that_is_taken_is_told_once_a_start(scene: Scene) -> None:
    scene.problem = PortUnavailable("Port 3000 is used by another program. Webhooks cannot arrive.")
    assert await scene.news.tell()
    assert not await scene.news.tell()
    (notice,) = await scene.told()
    assert notice.subject == "Not receiving webhooks"
    scene.engine.clock.advance(5)
    assert await scene.fresh().tell()


def _job(kind: str) -> NewJob:
    return NewJob(type=kind, lane=kind.partition("-")[2], priority=5, payload={"event": FILM.to_payload()})


async def _stopped(scene: Scene) -> None:
    async def is_stopped() -> int:
        return len(await scene.engine.queue.lane_stops())

    await _reaches(is_stopped, 1)


async def _reaches(count: Callable[[], Awaitable[int]], wanted: int) -> None:
    async def is_reached() -> bool:
        return await count() == wanted

    await eventually(is_reached)
