from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from metarr_desktop.app.actions import call
from metarr_desktop.app.example_events import sample_of
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.events import EventKind, IncomingWebhook
from metarr_desktop.domain.message_templates import FIELDS, LONGEST_BODY, LONGEST_TITLE

if TYPE_CHECKING:
    from metarr_desktop.app.core import Core


async def store(core: Core, event: str, **movie: Any) -> None:
    """Store a webhook of Radarr as the listener does."""
    body = {"eventType": event, "instanceName": "Radarr 4K", "movie": {"folderPath": "/m/x", **movie}}
    queue: Any = core.commands._queue
    await queue.store(
        IncomingWebhook(
            source="radarr",
            event_type=event,
            instance="",
            body=json.dumps(body).encode(),
            remote_address="127.0.0.1",
        )
    )


async def test_a_template_is_written_read_and_reset(core: Core) -> None:
    await core.commands.set_template("discord", "downloaded", title=" {title}\n{year} ", body="a\r\nb \n")
    templates = await core.queries.templates("discord")
    written = templates.written[EventKind.DOWNLOADED]
    assert (written.title, written.body) == ("{title} {year}", "a\nb")
    assert (templates.fields, templates.title) == (FIELDS, "Discord")
    assert set(dict(templates.kinds)) == set(EventKind)
    await core.commands.reset_template("discord", "downloaded")
    assert (await core.queries.templates("discord")).written == {}


@pytest.mark.parametrize(
    ("service", "event", "title", "body", "words"),
    [
        ("discord", "sung", "a", "b", "sung is no kind of event that Discord can be told of"),
        ("discord", "downloaded", " ", "\n", "Write a title or a message"),
        ("discord", "downloaded", "{nobody}", "b", "no field called nobody"),
        ("discord", "downloaded", "a", "{% if title %}", "cannot be read"),
        ("discord", "downloaded", "a" * (LONGEST_TITLE + 1), "b", "Title has at most 500 characters"),
        ("discord", "downloaded", "a", "b" * (LONGEST_BODY + 1), "Message has at most 4000 characters"),
        ("kodi", "downloaded", "a", "b", "Kodi takes no messages"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    core: Core, service: str, event: str, title: str, body: str, words: str
) -> None:
    with pytest.raises(Refused, match=words):
        await core.commands.set_template(service, event, title=title, body=body)
    assert (await core.queries.templates("discord")).written == {}


async def test_a_service_nobody_knows_is_told(core: Core) -> None:
    with pytest.raises(NotFound):
        await core.queries.templates("jabber")


async def test_a_preview_has_the_last_event_of_the_kind_that_came(core: Core) -> None:
    await store(core, "Download", title="Dune", year=2021)
    await store(core, "Download", title="Alien", year=1979, tags=["old"])
    await store(core, "Grab", title="Up", year=2009)
    await store(core, "Test", title="Nothing")
    preview = await core.queries.preview_template(
        "discord", "downloaded", title="{title}|{year}", body="{sender}: {tags}"
    )
    assert (preview.title, preview.body) == ("Alien|1979", "Radarr 4K: old")
    assert str(preview.example) == "With the last one that came: Alien (1979)"
    grabbed = await core.queries.preview_template("discord", "grabbed", title="", body="")
    assert (grabbed.title, grabbed.body) == ("Up (2009)", "Grabbed")


@pytest.mark.parametrize("kind", list(EventKind))
async def test_without_such_an_event_there_is_an_example_that_says_so(core: Core, kind: EventKind) -> None:
    assert sample_of(kind).event_kind is kind
    preview = await core.queries.preview_template("discord", kind, title="{heading}", body="{text}")
    assert preview.title
    assert preview.body
    assert "example" in str(preview.example)


async def test_a_preview_says_what_is_wrong_and_shows_markup_as_it_will_read(core: Core) -> None:
    wrong = await core.queries.preview_template("discord", "downloaded", title="{nobody}", body="")
    assert "no field called nobody" in str(wrong.complaint)
    long = await core.queries.preview_template("discord", "downloaded", title="", body="b" * 5_000)
    assert "at most 4000" in str(long.complaint)


async def test_the_command_line_changes_one_part_and_keeps_the_other(core: Core) -> None:
    named = {"service": "discord", "event": "downloaded"}
    await call(core, "template_set", {**named, "values": {"title": "{title}"}})
    await call(core, "template_set", {**named, "values": {"body": "New"}})
    assert await call(core, "template_list", {"service": ""}) == [
        {"service": "discord", "event": "downloaded", "title": "{title}", "body": "New"}
    ]
    shown: Any = await call(core, "template_show", named)
    assert (shown["own"], shown["preview"]["title"], shown["preview"]["body"]) == (True, "The Matrix", "New")
    assert {field["name"] for field in shown["fields"]} == {field.name for field in FIELDS}
    with pytest.raises(Refused, match="no part subject"):
        await call(core, "template_set", {**named, "values": {"subject": "x"}})
    await call(core, "template_reset", named)
    assert await call(core, "template_list", {"service": "discord"}) == []
