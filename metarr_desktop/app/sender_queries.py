"""What there is to see of senders: a part of ``Queries``."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.app.parts import Parts
    from metarr_desktop.app.sender_snapshots import SenderSnapshot, SenderType
    from metarr_desktop.app.snapshots import ServiceForm
    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.domain.text import Text


class SenderQueries:
    """Reads; nothing here asks a sender."""

    def __init__(self, parts: Parts) -> None:
        self._sender_views = parts.senders.views
        self._own_listener = parts.listener
        self._port_setting = parts.on.settings

    def sender_types(self) -> tuple[SenderType, ...]:
        """Every kind of sender that can be added."""
        return self._sender_views.types()

    async def senders(self) -> tuple[SenderSnapshot, ...]:
        """Every sender, by type and name."""
        return await self._sender_views.senders(port=self._port())

    async def sender(self, name: str) -> SenderSnapshot:
        """One sender. Raises NotFound."""
        return await self._sender_views.sender(name, port=self._port())

    async def sender_form(self, name: str) -> ServiceForm:
        """What a sender's page starts from; its ``key`` is the sender's name. Raises NotFound."""
        return await self._sender_views.form(name)

    def new_sender_form(self, type: str) -> ServiceForm:  # noqa: A002 - the public word
        """What adding a sender starts from; its ``key`` is the type. Raises NotFound."""
        return self._sender_views.empty_form(type)

    def check_sender_field(self, type: str, field: str, value: PlainValue) -> Text | None:  # noqa: A002
        """Return what is wrong with one value as typed, or None."""
        return self._sender_views.check_field(type, field, value)

    async def sender_secret(self, name: str, field: str) -> str | None:
        """Return a secret for the person to see. Raises NotFound or SecretsUnavailable."""
        return await self._sender_views.secret(name, field)

    async def sender_address(self, name: str) -> str:
        """Return the address to paste into a sender, with its key where one is needed.

        Raises NotFound or SecretsUnavailable.
        """
        return await self._sender_views.address(name, port=self._port())

    def _port(self) -> int:
        listening = None if self._own_listener is None else self._own_listener.listening
        return self._port_setting.port if listening is None else listening.port
