"""What a visit at a sender needs, and what its failures tell of the sender."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from metarr_desktop.domain.errors import AuthFailed, MetarrError, NotSetUp, Permanent, Transient
from metarr_desktop.domain.knowledge import Knowledge, Trouble
from metarr_desktop.webhooks.sources.arr_client import WrongProgram

if TYPE_CHECKING:
    from collections.abc import Callable

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.storage.event_store import EventStore
    from metarr_desktop.storage.sender_store import SenderStore
    from metarr_desktop.webhooks.own_address import Door
    from metarr_desktop.webhooks.sender_config import SenderClients


class Keys(Protocol):
    """Where the receiving keys of senders are."""

    async def key(self, sender: Sender, /) -> str:
        """Return a sender's own key, made now where there is none."""

    async def known(self, sender: Sender, /) -> str | None:
        """Return a sender's key where there is one."""

    async def renew(self, sender: Sender, /) -> str:
        """Make a new key."""

    async def put_back(self, sender: Sender, key: str | None, /) -> None:
        """Use the key of before again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitTools:
    """What a visit needs; ``door`` is where we listen, if we do.

    ``computer`` is the name of this one. It changes with the network it is in, and matters only where
    several computers have a ``shared`` database.
    """

    clients: SenderClients
    store: SenderStore
    events: EventStore
    keys: Keys
    door: Callable[[], Door | None]
    clock: Clock
    computer: str
    shared: bool = False

    def keeps(self, known: Knowledge) -> bool:
        """Whether this computer looks after the webhook at a sender: who made it does."""
        return not self.shared or known.computer in {"", self.computer}

    def trouble_here(self, known: Knowledge, error: MetarrError) -> Trouble | None:
        """Say what an error tells of a sender to this computer.

        A key that was kept until quit only is lacking after a restart. Where the database is shared, others
        may have it.
        """
        if isinstance(error, NotSetUp) and known.webhook_id is not None and not self.shared:
            return Trouble.KEY_REJECTED
        return trouble_of(error)


def trouble_of(error: MetarrError) -> Trouble | None:
    """Say what an error tells of a sender; what we lack ourselves tells nothing of it."""
    match error:
        case AuthFailed():
            return Trouble.KEY_REJECTED
        case WrongProgram():
            return Trouble.WRONG_PROGRAM
        case Transient() | Permanent():
            return Trouble.UNREACHABLE
        case _:
            return None
