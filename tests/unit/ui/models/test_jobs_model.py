from __future__ import annotations

import gc
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.snapshots import EventSnapshot, FamilySnapshot
from metarr_desktop.domain.events import Action, MediaEvent, MediaKind
from metarr_desktop.domain.jobs import EndStatus, Job, JobRecord, JobStatus
from metarr_desktop.ui.models.job_nodes import FamilyNode
from metarr_desktop.ui.models.jobs_model import CAPACITY, JobsModel

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

NOW = datetime.now(tz=UTC)
EVENT = MediaEvent(
    source="radarr", kind=MediaKind.MOVIE, action=Action.UPGRADED, title="Dune", year=2021, folder="/m/Dune"
)


def job(number: int, *, root: int | None = None, **changes: Any) -> Job:
    return replace(
        Job(
            id=number,
            type="notify-discord",
            lane="discord",
            priority=5,
            status=JobStatus.PENDING,
            payload={"event": EVENT.to_payload()},
            created_at=NOW,
            updated_at=NOW,
            run_after=NOW,
            root_id=root or number,
        ),
        **changes,
    )


def ended(waiting: Job, *, at: datetime | None = None, status: EndStatus = EndStatus.COMPLETED) -> JobRecord:
    at = at or datetime.now(tz=UTC)
    return JobRecord(
        id=waiting.id,
        job_id=waiting.id,
        type=waiting.type,
        lane=waiting.lane,
        priority=waiting.priority,
        status=status,
        payload=waiting.payload,
        created_at=waiting.created_at,
        started_at=at,
        completed_at=at,
        duration=timedelta(0),
        root_id=waiting.root_id,
    )


def family(root: int) -> FamilySnapshot:
    event = EventSnapshot(
        id=root,
        source="radarr",
        source_title="Radarr",
        event_type="Download",
        title="Dune (2021)",
        received_at=NOW,
        remote_address="127.0.0.1",
    )
    return FamilySnapshot(root_id=root, event=event, jobs=(job(root), job(root + 1, root=root)), records=())


def titles(model: JobsModel) -> list[str]:
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def test_a_family_is_one_row_with_its_jobs_below_newest_first(qapp: QApplication) -> None:
    model = JobsModel()
    model.sync([family(10), family(5)])
    assert titles(model) == ["Upgraded - Dune (2021)"] * 2
    assert [model.node(model.index(row, 0)).id for row in range(2)] == [10, 5]  # type: ignore[union-attr]
    assert model.rowCount(model.index(0, 0)) == 2


def test_rows_change_in_place_and_nothing_is_reset(qapp: QApplication) -> None:
    model, resets, changed = JobsModel(), list[int](), list[int]()
    model.sync([family(10)])
    model.modelReset.connect(lambda: resets.append(1))
    model.dataChanged.connect(lambda first, _last: changed.append(first.row()))
    model.apply([job(11, root=10, status=JobStatus.PROCESSING)])
    assert resets == []
    assert changed
    assert model.rowCount(model.index(0, 0)) == 2


def test_a_family_stays_ten_seconds_after_its_last_job_ended(qapp: QApplication) -> None:
    model = JobsModel()
    model.sync([family(10)])
    model.apply([ended(job(10)), ended(job(11, root=10))])
    model.expire()
    assert model.rowCount() == 1
    long_ago = NOW - timedelta(seconds=11)
    model.apply([ended(job(10), at=long_ago), ended(job(11, root=10), at=long_ago)])
    model.expire()
    assert model.rowCount() == 0


def test_a_selected_family_stays_as_long_as_it_is_selected(qapp: QApplication) -> None:
    model = JobsModel()
    model.sync([family(10)])
    model.pin([10])
    long_ago = NOW - timedelta(minutes=1)
    model.apply([ended(job(10), at=long_ago), ended(job(11, root=10), at=long_ago)])
    model.expire()
    assert model.rowCount() == 1
    model.pin([])
    model.expire()
    assert model.rowCount() == 0


def test_a_long_queue_does_not_grow_the_table_without_end(qapp: QApplication) -> None:
    model = JobsModel()
    model.apply([job(number) for number in range(1, CAPACITY + 500)])
    assert model.rowCount() == CAPACITY
    assert model.has_more


def test_the_model_keeps_qts_rules_grouped_and_flat(qapp: QApplication, qtmodeltester: Any) -> None:
    model = JobsModel()
    qtmodeltester.check(model)
    model.sync([family(10), family(5)])
    model.show_grouped(grouped=False)
    assert model.rowCount() == 4
    model.apply([ended(job(5, root=5)), job(12, root=10)])
    model.show_grouped(grouped=True)
    assert model.rowCount() == 2


def test_out_of_sight_nothing_is_asked_for(qapp: QApplication) -> None:
    model, asked = JobsModel(), list[list[int]]()
    model.lookups_wanted.connect(asked.append)
    model.apply([job(10, payload={})])
    model.rest()
    assert titles(model)
    assert not model._lookup_timer.isActive()
    model.begin_sync()
    assert titles(model)
    assert model._lookup_timer.isActive()
    model.rest()
    assert asked == []


def test_webhooks_that_left_are_freed_without_the_collector(qapp: QApplication) -> None:
    model = JobsModel()
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(each, FamilyNode) for each in gc.get_objects())
        long_ago = datetime.now(tz=UTC) - timedelta(minutes=1)
        model.apply([ended(job(1), at=long_ago), ended(job(2, root=1), at=long_ago)])
        model.apply([job(3)])
        model.expire()
        after = sum(isinstance(each, FamilyNode) for each in gc.get_objects())
    finally:
        gc.enable()
    assert model.rowCount() == 1
    assert after - before == 1
