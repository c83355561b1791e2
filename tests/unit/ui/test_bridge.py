from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from metarr_desktop.domain.bus import Bus
from metarr_desktop.domain.changes import JobChanged, PauseChanged, ServiceChanged, SettingsChanged
from metarr_desktop.domain.jobs import Job, JobStatus
from metarr_desktop.ui.bridge import Bridge, JobBatch
from tests.fakes import START

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def job(number: int) -> Job:
    return Job(
        id=number,
        type="notify-discord",
        lane="discord",
        priority=5,
        status=JobStatus.PENDING,
        payload={},
        created_at=START,
        updated_at=START,
        run_after=START,
        root_id=number,
    )


def test_a_burst_reaches_the_window_as_one_batch_with_the_last_state_of_each_job(qtbot: QtBot) -> None:
    bus, batches = Bus(), list[JobBatch]()
    bridge = Bridge(bus)
    bridge.jobs_changed.connect(batches.append)
    running = replace(job(1), status=JobStatus.PROCESSING)
    for change in (job(1), job(2), running):
        bus.publish(JobChanged(change))
    assert batches == []
    qtbot.waitUntil(lambda: bool(batches), timeout=2_000)
    assert [batch.jobs for batch in batches] == [(job(2), running)] or [batch.jobs for batch in batches] == [
        (running, job(2))
    ]
    bridge.close()


def test_no_timer_runs_while_nothing_waits_to_be_told(qtbot: QtBot) -> None:
    bus = Bus()
    bridge = Bridge(bus)
    assert not bridge._flush.isActive()
    assert not bridge._glance.isActive()
    bus.publish(JobChanged(job(1)))
    assert bridge._flush.isActive()
    bridge.flush()
    qtbot.waitUntil(lambda: not bridge._flush.isActive() and not bridge._glance.isActive(), timeout=3_000)
    bridge.close()


def test_after_its_end_nothing_is_told(qtbot: QtBot) -> None:
    bus, batches = Bus(), list[JobBatch]()
    bridge = Bridge(bus)
    bridge.jobs_changed.connect(batches.append)
    bridge.close()
    bus.publish(JobChanged(job(1)))
    bridge.flush()
    assert batches == []


def test_services_and_settings_have_signals_of_their_own(qtbot: QtBot) -> None:
    bus = Bus()
    bridge = Bridge(bus)
    with qtbot.waitSignals(
        [bridge.service_changed, bridge.settings_changed, bridge.glance_changed], timeout=3_000
    ):
        bus.publish(ServiceChanged("discord"))
        bus.publish(SettingsChanged())
        bus.publish(PauseChanged())
    assert not bridge._flush.isActive()
    bridge.close()
