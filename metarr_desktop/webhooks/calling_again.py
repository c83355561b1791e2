"""Makes a sender call us again that gave up on us after failed deliveries."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.knowledge import Knowledge
from metarr_desktop.domain.networks import is_loopback
from metarr_desktop.domain.web_address import host_of
from metarr_desktop.webhooks.entry import Owner, find_entry
from metarr_desktop.webhooks.own_address import is_here_by_name
from metarr_desktop.webhooks.sources.arr_client import field_of, names_us

if TYPE_CHECKING:
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.webhooks.sources.arr_client import ArrClient
    from metarr_desktop.webhooks.visit_tools import VisitTools

logger = logging.getLogger(__name__)


async def call_again(
    visit: VisitTools, client: ArrClient, sender: Sender, *, only_if_muted: bool
) -> dict[str, Any]:
    """Press Test at a sender, or only where its health names our webhook; returns what was found out.

    Nothing is done where webhooks do not arrive at this computer: the Test would fail. Nothing is raised.
    """
    known, door = Knowledge.of(sender), visit.door()
    if door is None or not visit.keeps(known):
        return {}
    try:
        return await _press(
            client,
            Owner(sender=sender, known=known, door=door, computer=visit.computer),
            only_if_muted=only_if_muted,
        )
    except MetarrError as error:
        logger.warning("The webhook at %s could not be looked at: %s", sender.name, error)
        return {}


async def _press(client: ArrClient, owner: Owner, *, only_if_muted: bool) -> dict[str, Any]:
    entry = find_entry(await client.notifications(), owner)
    if entry is None:
        return {"webhook_id": None, "webhook_url": None, "wanted_url": None, "stopped": None}
    door, url = owner.door, str(field_of(entry, "url") or "")
    if door is not None and is_loopback(door.host) and not is_here_by_name(host_of(url)):
        return {}
    muted = names_us(await client.health(), str(entry.get("name", "")))
    if only_if_muted and not muted:
        return {"stopped": None}
    try:
        await client.test(entry)
    except MetarrError as error:
        logger.warning("%s could not test its webhook: %s", owner.sender.name, error)
        return {"stopped": True if muted else None}
    return {"stopped": None}
