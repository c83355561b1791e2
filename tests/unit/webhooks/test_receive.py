from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from metarr_desktop.domain.errors import NotFound, NothingToDo, Permanent
from metarr_desktop.domain.jobs import INTAKE_LANE, WEBHOOK_RECEIVED, Job, JobStatus
from metarr_desktop.domain.routing import Routes
from metarr_desktop.domain.senders import Sender
from metarr_desktop.services.declaration import Service, ServiceConfig
from metarr_desktop.storage.event_store import StoredBody
from metarr_desktop.webhooks.body import SMALL_BODY
from metarr_desktop.webhooks.receive import ReceiveWebhook
from metarr_desktop.webhooks.sources.registry import SOURCES
from tests.fakes import FakeClock, no_report

if TYPE_CHECKING:
    from metarr_desktop.domain.events import Notice
    from metarr_desktop.services.notifier import Notifier
    from metarr_desktop.storage.import_store import ImportShape

SAMPLES = Path(__file__).parents[3] / "resources" / "samples"
NOW = datetime(2025, 1, 1, tzinfo=UTC)
DISCORD = Service(
    key="discord",
    title="Discord",
    config=ServiceConfig,
    notifier=cast("type[Notifier[Any]]", object),
    docs="",
)


class StoredBodies:
    """One stored webhook, number 7."""

    def __init__(self, source: str, body: bytes) -> None:
        self.source = source
        self.stored = body
        self.recovered = False

    async def body(self, event_id: int, /) -> StoredBody:
        if event_id != 7:
            raise NotFound("There is no such webhook.")
        return StoredBody(source=self.source, instance="", body=self.stored, recovered=self.recovered)


class Household:
    """Every sender is known, nothing was told before, and no route was set."""

    def __init__(self) -> None:
        self.enabled = True
        self.told_by: int | None = None
        self.is_news = True
        self.set = Routes()
        self.noted: list[tuple[tuple[str, ...], ImportShape]] = []

    async def seen(
        self,
        type: str,  # noqa: A002
        instance: str,
        *,
        default: str,
        now: datetime,
        contact: bool = True,
    ) -> Sender:
        return Sender(id=4, type=type, name=instance or default, enabled=self.enabled)

    async def routes(self) -> Routes:
        return self.set


class Memory(Household):
    """What was imported and what senders complained of."""

    async def note(self, event_id: int, keys: Any, *, shape: ImportShape, now: datetime) -> int | None:
        self.noted.append((tuple(keys), shape))
        return self.told_by


class Complaints(Household):
    async def note(self, event_id: int, notice: Notice, *, now: datetime) -> bool:
        return self.is_news


def job(**changes: Any) -> Job:
    values: dict[str, Any] = {"event_id": 7, "payload": {"event_id": 7}} | changes
    return Job(
        id=1,
        type=WEBHOOK_RECEIVED,
        lane=INTAKE_LANE,
        priority=1,
        status=JobStatus.PROCESSING,
        created_at=NOW,
        updated_at=NOW,
        run_after=NOW,
        root_id=1,
        **values,
    )


def receiver(source: str, body: bytes) -> ReceiveWebhook:
    return ReceiveWebhook(
        events=StoredBodies(source, body),
        senders=Household(),
        imports=Memory(),
        issues=Complaints(),
        routes=Household(),
        sources=SOURCES,
        services=(DISCORD,),
        clock=FakeClock(),
    )


def sample(name: str) -> ReceiveWebhook:
    return receiver(name.partition("/")[0], (SAMPLES / name).read_bytes())


async def test_an_import_ends_with_the_plan_of_its_children() -> None:
    done = await sample("radarr/download.json")(job(), no_report)
    assert done.fan_out is not None
    assert (str(done.detail), done.event_title) == ("The Matrix (1999) was imported.", "The Matrix (1999)")
    assert [child.type for child in done.fan_out(frozenset({"discord"}))] == ["scan-movie", "notify-discord"]
    assert [child.type for child in done.fan_out(frozenset())] == ["scan-movie"]


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("radarr/grab.json", "The Matrix (1999) was grabbed."),
        ("radarr/movie-added.json", "The Matrix (1999) was added."),
        ("sonarr/rename.json", "Files of The Expanse were renamed."),
        ("sonarr/episode-file-delete.json", "The Expanse S06E01 was deleted."),
        ("radarr/movie-delete-keep-files.json", "The Matrix (1999) was removed, its files were kept."),
        ("radarr/health-error.json", "Radarr has a problem: Missing root folder: /movies/"),
        ("lidarr/health-restored.json", "Lidarr is well again: Lists unavailable due to failures: Spotify"),
        ("prowlarr/application-update.json", "Prowlarr was updated: 2.3.0.5236 -> 2.3.5.5327"),
        ("radarr/manual-interaction-required.json", "Radarr waits for a person: The Matrix (1999)"),
        ("lidarr/import-failure.json", "A download failed: Boards of Canada"),
        ("overseerr/media-pending.json", "Blade Runner 2049 (2017): New Movie Request (alice)"),
    ],
)
async def test_a_job_says_what_happened(name: str, detail: str) -> None:
    assert str((await sample(name)(job(), no_report)).detail) == detail


async def test_an_upgrade_is_told_as_one() -> None:
    done = await sample("radarr/download-upgrade.json")(job(), no_report)
    assert str(done.detail) == "The Matrix (1999) was upgraded."


@pytest.mark.parametrize("name", ["sonarr/download.json", "lidarr/download.json"])
async def test_episodes_and_albums_are_told_but_not_scanned(name: str) -> None:
    done = await sample(name)(job(), no_report)
    assert done.fan_out is not None
    assert [child.type for child in done.fan_out(frozenset({"discord"}))] == ["notify-discord"]
    assert done.fan_out(frozenset()) == ()


async def test_other_events_end_with_their_reason_and_title() -> None:
    with pytest.raises(NothingToDo, match="The old file was replaced: its import follows") as caught:
        await sample("radarr/movie-file-delete-upgrade.json")(job(), no_report)
    assert caught.value.event_title == "The Matrix (1999)"


async def test_a_body_too_large_for_the_loop_is_read_all_the_same() -> None:
    body = b'{"eventType": "Test", "padding": "' + b"x" * SMALL_BODY + b'"}'
    with pytest.raises(NothingToDo, match="a test from Sonarr arrived"):
        await receiver("sonarr", body)(job(), no_report)


async def test_the_event_may_be_named_by_the_payload_alone() -> None:
    with pytest.raises(NothingToDo):
        await sample("radarr/test.json")(job(event_id=None), no_report)


async def test_what_has_no_meaning_fails_for_good() -> None:
    with pytest.raises(Permanent, match="without a movie"):
        await receiver("radarr", b'{"eventType": "Download"}')(job(), no_report)
    with pytest.raises(Permanent, match="Not valid JSON"):
        await receiver("radarr", b"{")(job(), no_report)
    with pytest.raises(Permanent, match="does not know jabber"):
        await receiver("jabber", b"{}")(job(), no_report)


async def test_a_webhook_that_is_gone_fails_for_good() -> None:
    with pytest.raises(Permanent, match="no longer stored"):
        await sample("radarr/test.json")(job(event_id=8), no_report)
    with pytest.raises(Permanent, match="names no webhook"):
        await sample("radarr/test.json")(job(event_id=None, payload={}), no_report)
