"""What a notify job tells: one event, or all that came together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.domain.errors import NotNow, Permanent, Transient
from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.domain.message_templates import MessageTemplate
from metarr_desktop.domain.text import Text
from metarr_desktop.jobs.composer import Composer
from metarr_desktop.jobs.composing import compose, compose_all
from metarr_desktop.jobs.notify import Notify
from metarr_desktop.services.declaration import Delivery, MessageConfig, Service, ServiceConfig, TestStep
from metarr_desktop.services.kodi_config import KodiConfig
from metarr_desktop.services.network import TARGET
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.wake import Waker
from metarr_desktop.storage.service_store import ServiceStore
from metarr_desktop.storage.template_store import TemplateStore
from tests.fakes import START, FakeClock, MemorySecretStore, no_report, tools
from tests.fakes_network import FakeDevice

if TYPE_CHECKING:
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.domain.paths import PathMapping
    from metarr_desktop.services.http import Http
    from tests.unit.jobs.conftest import Engine


class Chat(Notifier[ServiceConfig]):
    """Keeps what it was given to send."""

    sent: list[Notification]

    async def send(self, config: ServiceConfig, notification: Notification) -> Delivery:
        self.sent.append(notification)
        return Delivery(detail=Text("Accepted."))

    async def test(self, config: ServiceConfig) -> list[TestStep]:
        return []


class NoMappings:
    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        return ()


CHAT = Service(key="chat", title="Chat", config=ServiceConfig, notifier=Chat, docs="")
LIBRARY = replace(CHAT, key="library", waits_for_scan=True, merge_window=timedelta(seconds=15))


def episode(number: int, **changes: object) -> MediaEvent:
    return MediaEvent(
        **{  # type: ignore[arg-type]
            "source": "sonarr",
            "kind": MediaKind.EPISODE,
            "action": Action.IMPORTED,
            "title": "Dark",
            "folder": "/tv/Dark",
            "season": 2,
            "episodes": (number,),
            "episode_title": f"Part {number}",
            "overview": "It begins.",
            "quality": "WEBDL-1080p",
            "tvdb_id": 7,
            "download_id": "nzo_1",
            **changes,
        }
    )


def job(job_id: int, payload: dict[str, Any], *merged: Job) -> Job:
    return Job(
        id=job_id, type="notify-chat", lane="chat", priority=5, status=JobStatus.PROCESSING, payload=payload,
        created_at=START, updated_at=START, run_after=START, root_id=job_id, merged=merged,
    )  # fmt: skip


def of(*events: MediaEvent) -> Job:
    """Return the job that leads those of all events."""
    leader, *others = [job(number, {"event": event.to_payload()}) for number, event in enumerate(events, 1)]
    return replace(leader, merged=tuple(others))


async def told(
    engine: Engine, given: Job, *, service: Service = CHAT, wording: Composer | None = None
) -> Notification:
    """Run a job and return the one message it sent."""
    store = ServiceStore(engine.database)
    await store.seed([service.key], now=START)
    await store.set_enabled(service.key, enabled=True, now=START)
    chat = Chat(tools(cast("Http", None), engine.clock))
    chat.sent = []
    notify = Notify(
        service=service,
        notifier=chat,
        services=store,
        secrets=cast("Any", MemorySecretStore()),
        mappings=NoMappings(),
        clock=engine.clock,
        wording=wording,
    )
    await notify(given, no_report)
    (notification,) = chat.sent
    return notification


async def test_one_event_is_told_with_all_that_is_known_of_it(engine: Engine) -> None:
    event = episode(3)
    notification = await told(engine, of(event))
    told_of = compose(event, folder="/tv/Dark")
    assert notification == replace(told_of, job_id=notification.job_id, root_id=notification.root_id)
    assert (notification.job_id, notification.root_id) == (1, 1)
    assert (notification.title, notification.body) == ("Dark S02E03", "Part 3\nDownloaded in WEBDL-1080p")
    assert notification.events == (event,)


async def test_what_came_together_is_one_message(engine: Engine) -> None:
    events = [episode(number) for number in range(1, 25)]
    notification = await told(engine, of(*events))
    assert notification.title == "Dark S02E01-24 (24)"
    assert notification.body == "Downloaded in WEBDL-1080p"
    assert isinstance(notification.event, MediaEvent)
    assert (notification.event.overview, notification.events) == ("", tuple(events))
    assert (notification.folder, notification.link) == (
        "/tv/Dark",
        "https://www.thetvdb.com/?tab=series&id=7",
    )


async def test_one_refresh_of_a_folder_is_called_by_its_leader_and_holds_all_events(engine: Engine) -> None:
    gone = episode(2, action=Action.DELETED, old_files=("a.mkv",))
    notification = await told(engine, of(episode(1), gone), service=LIBRARY)
    assert (notification.title, notification.event) == ("Dark S02E01", episode(1))
    assert notification.events == (episode(1), gone)


async def test_what_came_is_told_and_not_what_was_deleted_before_it(engine: Engine) -> None:
    """Of a night in which the player was off: a deletion leads, and its screen shows what is new."""
    gone = episode(1, action=Action.DELETED, old_files=("a.mkv",))
    notification = await told(engine, of(gone, episode(2)), service=LIBRARY)
    assert (notification.title, notification.event) == ("Dark S02E02", episode(2))
    assert notification.events == (gone, episode(2))


class Sleeper(Chat):
    """Does not answer at first."""

    async def send(self, config: ServiceConfig, notification: Notification) -> Delivery:
        if not self.sent:
            self.sent.append(notification)
            raise Transient("No answer.", connection=True)
        return await super().send(config, notification)


async def test_who_sleeps_is_woken_and_told_in_the_same_attempt(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Soon(FakeClock):
        async def sleep(self, seconds: float) -> None:
            self.advance(seconds)

    service = replace(LIBRARY, config=KodiConfig)
    store = ServiceStore(engine.database)
    await store.seed([service.key], now=START)
    values = {"host": "tv", "mac": "00:11:32:aa:bb:cc"}
    await store.save(service.key, values=values, kept_secrets=[], now=START)
    await store.set_enabled(service.key, enabled=True, now=START)
    sleeper = Sleeper(tools(cast("Http", None), engine.clock))
    sleeper.sent = []
    notify = Notify(
        service=service,
        notifier=sleeper,
        services=store,
        secrets=cast("Any", MemorySecretStore()),
        mappings=NoMappings(),
        clock=engine.clock,
        waker=Waker(clock=Soon(), addresses=frozenset),
    )
    monkeypatch.setattr("metarr_desktop.services.wake.SENDING_S", 0.05)
    async with FakeDevice(lambda _question: []) as card:
        monkeypatch.setenv(TARGET, "{}:{}".format(*card.target))
        done = await notify(of(episode(1)), no_report)
    assert str(done.detail) == "Accepted. It was woken up."
    assert len(card.questions) == 2


async def test_a_damaged_payload_keeps_no_other_message_back(engine: Engine) -> None:
    leader = replace(of(episode(1)), merged=(job(2, {}), of(episode(3))))
    assert (await told(engine, leader)).title == "Dark S02E01, 03 (2)"
    broken_leader = job(4, {"event": "?"}, of(episode(2)))
    assert (await told(engine, broken_leader)).title == "Dark S02E02"


async def test_a_job_that_tells_of_nothing_fails_for_good(engine: Engine) -> None:
    with pytest.raises(Permanent, match="what happened"):
        await told(engine, job(1, {}, job(2, {})))


def test_a_pack_was_upgraded_where_all_of_it_was() -> None:
    upgrades = [episode(number, action=Action.UPGRADED) for number in (1, 2)]
    assert compose_all(upgrades, folder=None).body == "Upgraded to WEBDL-1080p"
    mixed = compose_all([*upgrades, episode(3, quality="HDTV-720p")], folder=None)
    assert (mixed.body, mixed.title) == ("Downloaded", "Dark S02E01-03 (3)")


async def test_a_message_has_the_words_of_a_person_where_there_are_some(engine: Engine) -> None:
    store = TemplateStore(engine.database)
    template = MessageTemplate(
        service="chat", event=EventKind.DOWNLOADED, title="{title}: {code}", body="In {folder}"
    )
    await store.save(template, now=START)
    notification = await told(engine, of(episode(3)), wording=Composer(store))
    assert (notification.title, notification.body) == ("Dark: S02E03", "In /tv/Dark")
    assert (notification.marked, notification.job_id, notification.root_id) == (True, 1, 1)


async def test_in_quiet_hours_nothing_is_sent(engine: Engine) -> None:
    here = START.astimezone()
    hours = f"{here - timedelta(minutes=1):%H:%M}-{here + timedelta(minutes=30):%H:%M}"
    service = replace(CHAT, key="still", config=MessageConfig)
    services = ServiceStore(engine.database)
    await services.seed(["still"], now=START)
    await services.save("still", values={"quiet_hours": hours}, kept_secrets=frozenset(), now=START)
    with pytest.raises(NotNow, match="Quiet hours until") as caught:
        await told(engine, of(episode(3)), service=service)
    assert caught.value.until == START + timedelta(minutes=30)
