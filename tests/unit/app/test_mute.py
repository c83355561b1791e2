from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop.app.actions import call
from metarr_desktop.domain.errors import Refused
from metarr_desktop.services.desktop import MUTED

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core
    from tests.fakes import FakeClock


async def test_notifications_are_muted_for_a_while_or_until_somebody_unmutes(
    core: Core, clock: FakeClock
) -> None:
    assert not (await core.queries.muted()).paused
    await call(core, "mute", {"minutes": 60})
    muted = await core.queries.muted()
    assert (muted.paused, muted.until) == (True, clock.now() + timedelta(hours=1))
    clock.advance(timedelta(minutes=61))
    assert not (await core.queries.muted()).paused
    await call(core, "mute", {"minutes": None})
    clock.advance(timedelta(days=30))
    assert (await core.queries.muted()).paused
    await call(core, "unmute", {})
    assert not (await core.queries.muted()).paused


async def test_the_service_reads_what_was_muted(core: Core) -> None:
    await core.commands.mute(5)
    desk = core.commands._desk
    note = await desk._notifiers["desktop"].notes.get(MUTED)
    assert note is not None
    assert note["until"]


@pytest.mark.parametrize("minutes", [0, 10_081])
async def test_a_time_that_cannot_be_meant_is_refused(core: Core, minutes: int) -> None:
    with pytest.raises(Refused, match="seven days"):
        await core.commands.mute(minutes)
