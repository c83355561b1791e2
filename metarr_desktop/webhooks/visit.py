"""One visit at a sender: who is there, our webhook among its connections, and its Test."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import (
    MetarrError,
    Permanent,
    Refused,
    SecretsUnavailable,
)
from metarr_desktop.domain.knowledge import Knowledge, as_known, trouble_news
from metarr_desktop.domain.text import Text, text
from metarr_desktop.domain.web_address import host_of
from metarr_desktop.webhooks.entry import (
    Owner,
    calls_us,
    filled_in,
    find_entry,
    free_name,
    plain,
    shown_address,
    with_query_of,
)
from metarr_desktop.webhooks.own_address import address_towards
from metarr_desktop.webhooks.sources.arr_client import Refusal, field_of, with_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.webhooks.arrival import Arrival
    from metarr_desktop.webhooks.own_address import OwnAddress
    from metarr_desktop.webhooks.sources.arr_client import ArrClient, ArrStatus
    from metarr_desktop.webhooks.visit_tools import VisitTools

logger = logging.getLogger(__name__)

NOT_RECEIVING = Text("Metarr Desktop is not receiving webhooks now. Look at Settings > Receiving.")
ONLY_HERE = (
    "Metarr Desktop listens to this computer only, and {sender} runs elsewhere."
    " Allow your home network in Settings > Receiving, then connect again."
)
ONLY_HERE_CONTAINER = (
    "Metarr Desktop listens to this computer only, and {sender} runs in a container."
    " Allow your home network in Settings > Receiving, then connect again."
)
CANNOT_REACH = (
    "{sender} cannot reach this computer at {our_url}: {detail}. Check the firewall or pick another address."
)
CANNOT_REACH_OTHERS = CANNOT_REACH + " This computer also has {others}."
WENT_ELSEWHERE = (
    "{sender} sent its test to {our_url}, and it did not arrive here. Another program may answer there."
)


class Visit:
    """One visit at a sender; its steps build on each other."""

    client: ArrClient

    def __init__(self, tools: VisitTools, sender: Sender, *, own_host: str = "") -> None:
        self._with = tools
        self._sender = sender
        self._known = Knowledge.of(sender)
        self._own_host = own_host
        self._status: ArrStatus | None = None
        self._address: OwnAddress | None = None
        self._url = ""
        self._entry: Mapping[str, Any] | None = None
        self._created = False

    async def identify(self) -> Text:
        """Ask who is there, and learn it."""
        try:
            self.client = await self._with.clients.client(self._sender)
            status = await self.client.status()
        except MetarrError as error:
            await self.learn_trouble(error)
            raise
        self._status = status
        await self._learn(
            {
                "version": status.version,
                "instance_name": status.instance_name,
                "is_docker": status.is_docker,
                **trouble_news(None),
            }
        )
        return text("{source} {version} found", source=status.app_name, version=status.version)

    async def find_address(self) -> Text:
        """Find the address at which the sender reaches us."""
        self._url = await self._our_url()
        return text("{sender} is to send to {our_url}", sender=self._sender.name, our_url=self._url)

    async def write(self) -> Text:
        """Make our webhook there, or mend the one that is ours; its Test arrives meanwhile."""
        interface = self._with.clients.interface(self._sender)
        entries = await self.client.notifications()
        schema = await self.client.webhook_schema()
        mine = find_entry(entries, self._owner())
        before = await self._key_before()
        key = await self._with.keys.key(self._sender)
        wanted = filled_in(
            schema if mine is None else mine,
            schema=schema,
            triggers=interface.triggers,
            url=self._url,
            password=key,
        )
        try:
            if mine is None:
                name = free_name(entries, self._owner())
                wanted = {name: value for name, value in wanted.items() if name != "id"}
                entry = await self.client.create({**wanted, "name": name, "tags": []})
            else:
                entry = await self.client.update(int(mine["id"]), wanted)
        except Refusal as error:
            await self._with.keys.put_back(self._sender, before)
            raise self._explained(error) from error
        self._entry, self._created = entry, mine is None
        await self._learn_connected(entry)
        added = 'Webhook added as "{name}"' if mine is None else 'Webhook "{name}" updated'
        return text(added, name=str(entry.get("name", "")))

    async def _key_before(self) -> str | None:
        with suppress(SecretsUnavailable):
            return await self._with.keys.known(self._sender)
        return None

    async def see(self, arrival: Arrival) -> Text:
        """Wait for the Test; a webhook that did not change is not tested by itself."""
        if not self._created and not arrival.came:
            return await self.press(arrival)
        return await self._arrived(arrival)

    async def press(self, arrival: Arrival) -> Text:
        """Press Test, see it arrive, and know that the sender calls us."""
        await self._our_url()  # a test that cannot arrive would make the sender wait for longer
        entry = self._entry or await self.entry()
        if entry is None:
            await self._learn({"webhook_id": None, "webhook_url": None, "wanted_url": None, "stopped": None})
            raise Refused(not_there(self._sender))
        self._url = self._url or shown_address(entry)
        try:
            await self.client.test(entry)
        except Refusal as error:
            raise self._explained(error) from error
        told = await self._arrived(arrival)
        await self._learn({"stopped": None})
        return told

    async def repair(self) -> None:
        """Write our present address into our webhook where another one stands in it."""
        entry = await self.entry()
        if entry is None:
            await self._learn({"webhook_id": None, "webhook_url": None, "wanted_url": None, "stopped": None})
            return
        wanted, written = await self._our_url(), str(field_of(entry, "url") or "")
        has = plain(written)
        folders: tuple[str, ...] = self._known.root_folders
        with suppress(MetarrError):
            folders = await self.client.root_folders()
        found = {"webhook_id": entry["id"], "webhook_url": has, "root_folders": list(folders)}
        # One that a person made, with a key in its address, may call us by another of our addresses.
        if has == wanted or (has != written and calls_us(entry, self._owner())):
            await self._learn({**found, "wanted_url": None})
            return
        url = with_query_of(wanted, written)
        try:
            await self.client.update(int(entry["id"]), with_fields(entry, {"url": url}))
        except MetarrError as error:
            logger.warning("%s still sends to %s: %s", self._sender.name, has, error)
            await self._learn({**found, "wanted_url": wanted})
            return
        logger.info("%s sends to %s now", self._sender.name, wanted)
        await self._learn({**found, "webhook_url": wanted, "wanted_url": None})

    async def entry(self) -> Mapping[str, Any] | None:
        """Return our webhook as it stands there; None where it was removed."""
        return find_entry(await self.client.notifications(), self._owner())

    async def learn_trouble(self, error: MetarrError) -> None:
        """Learn why the sender could not be asked; what we lack ourselves tells nothing of it."""
        kind = self._with.trouble_here(self._known, error)
        if kind is not None:
            await self._learn(trouble_news(kind, error.text))

    async def _our_url(self) -> str:
        sender, door = self._sender, self._with.door()
        if door is None:
            raise Refused(NOT_RECEIVING)
        in_container = self._status is not None and self._status.is_docker
        chosen, known = self._own_host or self._known.own_host, self._known
        if not self._own_host and chosen not in door.own_addresses and not known.own_host_is_foreign:
            chosen = ""
        address = await address_towards(
            host_of(sender.url), door=door, in_container=in_container, chosen=chosen
        )
        if address.host is None:
            raise Permanent(text(ONLY_HERE_CONTAINER if in_container else ONLY_HERE, sender=sender.name))
        self._address = address
        return door.url(address.host, source=sender.type, name=sender.slug)

    async def _arrived(self, arrival: Arrival) -> Text:
        event_id = await arrival.event_id()
        if event_id is None:
            raise Permanent(text(WENT_ELSEWHERE, sender=self._sender.name, our_url=self._url))
        event = (await self._with.events.events([event_id]))[event_id]
        return text(
            "Test received from {address} at {time}",
            address=event.remote_address,
            time=event.received_at.astimezone().strftime("%H:%M"),
        )

    async def _learn_connected(self, entry: Mapping[str, Any]) -> None:
        folders: tuple[str, ...] = ()
        with suppress(MetarrError):
            folders = await self.client.root_folders()
        now = None if self._status is None else self._status.at
        now = now or self._with.clock.now()
        await self._learn(
            {
                "webhook_id": entry.get("id"),
                "webhook_url": self._url,
                "wanted_url": None,
                **self._choice(),
                "computer": self._with.computer,
                "connected_at": as_known(self._known.connected_at or now),
                "root_folders": list(folders),
                "stopped": None,
            }
        )

    def _choice(self) -> Mapping[str, Any]:
        """Return what to learn of the address that a person chose for this computer, if one did now."""
        door = self._with.door()
        if not self._own_host or door is None:
            return {}
        is_foreign = self._own_host not in door.own_addresses
        return {"own_host": self._own_host, "own_host_is_foreign": is_foreign or None}

    async def _learn(self, news: Mapping[str, Any]) -> None:
        await self._with.store.learn(self._sender.id, news)

    def _owner(self) -> Owner:
        return Owner(
            sender=self._sender,
            known=self._known,
            door=self._with.door(),
            computer=self._with.computer,
        )

    def _explained(self, error: Refusal) -> Permanent:
        """Say in our words that the Test did not reach us, with the addresses that may do."""
        if not error.unreachable:
            return error
        others = () if self._address is None else self._address.others
        return Permanent(
            text(
                CANNOT_REACH_OTHERS if others else CANNOT_REACH,
                sender=self._sender.name,
                our_url=self._url,
                detail=str(error).rstrip(". "),
                others=", ".join(others),
            )
        )


def not_there(sender: Sender) -> Text:
    """Say that somebody removed our webhook."""
    return text("Our webhook is not in {sender} any more. Connect it again.", sender=sender.name)
