"""Wakes computers that sleep: a magic packet to the whole home network, as Wake-on-LAN wants it."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import iso
from metarr_desktop.domain.errors import MetarrError, Transient
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.declaration import Group
from metarr_desktop.services.network import Network, target_of_environment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.declaration import Delivery, ServiceConfig
    from metarr_desktop.services.tools import Notes

logger = logging.getLogger(__name__)

EVERYBODY = ("255.255.255.255", 9)
AGAIN_AFTER = timedelta(minutes=10)
"""Who was woken in this time is waited for, and not woken anew."""
LONGEST_WAIT_S = 30.0
BETWEEN_S = 3.0
SENDING_S = 1.0
NO_ADDRESS = Text("Enter the MAC address as six pairs, such as 00:11:32:aa:bb:cc.")
_PAIRS = re.compile(r"[0-9a-f]{2}(?:(?P<between>[:-]?)[0-9a-f]{2})(?:(?P=between)[0-9a-f]{2}){4}")
_TRIPLE = re.compile(r"[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}")


def mac_address(value: str) -> str:
    """Return a MAC address in the usual form, whichever people copied. Raises ValueError with a Text."""
    given = value.strip().lower()
    if not given:
        return ""
    if not (_PAIRS.fullmatch(given) or _TRIPLE.fullmatch(given)):
        raise ValueError(NO_ADDRESS)
    digits = re.sub(r"[^0-9a-f]", "", given)
    if int(digits[:2], 16) & 1 or not int(digits, 16):  # a group of cards, or none
        raise ValueError(NO_ADDRESS)
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def magic_packet(mac: str) -> bytes:
    """Return what wakes a card: six times 255, then sixteen times its address."""
    return b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * 16


class Waker:
    """Sends again once who did not answer was woken; ``addresses`` are those of this computer."""

    def __init__(self, *, clock: Clock, addresses: Callable[[], Collection[str]]) -> None:
        self._clock = clock
        self._addresses = addresses

    async def deliver(
        self, config: ServiceConfig | Group, send: Callable[[], Awaitable[Delivery]], *, notes: Notes
    ) -> Delivery:
        """Deliver; where nobody answers, wake who may be woken and try again for half a minute.

        Raises what ``send`` raises.
        """
        try:
            return await send()
        except Transient as error:
            if not error.connection or not await self._wake(config, notes):
                raise
        until = self._clock.monotonic() + LONGEST_WAIT_S
        while True:
            await self._clock.sleep(BETWEEN_S)
            try:
                delivery = await send()
            except Transient as again:
                if not again.connection or self._clock.monotonic() >= until:
                    raise
            else:
                return replace(
                    delivery, detail=text("{detail} It was woken up.", detail=str(delivery.detail))
                )

    async def _wake(self, config: ServiceConfig | Group, notes: Notes) -> bool:
        """Wake all that may be and were not just now; returns whether there was one."""
        woken = False
        for mac in _macs(config):
            name = f"wake/{mac}"
            if _is_recent(await notes.get(name), now=self._clock.now()):
                continue
            await notes.put(name, {"at": iso(self._clock.now())})
            woken |= await self._send(mac)
        return woken

    async def _send(self, mac: str) -> bool:
        target = target_of_environment()
        ways = sorted(await asyncio.to_thread(self._addresses)) if target is None else []
        try:
            await Network(target=target, ways=ways).ask(magic_packet(mac), to=EVERYBODY, seconds=SENDING_S)
        except MetarrError as error:
            logger.warning("Nobody could be woken: %s", error)
            return False
        logger.info("Woke %s", mac)
        return True


def _macs(config: ServiceConfig | Group) -> tuple[str, ...]:
    configs = [each.config for each in config.members] if isinstance(config, Group) else [config]
    return tuple(dict.fromkeys(mac for each in configs if (mac := getattr(each, "mac", ""))))


def _is_recent(note: dict[str, object] | None, *, now: datetime) -> bool:
    """Whether it was woken a moment ago; what a clock that was set back left behind is not."""
    try:
        at = datetime.fromisoformat(str((note or {})["at"]))
        return timedelta() <= now - at < AGAIN_AFTER
    except (KeyError, TypeError, ValueError):
        return False
