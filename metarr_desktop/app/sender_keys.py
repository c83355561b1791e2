"""The receiving key that each sender has of its own; only its digest is stored, the key is in the keyring."""

from __future__ import annotations

import hashlib
import logging
import secrets as randomness
from contextlib import suppress
from typing import TYPE_CHECKING

from metarr_desktop.domain.changes import SettingsChanged
from metarr_desktop.domain.errors import MetarrError, SecretsUnavailable
from metarr_desktop.domain.knowledge import Knowledge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.changes import Change
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.jobs.tasks import Spawn
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.sender_store import SenderStore

logger = logging.getLogger(__name__)


class SenderKeys:
    """Makes the keys, and tells the guard their digests from memory."""

    def __init__(self, *, store: SenderStore, secrets: SecretStore, bus: Bus, spawn: Spawn) -> None:
        self._store = store
        self._secrets = secrets
        self._spawn = spawn
        self._digests: dict[tuple[str, str], str] = {}
        self._looking = False
        bus.subscribe(self._hear)

    def digests(self) -> Mapping[tuple[str, str], str]:
        """SHA-256 of every key, by type and name as in the address."""
        return self._digests

    async def refresh(self) -> None:
        """Read the digests anew."""
        self._digests = {
            (sender.type, sender.slug): digest
            for sender in await self._store.senders()
            if (digest := Knowledge.of(sender).key_sha256)
        }

    async def key(self, sender: Sender) -> str:
        """Return a sender's key, made now where it has none that we know.

        Without a keyring it stays in memory: the sender goes on knowing it, and its digest is stored.
        """
        name = _name(sender)
        try:
            key = await self._secrets.get(name)
        except SecretsUnavailable:
            key = None
        if key is None:
            return await self.renew(sender)
        await self._keep_digest(sender, key)
        return key

    async def renew(self, sender: Sender) -> str:
        """Make a new key; the old one stops working."""
        key = randomness.token_hex(16)
        await self._hold(sender, key)
        return key

    async def put_back(self, sender: Sender, key: str | None) -> None:
        """Use the key of before again, where the sender did not take a new one; ``sender`` is of before.

        Where we did not have it any more, it is still known by its digest, and the sender goes on giving it.
        """
        if key is not None:
            await self._hold(sender, key)
            return
        self._secrets.drop(_name(sender))
        with suppress(SecretsUnavailable):
            await self._secrets.delete(_name(sender))
        await self._store.learn(sender.id, {"key_sha256": Knowledge.of(sender).key_sha256 or None})
        await self.refresh()

    async def known(self, sender: Sender) -> str | None:
        """Return the key where the keyring has one. Raises SecretsUnavailable."""
        return await self._secrets.get(_name(sender)) if Knowledge.of(sender).key_sha256 else None

    async def forget(self, sender: Sender) -> None:
        """Forget the key of a sender that is removed."""
        self._secrets.drop(_name(sender))
        if Knowledge.of(sender).key_sha256:
            await self._secrets.delete(_name(sender))

    async def _hold(self, sender: Sender, key: str) -> None:
        try:
            await self._secrets.set(_name(sender), key)
        except SecretsUnavailable:
            self._secrets.keep_until_quit(_name(sender), key)
        await self._keep_digest(sender, key)

    async def _keep_digest(self, sender: Sender, key: str) -> None:
        digest = hashlib.sha256(key.encode()).hexdigest()
        if self._digests.get((sender.type, sender.slug)) != digest:
            await self._store.learn(sender.id, {"key_sha256": digest})
            await self.refresh()

    def _hear(self, change: Change) -> None:
        if isinstance(change, SettingsChanged) and not self._looking:
            self._looking = True
            self._spawn(self._look(), name="keys of senders")

    async def _look(self) -> None:
        self._looking = False
        try:
            await self.refresh()
        except MetarrError as error:
            logger.warning("The keys of senders could not be read: %s", error)


def _name(sender: Sender) -> str:
    return f"{sender.secret_prefix}/webhook_key"
