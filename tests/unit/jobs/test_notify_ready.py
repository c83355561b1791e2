from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.domain.errors import NotNow
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.jobs import NORMAL, Job, JobStatus
from metarr_desktop.domain.paths import PathMapping
from metarr_desktop.domain.text import Text
from metarr_desktop.jobs.notify import Notify
from metarr_desktop.services.declaration import Delivery
from metarr_desktop.services.kodi import SERVICE
from metarr_desktop.storage.service_store import ServiceRow
from tests.fakes import START, FakeClock, MemorySecretStore, no_report

if TYPE_CHECKING:
    from metarr_desktop.domain.notification import Notification


class Services:
    async def row(self, key: str) -> ServiceRow:
        return ServiceRow(
            service=key, enabled=True, values={"host": "127.0.0.1"}, kept_secrets=frozenset(), check=None
        )

    async def record_check(self, key: str, **values: Any) -> None:
        pass


class Player:
    def __init__(self) -> None:
        self.folders: list[str | None] = []

    async def send(self, _config: Any, notification: Notification) -> Delivery:
        self.folders.append(notification.folder)
        return Delivery(detail=Text("Scanned."))


class Mappings:
    def __init__(self, *mappings: PathMapping) -> None:
        self._mappings = mappings

    async def mappings(self, scope: str | None = None) -> tuple[PathMapping, ...]:
        return tuple(mapping for mapping in self._mappings if scope in {None, mapping.scope})


class Ready:
    def __init__(self, answer: Text | NotNow | None) -> None:
        self.answer = answer
        self.asked: list[MediaEvent] = []

    async def check(self, event: MediaEvent, _job: Job, /) -> Text | None:
        self.asked.append(event)
        if isinstance(self.answer, NotNow):
            raise self.answer
        return self.answer


def job(folder: str = "/data/Dune", *merged: Job, action: Action = Action.IMPORTED, **changes: Any) -> Job:
    event = MediaEvent(
        source="radarr",
        kind=MediaKind.MOVIE,
        action=action,
        title="Dune",
        folder=folder,
        instance="Radarr 4K",
        **changes,
    )
    return Job(
        id=1,
        type="notify-kodi",
        lane="kodi",
        priority=NORMAL,
        status=JobStatus.PROCESSING,
        payload={"event": event.to_payload()},
        created_at=START,
        updated_at=START,
        run_after=START,
        root_id=1,
        merged=merged,
    )


def handler(player: Player, *, ready: Ready | None = None, mappings: Mappings | None = None) -> Notify:
    parts: dict[str, Any] = {"notifier": player, "services": Services(), "secrets": MemorySecretStore()}
    return Notify(service=SERVICE, clock=FakeClock(), mappings=mappings or Mappings(), ready=ready, **parts)


async def test_nothing_is_sent_before_the_files_are_there() -> None:
    player = Player()
    late = NotNow("Dune.mkv is still being written.", until=START + timedelta(seconds=5))
    with pytest.raises(NotNow, match="still being written"):
        await handler(player, ready=Ready(late))(job(), no_report)
    assert player.folders == []


async def test_what_went_without_its_files_says_so() -> None:
    player = Player()
    done = await handler(player, ready=Ready(Text("No video file yet.")))(job(), no_report)
    assert done.result["warnings"] == ["No video file yet."]
    assert str(done.detail) == "Scanned. No video file yet."


async def test_one_refresh_waits_for_the_files_of_all_it_stands_for() -> None:
    ready = Ready(None)
    others = (
        job(files=("S02E02.mkv",)),
        job(files=("S02E01 v2.mkv",), old_files=("S02E01.mkv",)),
    )
    await handler(Player(), ready=ready)(job("/tv/Dark", *others, files=("S02E01.mkv",)), no_report)
    (asked,) = ready.asked
    assert (asked.folder, asked.files) == ("/tv/Dark", ("S02E02.mkv", "S02E01 v2.mkv"))
    again = job(files=("a.mkv",), old_files=("a.mkv",))
    await handler(Player(), ready=ready)(job("/data/Dune", again, files=("a.mkv",)), no_report)
    assert ready.asked[-1].files == ("a.mkv",)


async def test_what_came_is_waited_for_although_something_was_deleted_first() -> None:
    ready = Ready(None)
    gone = job("/tv/Dark", job("/tv/Dark", files=("b.mkv",)), action=Action.DELETED, old_files=("a.mkv",))
    await handler(Player(), ready=ready)(gone, no_report)
    (asked,) = ready.asked
    assert (asked.action, asked.files) == (Action.IMPORTED, ("b.mkv",))


async def test_what_is_ready_goes_without_a_word() -> None:
    player = Player()
    done = await handler(player, ready=Ready(None))(job(), no_report)
    assert (str(done.detail), player.folders) == ("Scanned.", ["/data/Dune"])


async def test_the_sender_s_own_mapping_leads_to_the_player_s_path() -> None:
    player = Player()
    mappings = Mappings(
        PathMapping(scope="radarr-4k", from_path="/data", to_path="/films4k"),
        PathMapping(scope="radarr", from_path="/data", to_path="/films"),
        PathMapping(scope="kodi", from_path="/films4k", to_path="smb://nas/4k"),
        PathMapping(scope="kodi", from_path="/films", to_path="smb://nas/films"),
    )
    await handler(player, mappings=mappings)(job(), no_report)
    assert player.folders == ["smb://nas/4k/Dune"]
