"""The connection test of a household: every player at once, each with its own lines."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.kodi_rpc import part
from metarr_desktop.services.kodi_sight import locations
from metarr_desktop.services.trial import Trial
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.declaration import TestStep
    from metarr_desktop.services.kodi_player import Player

RIGHTS = {
    "RemoveData": Text("It may not be told to remove what was deleted."),
    "ControlGUI": Text("It may not be told to show messages."),
}


async def try_all(players: Sequence[Player], *, clock: Clock) -> list[TestStep]:
    """Try them side by side, so that all of them together take no longer than one."""
    blocks = await asyncio.gather(*(PlayerTrial(player=each, clock=clock).run() for each in players))
    if len(players) == 1:
        return blocks[0]
    return [
        replace(step, name=text("{player}: {step}", player=clean(player.name), step=str(step.name)))
        for player, steps in zip(players, blocks, strict=True)
        for step in steps
    ]


class PlayerTrial:
    """Asks one Kodi who it is, what it allows and where it looks; nothing shows on its screen."""

    def __init__(self, *, player: Player, clock: Clock) -> None:
        self._player = player
        self._rpc = player.rpc
        self._clock = clock

    async def run(self) -> list[TestStep]:
        """Take the steps one after the other, up to the first that fails."""
        trial = Trial(clock=self._clock)
        await trial.step("Connection", self._reach)
        await trial.step("Interface", self._version)
        await trial.step("Permission", self._permission)
        await trial.step("Sources", self._sources)
        await trial.step("Web socket", self._web_socket)
        await trial.step("Kodi", self._application)
        return trial.steps

    async def _reach(self) -> Text:
        if await self._rpc.call("JSONRPC.Ping") != "pong":
            raise Permanent(text("What answers at {place} is not Kodi.", place=self._rpc.place))
        return Text("Kodi answers, and accepts the user name and password.")

    async def _version(self) -> Text:
        told = part(await self._rpc.call("JSONRPC.Version"), "version")
        numbers = ".".join(str(part(told, name)) for name in ("major", "minor", "patch"))
        return text("Its remote control is version {version}.", version=cut(clean(numbers), 40))

    async def _permission(self) -> Text:
        rights = await self._rpc.call("JSONRPC.Permission")
        if part(rights, "UpdateData") is not True:
            raise Permanent("Kodi does not allow changes to its library over HTTP.")
        missing = [str(words) for name, words in RIGHTS.items() if part(rights, name) is not True]
        if missing:
            return text("It may be told to scan. {missing}", missing=" ".join(missing))
        return Text("It may be told to scan, to remove what was deleted, and to show messages.")

    async def _sources(self) -> Text:
        folders = await locations(self._player)
        if not folders:
            return Text("Kodi has no source yet. Add one in Kodi, or it finds nothing.")
        return text("Sources: {sources}", sources=cut(clean(", ".join(folders)), 500))

    async def _web_socket(self) -> Text:
        """Whether it is open is good to know; everything works without it."""
        if self._player.link is None:
            return Text("Its web socket is not used.")
        async with self._player.link.listening(methods=()) as ears:
            if ears.open:
                return Text(
                    "Its web socket is open: a scan that waits for the end of a video starts at once."
                )
        return Text(
            "Its web socket is closed: whether a video has ended is asked every 10 minutes. In Kodi:"
            " Settings > Services > Control > Allow remote control from applications on other systems."
        )

    async def _application(self) -> Text:
        told = await self._rpc.call("Application.GetProperties", properties=["name", "version"])
        number = part(told, "version")
        return text(
            "Connected to {name} {version} in {ms} ms.",
            name=cut(clean(str(part(told, "name") or "Kodi")), 80),
            version=f"{part(number, 'major')}.{part(number, 'minor')}",
        )
