"""Messages in a person's own words, as the window and the command line read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from metarr_desktop.domain.events import EventKind
    from metarr_desktop.domain.message_templates import MessageTemplate, TemplateField
    from metarr_desktop.domain.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTemplates:
    """The kinds a service can be told, what was written for them, and the fields there are."""

    service: str
    title: str
    kinds: tuple[tuple[EventKind, Text], ...]
    written: Mapping[EventKind, MessageTemplate]
    fields: tuple[TemplateField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePreview:
    """A template filled in, ``example`` says with what; with a ``complaint`` it cannot be."""

    title: str
    body: str
    example: Text
    complaint: Text | None = None
