"""Who writes paths that media servers are told: the senders that can be asked, and this computer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.knowledge import Knowledge
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from metarr_desktop.domain.media import KnownFilm
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.sender_store import SenderStore
    from metarr_desktop.webhooks.sender_config import SenderClients

ASKING_S = 45.0
NOT_ASKED = "{name} could not be asked for its films: {error}"
NO_ANSWER = "{name} did not answer within {seconds} s."
HERE_NAME = "This computer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side: its films and folders as it writes them; ``scopes`` are whose mappings lead from it to here.

    This computer has none. ``complaint`` is why its films are not known.
    """

    name: str
    scopes: tuple[str, ...] = ()
    films: tuple[KnownFilm, ...] = ()
    folders: tuple[str, ...] = ()
    complaint: Text | None = None


class PathSides:
    """Asks all of them at once."""

    def __init__(self, *, senders: SenderStore, clients: SenderClients, library: LibraryStore) -> None:
        self._senders = senders
        self._clients = clients
        self._library = library

    async def here(self) -> Side:
        """Return this computer with its library."""
        folders = await self._library.libraries()
        return Side(
            name=HERE_NAME,
            films=await self._library.films(),
            folders=tuple(each.path for each in folders),
        )

    async def senders(self) -> tuple[Side, ...]:
        """Return the senders that are on; of one that does not answer, the folders that it had."""
        on = [each for each in await self._senders.senders() if each.enabled and each.url]
        return tuple(await asyncio.gather(*(self._ask(each) for each in on)))

    async def _ask(self, sender: Sender) -> Side:
        films: Sequence[KnownFilm] = ()
        folders, complaint = Knowledge.of(sender).root_folders, None
        try:
            async with asyncio.timeout(ASKING_S):
                client = await self._clients.client(sender)
                folders = await client.root_folders()
                films = await client.films()
        except TimeoutError:
            complaint = text(NO_ANSWER, name=sender.name, seconds=round(ASKING_S))
        except MetarrError as error:
            complaint = text(NOT_ASKED, name=sender.name, error=str(error))
        return Side(
            name=sender.name,
            scopes=tuple(dict.fromkeys((sender.slug, sender.type))),
            films=tuple(films),
            folders=folders,
            complaint=complaint,
        )
