"""What window and command line ask and change about the wording of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.app.template_desk import TemplateDesk
    from metarr_desktop.app.template_views import ServiceTemplates, TemplatePreview


class TemplateQueries:
    """Reads of ``Queries`` about messages."""

    _template_desk: TemplateDesk

    async def templates(self, service: str) -> ServiceTemplates:
        """Return what was written for a service. Raises NotFound, or Refused where it takes no messages."""
        return await self._template_desk.templates(service)

    async def preview_template(self, service: str, event: str, *, title: str, body: str) -> TemplatePreview:
        """Fill a template in with the last event of its kind. Raises NotFound or Refused."""
        return await self._template_desk.preview(service, event, title=title, body=body)


class TemplateCommands:
    """Writes of ``Commands`` about messages."""

    _template_desk: TemplateDesk

    async def set_template(self, service: str, event: str, *, title: str, body: str) -> None:
        """Word a kind of event. Raises NotFound, or Refused with what is wrong."""
        await self._template_desk.set_template(service, event, title=title, body=body)

    async def reset_template(self, service: str, event: str) -> None:
        """Go back to the built-in words of a kind of event."""
        await self._template_desk.reset_template(service, event)
