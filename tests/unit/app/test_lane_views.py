from __future__ import annotations

from datetime import timedelta
from typing import Any

from metarr_desktop.app.lane_views import held_lanes
from metarr_desktop.app.snapshots import LaneSnapshot, PauseSnapshot
from metarr_desktop.domain.lanes import LaneState, LaneStop
from metarr_desktop.domain.text import Text
from tests.fakes import START

LATER = START + timedelta(minutes=5)
TITLES = {"kodi": "Kodi", "discord": "Discord"}
GOING_ON = PauseSnapshot(paused=False)
PAUSED = PauseSnapshot(paused=True, until=LATER)


def stop(state: LaneState, **changes: Any) -> LaneStop:
    values: dict[str, Any] = {"reason": Text("Connection refused."), "since": START, **changes}
    return LaneStop(lane="kodi", state=state, **values)


def held(*stops: LaneStop, pause: PauseSnapshot = GOING_ON) -> dict[str, LaneSnapshot]:
    lanes = held_lanes(stops=stops, pause=pause, delivering=("kodi", "discord"), titles=TITLES)
    return {lane.lane: lane for lane in lanes}


def test_where_nothing_is_stopped_no_lane_is_held() -> None:
    assert held() == {}


def test_a_pause_holds_every_lane_that_delivers_until_it_ends() -> None:
    lanes = held(pause=PAUSED)
    assert set(lanes) == {"discord", "kodi"}
    assert (lanes["kodi"].state, str(lanes["kodi"].reason), lanes["kodi"].until) == (
        "paused",
        "paused",
        LATER,
    )


def test_what_is_told_of_a_lane_is_about_its_service_and_not_about_one_job() -> None:
    told = {
        state: (str(lane.reason), lane.until)
        for state in LaneState
        for lane in held(stop(state, until=LATER)).values()
    }
    assert told == {
        LaneState.BLOCKED: ("Connection refused.", LATER),
        LaneState.RATE_LIMITED: ("Kodi asked to wait.", LATER),
        LaneState.BREAKER: ("Kodi does not answer.", LATER),
        LaneState.PROBING: ("Kodi does not answer.", None),
    }


def test_a_block_outlasts_a_pause_and_a_pause_hides_what_ends_by_itself() -> None:
    assert held(stop(LaneState.BLOCKED), pause=PAUSED)["kodi"].state is LaneState.BLOCKED
    assert held(stop(LaneState.BREAKER, until=LATER), pause=PAUSED)["kodi"].state == "paused"
