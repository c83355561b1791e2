from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from metarr_desktop.domain.errors import AuthFailed, MetarrError, Permanent, Transient
from metarr_desktop.domain.media import KnownFilm
from metarr_desktop.services.http import Http
from metarr_desktop.webhooks.sources.arr import ArrConfig
from metarr_desktop.webhooks.sources.arr_client import (
    ArrClient,
    Refusal,
    WrongProgram,
    field_of,
    names_us,
    with_fields,
)
from metarr_desktop.webhooks.sources.radarr_history import INTERFACE
from tests.fakes import START, FakeClock
from tests.fakes_http import DROP, FakeServer, Reply

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

KEY = "0123456789abcdef0123456789abcdef"
STATUS = {"appName": "Radarr", "version": "5.27", "instanceName": "Films", "isDocker": True}


@pytest.fixture
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer() as server:
        yield server


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    http = Http()
    yield http
    await http.close()


@pytest.fixture
def client(server: FakeServer, http: Http) -> ArrClient:
    config = ArrConfig(url=f"{server.url}/radarr/", api_key=SecretStr(KEY))
    return ArrClient(http=http, interface=INTERFACE, config=config, clock=FakeClock())


async def test_who_is_there_is_asked_with_the_key_below_the_url_base(
    client: ArrClient, server: FakeServer
) -> None:
    server.answer(Reply.of_json(STATUS, headers={"Date": "Tue, 24 Nov 2026 12:00:05 GMT"}))
    status = await client.status()
    assert (status.version, status.instance_name, status.is_docker) == ("5.27", "Films", True)
    assert status.at is not None
    assert (status.at - START).total_seconds() == 5
    assert (server.last.method, server.last.path) == ("GET", "/radarr/api/v3/system/status")
    assert server.last.headers["X-Api-Key"] == KEY


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(status=401), AuthFailed, "Wrong API key."),
        (Reply.of_json({**STATUS, "appName": "Sonarr"}), WrongProgram, "This is Sonarr, not Radarr."),
        (Reply.of_html("<html>Log in</html>"), WrongProgram, "Check the address and its URL base."),
        (Reply.of_html("<html></html>", status=404), WrongProgram, "Check the address and its URL base."),
        (Reply.of_json([]), WrongProgram, "URL base"),
        (Reply.of_json({"version": "5"}), WrongProgram, "URL base"),
        (Reply(fault=DROP), Transient, "No answer at http://127.0.0.1:"),
        (Reply(status=503, body=b"starting"), Transient, "HTTP 503"),
        (Reply.of_html("<html>Bad Gateway</html>", status=502), Transient, "HTTP 502"),
    ],
)
async def test_each_way_to_fail_has_its_sentence(
    client: ArrClient, server: FakeServer, reply: Reply, kind: type[MetarrError], words: str
) -> None:
    server.answer(reply, reply)  # a connection that breaks is tried once more
    with pytest.raises(kind, match=re.escape(words)) as caught:
        await client.status()
    assert KEY not in str(caught.value)


async def test_a_refusal_is_told_in_the_programs_own_words_without_secrets(
    client: ArrClient, server: FakeServer
) -> None:
    words = f"Unable to send test message: Connection refused, key {KEY} pw hunter2"
    server.answer(Reply.of_json([{"propertyName": "Url", "errorMessage": words}], status=400))
    with pytest.raises(Refusal) as caught:
        await client.create({"fields": [{"name": "password", "value": "hunter2"}]})
    assert caught.value.unreachable
    assert str(caught.value) == "Unable to send test message: Connection refused, key (hidden) pw (hidden)"
    server.answer(
        Reply.of_json([{"propertyName": "Name", "errorMessage": "Should be unique"}, 5], status=400)
    )
    with pytest.raises(Refusal, match="Should be unique") as caught:
        await client.update(4, {})
    assert not caught.value.unreachable


async def test_connections_are_listed_made_changed_tested_and_removed(
    client: ArrClient, server: FakeServer
) -> None:
    schema = {"implementation": "Webhook"}
    server.answer(
        Reply.of_json([{"id": 1}, "x"]),
        Reply.of_json([{"implementation": "Email"}, schema]),
        Reply.of_json({"id": 2}, status=201),
        Reply.of_json({"id": 2}, status=202),
        Reply.of_json({}),
        Reply.of_json({}),
        Reply(status=404),
    )
    assert await client.notifications() == [{"id": 1}]
    assert await client.webhook_schema() == schema
    assert await client.create({"name": "a"}) == {"id": 2}
    assert await client.update(2, {"name": "b"}) == {"id": 2}
    await client.test({"id": 2})
    await client.delete(2)
    await client.delete(2)
    asked = [(each.method, each.path.removeprefix("/radarr/api/v3/")) for each in server.requests]
    assert asked == [
        ("GET", "notification"),
        ("GET", "notification/schema"),
        ("POST", "notification"),
        ("PUT", "notification/2"),
        ("POST", "notification/test"),
        ("DELETE", "notification/2"),
        ("DELETE", "notification/2"),
    ]
    assert json.loads(server.requests[2].body) == {"name": "a"}


async def test_a_version_without_webhooks_is_told(client: ArrClient, server: FakeServer) -> None:
    server.answer(Reply.of_json([{"implementation": "Email"}]))
    with pytest.raises(Permanent, match="no webhooks"):
        await client.webhook_schema()


async def test_the_history_is_asked_for_imports_since_an_instant(
    client: ArrClient, server: FakeServer
) -> None:
    server.answer(Reply.of_json([{"id": 1}]))
    assert await client.history(START) == [{"id": 1}]
    assert server.last.query == {
        "date": "2026-11-24T12:00:00.000Z",
        "eventType": "downloadFolderImported",
        "includeMovie": "true",
    }


def aged(*days: int) -> Reply:
    """One page of a history, with records of so many days ago."""
    records: list[dict[str, Any]] = [
        {"id": each, "date": (START - timedelta(days=each)).isoformat()} for each in days
    ]
    return Reply.of_json({"records": [*records, 5]})


async def test_a_history_that_is_too_long_is_read_page_by_page(client: ArrClient, server: FakeServer) -> None:
    server.answer(Reply(body=b" " * (17 * 1024**2)), aged(1, 2), aged(2, 3), aged(4, 9))
    found = await client.history(START - timedelta(days=5))
    assert [each["id"] for each in found] == [1, 2, 3, 4]
    assert [each.query.get("page") for each in server.requests] == [None, "1", "2", "3"]
    server.answer(Reply.of_html("<html></html>", status=404), Reply.of_json({"records": None}))
    assert await client.history(START) == []


async def test_folders_and_tags_are_read_leniently(client: ArrClient, server: FakeServer) -> None:
    server.answer(
        Reply.of_json([{"path": "/movies"}, {"path": 5}, {}]),
        Reply.of_json([{"id": 1, "label": "kids"}, {"label": "x"}]),
    )
    assert await client.root_folders() == ("/movies",)
    assert await client.tags() == {1: "kids"}


async def test_films_are_read_leniently_with_what_others_know_them_by(
    client: ArrClient, server: FakeServer
) -> None:
    server.answer(
        Reply.of_json(
            [
                {"path": "/movies/Dune", "tmdbId": 438631, "imdbId": "tt1160419"},
                {"path": "/movies/Up", "tmdbId": 0, "imdbId": None},
                {"path": None, "tmdbId": 1},
                {"tmdbId": 2},
                5,
            ]
        )
    )
    assert await client.films() == (
        KnownFilm(folder="/movies/Dune", tmdb_id=438631, imdb_id="tt1160419"),
        KnownFilm(folder="/movies/Up"),
    )
    (request,) = server.requests
    assert (request.path, request.query) == ("/radarr/api/v3/movie", {"excludeLocalCovers": "true"})


@pytest.mark.parametrize(
    ("message", "ours"),
    [
        ("Notifications unavailable due to failures: Email, Metarr Desktop", True),
        ("Notifications unavailable due to failures: metarr desktop.", True),
        ("Notifications unavailable due to failures: Metarr Desktop (den)", False),
        ("All notifications are unavailable due to failures", True),
        ("Indexers unavailable due to failures: Metarr Desktop", False),
    ],
)
def test_its_health_says_whether_it_gave_up_on_us(message: str, ours: bool) -> None:
    assert names_us([{"source": "X", "message": message}], "Metarr Desktop") is ours


@pytest.mark.parametrize(
    ("message", "ours"),
    [
        ("Alle Benachrichtigungen sind aufgrund von Fehlern nicht verf\u00fcgbar", True),
        ("Benachrichtigungen aufgrund von Fehlern nicht verf\u00fcgbar: Metarr Desktop, Mail", True),
        ("Benachrichtigungen aufgrund von Fehlern nicht verf\u00fcgbar: Metarr Desktop (laptop)", False),
        ("\u7531\u4e8e\u6545\u969c\u4e0d\u53ef\u7528\u7684\u901a\u77e5\uff1aMail", False),
        ("\u7531\u4e8e\u6545\u969c\u4e0d\u53ef\u7528\u7684\u901a\u77e5\uff1aMetarr Desktop", True),
    ],
)
def test_its_health_is_understood_in_every_language(message: str, ours: bool) -> None:
    assert names_us([{"source": "NotificationStatusCheck", "message": message}], "Metarr Desktop") is ours


async def test_the_key_is_given_to_nobody_else(client: ArrClient, server: FakeServer) -> None:
    async with FakeServer() as elsewhere:
        elsewhere.answer(Reply.of_json(STATUS))
        server.answer(Reply(status=302, headers={"Location": f"{elsewhere.url}/login?rd=x"}))
        with pytest.raises(Permanent, match=f"Wrong address: it redirects to {elsewhere.url}/login."):
            await client.status()
        assert elsewhere.requests == []


async def test_a_key_in_a_pasted_address_is_not_told(client: ArrClient, server: FakeServer) -> None:
    address = "http://me:pa55@192.168.1.20:3000/webhooks/radarr?apikey=5eCret"
    server.answer(Reply.of_json([{"propertyName": "Url", "errorMessage": f"401 at [{address}]"}], status=400))
    with pytest.raises(Refusal) as caught:
        await client.test({"fields": [{"name": "url", "value": address}]})
    assert "5eCret" not in str(caught.value)
    assert "pa55" not in str(caught.value)


async def test_a_date_without_a_zone_is_of_greenwich(client: ArrClient, server: FakeServer) -> None:
    server.answer(Reply.of_json(STATUS, headers={"Date": "Tue, 24 Nov 2026 12:00:05 -0000"}))
    assert (await client.status()).at == START + timedelta(seconds=5)


def test_fields_are_read_and_replaced_where_there_are_any() -> None:
    resource: dict[str, Any] = {"id": 1, "fields": [{"name": "url", "value": "a"}, 5, {"name": "method"}]}
    assert field_of(resource, "url") == "a"
    assert field_of({"fields": None}, "url") is None
    changed = with_fields(resource, {"url": "b", "headers": []})
    assert changed == {"id": 1, "fields": [{"name": "url", "value": "b"}, {"name": "method"}]}
