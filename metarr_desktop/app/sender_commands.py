"""What a person can ask of senders: a part of ``Commands``."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from metarr_desktop.app.snapshots import TestLine, TestReport
from metarr_desktop.domain.changes import SettingsChanged
from metarr_desktop.domain.errors import MetarrError, NotFound, Refused
from metarr_desktop.domain.knowledge import Knowledge, as_known
from metarr_desktop.domain.text import Text, text
from metarr_desktop.domain.web_address import normal_host
from metarr_desktop.webhooks.catch_up_plan import Why, catch_up_job, is_connected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.app.parts import Parts
    from metarr_desktop.domain.forms import Draft, PlainValue
    from metarr_desktop.services.declaration import TestStep


class SenderCommands:
    """Writes. Each raises from ``domain/errors.py`` with a sentence for the person who asked."""

    def __init__(self, parts: Parts) -> None:
        self._senders = parts.senders.desk
        self._sender_store = parts.on.stores.senders
        self._connection = parts.senders.connection
        self._sender_watch = parts.senders.watch
        self._jobs = parts.on.queue
        self._job_rows = parts.on.stores.jobs
        self._news = parts.on.bus

    async def add_sender(
        self,
        name: str,
        *,
        type: str,  # noqa: A002 - the public word
        draft: Draft,
        until_quit: bool = False,
    ) -> None:
        """Add a sender, or set up one that was only seen by its webhooks."""
        await self._senders.add(name, type=type, draft=draft, until_quit=until_quit)

    async def save_sender(self, name: str, draft: Draft, *, until_quit: bool = False) -> None:
        """Save a sender's settings; with ``until_quit`` new secrets stay in memory only."""
        await self._senders.save(name, draft, until_quit=until_quit)
        self._sender_watch.look_soon()

    def parse_sender_values(self, type: str, typed: Mapping[str, str]) -> dict[str, PlainValue]:  # noqa: A002
        """Turn what was typed on a command line into plain values. Raises Refused or NotFound."""
        return self._senders.parse_values(type, typed)

    async def set_sender_enabled(self, name: str, *, enabled: bool) -> None:
        """Listen to a sender, or skip what it sends."""
        await self._senders.set_enabled(name, enabled=enabled)
        if enabled:
            self._sender_watch.look_soon()  # this computer may have moved meanwhile

    async def connect_sender(self, name: str, *, address: str = "") -> TestReport:
        """Make or mend our webhook at a sender, and see its Test arrive.

        ``address`` is that of this computer to use; without one the way to the sender decides.
        """
        sender = await self._sender_store.sender(name)
        try:
            own_host = normal_host(address) if address.strip() else ""
        except ValueError as error:
            raise Refused(error.args[0]) from None
        report = _report(await self._connection.connect(sender, own_host=own_host))
        self._news.publish(SettingsChanged())
        return report

    async def resume_sender(self, name: str) -> TestReport:
        """Press Test at a sender, so that it calls us again after failed deliveries."""
        sender = await self._sender_store.sender(name)
        report = _report(await self._connection.resume(sender))
        self._news.publish(SettingsChanged())
        return report

    async def catch_up(self, name: str) -> int:
        """Read now what a sender could not tell, however much; returns the id of the job."""
        sender = await self._sender_store.sender(name)
        if not sender.enabled:
            raise Refused(text("{sender} is turned off.", sender=sender.name))
        if not is_connected(sender):
            raise Refused(text("{sender} is not connected. Connect it first.", sender=sender.name))
        job = catch_up_job(sender, Why.ASKED)
        added = await self._jobs.add([job])
        if added:
            return added[0].id
        waiting = [each.id for each in await self._job_rows.jobs() if each.dedupe_key == job.dedupe_key]
        for job_id in waiting:
            with suppress(NotFound, Refused):  # a worker may be quicker than we are
                await self._jobs.run_now(job_id)
        return waiting[0] if waiting else await self.catch_up(name)

    async def dismiss_missed(self, name: str) -> None:
        """Leave what was missed alone; only what comes later is caught up with."""
        sender = await self._sender_store.sender(name)
        until = Knowledge.of(sender).missed_until
        news = {"missed": None, "missed_until": None}
        await self._sender_store.learn(
            sender.id, news if until is None else {**news, "dismissed_until": as_known(until)}
        )
        self._news.publish(SettingsChanged())

    async def renew_sender_key(self, name: str) -> None:
        """Make a new receiving key for a sender; one that is connected learns it in the same step."""
        await self._connection.renew_key(await self._sender_store.sender(name))
        self._news.publish(SettingsChanged())

    async def remove_sender(self, name: str) -> Text:
        """Forget a sender, with our webhook there where it answers; returns what was done."""
        sender = await self._sender_store.sender(name)
        connected = Knowledge.of(sender).webhook_id is not None
        try:
            await self._connection.remove(sender)
        except MetarrError as error:
            await self._senders.remove(sender)
            return text(
                "{sender} is removed here. Our webhook there could not be removed: {reason}"
                " Remove it by hand, in Settings > Connect.",
                sender=sender.name,
                reason=str(error),
            )
        await self._senders.remove(sender)
        if connected:
            return text("{sender} is removed, and our webhook there too.", sender=sender.name)
        return text("{sender} is removed.", sender=sender.name)


def _report(steps: Sequence[TestStep]) -> TestReport:
    lines = tuple(TestLine(name=each.name, ok=each.ok, detail=each.detail, ms=each.ms) for each in steps)
    return TestReport(
        ok=bool(lines) and all(each.ok for each in lines), lines=lines, ms=sum(each.ms for each in lines)
    )
