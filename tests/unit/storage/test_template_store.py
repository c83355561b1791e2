from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.events import EventKind
from metarr_desktop.domain.message_templates import MessageTemplate
from metarr_desktop.storage.template_store import TemplateStore
from tests.fakes import START

if TYPE_CHECKING:
    from metarr_desktop.storage.database import Database


def template(service: str, event: EventKind, **words: str) -> MessageTemplate:
    return MessageTemplate(service=service, event=event, **{"title": "{title}", "body": "New", **words})


async def test_a_template_is_kept_replaced_and_forgotten(any_database: Database) -> None:
    store = TemplateStore(any_database)
    downloaded = template("discord", EventKind.DOWNLOADED)
    await store.save(downloaded, now=START)
    await store.save(template("pushover", EventKind.DOWNLOADED), now=START)
    again = template("discord", EventKind.DOWNLOADED, body="Newer {nothing is read here}")
    await store.save(again, now=START)
    assert await store.template("discord", EventKind.DOWNLOADED) == again
    assert await store.template("discord", EventKind.UPGRADED) is None
    assert [each.service for each in await store.templates()] == ["discord", "pushover"]
    await store.reset("discord", EventKind.DOWNLOADED)
    await store.reset("discord", EventKind.DOWNLOADED)
    assert await store.template("discord", EventKind.DOWNLOADED) is None


async def test_a_kind_that_nobody_knows_is_left_alone(any_database: Database) -> None:
    await any_database.run(
        lambda db: db.execute(
            "INSERT INTO message_templates (service, event, title, body, updated_at)"
            " VALUES ('discord', 'sung', 'a', 'b', 0)"
        )
    )
    assert await TemplateStore(any_database).templates() == ()
