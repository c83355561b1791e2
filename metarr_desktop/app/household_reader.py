"""What a fan-out has to know of groups, and the lanes that the worker serves for them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from metarr_desktop.domain.changes import ServiceChanged
from metarr_desktop.domain.errors import StorageFailed
from metarr_desktop.domain.groups import Households

if TYPE_CHECKING:
    from metarr_desktop.app.hand_written import HandWrittenPlayers
    from metarr_desktop.app.tasks import TaskSupervisor
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.changes import Change
    from metarr_desktop.jobs.group_lanes import GroupLanes
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.player_store import PlayerStore

logger = logging.getLogger(__name__)


class HouseholdReader:
    """Reads groups for fan-outs; what it plans into lanes that are new, this process serves from then on."""

    def __init__(
        self,
        *,
        players: PlayerStore,
        library: LibraryStore,
        lanes: GroupLanes,
        hand_written: HandWrittenPlayers | None = None,
    ) -> None:
        self._hand_written = hand_written
        self._players = players
        self._library = library
        self._lanes = lanes

    async def households(self) -> Households:
        """Return every group; folders and mappings only where a group is linked to any."""
        if self._hand_written is not None:
            await self._hand_written.take_over()
        groups = await self._players.groups()
        if any(each.lane not in self._lanes.of(key) for key, found in groups.items() for each in found):
            await self._lanes.refresh()
        if not any(each.libraries for found in groups.values() for each in found):
            return Households(groups=groups)
        return Households(
            groups=groups,
            libraries=await self._library.libraries(),
            mappings=await self._library.mappings(),
        )

    def follow(self, bus: Bus, tasks: TaskSupervisor) -> None:
        """Serve the lanes of groups that are added from now on, here or on another computer."""

        def hear(change: Change) -> None:
            if isinstance(change, ServiceChanged):
                tasks.spawn(self._look_again(), name="lanes of groups")

        bus.subscribe(hear)

    async def _look_again(self) -> None:
        try:
            await self._lanes.refresh()
        except StorageFailed:  # told by the database itself; the next fan-out looks again
            logger.warning("Whether there are new groups could not be read")
