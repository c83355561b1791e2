"""A Kodi as measured on the real one, which refuses whatever its schema does."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

from tests.fakes_http import Recorded, Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

PASSWORD = "p\u00e4ss:word"
FOLDER = "/movies/The Matrix (1999)/"
FILE = FOLDER + "The Matrix (1999).mkv"
VIDEO = {"playerid": 1, "playertype": "internal", "type": "video"}
NOTHING_KEPT = {"playcount": 0, "lastplayed": "", "userrating": 0, "resume": {"position": 0.0, "total": 0.0}}


def whole(least: int = 0) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least


def words(value: Any) -> bool:
    return isinstance(value, str)


def truth(value: Any) -> bool:
    return isinstance(value, bool)


def folder(value: Any) -> bool:
    """A folder ends with its separator; percent signs stay as they are."""
    return isinstance(value, str) and (value == "" or value.endswith(("/", "\\")))


def one_of(*names: str) -> Callable[[Any], bool]:
    """A list without doubles."""
    return lambda value: (
        isinstance(value, list) and len(set(value)) == len(value) and set(value) <= set(names)
    )


def limits(value: Any) -> bool:
    return isinstance(value, dict) and set(value) <= {"start", "end"} and all(map(whole(), value.values()))


def resume(value: Any) -> bool:
    return set(value) <= {"position", "total"} and all(
        isinstance(each, int | float) for each in value.values()
    )


def rule(value: Any) -> bool:
    """One rule, or several of which one or all have to hold."""
    if not isinstance(value, dict):
        return False
    if set(value) in ({"or"}, {"and"}):
        (rules,) = value.values()
        return isinstance(rules, list) and bool(rules) and all(map(rule, rules))
    return (
        set(value) == {"field", "operator", "value"}
        and value["field"] in {"path", "filename", "title"}
        and value["operator"] in {"is", "startswith"}
        and isinstance(value["value"], str)
    )


def sort(value: Any) -> bool:
    return set(value) <= {"method", "order"} and value.get("order") in {None, "ascending", "descending"}


_MOVIE = (
    "title",
    "file",
    "playcount",
    "lastplayed",
    "resume",
    "userrating",
    "dateadded",
    "uniqueid",
    "imdbnumber",
    "year",
)
_EPISODE = (*_MOVIE[:-2], "season", "episode", "showtitle", "tvshowid")
_ITEM = ("title", "showtitle", "season", "episode", "year", "uniqueid", "imdbnumber", "file")
_SCAN: dict[str, Callable[[Any], bool]] = {"directory": folder, "showdialogs": truth}
_LIST = {"limits": limits, "filter": rule, "sort": sort}
_DETAILS = {
    "playcount": whole(),
    "lastplayed": words,
    "userrating": whole(),
    "dateadded": words,
    "resume": resume,
}
# A name with an exclamation mark is required.
SCHEMA: dict[str, dict[str, Callable[[Any], bool]]] = {
    "JSONRPC.Ping": {},
    "JSONRPC.Version": {},
    "JSONRPC.Permission": {},
    "Application.GetProperties": {"properties!": one_of("name", "version", "volume", "muted", "language")},
    "Player.GetActivePlayers": {},
    "Player.GetItem": {"playerid!": whole(), "properties": one_of(*_ITEM)},
    "GUI.ShowNotification": {"title!": words, "message!": words, "image": words, "displaytime": whole(1500)},
    "XBMC.GetInfoBooleans": {"booleans!": lambda value: isinstance(value, list) and all(map(words, value))},
    "Files.GetSources": {"media!": lambda value: value in {"video", "music", "files"}},
    "Files.GetDirectory": {
        "directory!": folder,
        "media": lambda value: value in {"video", "music", "files"},
        "limits": limits,
    },
    "VideoLibrary.Scan": _SCAN,
    "AudioLibrary.Scan": _SCAN,
    "VideoLibrary.Clean": {
        **_SCAN,
        "content": lambda value: value in {"video", "movies", "tvshows", "musicvideos"},
    },
    "VideoLibrary.GetMovies": {"properties": one_of(*_MOVIE), **_LIST},
    "VideoLibrary.GetEpisodes": {"properties": one_of(*_EPISODE), **_LIST},
    "VideoLibrary.GetTVShows": {"properties": one_of("file", "title"), **_LIST},
    "AudioLibrary.GetSongs": {"properties": one_of("file", "title"), **_LIST},
    "VideoLibrary.RefreshMovie": {"movieid!": whole(1), "ignorenfo": truth, "title": words},
    "VideoLibrary.RemoveMovie": {"movieid!": whole(1)},
    "VideoLibrary.RemoveEpisode": {"episodeid!": whole(1)},
    "VideoLibrary.RemoveTVShow": {"tvshowid!": whole(1)},
    "VideoLibrary.SetMovieDetails": {"movieid!": whole(1), **_DETAILS},
    "VideoLibrary.SetEpisodeDetails": {"episodeid!": whole(1), **_DETAILS},
}


def refused(method: str, params: dict[str, Any]) -> str:
    """What the schema has against a call; empty where nothing."""
    if method not in SCHEMA:
        return f"{method} is not known"
    checks = {name.rstrip("!"): check for name, check in SCHEMA[method].items()}
    required = {name[:-1] for name in SCHEMA[method] if name.endswith("!")}
    if required - set(params) or set(params) - set(checks):
        return f"{method} has other parameters than {sorted(params)}"
    wrong = [name for name, value in params.items() if not checks[name](value)]
    return f"{method} does not take {[(name, params[name]) for name in wrong]}" if wrong else ""


@dataclass(kw_only=True)
class Kodi:
    """One Kodi; ``on_disk`` is what it can see, ``films`` and ``episodes`` are its library."""

    password: str = PASSWORD
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    films: list[dict[str, Any]] = field(default_factory=list)
    episodes: list[dict[str, Any]] = field(default_factory=list)
    songs: list[str] = field(default_factory=list)
    shows: list[dict[str, Any]] = field(default_factory=list)
    on_disk: list[str] = field(default_factory=lambda: [FILE])
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    sources: list[str] = field(default_factory=lambda: ["/movies/", "/tv/", "/music/"])
    playing: list[dict[str, Any]] = field(default_factory=list)
    item: dict[str, Any] = field(default_factory=dict)
    scanning_for: int = 0
    scan_lasts: int = 1
    refresh_lasts: int = 0
    pending: str = ""
    stopped_scans: int = 0
    rights: dict[str, bool] = field(
        default_factory=lambda: dict.fromkeys(("ReadData", "UpdateData", "RemoveData", "ControlGUI"), True)
    )
    errors: dict[str, int] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)
    after: dict[str, Callable[[], None]] = field(default_factory=dict)
    _refreshing: list[int] = field(default_factory=list)
    _last: int = 0

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.calls]

    def params(self, method: str) -> list[dict[str, Any]]:
        return [params for called, params in self.calls if called == method]

    @property
    def scanned(self) -> list[str]:
        """Folders it was told to scan, without those that are nowhere."""
        given = [params for method, params in self.calls if method.endswith(".Scan")]
        return [params["directory"] for params in given if not params["directory"].startswith("special:")]

    def add_film(self, file: str, **kept: Any) -> dict[str, Any]:
        return self._add(self.films, "movieid", file, {"uniqueid": self.ids.get(file, {}), **kept})

    def add_episode(self, file: str, **kept: Any) -> dict[str, Any]:
        found = re.search(r"S(\d+)E(\d+)", file)
        season, number = (int(found[1]), int(found[2])) if found else (-1, -1)
        return self._add(self.episodes, "episodeid", file, {"season": season, "episode": number, **kept})

    def _add(self, rows: list[dict[str, Any]], key: str, file: str, kept: dict[str, Any]) -> dict[str, Any]:
        self._last += 1
        row = {
            key: self._last,
            "file": file,
            "label": "x",
            **NOTHING_KEPT,
            "dateadded": "2026-11-24 12:00:00",
        }
        rows.append({**row, **kept})
        return rows[-1]

    def __call__(self, request: Recorded) -> Reply:
        expected = "Basic " + base64.b64encode(f"kodi:{self.password}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            return Reply(status=401)
        if request.path != "/jsonrpc":
            return Reply(status=404)
        if request.headers["Content-Type"] != "application/json":
            return Reply(status=415)
        assert request.method == "POST"
        assert len(request.body) < 20_000
        body = request.json
        assert body["jsonrpc"] == "2.0"
        assert isinstance(body["id"], int)
        method, params = body["method"], body.get("params", {})
        self.calls.append((method, params))
        reply = {"id": body["id"], "jsonrpc": "2.0"}
        if complaint := refused(method, params):
            self.complaints.append(complaint)
            return Reply.of_json({**reply, "error": {"code": -32602, "message": "Invalid params."}})
        if method in self.errors:
            # The order of keys is Kodi's: "error" is not the first.
            return Reply.of_json({**reply, "error": {"code": self.errors[method], "message": "No."}})
        result = self._result(method, params)
        if method in self.after:
            self.after[method]()
        if result is None:
            return Reply.of_json({**reply, "error": {"code": -32602, "message": "Invalid params."}})
        return Reply.of_json({**reply, "result": result})

    def _result(self, method: str, params: dict[str, Any]) -> Any:  # noqa: C901, PLR0911 - one for each method
        name = method.partition(".")[2]
        match name:
            case "GetInfoBooleans":
                return self._booleans(params)
            case "GetDirectory":
                return self._directory(params)
            case "Scan":
                return self._scan(params)
            case "GetMovies":
                return self._listing("movies", self.films, params)
            case "GetEpisodes":
                return self._listing("episodes", self.episodes, params)
            case "GetSongs":
                return self._listing("songs", [{"file": file} for file in self.songs], params)
            case "GetTVShows":
                return self._listing("tvshows", self.shows, params)
            case "RefreshMovie" | "RemoveMovie" | "SetMovieDetails":
                return self._change(name, self.films, "movieid", params)
            case "RemoveEpisode" | "SetEpisodeDetails":
                return self._change(name, self.episodes, "episodeid", params)
            case "RemoveTVShow":
                self.shows = [show for show in self.shows if show["tvshowid"] != params["tvshowid"]]
                return "OK"
            case _:
                return self._facts()[method]

    def _facts(self) -> dict[str, Any]:
        return {
            "JSONRPC.Ping": "pong",
            "JSONRPC.Version": {"version": {"major": 13, "minor": 5, "patch": 0}},
            "JSONRPC.Permission": self.rights,
            "Application.GetProperties": {
                "name": "Kodi",
                "version": {"major": 21, "minor": 1, "tag": "stable"},
            },
            "Files.GetSources": {"sources": [{"file": file, "label": "x"} for file in self.sources]},
            "Player.GetActivePlayers": self.playing,
            "Player.GetItem": {"item": self.item},
            "GUI.ShowNotification": "OK",
            "VideoLibrary.Clean": "OK",
        }

    def _scan(self, params: dict[str, Any]) -> str:
        assert params["showdialogs"] is False
        assert params["directory"], "everything would be scanned"
        if self.scanning_for:
            self.stopped_scans += 1
        self.pending, self.scanning_for = params["directory"], self.scan_lasts
        return "OK"

    def finish_scan(self) -> None:
        """Take in what the scan found; where the parent was not listed anew, that is nothing."""
        self.scanning_for = 0
        parent = self.pending.rstrip("/").rpartition("/")[0] + "/"
        if self.pending and parent in self.listed:
            known = {row["file"] for row in (*self.films, *self.episodes)} | set(self.songs)
            for file in self.on_disk:
                if (
                    file in known
                    or not file.startswith(self.pending)
                    or not file.startswith(tuple(self.sources))
                ):
                    continue
                if file.startswith("/music/"):
                    self.songs.append(file)
                elif file.startswith("/tv/"):
                    self.add_episode(file)
                else:
                    self.add_film(file)
        self.pending = ""

    def _listing(self, key: str, rows: list[dict[str, Any]], params: dict[str, Any]) -> dict[str, Any]:
        if self._refreshing:
            self.refresh_lasts -= 1
            if self.refresh_lasts < 0:
                self.finish_refresh()
        found = [row for row in rows if "filter" not in params or _fits(row, params["filter"])]
        wanted = params.get("limits", {"start": 0, "end": len(found)})
        page = found[wanted["start"] : wanted["end"]]
        limits = {"start": wanted["start"], "end": wanted["start"] + len(page), "total": len(found)}
        # Without any the key is absent.
        return {"limits": limits, **({key: page} if page else {})}

    def _change(self, name: str, rows: list[dict[str, Any]], key: str, params: dict[str, Any]) -> Any:
        row = next((row for row in rows if row[key] == params[key]), None)
        if row is None:
            return None
        if name.startswith("Remove"):
            rows.remove(row)
        elif name.startswith("Set"):
            row.update(params)
        else:
            self._refreshing.append(row[key])
            if not self.refresh_lasts:
                self.finish_refresh()
        return "OK"

    def finish_refresh(self) -> None:
        """As measured: plays, the day of the last one and the rating are forgotten, the rest is kept."""
        for row in self.films:
            if row["movieid"] in self._refreshing:
                row.update({"playcount": 0, "lastplayed": "", "userrating": 0})
        self._refreshing.clear()

    def _directory(self, params: dict[str, Any]) -> dict[str, Any] | None:
        given = params["directory"]
        below = [file.removeprefix(given) for file in self.on_disk if file.startswith(given)]
        if not below and given not in self.sources:
            return None
        self.listed.add(given)
        names = sorted({name.partition("/")[0] + ("/" if "/" in name else "") for name in below})
        files = [{"file": given + name, "filetype": "file", "label": name} for name in names]
        return {"files": files, "limits": {"start": 0, "end": len(files), "total": len(files)}}

    def _booleans(self, params: dict[str, Any]) -> dict[str, bool]:
        (flag,) = params["booleans"]
        assert flag in {"Library.IsScanningVideo", "Library.IsScanningMusic"}
        running = self.scanning_for > 0
        self.scanning_for = max(0, self.scanning_for - 1)
        if not self.scanning_for and self.pending:
            self.finish_scan()
        return {flag: running}


def _fits(row: dict[str, Any], rule: dict[str, Any]) -> bool:
    if "or" in rule:
        return any(_fits(row, each) for each in rule["or"])
    match rule["field"], rule["operator"]:
        case "path", "startswith":
            # As in SQL: an underscore stands for any letter.
            pattern = re.escape(rule["value"]).replace("_", ".")
            return re.match(pattern, row["file"].rpartition("/")[0] + "/") is not None
        case "filename", "is":
            return bool(row["file"].rpartition("/")[2] == rule["value"])
        case "title", "is":
            return bool(row.get("title") == rule["value"])
    raise AssertionError(rule)


class FakeSocket:
    """The web socket of a Kodi: tells whoever listens."""

    def __init__(self) -> None:
        self.port = 0
        self.heard: list[str] = []
        self.sockets: set[web.WebSocketResponse] = set()
        self.opened = 0
        self._runner: web.ServerRunner | None = None

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()
        if self._runner is not None:
            await self._runner.cleanup()

    async def close(self) -> None:
        for socket in list(self.sockets):
            await socket.close()

    async def tell(self, method: str, **data: Any) -> None:
        told = {"jsonrpc": "2.0", "method": method, "params": {"sender": "xbmc", "data": data or None}}
        for socket in list(self.sockets):
            await socket.send_json(told)

    async def say(self, words: str | bytes) -> None:
        for socket in list(self.sockets):
            await (socket.send_bytes(words) if isinstance(words, bytes) else socket.send_str(words))

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        assert request.path == "/jsonrpc"
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.add(socket)
        self.opened += 1
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.heard.append(message.data)
        self.sockets.discard(socket)
        return socket
