"""How each service's own server answers, and which of its requests does the work."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from tests.contract.services.world import Case, json_of
from tests.fake_media_servers import FakeEmby, FakeJellyfin, FakePlex
from tests.fakes_http import Recorded, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

WEBHOOK = "/api/webhooks/123456789012345678/hush-discord"
HUSH_KEY = "hushKey" + "a" * 23
PUSHOVER_MESSAGE = "/1/messages.json"


def _kodi(request: Recorded) -> Reply:
    expected = "Basic " + base64.b64encode(b"kodi:hush-kodi").decode()
    assert request.headers.get("Authorization") == expected
    assert (request.method, request.path) == ("POST", "/jsonrpc")
    assert request.headers["Content-Type"] == "application/json"
    call = request.json
    assert set(call) <= {"jsonrpc", "id", "method", "params"}
    method, params = call["method"], call.get("params", {})
    results: dict[str, Callable[[dict[str, Any]], Any]] = {
        "JSONRPC.Ping": lambda _: "pong",
        "JSONRPC.Version": lambda _: {"version": {"major": 13, "minor": 5, "patch": 0}},
        "JSONRPC.Permission": lambda _: dict.fromkeys(("UpdateData", "RemoveData", "ControlGUI"), True),
        "Application.GetProperties": lambda _: {"name": "Kodi", "version": {"major": 21, "minor": 1}},
        "Files.GetSources": lambda _: {"sources": [{"file": "/movies/", "label": "Movies"}]},
        "Files.GetDirectory": lambda _: {"limits": {"start": 0, "end": 0, "total": 0}},
        "Player.GetActivePlayers": lambda _: [],
        "XBMC.GetInfoBooleans": lambda given: dict.fromkeys(given["booleans"], False),
        "VideoLibrary.Scan": _kodi_scan,
        "VideoLibrary.RefreshMovie": lambda _: "OK",
        "VideoLibrary.GetMovies": lambda given: {
            "limits": {"start": 0, "end": 1, "total": 1},
            "movies": [{"movieid": 1, "file": given["filter"]["value"] + "film.mkv"}],
        },
    }
    assert method in results, f"{method} is not known here"
    return json_of({"jsonrpc": "2.0", "id": call["id"], "result": results[method](params)})


def _kodi_scan(params: dict[str, Any]) -> str:
    assert set(params) == {"directory", "showdialogs"}
    assert params["directory"].endswith("/")
    assert params["showdialogs"] is False
    return "OK"


def _discord(request: Recorded) -> Reply:
    assert request.path == WEBHOOK
    if request.method == "GET":
        return json_of({"id": "123456789012345678", "type": 1, "name": "Films"})
    assert request.method == "POST"
    assert request.query["wait"] == "true"
    body = request.json
    assert set(body) <= {"username", "avatar_url", "content", "allowed_mentions", "embeds"}
    assert body["allowed_mentions"]["parse"] == []
    (embed,) = body["embeds"]
    assert 0 < len(embed["title"]) <= 256
    return json_of({"id": "1300000000000000001", "channel_id": "1"})


def _pushover(request: Recorded) -> Reply:
    if request.method == "GET":
        assert request.query.get("token") == HUSH_KEY
        if request.path == "/1/sounds.json":
            return json_of({"status": 1, "sounds": {"pushover": "Pushover (default)"}})
        assert request.path == "/1/apps/limits.json"
        return json_of({"status": 1, "limit": 10000, "remaining": 9000, "reset": 1_800_000_000})
    assert request.path in {PUSHOVER_MESSAGE, "/1/users/validate.json"}
    form = request.form
    assert (form["token"], form["user"]) == (HUSH_KEY, HUSH_KEY)
    if request.path != PUSHOVER_MESSAGE:
        return json_of({"status": 1, "group": 0, "devices": ["phone"]})
    assert 0 < len(form["message"]) <= 1024
    assert len(form.get("title", "")) <= 250
    return json_of({"status": 1, "request": "647d2300-702c-4b38-8b2f-d56326ae460b"})


def _rpc_error(code: int) -> Reply:
    error = {"code": code, "message": "Invalid params.", "data": {"hush": "hush-kodi"}}
    return json_of({"error": error, "id": 1, "jsonrpc": "2.0"})


def _refused(status: int, data: dict[str, Any]) -> Reply:
    return Reply.of_json(data, status=status)


CASES: tuple[Case, ...] = (
    Case(
        key="kodi",
        normal=_kodi,
        delivers=lambda request: b'"VideoLibrary.Scan"' in request.body,
        values=lambda base: {
            "host": "127.0.0.1",
            "port": int(base.rpartition(":")[2]),
            "confirm": False,
        },
        secrets=lambda _base: {"password": "hush-kodi"},
        refusal=_rpc_error(-32602),
        speaks_https=False,
        forbidden=Reply(status=401),
        hush=("hush-kodi",),
    ),
    Case(
        key="jellyfin",
        normal=FakeJellyfin(key="hush-jellyfin").reply_to,
        delivers=lambda request: request.method == "POST",
        values=lambda base: {"url": base, "confirm": False},
        secrets=lambda _base: {"api_key": "hush-jellyfin"},
        refusal=Reply(status=400, body=b"Error processing request. hush-jellyfin"),
        hush=("hush-jellyfin",),
    ),
    Case(
        key="emby",
        normal=FakeEmby(key="hush-emby").reply_to,
        delivers=lambda request: request.method == "POST",
        values=lambda base: {"url": base, "confirm": False},
        secrets=lambda _base: {"api_key": "hush-emby"},
        unauthorised=Reply(status=401, body=b"Access token is invalid or expired."),
        refusal=Reply(status=400, body=b"Value cannot be null. hush-emby"),
        hush=("hush-emby",),
    ),
    Case(
        key="plex",
        normal=FakePlex(key="hush-plex").reply_to,
        delivers=lambda request: request.path.endswith("/refresh"),
        values=lambda base: {"url": base, "confirm": False},
        secrets=lambda _base: {"token": "hush-plex"},
        unauthorised=Reply.of_html("<h1>401 Unauthorized</h1>", status=401),
        forbidden=Reply.of_html("<h1>403 Forbidden</h1>", status=403),
        missing=Reply.of_html("<h1>404 Not Found</h1>", status=404),
        looks_again=True,
        refusal=Reply(status=400, body=b"Bad request hush-plex"),
        hush=("hush-plex",),
    ),
    Case(
        key="discord",
        normal=_discord,
        delivers=lambda request: request.method == "POST",
        secrets=lambda base: {"webhook_url": base + WEBHOOK},
        base_variable="METARR_DISCORD_BASE",
        unauthorised=_refused(401, {"message": "Invalid Webhook Token", "code": 50027}),
        forbidden=_refused(403, {"message": "Missing Permissions", "code": 50013}),
        missing=_refused(404, {"message": "Unknown Webhook", "code": 10015}),
        missing_blocks=True,
        refusal=_refused(
            400,
            {
                "message": "Invalid Form Body",
                "code": 50035,
                "errors": {
                    "embeds": {"0": {"title": {"_errors": [{"message": "hush-discord is too long"}]}}}
                },
            },
        ),
        hush=("hush-discord",),
    ),
    Case(
        key="pushover",
        normal=_pushover,
        delivers=lambda request: request.path == PUSHOVER_MESSAGE,
        secrets=lambda _base: {"token": HUSH_KEY, "user_key": HUSH_KEY},
        base_variable="METARR_PUSHOVER_BASE",
        unauthorised=_refused(400, {"token": "invalid", "errors": ["token is invalid"], "status": 0}),
        forbidden=_refused(400, {"user": "invalid", "errors": ["user is invalid"], "status": 0}),
        refusal=_refused(400, {"errors": [f"message cannot be blank {HUSH_KEY}"], "status": 0}),
        hush=(HUSH_KEY,),
    ),
)

ELSEWHERE: dict[str, str] = {}
"""Services that speak no HTTP, each with the tests that hold it to the same rules."""
