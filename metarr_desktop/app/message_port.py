"""What window and command line ask and change about messages: their wording, and whether they pop up here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.app.mute import Mute
    from metarr_desktop.app.snapshots import PauseSnapshot
    from metarr_desktop.app.template_desk import TemplateDesk
    from metarr_desktop.app.template_views import ServiceTemplates, TemplatePreview


class MessageQueries:
    """Reads of ``Queries`` about messages."""

    _template_desk: TemplateDesk
    _mute: Mute

    async def templates(self, service: str) -> ServiceTemplates:
        """Return what was written for a service. Raises NotFound, or Refused where it takes no messages."""
        return await self._template_desk.templates(service)

    async def preview_template(self, service: str, event: str, *, title: str, body: str) -> TemplatePreview:
        """Fill a template in with the last event of its kind. Raises NotFound or Refused."""
        return await self._template_desk.preview(service, event, title=title, body=body)

    async def muted(self) -> PauseSnapshot:
        """Return whether notifications of this desktop are muted, and until when."""
        return await self._mute.state()


class MessageCommands:
    """Writes of ``Commands`` about messages."""

    _template_desk: TemplateDesk
    _mute: Mute

    async def set_template(self, service: str, event: str, *, title: str, body: str) -> None:
        """Word a kind of event. Raises NotFound, or Refused with what is wrong."""
        await self._template_desk.set_template(service, event, title=title, body=body)

    async def reset_template(self, service: str, event: str) -> None:
        """Go back to the built-in words of a kind of event."""
        await self._template_desk.reset_template(service, event)

    async def mute(self, minutes: int | None = None) -> PauseSnapshot:
        """Show no notifications on this desktop, for some minutes or until unmuted. Raises Refused."""
        return await self._mute.mute(minutes)

    async def unmute(self) -> None:
        """Show notifications again."""
        await self._mute.unmute()
