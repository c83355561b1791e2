"""Our webhook at a sender: made in one go, kept right when our address changes, and removed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError, Refused, Transient
from metarr_desktop.domain.knowledge import Knowledge
from metarr_desktop.domain.text import text
from metarr_desktop.services.trial import Trial
from metarr_desktop.webhooks.arrival import arrival_of
from metarr_desktop.webhooks.sources.arr_client import with_fields
from metarr_desktop.webhooks.visit import NOT_RECEIVING, Visit, not_there

if TYPE_CHECKING:
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.services.declaration import TestStep
    from metarr_desktop.webhooks.visit_tools import VisitTools

logger = logging.getLogger(__name__)

KEY_NOT_TAKEN = "{sender} did not take the new key, and the old one stays: {reason}"
LONGEST_S = 150.0


class Connection:
    """Makes and keeps the webhooks at senders; what it finds out is learned by the store."""

    def __init__(self, *, tools: VisitTools, bus: Bus) -> None:
        self._tools = tools
        self._bus = bus

    async def connect(self, sender: Sender, *, own_host: str = "") -> list[TestStep]:
        """Make or mend our webhook at a sender, and see its Test arrive.

        ``own_host`` is the address of this computer that a person chose for it.
        """
        title = self._tools.clients.source(sender).title
        trial = Trial(clock=self._tools.clock, seconds=LONGEST_S)
        visit = Visit(self._tools, sender, own_host=own_host)
        with arrival_of(sender, self._bus) as arrival:
            await trial.step(title, visit.identify)
            await trial.step("Address", visit.find_address)
            await trial.step("Webhook", visit.write)
            await trial.step("Test", lambda: visit.see(arrival))
        return trial.steps

    async def resume(self, sender: Sender) -> list[TestStep]:
        """Press Test at a sender, so that it calls us again after failed deliveries."""
        title = self._tools.clients.source(sender).title
        trial = Trial(clock=self._tools.clock, seconds=LONGEST_S)
        visit = Visit(self._tools, sender)
        with arrival_of(sender, self._bus) as arrival:
            await trial.step(title, visit.identify)
            await trial.step("Test", lambda: visit.press(arrival))
        return trial.steps

    async def repair(self, sender: Sender) -> MetarrError | None:
        """Let a sender call the address that this computer has now; nothing is raised, all is learned.

        Only who made a webhook repairs it: computers that share a database have one address each.
        Returns why the sender could not be asked, if it could not.
        """
        known, door = Knowledge.of(sender), self._tools.door()
        if known.webhook_id is None or door is None or not self._tools.keeps(known):
            return None
        visit = Visit(self._tools, sender)
        try:
            await visit.identify()
        except MetarrError as error:
            logger.warning("%s: %s", sender.name, error)
            return error
        try:
            await visit.repair()
        except MetarrError as error:
            logger.warning("%s: %s", sender.name, error)
            return error if isinstance(error, Transient) else None
        return None

    async def renew_key(self, sender: Sender) -> None:
        """Make a new receiving key and give it to the sender in the same step.

        Raises where the sender did not take it, and the old one stays.
        """
        known = Knowledge.of(sender)
        if known.webhook_id is None:
            await self._tools.keys.renew(sender)
            return
        if self._tools.door() is None:
            raise Refused(NOT_RECEIVING)
        visit = Visit(self._tools, sender)
        await visit.identify()
        entry = await visit.entry()
        if entry is None:
            raise Refused(not_there(sender))
        before = await self._tools.keys.known(sender)
        key = await self._tools.keys.renew(sender)
        try:
            await visit.client.update(int(entry["id"]), with_fields(entry, {"password": key}))
        except MetarrError as error:
            await self._tools.keys.put_back(sender, before)
            raise Refused(text(KEY_NOT_TAKEN, sender=sender.name, reason=str(error.text))) from error

    async def remove(self, sender: Sender) -> None:
        """Remove our webhook at a sender. Raises where that could not be done."""
        if Knowledge.of(sender).webhook_id is None:
            return
        visit = Visit(self._tools, sender)
        await visit.identify()
        entry = await visit.entry()
        if entry is not None:
            await visit.client.delete(int(entry["id"]))
