"""Builds the weekly drill on the foundation."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from metarr_desktop.app.service_state import is_optional
from metarr_desktop.domain.schedules import DRILL
from metarr_desktop.jobs.handlers import JobType
from metarr_desktop.webhooks.drill import Drill

if TYPE_CHECKING:
    from metarr_desktop.app.foundation import Foundation

LONGEST_DRILL = timedelta(minutes=5)


def drill_type(on: Foundation) -> JobType:
    """Return what runs a drill."""
    drill = Drill(
        chain=on.queue,
        families=on.stores.history,
        services=on.services,
        optional=partial(_optional, on),
        clock=on.clock,
    )
    return JobType(type=DRILL.name, handler=drill, lane=DRILL.lane, timeout=LONGEST_DRILL)


async def wants_drills(on: Foundation) -> bool:
    """Whether a person wants drills."""
    return on.settings.snapshot.weekly_drill


async def _optional(on: Foundation) -> frozenset[str]:
    """Return the services whose failures raise no alarm."""
    return frozenset(row.service for row in await on.stores.services.rows() if is_optional(row))
