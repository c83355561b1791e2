"""What was told before, by whom, and what is no news any more: with real stores on a real database."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.domain.errors import NothingToDo, Permanent
from metarr_desktop.domain.events import EventKind, IncomingWebhook, Notice, read_event
from metarr_desktop.domain.routing import EventChoice, Route
from metarr_desktop.services.declaration import Service, ServiceConfig
from metarr_desktop.storage.database import SqliteDatabase
from metarr_desktop.storage.event_store import EventStore
from metarr_desktop.storage.import_store import ImportStore
from metarr_desktop.storage.issue_store import IssueStore
from metarr_desktop.storage.route_store import RouteStore
from metarr_desktop.storage.schema import prepare
from metarr_desktop.storage.sender_store import SenderStore
from metarr_desktop.storage.sql_job_store import SqlJobStore
from metarr_desktop.webhooks.imports import import_keys
from metarr_desktop.webhooks.receive import ReceiveWebhook
from metarr_desktop.webhooks.sources import sonarr
from metarr_desktop.webhooks.sources.registry import SOURCES
from tests.fakes import FakeClock, no_report
from tests.unit.webhooks.sources.bodies import body, event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from metarr_desktop.domain.jobs import Job, NewJob
    from metarr_desktop.domain.outcomes import Done
    from metarr_desktop.services.notifier import Notifier

EVERYTHING = EventChoice(takes=frozenset(EventKind), default=frozenset(EventKind))
NOBODY = cast("type[Notifier[Any]]", object)
CHAT = Service(key="chat", title="Chat", config=ServiceConfig, notifier=NOBODY, docs="", events=EVERYTHING)
PLAYER = Service(
    key="player",
    title="Player",
    config=ServiceConfig,
    notifier=NOBODY,
    docs="",
    events=EVERYTHING,
    waits_for_scan=True,
)


class House:
    """A database, and what looks at the webhooks in it."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.clock = FakeClock()
        self.jobs = SqlJobStore(database)
        self.senders = SenderStore(database)
        self.issues = IssueStore(database)
        self.routes = RouteStore(database)
        self.receive = ReceiveWebhook(
            events=EventStore(database),
            senders=self.senders,
            imports=ImportStore(database),
            issues=self.issues,
            routes=self.routes,
            sources=SOURCES,
            services=(CHAT, PLAYER),
            clock=self.clock,
        )

    async def store(self, source: str, sent: dict[str, Any], **changes: Any) -> Job:
        values: dict[str, Any] = {
            "source": source,
            "event_type": str(sent.get("eventType")),
            "instance": str(sent.get("instanceName", "")),
            "body": json.dumps(sent).encode(),
            "remote_address": "::1",
        }
        _, job = await self.jobs.store_webhook(IncomingWebhook(**(values | changes)), now=self.clock.now())
        return job

    async def take(self, name: str, **changes: Any) -> list[str]:
        """Store a sample and look at it; returns the types of its children."""
        return await self.look(await self.store(name.partition("/")[0], body(name, **changes)))

    async def look(self, job: Job) -> list[str]:
        return [child.type for child in children(await self.receive(job, no_report))]


def children(done: Done) -> tuple[NewJob, ...]:
    assert done.fan_out is not None
    return done.fan_out(frozenset({"chat", "player"}))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    path = tmp_path / "metarr.db"
    prepare(path)
    database = SqliteDatabase(path)
    yield House(database)
    await database.close()


TOLD = ["notify-chat", "notify-player"]


async def test_a_pack_told_file_by_file_and_then_as_a_whole_is_told_once_per_file(house: House) -> None:
    assert await house.take("sonarr/download") == TOLD
    with pytest.raises(NothingToDo, match="Webhook 1 told of this import already") as caught:
        await house.take("sonarr/import-complete", downloadId=body("sonarr/download")["downloadId"])
    assert caught.value.event_title == "The Expanse S06E01"


async def test_a_pack_told_as_a_whole_first_is_told_once(house: House) -> None:
    whole = body("sonarr/import-complete-season-pack")
    assert await house.look(await house.store("sonarr", whole)) == TOLD
    for name in ("e01", "e02"):
        with pytest.raises(NothingToDo, match="Webhook 1 told of this import already"):
            await house.take(f"sonarr/download-season-pack-{name}", downloadId=whole["downloadId"])


async def test_what_we_read_ourselves_is_no_contact(house: House) -> None:
    await house.take("sonarr/download")
    (before,) = await house.senders.senders()
    house.clock.advance(3_600)
    await house.look(await house.store("sonarr", body("sonarr/download", downloadId="new"), recovered=5))
    assert await house.senders.senders() == (before,)
    await house.take("sonarr/download")
    assert (await house.senders.senders())[0].last_contact == house.clock.now()


async def test_a_file_that_is_imported_twice_is_told_twice(house: House) -> None:
    assert await house.take("sonarr/download") == TOLD
    assert await house.take("sonarr/download") == TOLD


async def test_another_download_of_the_same_episode_is_another_import(house: House) -> None:
    await house.take("sonarr/download")
    assert await house.take("sonarr/import-complete", downloadId="another") == TOLD


async def test_another_sender_with_the_same_numbers_is_another_import(house: House) -> None:
    download = body("sonarr/download")["downloadId"]
    await house.take("sonarr/download")
    assert await house.take("sonarr/import-complete", downloadId=download, instanceName="Sonarr 4K") == TOLD


async def test_a_file_imported_by_hand_and_told_twice_is_known_by_its_name(house: House) -> None:
    await house.take("sonarr/download", downloadId=None)
    with pytest.raises(NothingToDo, match="told of this import already"):
        await house.take("sonarr/import-complete", downloadId=None)


async def test_a_webhook_is_not_folded_onto_itself_after_a_crash(house: House) -> None:
    job = await house.store("sonarr", body("sonarr/import-complete"))
    assert await house.look(job) == TOLD
    assert await house.look(job) == TOLD


async def test_a_replayed_webhook_runs_again_even_where_it_was_folded(house: House) -> None:
    await house.take("sonarr/download")
    whole = body("sonarr/import-complete", downloadId=body("sonarr/download")["downloadId"])
    folded = await house.store("sonarr", whole)
    for _ in range(2):
        with pytest.raises(NothingToDo):
            await house.look(folded)
    for event_id in (1, 2):
        again = await house.jobs.replay(event_id, now=house.clock.now())
        assert await house.look(again) == TOLD
    with pytest.raises(NothingToDo, match="Webhook 1 told"):
        await house.look(folded)


async def test_a_film_is_scanned_and_told_and_its_replaced_file_is_not(house: House) -> None:
    with pytest.raises(NothingToDo, match="The old file was replaced"):
        await house.take("radarr/movie-file-delete-upgrade")
    assert await house.take("radarr/download-upgrade") == ["scan-movie", *TOLD]


@pytest.mark.parametrize(
    "name",
    [
        *("prowlarr/health", "overseerr/media-pending", "overseerr/issue-created"),
        *("jellyseerr/media-auto-approved", "readarr/download", "readarr/rename", "readarr/book-file-delete"),
        *("whisparr/v2-download", "whisparr/v3-download", "sonarr/download", "lidarr/download"),
        *("radarr/grab", "radarr/movie-added", "radarr/movie-delete-keep-files", "sonarr/rename"),
    ],
)
async def test_nothing_else_is_ever_scanned(house: House, name: str) -> None:
    assert await house.take(name) == TOLD


async def test_complaints_are_told_once_until_they_are_resolved(house: House) -> None:
    assert await house.take("radarr/health-error") == TOLD
    with pytest.raises(NothingToDo, match="was told before and is not resolved"):
        await house.take("radarr/health-error")
    assert await house.take("radarr/health-error", instanceName="Radarr 4K") == TOLD
    assert await house.take("radarr/health-error", eventType="HealthRestored") == TOLD
    with pytest.raises(NothingToDo, match="Nothing was known to be wrong"):
        await house.take("radarr/health-error", level="Ok")
    assert [issue.instance for issue in await house.issues.open()] == ["Radarr 4K"]
    assert await house.take("radarr/health-error") == TOLD


async def test_a_complaint_is_told_again_where_a_person_replays_it(house: House) -> None:
    job = await house.store("radarr", body("radarr/health-error"))
    assert await house.look(job) == TOLD
    assert await house.look(job) == TOLD
    await house.store("radarr", body("radarr/health-error"))
    assert await house.look(await house.jobs.replay(2, now=house.clock.now())) == TOLD


async def test_other_notices_are_told_each_time(house: House) -> None:
    for _ in range(2):
        assert await house.take("radarr/manual-interaction-required") == TOLD
        assert await house.take("radarr/manual-interaction-required", movie=None) == TOLD
        assert await house.take("lidarr/download-failure") == TOLD


async def test_a_sender_that_is_turned_off_is_skipped_and_its_contact_is_noted(house: House) -> None:
    await house.take("radarr/download")
    sender = await house.senders.sender("Radarr")
    await house.senders.set_enabled(sender.id, enabled=False, now=house.clock.now())
    house.clock.advance(3_600)
    for name in ("radarr/download", "radarr/health-error"):
        with pytest.raises(NothingToDo, match=r"^Radarr is turned off\.$"):
            await house.take(name)
    assert (await house.senders.sender("radarr")).last_contact == house.clock.now()
    assert await house.issues.open() == ()
    assert await house.take("radarr/download", instanceName="Radarr 4K") == ["scan-movie", *TOLD]


async def test_an_event_goes_by_the_name_its_sender_has_here(house: House) -> None:
    added = await house.senders.add(
        "Films", type="radarr", url="http://nas", values={}, kept_secrets=[], now=house.clock.now()
    )
    await house.senders.learn(added.id, {"instance_name": "Radarr"})
    job = await house.store("radarr", body("radarr/download"))
    (_, notify, _) = children(await house.receive(job, no_report))
    assert read_event(notify.payload["event"]).instance == "Films"
    # The address names it too, and the body's own name does not count then.
    job = await house.store("radarr", body("radarr/download", instanceName="Other"), instance="films")
    (_, notify, _) = children(await house.receive(job, no_report))
    assert read_event(notify.payload["event"]).instance == "Films"
    assert [sender.name for sender in await house.senders.senders()] == ["Films"]


async def test_a_test_meets_the_sender_and_nothing_else(house: House) -> None:
    with pytest.raises(NothingToDo, match="Connected: a test from Sonarr arrived") as caught:
        await house.take("sonarr/test")
    assert caught.value.event_title is None
    assert [sender.name for sender in await house.senders.senders()] == ["Sonarr"]


async def test_several_files_imported_by_hand_and_then_told_as_a_whole_are_told_once_each(
    house: House,
) -> None:
    whole = body("sonarr/import-complete-season-pack")
    by_hand = {"downloadId": None, "downloadClient": None}
    for episode, file in zip(whole["episodes"], whole["episodeFiles"], strict=True):
        assert await house.take("sonarr/download", episodes=[episode], episodeFile=file, **by_hand) == TOLD
    with pytest.raises(NothingToDo, match="Webhook 1 told of this import already"):
        await house.take("sonarr/import-complete-season-pack", **by_hand)
    other = {**whole["series"], "path": "/tv/The Expanse (2015)"}
    assert await house.take("sonarr/import-complete-season-pack", series=other, **by_hand) == TOLD


async def test_a_body_without_meaning_meets_nobody(house: House) -> None:
    with pytest.raises(Permanent):
        await house.take("radarr/download", movie=None)
    assert await house.senders.senders() == ()


async def test_routes_decide_by_sender_kind_and_tag(house: House) -> None:
    await house.routes.save("chat", "radarr/radarr", Route(exclude_tags=("4K-Wanted",)))
    await house.routes.save("player", "radarr", Route(events=frozenset({EventKind.GRABBED})))
    assert await house.take("radarr/download") == ["scan-movie"]
    assert await house.take("radarr/grab") == ["notify-player"]
    assert await house.take("radarr/grab", instanceName="Radarr 4K") == TOLD
    assert await house.take("sonarr/download") == TOLD


async def test_what_was_recovered_is_no_news_to_people_and_told_once(house: House) -> None:
    found = event("sonarr/download")
    sender = await house.senders.seen("sonarr", "Sonarr", default="Sonarr", now=house.clock.now())
    assert sender is not None
    keys = import_keys(found, sender_id=sender.id)
    job = await house.store("sonarr", body("sonarr/download"), recovered=7, import_keys=keys)
    assert await house.look(job) == ["notify-player"]
    with pytest.raises(NothingToDo, match="Webhook 1 told of this import already"):
        await house.take("sonarr/download")
    again = await house.store("sonarr", body("sonarr/download"), recovered=8, import_keys=keys)
    with pytest.raises(NothingToDo, match="Webhook 1 told of this import already"):
        await house.look(again)


async def test_what_was_recovered_says_so(house: House) -> None:
    job = await house.store("radarr", body("radarr/download"), recovered=7)
    scan, player = children(await house.receive(job, no_report))
    assert read_event(scan.payload["event"]).recovered
    assert read_event(player.payload["event"]).recovered


async def test_notices_go_to_services_as_they_are(house: House) -> None:
    job = await house.store("overseerr", body("overseerr/media-pending"))
    (chat, player) = children(await house.receive(job, no_report))
    notice = read_event(chat.payload["event"])
    assert isinstance(notice, Notice)
    assert (notice.subject, notice.instance) == ("Blade Runner 2049 (2017)", "Overseerr")
    assert chat.merge_key is player.merge_key is None


async def test_both_tellings_at_once_still_make_one(house: House) -> None:
    whole = body("sonarr/import-complete")
    jobs = [
        await house.store("sonarr", whole),
        await house.store("sonarr", body("sonarr/download", downloadId=whole["downloadId"])),
    ]
    ends = await asyncio.gather(*(house.look(job) for job in jobs), return_exceptions=True)
    assert [end for end in ends if end == TOLD] == [TOLD]
    assert sum(isinstance(end, NothingToDo) for end in ends) == 1


async def test_a_whole_download_that_is_imported_twice_is_told_twice(house: House) -> None:
    assert await house.take("sonarr/import-complete") == TOLD
    assert await house.take("sonarr/import-complete") == TOLD


def test_the_sample_of_a_whole_download_is_one() -> None:
    found = sonarr.parse(body("sonarr/import-complete"))
    assert getattr(found, "complete", False)
