"""Who sent a webhook, in words: the sender by the name it has here, else its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.knowledge import names_of
from metarr_desktop.domain.senders import slug

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.storage.event_store import StoredEvent
    from metarr_desktop.storage.sender_store import SenderStore


@dataclass(frozen=True, slots=True)
class Titles:
    """Titles of sources by key, and names of senders by type and by what they are called in webhooks."""

    sources: Mapping[str, str]
    senders: Mapping[tuple[str, str], str]

    def of(self, event: StoredEvent) -> str:
        """What a person calls the sender of a webhook."""
        title = self.sources.get(event.source, event.source)
        return self.senders.get((event.source, slug(event.instance or title)), title)


class Origins:
    """Reads the senders as they are called now."""

    def __init__(self, *, sources: Mapping[str, str], store: SenderStore) -> None:
        self._sources = sources
        self._store = store

    async def titles(self) -> Titles:
        """Return what everybody is called."""
        senders = await self._store.senders()
        names = {(each.type, name): each.name for each in senders for name in names_of(each, senders)}
        return Titles(self._sources, names)
