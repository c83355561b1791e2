"""Setting senders up: their drafts, their secrets, and what becomes of them when they go."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from metarr_desktop.app.drafts import check_draft, keep_secrets, parse_typed
from metarr_desktop.domain.changes import SettingsChanged
from metarr_desktop.domain.errors import NotFound, Refused, SecretsUnavailable
from metarr_desktop.domain.knowledge import trouble_news
from metarr_desktop.domain.senders import LONGEST_NAME, Sender, slug
from metarr_desktop.domain.text import text
from metarr_desktop.domain.web_address import normal_address
from metarr_desktop.storage.sender_store import NO_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.app.sender_keys import SenderKeys
    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.forms import Draft, PlainValue
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.sender_store import SenderStore
    from metarr_desktop.webhooks.sources.declaration import Source

URL = "url"


class SenderDesk:
    """Adds, changes and removes senders; secrets go to the keyring and nowhere else."""

    def __init__(
        self,
        *,
        sources: Sequence[Source],
        store: SenderStore,
        secrets: SecretStore,
        keys: SenderKeys,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._sources = {source.key: source for source in sources if source.routed}
        self._store = store
        self._secrets = secrets
        self._keys = keys
        self._bus = bus
        self._clock = clock

    async def add(self, name: str, *, type: str, draft: Draft, until_quit: bool = False) -> None:  # noqa: A002
        """Add a sender, or set up one that was only seen. Raises Refused or SecretsUnavailable."""
        source = self._source(type)
        check_draft(source, draft)
        seen = await self._free(name, type=type)
        prefix = Sender(id=0, type=type, name=name).secret_prefix
        values, url = _split(draft.values)
        kept = await keep_secrets(
            self._secrets,
            prefix,
            draft,
            kept=frozenset() if seen is None else seen.kept_secrets,
            until_quit=until_quit,
        )
        await self._store.add(
            name, type=type, url=url, values=values, kept_secrets=kept, now=self._clock.now()
        )
        self._bus.publish(SettingsChanged())

    async def save(self, name: str, draft: Draft, *, until_quit: bool) -> None:
        """Change a sender's settings. Raises Refused, NotFound or SecretsUnavailable."""
        sender = await self._store.sender(name)
        source = self._source(sender.type)
        check_draft(source, draft)
        values, url = _split({URL: sender.url, **sender.values, **draft.values})
        kept = await keep_secrets(
            self._secrets, sender.secret_prefix, draft, kept=sender.kept_secrets, until_quit=until_quit
        )
        await self._store.save(sender.id, url=url, values=values, kept_secrets=kept, now=self._clock.now())
        await self._store.learn(sender.id, trouble_news(None))
        self._bus.publish(SettingsChanged())

    async def set_enabled(self, name: str, *, enabled: bool) -> None:
        """Listen to a sender, or skip what it sends. Raises NotFound."""
        sender = await self._store.sender(name)
        await self._store.set_enabled(sender.id, enabled=enabled, now=self._clock.now())
        self._bus.publish(SettingsChanged())

    async def remove(self, sender: Sender) -> None:
        """Forget a sender and its secrets; what it sent stays in the history."""
        await self._store.remove(sender.id)
        for field in sender.kept_secrets:
            with suppress(SecretsUnavailable):
                await self._secrets.delete(f"{sender.secret_prefix}/{field}")
        with suppress(SecretsUnavailable):
            await self._keys.forget(sender)
        await self._keys.refresh()
        self._bus.publish(SettingsChanged())

    def parse_values(self, type: str, typed: Mapping[str, str]) -> dict[str, PlainValue]:  # noqa: A002
        """Turn typed text into plain values of a type of sender. Raises Refused, also for a secret field."""
        return parse_typed(self._source(type), typed)

    async def _free(self, name: str, *, type: str) -> Sender | None:  # noqa: A002
        """Return the sender of that name that was only seen; Refused where the name is not free."""
        try:
            sender = await self._store.sender(name)
        except NotFound:
            if not slug(name) or len(name) > LONGEST_NAME:
                raise Refused(text(NO_NAME, most=LONGEST_NAME)) from None
            return None
        if sender.type != type or sender.url:
            raise Refused(text("There is a sender called {name} already. Choose another name.", name=name))
        return sender

    def _source(self, key: str) -> Source:
        try:
            return self._sources[key]
        except KeyError:
            raise NotFound(
                text(
                    "There is no source called {source}. Known are: {known}.",
                    source=key,
                    known=", ".join(self._sources),
                )
            ) from None


def _split(values: Mapping[str, PlainValue]) -> tuple[dict[str, PlainValue], str]:
    """Part the address, which has a column of its own, from the other values."""
    others = {name: value for name, value in values.items() if name != URL}
    url = str(values.get(URL) or "").strip()
    return others, normal_address(url) if url else ""
