from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from metarr_desktop.app import wire
from metarr_desktop.app.snapshots import (
    EventSnapshot,
    HistoryRow,
    LaneSnapshot,
    LibrarySnapshot,
    Listening,
    PauseSnapshot,
    QueueSnapshot,
    ServiceSnapshot,
    ServiceState,
    SourceAddress,
    StatusSnapshot,
    TestLine,
    TestReport,
)
from metarr_desktop.domain.jobs import Attempt, AttemptOutcome, EndStatus, Job, JobRecord, JobStatus, Progress
from metarr_desktop.domain.lanes import LaneState
from metarr_desktop.domain.paths import PathMapping
from metarr_desktop.domain.statistics import Statistics, Tally
from metarr_desktop.domain.text import Text, text
from tests.fakes import START

NOON = "2026-11-24T12:00:00.000Z"


def status(**changes: Any) -> StatusSnapshot:
    values: dict[str, Any] = {
        "version": "1.2.3",
        "running": True,
        "listening": Listening(host="127.0.0.1", port=3000),
        "pause": PauseSnapshot(paused=True, until=START + timedelta(hours=1)),
        "queue": QueueSnapshot(pending=5, processing=3, oldest_pending=timedelta(seconds=12.3456)),
        "services": (),
        **changes,
    }
    return StatusSnapshot(**values)


def test_the_status_has_its_public_form() -> None:
    discord = ServiceSnapshot(
        key="discord",
        title="Discord",
        enabled=True,
        configured=True,
        state=ServiceState.NEEDS_ATTENTION,
        detail=text("Key rejected by {who}", who="Discord"),
    )
    assert wire.status_json(status(services=(discord,))) == {
        "version": "1.2.3",
        "running": True,
        "listening": {"host": "127.0.0.1", "port": 3000},
        "paused": True,
        "paused_until": "2026-11-24T13:00:00.000Z",
        "queue": {"pending": 5, "processing": 3, "oldest_pending_s": 12.346},
        "services": [
            {
                "key": "discord",
                "title": "Discord",
                "enabled": True,
                "configured": True,
                "state": "needs_attention",
                "detail": "Key rejected by Discord",
                "stop": None,
                "until": None,
                "players": None,
            }
        ],
    }


def test_what_there_is_not_is_null() -> None:
    quiet = status(
        running=False,
        listening=None,
        pause=PauseSnapshot(paused=False),
        queue=QueueSnapshot(pending=0, processing=0, oldest_pending=None),
    )
    told = wire.status_json(quiet)
    assert (told["listening"], told["paused"], told["paused_until"]) == (None, False, None)
    assert told["queue"]["oldest_pending_s"] is None


def test_the_states_of_a_service_are_the_public_ones() -> None:
    assert {state.value for state in ServiceState} == {
        "off", "not_set_up", "not_tested", "connected", "waiting", "needs_attention",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "public"),
    [
        (JobStatus, {"pending", "processing"}),
        (EndStatus, {"completed", "failed", "skipped", "cancelled"}),
        (
            AttemptOutcome,
            {"done", "skipped", "retry", "deferred", "blocked", "failed", "crashed", "cancelled"},
        ),
    ],
)
def test_the_words_for_jobs_are_the_public_ones(words: Any, public: set[str]) -> None:
    assert {word.value for word in words} == public


def test_a_stored_webhook_has_its_public_form() -> None:
    event = EventSnapshot(
        id=7,
        source="radarr",
        source_title="Radarr",
        event_type="Download",
        title="The Matrix (1999)",
        received_at=START,
        remote_address="192.168.1.30",
        instance="Radarr 4K",
        outcome="done",
        recovered=True,
    )
    assert wire.event_json(event) == {
        "id": 7,
        "source": "radarr",
        "instance": "Radarr 4K",
        "event_type": "Download",
        "title": "The Matrix (1999)",
        "received_at": NOON,
        "outcome": "done",
        "recovered": True,
    }


def test_statistics_have_their_public_form() -> None:
    busy = Tally(waiting=2, running=1, oldest_waiting=START - timedelta(seconds=1.5), done=4, failed=3)
    idle = Tally(done=1, oldest_waiting=START + timedelta(seconds=1))
    statistics = Statistics(
        at=START,
        total=busy,
        types={"scan-movie": busy},
        services={"kodi": idle},
        titles={"kodi": "Kodi"},
    )
    shown = {"waiting": 2, "running": 1, "oldest_waiting_s": 1.5, "done_24h": 4, "failed_24h": 3}
    assert wire.statistics_json(statistics) == {
        "at": NOON,
        "total": shown,
        "types": [{"type": "scan-movie", **shown}],
        "services": [
            {
                "key": "kodi",
                "title": "Kodi",
                "waiting": 0,
                "running": 0,
                "oldest_waiting_s": 0.0,
                "done_24h": 1,
                "failed_24h": 0,
            }
        ],
    }


def test_a_waiting_job_has_its_public_form() -> None:
    job = Job(
        id=7,
        type="notify-kodi",
        lane="kodi",
        priority=5,
        status=JobStatus.PENDING,
        payload={"secret": "stays here"},
        created_at=START,
        updated_at=START,
        run_after=START + timedelta(milliseconds=1500),
        root_id=5,
        max_retries=4,
        retry_count=1,
        error=Text("No answer."),
        reason=Text("Kodi is turned off."),
        parent_id=5,
        event_id=2,
        waits_for=6,
    )
    assert wire.job_json(job) == {
        "id": 7,
        "type": "notify-kodi",
        "priority": 5,
        "status": "pending",
        "retry_count": 1,
        "max_retries": 4,
        "parent_id": 5,
        "root_id": 5,
        "event_id": 2,
        "created_at": NOON,
        "run_after": "2026-11-24T12:00:01.500Z",
        "error": "No answer.",
        "reason": "Kodi is turned off.",
        "waits_for": 6,
        "lane": "kodi",
        "worker": None,
        "progress": None,
        "dedupe_key": None,
        "merge_key": None,
        "merged_into": None,
        "expires_at": None,
    }


def test_a_running_job_tells_its_progress_its_keys_and_who_runs_it() -> None:
    told = wire.job_json(
        Job(
            id=7,
            type="notify-kodi",
            lane="kodi",
            priority=5,
            status=JobStatus.PROCESSING,
            payload={},
            created_at=START,
            updated_at=START,
            run_after=START,
            root_id=5,
            dedupe_key="d",
            merge_key="m",
            merged_into=6,
            expires_at=START,
            worker="nas-12-ab",
            progress=Progress(done=1, total=3, note=Text("Reading the folder")),
        )
    )
    assert told["progress"] == {"done": 1, "total": 3, "note": "Reading the folder"}
    assert (told["dedupe_key"], told["merge_key"], told["merged_into"]) == ("d", "m", 6)
    assert (told["expires_at"], told["worker"]) == (NOON, "nas-12-ab")


def test_a_stopped_lane_has_its_public_form() -> None:
    lane = LaneSnapshot(
        lane="kodi",
        title="Kodi",
        state=LaneState.BREAKER,
        reason=text("{service} does not answer.", service="Kodi"),
        since=START,
        until=START + timedelta(hours=1),
    )
    assert wire.lane_json(lane) == {
        "lane": "kodi",
        "title": "Kodi",
        "state": "breaker",
        "reason": "Kodi does not answer.",
        "since": NOON,
        "until": "2026-11-24T13:00:00.000Z",
    }
    assert wire.lane_json(replace(lane, state="paused"))["state"] == "paused"


def test_an_ended_job_has_its_public_form_with_its_attempts() -> None:
    record = JobRecord(
        id=3,
        job_id=7,
        type="notify-kodi",
        lane="kodi",
        priority=5,
        status=EndStatus.FAILED,
        payload={},
        created_at=START,
        started_at=None,
        completed_at=START + timedelta(seconds=2),
        duration=timedelta(milliseconds=250.4),
        root_id=5,
        retry_count=3,
        error=Text("No answer."),
    )
    attempt = Attempt(
        job_id=7,
        number=1,
        started_at=START,
        duration=timedelta(milliseconds=250.4),
        outcome=AttemptOutcome.RETRY,
    )
    told = wire.history_json(
        HistoryRow(record=record, subject="Dune (2021)", source="radarr", attempts=(attempt,))
    )
    assert told == {
        "id": 3,
        "job_id": 7,
        "type": "notify-kodi",
        "priority": 5,
        "status": "failed",
        "error": "No answer.",
        "retry_count": 3,
        "max_retries": 3,
        "retry_of": None,
        "lane": "kodi",
        "parent_id": None,
        "root_id": 5,
        "event_id": None,
        "subject": "Dune (2021)",
        "created_at": NOON,
        "started_at": None,
        "completed_at": "2026-11-24T12:00:02.000Z",
        "duration_ms": 250,
        "attempts": [
            {"number": 1, "started_at": NOON, "duration_ms": 250, "outcome": "retry", "detail": None}
        ],
    }


def test_the_small_forms_are_plain_json() -> None:
    report = TestReport(
        ok=False, lines=(TestLine(name=Text("Key"), ok=False, detail=Text("Rejected"), ms=12),), ms=15
    )
    folder = LibrarySnapshot(id=1, name="Films", path="/films", type="movies", found=False)
    mapping = PathMapping(scope="radarr", from_path="/movies", to_path="/films")
    address = SourceAddress(key="radarr", title="Radarr", url="http://127.0.0.1:3000/webhooks/radarr")
    told = [
        wire.report_json(report),
        wire.library_json(folder),
        wire.mappings_json([mapping]),
        wire.address_json(address),
    ]
    assert json.loads(json.dumps(told)) == [
        {
            "ok": False,
            "ms": 15,
            "released": 0,
            "steps": [{"name": "Key", "ok": False, "detail": "Rejected", "ms": 12}],
        },
        {
            "id": 1,
            "name": "Films",
            "path": "/films",
            "type": "movies",
            "found": False,
            "anchor": "",
            "needs_nfo": False,
            "watch": "off",
        },
        [{"scope": "radarr", "from": "/movies", "to": "/films"}],
        {"source": "radarr", "title": "Radarr", "url": "http://127.0.0.1:3000/webhooks/radarr"},
    ]
