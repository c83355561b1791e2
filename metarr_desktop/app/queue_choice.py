"""Where the queue lies: in the database, or on a Redis server that somebody named."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from metarr_desktop.app.database_choice import split_password, without_password
from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from metarr_desktop.storage.secrets import SecretStore

VARIABLE = "METARR_QUEUE_URL"
PASSWORD = "queue/password"  # noqa: S105 - the secret's name
EXAMPLES = "redis://host:6379/0 or unix:///folder/redis.sock"
HOME = "database"
"""What takes the queue back into the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChoice:
    """A Redis server, or without ``url`` the database; ``home`` where somebody said so in so many words."""

    url: str | None = None
    password: str | None = None
    home: bool = False

    @property
    def shown(self) -> str:
        """The choice as people may see it: without a password."""
        return "the database" if self.url is None else without_password(self.url)


async def choose_queue(*, given: str | None, secrets: SecretStore) -> QueueChoice:
    """Decide: ``--queue-url``, else METARR_QUEUE_URL, else the database.

    The password comes from the address, else from METARR_SECRET_QUEUE_PASSWORD, else, where the address names
    a user, from the keyring. Raises Refused for an address that is none, SecretsUnavailable.
    """
    address = given or os.environ.get(VARIABLE)
    if not address:
        return QueueChoice()
    if address == HOME:
        return QueueChoice(home=True)
    parts = _parts_of(address)
    if split_password(address)[1] is None and (secrets.provided(PASSWORD) or parts.username):
        return QueueChoice(url=address, password=await secrets.get(PASSWORD))
    return QueueChoice(url=address)


def _parts_of(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        named = parts.path if parts.scheme == "unix" else parts.hostname
        if parts.scheme in {"redis", "rediss", "unix"} and named and parts.port != 0:
            return parts
    except ValueError:
        pass  # a port that is no number
    raise Refused(
        text(
            "{address} is no address of a Redis server. Write it like {examples}.",
            address=without_password(address)[:200],
            examples=EXAMPLES,
        )
    )
