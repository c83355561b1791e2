from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from metarr_desktop.services.poster import LARGEST, fetch_poster
from tests.fakes_http import DROP, HANG, FakeServer, Reply

if TYPE_CHECKING:
    from metarr_desktop.services.http import Http

POSTER = "https://image.tmdb.org/t/p/original/abc.jpg"
JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
def tmdb(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    monkeypatch.setenv("METARR_TMDB_IMAGE_BASE", server.url + "/")
    return server


async def test_a_poster_is_fetched_in_a_size_for_phones(http: Http, tmdb: FakeServer) -> None:
    tmdb.answer(Reply(body=JPEG, headers={"Content-Type": "image/jpeg; charset=binary"}))
    poster = await fetch_poster(http, POSTER, part="attachment")
    assert poster is not None
    assert (poster.part, poster.filename, poster.content_type) == ("attachment", "poster.jpg", "image/jpeg")
    assert poster.content == JPEG
    assert (tmdb.last.method, tmdb.last.path) == ("GET", "/t/p/w342/abc.jpg")
    assert not tmdb.last.headers.get("Authorization")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=404, body=b"x", headers={"Content-Type": "image/jpeg"}),
        Reply(status=500),
        Reply(body=JPEG, headers={"Content-Type": "text/html"}),
        Reply(body=JPEG, headers={"Content-Type": "image/svg+xml"}),
        Reply(body=b"", headers={"Content-Type": "image/png"}),
        Reply(body=b"x" * (LARGEST + 1), headers={"Content-Type": "image/png"}),
        Reply(status=302, headers={"Location": "http://192.168.1.1/admin"}),
        Reply(fault=DROP),
    ],
)
async def test_what_is_no_picture_is_left_out(http: Http, tmdb: FakeServer, reply: Reply) -> None:
    tmdb.answer(reply, reply)
    assert await fetch_poster(http, POSTER, part="attachment") is None
    assert {request.path for request in tmdb.requests} == {"/t/p/w342/abc.jpg"}


async def test_a_picture_that_does_not_come_is_not_waited_for_long(http: Http, tmdb: FakeServer) -> None:
    tmdb.answer(Reply(fault=HANG))
    assert await fetch_poster(http, POSTER, part="attachment", within=0.2) is None


@pytest.mark.parametrize(
    "url",
    [
        None, "", "http://image.tmdb.org/x.jpg", "https://127.0.0.1/x.jpg", "https://localhost/x.jpg",
        "https://192.168.1.1/x.jpg", "https://[::1]/x.jpg", "https://radarr.local/x.jpg", "https://image.tmdb.org:8443/x",
        "https://image.tmdb.org@evil.example/x", "https://x@image.tmdb.org/x", "https://image.tmdb.org.evil.example/x",
        "https://[", "file:///etc/passwd", "https://image.tmdb.org:99999/",
    ],
)  # fmt: skip
async def test_only_the_sites_of_posters_are_asked(http: Http, tmdb: FakeServer, url: str | None) -> None:
    assert await fetch_poster(http, url, part="attachment") is None
    assert tmdb.requests == []
