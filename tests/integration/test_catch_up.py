"""Catching up with stand-ins of Radarr, Sonarr and Lidarr, over the real core."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.core import open_core
from metarr_desktop.app.sender_snapshots import SenderState
from metarr_desktop.app.snapshots import ProblemKind
from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.events import IncomingWebhook, MediaEvent, Notice
from metarr_desktop.domain.forms import Draft
from tests.fakes import eventually
from tests.integration.senders import (
    Home,
    connected,
    ended,
    idle,
    notebook,
    recovered,
    stored,
    wait_for_recovered,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.app.core import Core
    from tests.fake_arr import FakeArr

HOUR, MINUTES = timedelta(hours=1), timedelta(minutes=10)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = Home(tmp_path)
    yield home
    await home.close()


async def import_some(arr: FakeArr, first: int, *, by_hand: bool = False) -> None:
    """Import three things, one of them with several episodes."""
    for number in range(first, first + 3):
        download_id = "" if by_hand else f"DL{number}"
        if arr.kind == "radarr":
            await arr.import_film(number, f"Film {number}", download_id=download_id)
        elif arr.kind == "sonarr":
            last = number * 2 + (number == first)
            await arr.import_episodes(1, 2, *range(number * 2, last + 1), download_id=download_id)
        else:
            await arr.import_album(number, f"Album {number}", download_id=download_id)


async def ask(core: Core, name: str) -> None:
    await core.commands.catch_up(name)
    await idle(core)


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("kind", ["radarr", "sonarr", "lidarr"])
async def test_what_webhooks_told_is_not_told_again(home: Home, kind: str, by_hand: bool) -> None:
    arr = await home.arr(kind)
    async with home.program() as core:
        name = await connected(core, arr)
        home.clock.advance(timedelta(minutes=1))
        await import_some(arr, 1, by_hand=by_hand)
        await idle(core)
        assert arr.skipped == []
        assert len(arr.sent) == 3
        await ask(core, name)
        assert ("GET", f"/api/{'v1' if kind == 'lidarr' else 'v3'}/history/since") in arr.calls
        assert await recovered(core) == []


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("kind", ["radarr", "sonarr", "lidarr"])
async def test_what_nobody_heard_is_told_once(home: Home, kind: str, by_hand: bool) -> None:
    arr = await home.arr(kind)
    async with home.program() as core:
        name = await connected(core, arr)
    home.clock.advance(HOUR)
    await import_some(arr, 1, by_hand=by_hand)
    home.clock.advance(MINUTES)
    async with home.program() as core:
        titles = await wait_for_recovered(core, 3)
        assert len(titles) == len(set(titles)) == 3
        assert all(titles)
        await ask(core, name)
        assert len(await recovered(core)) == 3
    async with home.program() as core:
        await ask(core, name)
        assert len(await recovered(core)) == 3
        assert (await core.queries.sender(name)).state is SenderState.CONNECTED


async def test_what_came_and_was_not_looked_at_yet_is_not_missing(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
    home.clock.advance(HOUR)
    for number in range(1, 11):
        await arr.import_film(number, f"Film {number}", download_id=f"DL{number}")
    tests = [{"eventType": "Test"}] * 400
    async with open_core(home.paths, serve=False, clock=home.clock, secrets=home.secrets) as core:
        for body in [*tests, *arr.skipped]:  # as they lie there after a crash
            await core.commands._jobs.store(
                IncomingWebhook(
                    source="radarr",
                    event_type=body["eventType"],
                    instance="radarr",
                    body=json.dumps(body).encode(),
                    remote_address="",
                )
            )
    home.clock.advance(MINUTES)
    async with home.program() as core:
        await idle(core)
        assert (await core.queries.sender(name)).last_catch_up == home.clock.now()
        assert await recovered(core) == []


async def test_one_message_tells_of_all(home: Home) -> None:
    told: list[Notice | MediaEvent] = []
    arr = await home.arr()
    async with home.program(services=[notebook(told)]) as core:
        await core.commands.set_enabled("notebook", enabled=True)
        await connected(core, arr)
    home.clock.advance(HOUR)
    for number in range(1, 15):
        await arr.import_film(number, f"Film {number}", download_id=f"DL{number}")
    home.clock.advance(MINUTES)
    async with home.program(services=[notebook(told)]) as core:
        await wait_for_recovered(core, 14)
        (notice,) = told
        assert isinstance(notice, Notice)
        assert notice.subject == "14 imports while Metarr Desktop was off"
        lines = notice.message.splitlines()
        assert lines[0] == "Film 1 (1999)"
        assert lines[-1] == "and 4 more"
        assert len(lines) == 11


async def test_a_route_by_tag_counts_for_what_is_caught_up_with(home: Home) -> None:
    told: list[Notice | MediaEvent] = []
    arr = await home.arr(labels={1: "kids", 2: "grown-ups"})
    async with home.program(services=[notebook(told)]) as core:
        await core.commands.set_enabled("notebook", enabled=True)
        await connected(core, arr)
    with closing(sqlite3.connect(home.paths.data_dir / "metarr.db")) as db, db:
        rule = json.dumps({"include_tags": ["kids"]})
        db.execute("INSERT INTO routes (service, source, rule) VALUES ('notebook', '', ?)", (rule,))
    home.clock.advance(HOUR)
    await arr.import_film(1, "Bambi", download_id="A", tags=(1,))
    await arr.import_film(2, "Alien", download_id="B", tags=(2,))
    home.clock.advance(MINUTES)
    async with home.program(services=[notebook(told)]) as core:
        await wait_for_recovered(core, 2)
        (notice,) = told
        assert isinstance(notice, Notice)
        assert (notice.subject, notice.message) == ("1 import while Metarr Desktop was off", "Bambi (1999)")


async def test_many_are_made_up_for_only_when_asked(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
    home.clock.advance(HOUR)
    for number in range(1, 22):
        await arr.import_film(number, f"Film {number}", download_id=f"DL{number}")
    home.clock.advance(MINUTES)
    async with home.program() as core:
        await eventually(core.queries.problems)
        await idle(core)
        (problem,) = await core.queries.problems()
        assert (problem.kind, problem.subject) == (ProblemKind.MISSED, name)
        assert str(problem.text) == "21 imports happened while Metarr Desktop was off."
        assert await recovered(core) == []
        assert (await core.queries.sender(name)).missed == 21
        await ask(core, name)
        assert len(await recovered(core)) == 21
        assert await core.queries.problems() == ()


async def test_what_was_dismissed_does_not_come_back(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
    home.clock.advance(HOUR)
    for number in range(1, 22):
        await arr.import_film(number, f"Film {number}", download_id=f"DL{number}")
    home.clock.advance(MINUTES)
    async with home.program() as core:
        await eventually(core.queries.problems)
        await idle(core)
        await core.commands.dismiss_missed(name)
        assert await core.queries.problems() == ()
        await ask(core, name)
        assert await recovered(core) == []
        home.clock.advance(timedelta(seconds=30))
        arr.mute(1)
        await arr.import_film(50, "Later", download_id="later")
        home.clock.advance(MINUTES)
        await ask(core, name)
        assert await recovered(core) == ["Later (1999)"]


async def test_what_is_only_a_minute_old_may_still_come_by_itself(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        home.clock.advance(timedelta(seconds=20))
        arr.mute(1)
        await arr.import_film(1, "Dune", download_id="A")
        home.clock.advance(timedelta(seconds=20))  # no jump that looks like a sleep
        await core.commands.run_schedule("scheduled-catch-up")
        await idle(core)
        assert (await ended(core, "catch-up"))[0][0] == "completed"
        assert await recovered(core) == []
        home.clock.advance(MINUTES)
        await core.commands.run_schedule("scheduled-catch-up")
        await idle(core)
        assert await recovered(core) == ["Dune (1999)"]


async def test_at_a_start_nothing_is_too_young_for_nobody_listened_before(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
    home.clock.advance(HOUR)
    await arr.import_film(1, "Dune", download_id="A")
    home.clock.advance(timedelta(seconds=5))
    async with home.program() as core:
        await eventually(lambda: recovered(core))
        await idle(core)
        assert await recovered(core) == ["Dune (1999)"]


async def test_a_sender_that_does_not_answer_is_skipped_in_the_end(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
        await arr.stop()
        await core.commands.catch_up(name)

        async def over() -> bool:
            home.clock.advance(timedelta(seconds=30))
            return not await core.queries.jobs()

        await eventually(over)
        status, reason = (await ended(core, "catch-up"))[0]
        assert status == "skipped"
        assert "could not be asked: No answer at http://127.0.0.1:" in reason
        assert (await core.queries.sender(name)).state is SenderState.UNREACHABLE
        await arr.start()
        await ask(core, name)
        assert (await core.queries.sender(name)).state is SenderState.CONNECTED


async def test_a_rejected_key_is_told_at_the_sender_and_stops_nobody(home: Home) -> None:
    arr, sonarr = await home.arr(), await home.arr("sonarr")
    async with home.program() as core:
        name, other = await connected(core, arr), await connected(core, sonarr)
        await core.commands.save_sender(name, Draft(secrets={"api_key": "wrong"}))
        await ask(core, name)
        assert (await ended(core, "catch-up"))[0][0] == "skipped"
        assert (await core.queries.sender(name)).state is SenderState.KEY_REJECTED
        (problem,) = await core.queries.problems()
        assert (problem.kind, problem.subject) == (ProblemKind.SOURCE_KEY_REJECTED, name)
        assert str(problem.text).startswith("Radarr rejected its API key.")
        await ask(core, other)
        assert (await ended(core, "catch-up"))[0][0] == "completed"
        await core.commands.save_sender(name, Draft(secrets={"api_key": arr.key}))
        assert await core.queries.problems() == ()


async def test_a_muted_connection_is_opened_again(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        await connected(core, arr)
        arr.mute(1)
        await core.commands.run_schedule("scheduled-catch-up")
        await idle(core)
        assert not arr.is_muted(1)
        assert await core.queries.problems() == ()


async def test_one_that_stays_muted_is_told_until_it_is_resumed(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
        fields = {each["name"]: each for each in arr.entries[1]["fields"]}
        right, fields["url"]["value"] = fields["url"]["value"], "http://127.0.0.1:9/webhooks/radarr/radarr"
        arr.mute(1)
        await core.commands.run_schedule("scheduled-catch-up")
        await idle(core)
        (problem,) = await core.queries.problems()
        assert (problem.kind, problem.subject) == (ProblemKind.SOURCE_STOPPED, name)
        assert str(problem.text) == "Radarr stopped calling after failed deliveries."
        assert (await core.queries.sender(name)).state is SenderState.STOPPED_CALLING
        fields["url"]["value"] = right
        report = await core.commands.resume_sender(name)
        assert report.ok
        assert not arr.is_muted(1)
        assert await core.queries.problems() == ()


async def test_a_problem_that_was_resolved_unheard_is_told_again_when_it_comes_back(home: Home) -> None:
    arr = await home.arr()
    problem = {"type": "RootFolderCheck", "level": "error", "message": "Missing root folder: /movies"}

    async def told(core: Core) -> list[str]:
        return [status for status, _ in await ended(core, "webhook-received")]

    async with home.program() as core:
        name = await connected(core, arr)
        arr.complaints = [{"source": problem["type"], "type": "error", "message": problem["message"]}]
        for _ in range(2):
            await arr.post_event({"eventType": "Health", **problem}, switch="onHealthIssue")
            await core.commands.run_schedule("scheduled-catch-up")
            await idle(core)
        assert [issue.message for issue in (await core.queries.sender(name)).issues] == [problem["message"]]
        before = (await told(core)).count("completed")
        arr.complaints = []
        await core.commands.run_schedule("scheduled-catch-up")
        await idle(core)
        assert (await core.queries.sender(name)).issues == ()
        await arr.post_event({"eventType": "Health", **problem}, switch="onHealthIssue")
        await idle(core)
        assert (await told(core)).count("completed") == before + 1


async def test_a_sender_that_is_off_is_not_asked(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
        await core.commands.set_sender_enabled(name, enabled=False)
        with pytest.raises(Refused, match="Radarr is turned off"):
            await core.commands.catch_up(name)
        arr.calls.clear()
        await core.commands.run_schedule("scheduled-catch-up")
        await idle(core)
        assert arr.calls == []
        assert [each[1] for each in await stored(core)] == ["Test"]


async def test_a_history_that_has_only_pages_is_read_to_its_end(home: Home) -> None:
    arr = await home.arr(pages_only=True)
    async with home.program() as core:
        name = await connected(core, arr)
    for number in range(1, 251):
        home.clock.advance(1)
        await arr.import_film(number, f"Film {number}", download_id=f"DL{number}")
    home.clock.advance(MINUTES)
    async with home.program() as core:
        await eventually(core.queries.problems)
        await idle(core)
        assert (await core.queries.sender(name)).missed == 250
        assert arr.calls.count(("GET", "/api/v3/history")) == 4  # the last one is empty


@pytest.mark.parametrize("hours", [-3, 3])
async def test_a_clock_that_is_wrong_hides_nothing(home: Home, hours: int) -> None:
    arr = await home.arr()
    arr.now = lambda: home.clock.now() + timedelta(hours=hours)
    async with home.program() as core:
        name = await connected(core, arr)
        await arr.import_film(1, "Heard", download_id="A")
        await idle(core)
    home.clock.advance(HOUR)
    await arr.import_film(2, "Missed", download_id="B")
    home.clock.advance(MINUTES)
    async with home.program() as core:
        assert await wait_for_recovered(core, 1) == ["Missed (1999)"]
        await ask(core, name)
        assert await recovered(core) == ["Missed (1999)"]


async def test_two_senders_of_one_kind_are_not_mixed_up(home: Home) -> None:
    arr, sharp = await home.arr(), await home.arr(instance_name="Radarr")  # they call themselves the same
    async with home.program() as core:
        await connected(core, arr, "Radarr")
        await connected(core, sharp, "Radarr 4K")
        await arr.import_film(1, "Dune", download_id="A")
        await sharp.import_film(1, "Dune", download_id="A")
        await idle(core)
        counts = {each.name: each.events_24h for each in await core.queries.senders()}
        assert counts == {"Radarr": 2, "Radarr 4K": 2}  # its Test and the film
    home.clock.advance(HOUR)
    await sharp.import_film(2, "Alien", download_id="B")
    home.clock.advance(MINUTES)
    async with home.program() as core:
        assert await wait_for_recovered(core, 1) == ["Alien (1999)"]
        with closing(sqlite3.connect(home.paths.data_dir / "metarr.db")) as db:
            found = db.execute("SELECT instance FROM webhook_events WHERE recovered <> 0").fetchall()
        assert found == [("radarr-4k",)]


async def test_what_was_downloaded_and_imported_by_hand_is_told_once(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
        home.clock.advance(MINUTES)
        await arr.import_film(1, "Dune")
        await idle(core)
        arr.records[-1]["downloadId"] = "DL1"  # its history finds out the download, its webhook does not
        await ask(core, name)
        assert await recovered(core) == []
        home.clock.advance(HOUR)
        await ask(core, name)
        home.clock.advance(timedelta(days=8))
        arr.mute(1)
        await arr.import_film(1, "Dune", download_id="DL2")  # a file of the same name, downloaded anew
        await ask(core, name)
        assert await recovered(core) == ["Dune (1999)"]


async def test_an_album_that_is_only_half_in_the_window_is_not_told_again(home: Home) -> None:
    arr = await home.arr("lidarr")
    async with home.program() as core:
        name = await connected(core, arr)
        home.clock.advance(MINUTES)
        await arr.import_album(1, "Geogaddi", tracks=4)
        await idle(core)
        before = arr.now() - HOUR
        for record in arr.records[:2]:
            record["date"] = before.strftime("%Y-%m-%dT%H:%M:%SZ")
        await ask(core, name)
        assert await recovered(core) == []


async def test_what_was_skipped_while_a_sender_was_off_is_not_missing(home: Home) -> None:
    arr = await home.arr()
    async with home.program() as core:
        name = await connected(core, arr)
        await core.commands.set_sender_enabled(name, enabled=False)
        home.clock.advance(MINUTES)
        await arr.import_film(1, "Dune", download_id="A")
        await idle(core)
        await core.commands.set_sender_enabled(name, enabled=True)
        await ask(core, name)
        assert await recovered(core) == []
