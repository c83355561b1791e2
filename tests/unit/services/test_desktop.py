"""Notifications of this computer's desktop, shown by a daemon on a D-Bus of the test's own."""

from __future__ import annotations

import asyncio
import webbrowser
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.app.tasks import TaskSupervisor
from metarr_desktop.domain.errors import NothingToDo, NotNow, Transient
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind, Notice, NoticeKind
from metarr_desktop.jobs.composing import compose
from metarr_desktop.services.desktop import MUTED, DesktopConfig, DesktopNotifier
from tests.fakes import START, FakeClock, MemoryNotes, tools, until
from tests.notification_daemon import Daemon, daemon_on, session_bus

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.http import Http

__all__ = ["session_bus"]

CONFIG = DesktopConfig()
FILM = MediaEvent(
    source="radarr", kind=MediaKind.MOVIE, action=Action.IMPORTED, title="The Matrix", year=1999, folder="/m"
)


@dataclass
class Window:
    watched: bool = False
    came_up: int = 0

    def come_up(self) -> None:
        self.came_up += 1


class Scene:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.notes = MemoryNotes()
        self.window = Window()
        self.tasks = TaskSupervisor()
        given = tools(cast("Http", None), self.clock, notes=self.notes)
        self.notifier = DesktopNotifier(replace(given, window=self.window, spawn=self.tasks.spawn))

    async def send(self, job_id: int, event: MediaEvent | Notice = FILM, **changes: Any) -> str:
        notification: Notification = replace(compose(event, folder=None), job_id=job_id, **changes)
        return str((await self.notifier.send(CONFIG, notification)).detail)


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    yield scene
    await scene.tasks.close()


@pytest.fixture
async def daemon(session_bus: str) -> AsyncIterator[Daemon]:
    async with daemon_on(session_bus) as daemon:
        yield daemon


def film(title: str) -> MediaEvent:
    return replace(FILM, title=title)


async def test_a_message_is_shown_within_the_limits(scene: Scene, daemon: Daemon) -> None:
    assert await scene.send(1) == "Shown on this computer's desktop."
    long = Notice(source="radarr", kind=NoticeKind.HEALTH, message="Disk. " * 100, instance="Radarr " * 20)
    await scene.send(2, long)
    assert daemon.notified[0] == ("The Matrix (1999)", "Downloaded")
    title, body = daemon.notified[1]
    assert (len(title), len(body)) == (40, 120)
    assert daemon.urgencies == [1, 2]


async def test_what_comes_within_a_minute_is_shown_together_after_it(scene: Scene, daemon: Daemon) -> None:
    await scene.send(1)
    for job, title in ((2, "Dune"), (3, "Alien")):
        with pytest.raises(NotNow, match="together") as caught:
            await scene.send(job, film(title))
        assert (caught.value.until - START).total_seconds() == 60
    assert len(daemon.notified) == 1
    scene.clock.advance(60)
    await scene.send(2, film("Dune"))
    assert await scene.send(3, film("Alien")) == "Shown in one notification with others."
    assert daemon.notified[1:] == [("2 downloaded", "Dune (1999), Alien (1999)")]


async def test_the_next_of_a_kind_takes_the_place_of_the_one_before(scene: Scene, daemon: Daemon) -> None:
    health = Notice(source="radarr", kind=NoticeKind.HEALTH, message="No disk.", instance="Radarr")
    await scene.send(1)
    await scene.send(2, health)
    scene.clock.advance(60)
    await scene.send(3, film("Dune"))
    assert set(daemon.shown.values()) == {("Radarr has a notice", "No disk."), ("Dune (1999)", "Downloaded")}


async def test_markup_is_escaped_where_it_would_be_read(session_bus: str, scene: Scene) -> None:
    async with daemon_on(session_bus, markup=True) as daemon:
        await scene.send(1, body="<b>Tom & Jerry</b>")
    assert daemon.notified[0][1] == "&lt;b&gt;Tom &amp; Jerry&lt;/b&gt;"


async def test_nothing_is_shown_while_muted(scene: Scene, daemon: Daemon) -> None:
    scene.notes.kept[MUTED] = {"until": None}
    with pytest.raises(NothingToDo, match="muted"):
        await scene.send(1)
    scene.notes.kept[MUTED] = {"until": "2026-11-24T12:30:00+00:00"}
    with pytest.raises(NothingToDo, match="muted until"):
        await scene.send(2)
    scene.clock.advance(31 * 60)
    await scene.send(3)
    assert len(daemon.notified) == 1
    assert scene.notes.kept == {}


async def test_what_was_muted_while_it_waited_is_not_shown_with_others(scene: Scene, daemon: Daemon) -> None:
    await scene.send(1)
    with pytest.raises(NotNow, match="together"):
        await scene.send(2, film("Dune"))
    scene.notes.kept[MUTED] = {"until": None}
    scene.clock.advance(60)
    with pytest.raises(NothingToDo, match="muted"):
        await scene.send(2, film("Dune"))
    scene.notes.kept.clear()
    await scene.send(3, film("Alien"))
    assert daemon.notified[1:] == [("Alien (1999)", "Downloaded")]


async def test_what_was_shown_with_others_is_not_called_muted(scene: Scene, daemon: Daemon) -> None:
    await scene.send(1)
    for job, title in ((2, "Dune"), (3, "Alien")):
        with pytest.raises(NotNow, match="together"):
            await scene.send(job, film(title))
    scene.clock.advance(60)
    await scene.send(2, film("Dune"))
    scene.window.watched = True
    assert await scene.send(3, film("Alien")) == "Shown in one notification with others."
    assert len(daemon.notified) == 2


async def test_nothing_is_shown_while_somebody_looks_at_the_window(scene: Scene, daemon: Daemon) -> None:
    scene.window.watched = True
    with pytest.raises(NothingToDo, match="in front"):
        await scene.send(1)
    await scene.send(0)  # a test message that was asked for
    assert len(daemon.notified) == 1


async def test_a_click_opens_the_page_or_the_window(
    scene: Scene, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    await scene.send(1, link="https://example.org/603")
    daemon.invoke_action(1, "default")
    await until(lambda: opened == ["https://example.org/603"])
    await scene.send(2, Notice(source="radarr", kind=NoticeKind.HEALTH, message="No disk."), link="file:///x")
    daemon.invoke_action(2, "default")
    await until(lambda: scene.window.came_up == 1)
    assert opened == ["https://example.org/603"]


async def test_without_a_desktop_nobody_is_there_to_tell(
    scene: Scene, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    with pytest.raises(NothingToDo, match="no desktop"):
        await scene.send(1)
    (step,) = await scene.notifier.test(CONFIG)
    assert (step.ok, "no desktop" in str(step.detail)) == (False, True)


async def test_a_session_without_a_daemon_shows_nothing_either(session_bus: str, scene: Scene) -> None:
    assert session_bus
    with pytest.raises(NothingToDo, match="no desktop"):
        await scene.send(1)


async def test_a_daemon_that_fails_is_tried_again_and_found_anew(scene: Scene, daemon: Daemon) -> None:
    daemon.fails = True
    with pytest.raises(Transient, match="did not show"):
        await scene.send(1)
    daemon.fails = False
    await scene.send(1)
    assert daemon.notified == [("The Matrix (1999)", "Downloaded")]


async def test_the_test_shows_nothing(scene: Scene, daemon: Daemon) -> None:
    (step,) = await scene.notifier.test(CONFIG)
    assert (step.ok, str(step.detail)) == (True, "This desktop shows notifications.")
    assert daemon.notified == []


@pytest.mark.qt_loop
async def test_it_works_on_the_loop_of_the_window(scene: Scene, session_bus: str) -> None:
    assert "qasync" in type(asyncio.get_running_loop()).__module__
    async with daemon_on(session_bus) as daemon:
        await scene.send(1)
        await until(lambda: daemon.notified == [("The Matrix (1999)", "Downloaded")])
