"""What a person can ask of senders: a part of ``Commands``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.app.parts import Parts
    from metarr_desktop.domain.forms import Draft, PlainValue


class SenderCommands:
    """Writes. Each raises from ``domain/errors.py`` with a sentence for the person who asked."""

    def __init__(self, parts: Parts) -> None:
        self._senders = parts.sender_desk
        self._sender_store = parts.sender_store

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

    def parse_sender_values(self, type: str, typed: Mapping[str, str]) -> dict[str, PlainValue]:  # noqa: A002
        """Turn what was typed on a command line into plain values. Raises Refused or NotFound."""
        return self._senders.parse_values(type, typed)

    async def set_sender_enabled(self, name: str, *, enabled: bool) -> None:
        """Listen to a sender, or skip what it sends."""
        await self._senders.set_enabled(name, enabled=enabled)

    async def remove_sender(self, name: str) -> Text:
        """Forget a sender; returns what was done."""
        sender = await self._sender_store.sender(name)
        await self._senders.remove(sender)
        return text("{sender} is removed.", sender=sender.name)
