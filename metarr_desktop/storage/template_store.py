"""The messages people worded themselves: the table ``message_templates``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.message_templates import MessageTemplate

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql


class TemplateStore:
    """At most one template for a service and a kind of event."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def template(self, service: str, event: EventKind) -> MessageTemplate | None:
        """Return a template, or None where the built-in words are used."""
        return await self._database.read(_template, service, event)

    async def templates(self) -> tuple[MessageTemplate, ...]:
        """Every template, by service and event; a kind that nobody knows any more is left out."""
        return await self._database.read(_templates)

    async def save(self, template: MessageTemplate, *, now: datetime) -> None:
        """Write a template in the place of an earlier one."""
        await self._database.run(_save, template, now)

    async def reset(self, service: str, event: EventKind) -> None:
        """Go back to the built-in words."""
        await self._database.run(_reset, service, event)


def _template(db: Sql, service: str, event: EventKind) -> MessageTemplate | None:
    row = db.execute(
        "SELECT title, body FROM message_templates WHERE service = ? AND event = ?", (service, event.value)
    ).fetchone()
    return None if row is None else MessageTemplate(service=service, event=event, title=row[0], body=row[1])


def _templates(db: Sql) -> tuple[MessageTemplate, ...]:
    known = {kind.value: kind for kind in EventKind}
    rows = db.execute("SELECT service, event, title, body FROM message_templates ORDER BY service, event")
    return tuple(
        MessageTemplate(service=service, event=known[event], title=title, body=body)
        for service, event, title, body in rows.fetchall()
        if event in known
    )


def _save(db: Sql, template: MessageTemplate, now: datetime) -> None:
    db.execute(
        "INSERT INTO message_templates (service, event, title, body, updated_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (service, event) DO UPDATE SET title = excluded.title, body = excluded.body,"
        " updated_at = excluded.updated_at",
        (template.service, template.event.value, template.title, template.body, to_ms(now)),
    )
    db.tell("settings")


def _reset(db: Sql, service: str, event: EventKind) -> None:
    db.execute("DELETE FROM message_templates WHERE service = ? AND event = ?", (service, event.value))
    db.tell("settings")
