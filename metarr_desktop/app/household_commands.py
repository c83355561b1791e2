"""What a person can ask of the players of a service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.app.scan_anyway import find_put_off, write_note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.parts import Parts
    from metarr_desktop.app.snapshots import TestReport
    from metarr_desktop.domain.forms import Draft, PlainValue
    from metarr_desktop.domain.groups import Player, PlayerGroup


class HouseholdCommands:
    """Writes about groups and players; each raises with a sentence for the person who asked."""

    def __init__(self, parts: Parts) -> None:
        self._on = parts.on
        self._household = parts.household
        self._trials = parts.desk

    async def add_group(self, service: str, name: str) -> PlayerGroup:
        """Add a group of players that share a library."""
        return await self._household.add_group(service, name)

    async def remove_group(self, service: str, name: str) -> None:
        """Remove a group with its players; what waits for it ends as skipped."""
        await self._household.remove_group(service, name)

    async def link_group(self, service: str, group: str, library: str) -> None:
        """Let a group be told of a library folder, and of no other than those it is linked to."""
        await self._household.link(service, group, library, linked=True)

    async def unlink_group(self, service: str, group: str, library: str) -> None:
        """Take a link away; a group without any is told of everything."""
        await self._household.link(service, group, library, linked=False)

    async def add_player(
        self, service: str, group: str, draft: Draft, *, name: str = "", until_quit: bool = False
    ) -> Player:
        """Add a player at the end of a group; without a group, of the first one."""
        return await self._household.add_player(service, group, draft, name=name, until_quit=until_quit)

    async def save_player(
        self,
        service: str,
        player: str,
        draft: Draft,
        *,
        name: str | None = None,
        enabled: bool | None = None,
        until_quit: bool = False,
    ) -> Player:
        """Change a player, by its number or name; what is None stays as it is."""
        return await self._household.save_player(
            service, player, draft, name=name, enabled=enabled, until_quit=until_quit
        )

    async def remove_player(self, service: str, player: str) -> None:
        """Forget a player and its secrets."""
        await self._household.remove_player(service, player)

    async def test_player(
        self, service: str, player: str | None = None, draft: Draft | None = None
    ) -> TestReport:
        """Test one player, saved or not, against itself; ends within 10 s."""
        return await self._trials.test_player(service, player, draft)

    def parse_player_values(self, service: str, typed: Mapping[str, str]) -> dict[str, PlainValue]:
        """Turn what was typed on a command line into the values of a player. Raises Refused."""
        return self._household.parse_values(service, typed)

    async def scan_anyway(self, job_id: int) -> None:
        """Let a scan run now that was put off because a video plays. Raises NotFound or Refused."""
        on = self._on
        service = await find_put_off(job_id, jobs=on.stores.jobs, services=on.services)
        await write_note(on.stores.notes.of(service.key, clock=on.clock), job_id)
        await on.queue.run_now(job_id)
