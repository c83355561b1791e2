"""A drill: an import that never was goes the whole way, every service is tried, and nobody is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from metarr_desktop.app.snapshots import HistoryFilter
from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent, Transient
from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.jobs import EndStatus
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.routing import Route
from metarr_desktop.domain.schedules import DAY
from metarr_desktop.domain.text import Text
from metarr_desktop.services.declaration import Delivery, MessageConfig, Service, TestStep
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.trial import Trial
from tests.fakes import eventually
from tests.integration.senders import Home, stored

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.app.core import Core
    from metarr_desktop.domain.notification import Notification

NAME = "scheduled-drill"


class Place:
    """A service of the test's own: how its test ends, how often it was tried, and what it was sent."""

    def __init__(self, key: str, *, patient: bool = False) -> None:
        self.failure: MetarrError | None = None
        self.tried = 0
        self.sent: list[Notification] = []
        place = self

        class Told(Notifier[MessageConfig]):
            here: ClassVar[Place] = place

            async def send(self, config: MessageConfig, notification: Notification) -> Delivery:
                place.sent.append(notification)
                return Delivery(detail=Text("Accepted."))

            async def test(self, config: MessageConfig) -> list[TestStep]:
                place.tried += 1
                trial = Trial(clock=self.clock)
                await trial.step("Connection", place.answer)
                return trial.steps

        retry = RetryPolicy(max_retries=1, patient=patient)
        self.service = Service(
            key=key, title=key.title(), config=MessageConfig, notifier=Told, docs="docs/x.md", retry=retry
        )

    async def answer(self) -> Text:
        if self.failure is not None:
            raise self.failure
        return Text("Here.")


@pytest.fixture
def places() -> dict[str, Place]:
    return {
        "chat": Place("chat"),
        "phone": Place("phone"),
        "telly": Place("telly", patient=True),
    }


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = Home(tmp_path)
    yield home
    await home.close()


@pytest.fixture
async def core(home: Home, places: dict[str, Place]) -> AsyncIterator[Core]:
    async with home.program(services=tuple(each.service for each in places.values())) as core:
        for key in places:
            await core.commands.set_enabled(key, True)
        yield core


async def drill(home: Home, core: Core) -> tuple[EndStatus, str]:
    """Run one; returns how its job ended, and what it says."""
    job_id = await core.commands.run_schedule(NAME)

    async def over() -> bool:
        home.clock.advance(1)
        return any(row.record.job_id == job_id for row in (await core.queries.history(HistoryFilter())).rows)

    await eventually(over, within=60.0)
    shown = {each.name: each for each in await core.queries.schedules()}[NAME]
    assert shown.last_job_id == job_id
    assert isinstance(shown.last_status, EndStatus)
    return shown.last_status, str(shown.last_detail)


async def test_every_service_is_tried_and_nobody_is_told(
    home: Home, core: Core, places: dict[str, Place]
) -> None:
    # Neither what a service wants to be told nor its quiet hours matter.
    await core.commands.set_route("chat", "", Route(events=frozenset()))
    await core.commands.save_service("phone", Draft(values={"quiet_hours": "00:00-23:59"}))
    status, words = await drill(home, core)
    assert status is EndStatus.COMPLETED
    assert words.startswith("Drill passed: 3 of 3 services answered in ")
    assert [(each.tried, each.sent) for each in places.values()] == [(1, [])] * 3
    assert [each[:2] for each in await stored(core)] == [("metarr", "Drill")]
    assert await core.queries.senders() == ()
    assert await core.queries.jobs() == ()
    # There is no such film: nobody looks for it, and it is no example of what is told.
    preview = await core.queries.preview_template("chat", "downloaded", title="{title}", body="")
    assert preview.title != "Every service"
    desk: Any = core.commands
    assert await desk._desk._refreshes._folders.newest() is None


async def test_who_does_not_answer_is_tried_again_and_fails_the_drill(
    home: Home, core: Core, places: dict[str, Place]
) -> None:
    places["chat"].failure = Permanent("The channel is gone.")
    places["telly"].failure = AuthFailed("Key rejected: no.")
    status, words = await drill(home, core)
    assert (status, words) == (
        EndStatus.FAILED,
        "Drill: Chat: The channel is gone; Telly: Key rejected: no.",
    )
    assert (places["chat"].tried, places["phone"].tried, places["telly"].tried) == (2, 1, 2)
    # A drill stops no lane: what a person is told does not wait for it.
    assert all(each.stop is None for each in await core.queries.services())


async def test_optional_services_and_those_that_are_switched_off_are_named_and_fail_nothing(
    home: Home, core: Core, places: dict[str, Place]
) -> None:
    await core.commands.save_service("phone", Draft(values={"optional": True}))
    places["phone"].failure = Permanent("No such user.")
    places["telly"].failure = Transient("No answer at telly:80.", connection=True)
    status, words = await drill(home, core)
    assert status is EndStatus.COMPLETED
    assert words.startswith("Drill passed: 1 of 3 services answered in ")
    assert words.endswith("Phone (optional): No such user. Switched off, as it seems: Telly.")
    assert places["telly"].tried == 1


async def test_a_failed_drill_is_told_once_as_one_line(
    home: Home, core: Core, places: dict[str, Place]
) -> None:
    await core.commands.set_route("phone", "", Route(events=frozenset({EventKind.UNDELIVERED})))
    for key in ("chat", "telly"):
        places[key].failure = Permanent("Gone.")
    await drill(home, core)

    async def told() -> bool:
        home.clock.advance(61)
        return bool(places["phone"].sent)

    await eventually(told)
    await home.let_pass(core)
    (notification,) = places["phone"].sent
    assert notification.title == "The weekly drill found a problem"
    assert "Drill: Chat: Gone; Telly: Gone." in notification.body


async def test_without_services_or_while_deliveries_are_paused_there_is_nothing_to_try(
    home: Home, core: Core, places: dict[str, Place]
) -> None:
    await core.commands.pause()
    assert await drill(home, core) == (EndStatus.SKIPPED, "Deliveries are paused, so nothing was tried.")
    await core.commands.resume()
    for key in places:
        await core.commands.set_enabled(key, False)
    status, words = await drill(home, core)
    assert (status, words) == (EndStatus.SKIPPED, "No service is turned on, so there is nothing to try.")


async def test_it_runs_by_itself_only_where_a_person_turned_it_on(
    home: Home, core: Core, places: dict[str, Place]
) -> None:
    async def next_at() -> object:
        return {each.name: each.next_at for each in await core.queries.schedules()}[NAME]

    await eventually(next_at)
    before = await next_at()
    home.clock.advance(7 * DAY + DAY)

    async def passed() -> bool:
        home.clock.advance(61)
        return await next_at() != before

    await eventually(passed)
    assert [each.tried for each in places.values()] == [0, 0, 0]
    await core.commands.save_settings(weekly_drill=True)
    home.clock.advance(7 * DAY)

    async def drilled() -> bool:
        home.clock.advance(61)
        return all(each.tried for each in places.values())

    await eventually(drilled)
    await home.let_pass(core)
