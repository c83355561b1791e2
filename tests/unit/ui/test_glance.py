from __future__ import annotations

from typing import Any

import pytest

from metarr_desktop.app.snapshots import (
    Listening,
    PauseSnapshot,
    Problem,
    ProblemKind,
    QueueSnapshot,
    TodaySnapshot,
)
from metarr_desktop.domain.text import Text
from metarr_desktop.ui.glance import Facts, ProgramState


def facts(*kinds: ProblemKind, **changes: Any) -> Facts:
    values: dict[str, Any] = {
        "listening": Listening(host="127.0.0.1", port=3000),
        "pause": PauseSnapshot(paused=False),
        "queue": QueueSnapshot(pending=0, processing=0, oldest_pending=None),
        "services": (),
        "today": TodaySnapshot(webhooks=0, done=0, failed=0, last_source=None, last_at=None),
        "recent": (),
        "problems": tuple(Problem(kind=kind, text=Text(f"It is {kind}.")) for kind in kinds),
        "failed": 0,
        "lanes": {},
    }
    return Facts(**{**values, **changes})


@pytest.mark.parametrize("kind", [ProblemKind.MISSED, ProblemKind.PATH_UNKNOWN])
def test_what_can_wait_leaves_the_tray_icon_as_it_is(kind: ProblemKind) -> None:
    assert facts(kind).state is ProgramState.READY
    assert facts(kind).headline() == "Ready - listening on port 3000"


@pytest.mark.parametrize("kind", [ProblemKind.ADDRESS_CHANGED, ProblemKind.SOURCE_STOPPED])
def test_a_sender_that_does_not_reach_us_needs_attention(kind: ProblemKind) -> None:
    assert facts(kind).state is ProgramState.ATTENTION


def test_the_tool_tip_tells_what_cannot_wait() -> None:
    both = facts(ProblemKind.MISSED, ProblemKind.SOURCE_STOPPED)
    assert both.state is ProgramState.ATTENTION
    assert both.tool_tip() == "Metarr Desktop - It is source_stopped."
    assert both.headline() == "2 problems"


def test_without_a_listener_nothing_is_received() -> None:
    assert facts(listening=None).state is ProgramState.OFFLINE
    assert facts(listening=None).tool_tip() == "Metarr Desktop - Not receiving webhooks."
