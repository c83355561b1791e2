from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.snapshots import EventSnapshot, FamilySnapshot
from metarr_desktop.domain.jobs import INTAKE_LANE, WEBHOOK_RECEIVED, EndStatus, JobRecord
from metarr_desktop.ui.models.job_nodes import FamilyNode
from metarr_desktop.ui.models.recent_model import RecentColumn, RecentModel, cells, outcome, told_jobs
from metarr_desktop.ui.panels.dashboard import _make_view
from metarr_desktop.webhooks.sources.metarr import DRILL_EVENT

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def family(event_type: str) -> FamilySnapshot:
    record = JobRecord(
        id=1, job_id=1, type=WEBHOOK_RECEIVED, lane=INTAKE_LANE, priority=1, status=EndStatus.SKIPPED,
        payload={"event_id": 7}, created_at=NOW, started_at=NOW, completed_at=NOW, duration=timedelta(0),
        root_id=1, event_id=7,
    )  # fmt: skip
    event = EventSnapshot(
        id=7, source="radarr", source_title="Radarr", event_type=event_type, title="", received_at=NOW,
        remote_address="127.0.0.1",
    )  # fmt: skip
    return FamilySnapshot(root_id=1, event=event, jobs=(), records=(record,))


@pytest.mark.parametrize(
    ("event_type", "words"),
    [("Test", "Connected"), ("TEST_NOTIFICATION", "Connected"), ("Retag", "Nothing to do")],
)
def test_a_test_only_says_that_the_sender_is_connected(event_type: str, words: str) -> None:
    assert outcome(family(event_type)) == words


def test_the_shape_is_that_of_the_jobs_a_webhook_became() -> None:
    """A webhook that was read and whose only scan was skipped has not a tick."""
    read = replace(family("Scan").records[0], status=EndStatus.COMPLETED)
    skipped = replace(read, id=2, job_id=2, type="scan-movie", status=EndStatus.SKIPPED)
    both = replace(family("Scan"), records=(read, skipped))

    assert [job.type for job in told_jobs(both)] == ["scan-movie"]
    assert outcome(both) == "Scan: Skipped"
    assert told_jobs(replace(both, records=(read,))) == [read]


def test_a_drill_downloads_nothing() -> None:
    intake = family("Drill").records[0]
    tried = replace(intake, id=2, job_id=2, type="notify-kodi", payload={"event": DRILL_EVENT.to_payload()})
    row = cells(replace(family("Drill"), records=(intake, tried)))
    assert row[RecentColumn.EVENT] == "Drill"
    node = FamilyNode(1, serial=1)
    node.learn(tried.payload)
    assert node.title() == "Drill - Every service"


def test_the_column_of_events_has_room_for_what_is_recovered(qtbot: QtBot) -> None:
    def webhook(number: int, *, recovered: bool) -> FamilySnapshot:
        told = family("Download")
        assert told.event is not None
        event = replace(told.event, id=number, recovered=recovered)
        return replace(told, root_id=number, event=event)

    model = RecentModel()
    view = _make_view(model)
    qtbot.addWidget(view)
    model.show([webhook(1, recovered=False)])
    before = view.columnWidth(RecentColumn.EVENT)
    model.show([webhook(2, recovered=True), webhook(1, recovered=False)])
    assert view.columnWidth(RecentColumn.EVENT) > before + 30
