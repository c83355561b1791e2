"""The settings of a sender with its secrets, for who calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NotSetUp, Refused
from metarr_desktop.domain.text import text
from metarr_desktop.services.forms import build_config, secret_fields
from metarr_desktop.webhooks.sources.arr import ArrConfig
from metarr_desktop.webhooks.sources.arr_client import ArrClient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.services.http import Http
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.webhooks.sources.arr import ArrInterface
    from metarr_desktop.webhooks.sources.declaration import Source


class SenderClients:
    """Makes the client of a sender."""

    def __init__(
        self, *, sources: Mapping[str, Source], secrets: SecretStore, http: Http, clock: Clock
    ) -> None:
        self._sources = sources
        self._secrets = secrets
        self._http = http
        self._clock = clock

    def source(self, sender: Sender) -> Source:
        """Return the source of a sender. Raises Refused where this version does not know it."""
        source = self._sources.get(sender.type)
        if source is None:
            raise Refused(text("Metarr Desktop does not know {source}.", source=sender.type))
        return source

    def interface(self, sender: Sender) -> ArrInterface:
        """Return how a sender is called itself. Raises Refused where it cannot be."""
        source = self.source(sender)
        if source.interface is None:
            raise Refused(text("{source} only sends: paste our address there.", source=source.title))
        return source.interface

    async def client(self, sender: Sender) -> ArrClient:
        """Return the client. Raises Refused, NotSetUp or SecretsUnavailable."""
        interface, source = self.interface(sender), self.source(sender)
        secrets: dict[str, str] = {}
        for field in secret_fields(source):
            name = f"{sender.secret_prefix}/{field}"
            if field in sender.kept_secrets or self._secrets.provided(name):
                value = await self._secrets.get(name)
                if value is not None:
                    secrets[field] = value
        config = build_config(source, {**sender.values, "url": sender.url}, secrets)
        if not isinstance(config, ArrConfig):
            raise NotSetUp(text("{source} cannot be called.", source=source.title))
        return ArrClient(http=self._http, interface=interface, config=config, clock=self._clock)
