"""Who may send webhooks, and the address to paste into each sender."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import platform
import secrets as randomness
from typing import TYPE_CHECKING
from urllib.parse import quote

from metarr_desktop.app.snapshots import SourceAddress
from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.networks import parse_networks
from metarr_desktop.domain.text import Text, text
from metarr_desktop.storage.secrets import variable_name
from metarr_desktop.webhooks.guard import ReceivingRules
from metarr_desktop.webhooks.own_address import BEYOND, Door, names_of_computer, way_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from metarr_desktop.app.settings import AppSettings
    from metarr_desktop.app.snapshots import Listening
    from metarr_desktop.domain.networks import Network
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.webhooks.sources.declaration import Source

logger = logging.getLogger(__name__)

KEY_NAME = "receiving/key"
KEY_LOST = Text(
    "The key of the addresses is not in this computer's keyring. Make a new one; then every sender needs its"
    " new address."
)
KEY_OF_SENDER_LOST = Text("The key of {sender} is not in this computer's keyring. Make a new one for it.")
GIVEN = Text("The receiving key is given by {variable}. Change it there.")
LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - chosen by the user as "my home network"; every route then needs the key


class Receiving:
    """The receiving key and the rules for the guard.

    ``source_keys`` tells the digests of sources. Other devices are on the way to ``beyond``.
    """

    def __init__(
        self,
        *,
        settings: AppSettings,
        secrets: SecretStore,
        sources: Sequence[Source],
        source_keys: Callable[[], Mapping[tuple[str, str], str]] = dict,
        beyond: str = BEYOND,
    ) -> None:
        self._settings = settings
        self._secrets = secrets
        self._sources = sources
        self._source_keys = source_keys
        self._networks: dict[str, tuple[str, tuple[Network, ...]]] = {}
        self._beyond = beyond
        self._own: frozenset[str] = frozenset()
        self._way_out: str | None = None
        self._provided_digest: str | None = None

    @property
    def host(self) -> str:
        """The address to bind: the one given for this run, else by the setting."""
        snapshot = self._settings.snapshot
        return snapshot.host_override or (EVERYWHERE if snapshot.allow == "home" else LOOPBACK)

    @property
    def has_key(self) -> bool:
        """Whether a key was ever made or provided."""
        return self._digest() is not None

    @property
    def own_addresses(self) -> frozenset[str]:
        """This computer's own addresses, as they were found the last time."""
        return self._own

    @property
    def base_path(self) -> str:
        """What comes before every path, empty or ``/metarr``."""
        return self._settings.snapshot.base_path

    def door(self, listening: Listening | None) -> Door | None:
        """Return where others can call us; None where nothing listens."""
        if listening is None:
            return None
        return Door(
            host=listening.host,
            port=listening.port,
            base_path=self.base_path,
            own_addresses=self._own,
            own_names=names_of_computer(platform.node()),
        )

    async def find_addresses(self) -> None:
        """Look up this computer's own addresses, which change when it moves to another network.

        Where the system does not tell them now, those of before are kept.
        """
        try:
            self._own = frozenset(await asyncio.to_thread(own_addresses))
            self._way_out = await asyncio.to_thread(way_to, self._beyond)
        except OSError as error:
            logger.warning("The addresses of this computer could not be read: %s", error)

    async def load_key(self) -> None:
        """Use a key that the environment gives. Raises SecretsUnavailable."""
        if self._secrets.provided(KEY_NAME):
            key = await self._secrets.get(KEY_NAME)
            self._provided_digest = None if key is None else _sha256(key)

    def rules(self) -> ReceivingRules:
        """Return what the guard goes by now."""
        snapshot = self._settings.snapshot
        return ReceivingRules(
            lan=not _is_loopback(self.host),
            local_needs_key=snapshot.require_key_locally,
            key_sha256=self._digest(),
            own_addresses=self._own,
            source_keys=self._source_keys(),
            allow_only=self._read("allow_only", snapshot.allow_only),
            trusted_proxies=self._read("trusted_proxies", snapshot.trusted_proxies),
            base_path=snapshot.base_path,
        )

    async def ensure_key(self) -> None:
        """Make a key unless there is one. Raises SecretsUnavailable."""
        await self.load_key()
        if not self.has_key:
            await self.new_key()

    async def new_key(self) -> str:
        """Make a new key; the old one stops working. Raises SecretsUnavailable, and the old one stays."""
        if self._secrets.provided(KEY_NAME):
            raise Refused(text(GIVEN.template, variable=variable_name(KEY_NAME)))
        key = randomness.token_hex(16)
        await self._secrets.set(KEY_NAME, key)
        await self._settings.save_key_digest(_sha256(key))
        return key

    async def addresses(self, *, port: int) -> tuple[SourceAddress, ...]:
        """Return the address of each source, with its key where one is needed.

        Raises SecretsUnavailable, or Refused where the keyring lost the key.
        """
        query = await self._key_query()
        return tuple(
            SourceAddress(
                key=source.key, title=source.title, url=f"{self._base(port)}/webhooks/{source.key}{query}"
            )
            for source in self._sources
            if source.routed
        )

    def plain_address(self, sender: Sender, *, port: int) -> str:
        """Return where one sender sends to, without a key."""
        return f"{self._base(port)}/webhooks/{sender.type}/{sender.slug}"

    async def sender_address(self, sender: Sender, *, port: int, own_key: str | None) -> str:
        """Return the address to paste into one sender, with its own key, else the general one, where needed.

        Raises SecretsUnavailable, or Refused where the keyring lost the key.
        """
        if own_key is not None and self._needs_key():
            query = f"?apikey={quote(own_key)}"
        elif self._needs_key() and (sender.type, sender.slug) in self._source_keys():
            raise Refused(text(KEY_OF_SENDER_LOST.template, sender=sender.name))
        else:
            query = await self._key_query()
        return self.plain_address(sender, port=port) + query

    def _needs_key(self) -> bool:
        return self._settings.snapshot.require_key_locally or not _is_loopback(self.host)

    async def _key_query(self) -> str:
        if self._digest() is None or not self._needs_key():
            return ""
        key = await self._secrets.get(KEY_NAME)
        if key is None:
            raise Refused(KEY_LOST)
        return f"?apikey={quote(key)}"

    def _base(self, port: int) -> str:
        host = self.host if self.host not in {EVERYWHERE, "::", ""} else self._lan_address()
        bracketed = f"[{host}]" if ":" in host else host
        return f"http://{bracketed}:{port}{self.base_path}"

    def _read(self, name: str, stored: str) -> tuple[Network, ...]:
        """Read a stored list once, not with every request."""
        known = self._networks.get(name)
        if known is None or known[0] != stored:
            known = self._networks[name] = (stored, parse_networks(stored))
        return known[1]

    def _lan_address(self) -> str:
        """Return the address another device would use: the one on the way out, else IPv4 first.

        The others are those of containers and virtual machines, or of a second network.
        """
        if self._way_out is not None and not _is_loopback(self._way_out):
            return self._way_out
        private = sorted(
            (ipaddress.ip_address(own).version, own) for own in self._own if not _is_loopback(own)
        )
        return private[0][1] if private else LOOPBACK

    def _digest(self) -> str | None:
        return self._provided_digest or self._settings.key_digest


def own_addresses() -> set[str]:
    """Every IP address of this computer, without zone. Blocking, though only for a moment."""
    import psutil  # noqa: PLC0415 - loaded beside the first webhooks, not before them

    return {
        entry.address.partition("%")[0]
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if _is_address(entry.address.partition("%")[0])
    }


def _is_address(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return not address.is_link_local


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _sha256(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
