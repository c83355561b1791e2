from __future__ import annotations

import asyncio
import gzip
import logging
import traceback
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from metarr_desktop import __version__
from metarr_desktop.domain.errors import MetarrError, NotSetUp, Permanent, Transient
from metarr_desktop.services.http import INTERNET, LAN, Answer, Attachment, Http, Limits
from tests.fakes_http import CUT_OFF, DROP, HANG, FakeServer, Recorded, Reply, unused_port

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "s3cret-token/with+odd=signs"


async def test_a_json_object_travels_with_exactly_the_content_type_kodi_wants(
    http: Http, server: FakeServer
) -> None:
    server.answer(Reply.of_json({"ok": True}))
    answer = await http.request("POST", server.url + "/x", reach=LAN, json_body={"title": "Amélie \ud800"})
    assert answer.json_object() == {"ok": True}
    assert server.last.method == "POST"
    assert server.last.headers["Content-Type"] == "application/json"
    assert server.last.headers["User-Agent"] == f"MetarrDesktop/{__version__}"
    assert server.last.json == {"title": "Amélie ?"}
    assert "Amélie".encode() in server.last.body


async def test_a_form_travels_as_utf_8(http: Http, server: FakeServer) -> None:
    server.answer(Reply())
    await http.request("POST", server.url, reach=INTERNET, form={"message": "a & b\nAmélie"})
    assert server.last.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert server.last.form == {"message": "a & b\nAmélie"}


async def test_files_go_along_with_a_form(http: Http, server: FakeServer) -> None:
    server.answer(Reply())
    picture = Attachment(
        part="attachment", filename="poster.jpg", content_type="image/jpeg", content=b"\xff\x00"
    )
    form = {"title": "Am\u00e9lie \ud800", "message": "a\nb"}
    await http.request("POST", server.url, reach=INTERNET, form=form, files=[picture])
    assert server.last.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    parts = server.last.parts
    assert parts["title"].content.decode() == "Am\u00e9lie ?"
    assert parts["message"].content == b"a\nb"
    sent = parts["attachment"]
    assert (sent.content, sent.filename, sent.type) == (b"\xff\x00", "poster.jpg", "image/jpeg")
    assert "ff" not in repr(picture)


async def test_an_upload_gets_more_time(server: FakeServer) -> None:
    http = Http(internet=Limits(connect=0.2, total=0.2, slow=0.4))
    server.answer(Reply(fault=HANG))
    picture = Attachment(part="a", filename="a.jpg", content_type="image/jpeg", content=b"x")
    with pytest.raises(Transient, match=r"^Timed out after 0\.4 s\.$"):
        await http.request("POST", server.url, reach=INTERNET, form={}, files=[picture])
    await http.close()


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_other_methods_work_by_their_name(http: Http, server: FakeServer, method: str) -> None:
    server.answer(Reply(status=204))
    body = {"a": 1} if method == "PATCH" else None
    assert (await http.request(method, server.url, reach=INTERNET, json_body=body)).status == 204
    assert server.last.method == method
    assert server.last.body == (b'{"a":1}' if body else b"")


async def test_one_connection_serves_several_calls_and_both_reaches_work(
    http: Http, server: FakeServer
) -> None:
    server.respond = lambda _request: Reply.of_json({})
    for reach in (LAN, INTERNET, LAN):
        assert (await http.request("GET", server.url, reach=reach)).ok
    await http.close()
    assert (await http.request("GET", server.url, reach=LAN)).ok


async def test_a_proxy_of_the_environment_is_not_used_on_the_lan(
    http: Http, server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeServer(lambda _request: Reply.of_json({"proxy": True})) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        server.respond = lambda _request: Reply.of_json({})
        assert (await http.request("GET", server.url, reach=LAN)).json_object() == {}
        assert (await http.request("GET", server.url, reach=INTERNET)).json_object() == {}
        far = await http.request("GET", "http://far.invalid/x", reach=INTERNET)
        assert far.json_object() == {"proxy": True}
        with pytest.raises(Transient, match="name not resolved"):
            await http.request("GET", "http://far.invalid/x", reach=LAN)


async def test_a_refused_connection_names_the_address_and_counts_as_connection_failure(http: Http) -> None:
    port = await unused_port()
    with pytest.raises(Transient) as caught:
        await http.request("POST", f"http://127.0.0.1:{port}/{TOKEN}", reach=LAN, secrets=[TOKEN])
    assert str(caught.value) == f"No connection to 127.0.0.1:{port}: connection refused"
    assert caught.value.connection


async def test_an_ipv6_address_is_shown_in_brackets(http: Http) -> None:
    with pytest.raises(Transient, match=r"No connection to \[::1\]:1: "):
        await http.request("GET", "http://[::1]:1/", reach=LAN)


async def test_a_server_that_hangs_times_out(http: Http, server: FakeServer) -> None:
    server.answer(Reply(fault=HANG))
    with pytest.raises(Transient, match=r"^Timed out after 0\.5 s\.$") as caught:
        await http.request("POST", server.url, reach=LAN)
    assert not caught.value.connection


async def test_a_slow_call_gets_more_time(server: FakeServer) -> None:
    http = Http(lan=Limits(connect=0.2, total=0.2, slow=0.4))
    server.answer(Reply(fault=HANG))
    with pytest.raises(Transient, match=r"^Timed out after 0\.4 s\.$"):
        await http.request("POST", server.url, reach=LAN, slow=True)
    await http.close()


async def test_a_connection_that_is_dropped_is_tried_again_later(http: Http, server: FakeServer) -> None:
    server.answer(Reply(fault=DROP))
    with pytest.raises(Transient, match="the connection was closed") as caught:
        await http.request("POST", server.url, reach=LAN)
    assert caught.value.connection
    assert len(server.requests) == 1


async def test_an_answer_that_is_cut_off_is_tried_again_later(http: Http, server: FakeServer) -> None:
    server.answer(Reply(fault=CUT_OFF))
    with pytest.raises(Transient, match="was cut off"):
        await http.request("POST", server.url, reach=LAN)


async def test_a_redirected_post_is_not_followed_and_not_a_success(http: Http, server: FakeServer) -> None:
    server.answer(Reply(status=302, headers={"Location": f"https://nas/{TOKEN}/login?key=abc#x"}))
    with pytest.raises(Permanent) as caught:
        await http.request("POST", server.url, reach=LAN, json_body={}, secrets=[TOKEN])
    assert str(caught.value) == "Wrong address: it redirects to https://nas/(hidden)/login."
    assert len(server.requests) == 1


async def test_a_redirected_get_is_followed_three_times(http: Http, server: FakeServer) -> None:
    again = Reply(status=302, headers={"Location": "/next"})
    server.answer(again, again, again, Reply.of_json({"there": 1}))
    assert (await http.request("GET", server.url, reach=LAN)).json_object() == {"there": 1}
    server.answer(again, again, again, again)
    with pytest.raises(Permanent, match="redirects without end"):
        await http.request("GET", server.url, reach=LAN)
    assert len(server.requests) == 8


@pytest.mark.parametrize("packed", [False, True])
async def test_a_body_of_20_mb_is_not_read_to_its_end(http: Http, server: FakeServer, packed: bool) -> None:
    body = b"x" * 20 * 1024 * 1024
    headers = {"Content-Encoding": "gzip"} if packed else {}
    server.answer(Reply(body=gzip.compress(body, 1) if packed else body, headers=headers))
    with pytest.raises(Permanent, match="is larger than 5 MB"):
        await http.request("POST", server.url, reach=LAN)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://host/", "http://", "http://[::1/", "http://host:99999/", "http://a b/"]
)
async def test_an_address_that_cannot_be_used_is_for_the_person_to_mend(http: Http, url: str) -> None:
    with pytest.raises(NotSetUp, match="The address is not valid") as caught:
        await http.request("GET", url, reach=LAN)
    assert url == "" or url not in str(caught.value)


async def test_what_is_no_web_server_is_not_understood(http: Http) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()
        writer.close()

    other = await asyncio.start_server(greet, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    with pytest.raises(Transient, match="was not understood"):
        await http.request("GET", f"http://127.0.0.1:{port}/", reach=LAN)
    other.close()


async def test_a_server_without_tls_gives_no_secure_connection(http: Http, server: FakeServer) -> None:
    with pytest.raises(Transient, match=r"No connection to 127\.0\.0\.1:\d+: no secure connection"):
        await http.request("GET", server.url.replace("http", "https"), reach=LAN)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=302, headers={"Location": f"/{TOKEN}"}),
        Reply(fault=DROP),
        Reply(fault=CUT_OFF),
        Reply(fault=HANG),
    ],
)
async def test_no_failure_shows_a_secret_not_even_in_a_traceback(
    http: Http, server: FakeServer, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer(reply)
    with pytest.raises(MetarrError) as caught:
        await http.request("POST", f"{server.url}/{TOKEN}", reach=LAN, secrets=[TOKEN])
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + caplog.text
    assert "s3cret-token" not in shown


async def test_cancelling_ends_a_call_at_once(http: Http, server: FakeServer) -> None:
    arrived = asyncio.Event()

    def respond(_request: Recorded) -> Reply:
        arrived.set()
        return Reply(fault=HANG)

    server.respond = respond
    task = asyncio.ensure_future(http.request("POST", server.url, reach=LAN))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_nothing_secret_is_in_the_repr_of_an_answer() -> None:
    answer = Answer(status=200, headers={"Set-Cookie": TOKEN}, body=TOKEN.encode(), secrets=(TOKEN,))
    assert TOKEN not in repr(answer)


async def test_closing_what_was_never_opened_does_nothing(tmp_path: Path) -> None:
    await Http().close()


def test_the_limits_are_those_of_the_contract() -> None:
    http = Http()
    assert [(limits.connect, limits.total) for limits in http._limits.values()] == [(5, 15), (10, 30)]
    assert timedelta(minutes=4).total_seconds() > http._limits[LAN].slow
