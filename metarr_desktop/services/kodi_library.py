"""What stands in Kodi's library about the files of one folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from metarr_desktop.domain.events import MediaKind
from metarr_desktop.domain.paths import is_inside, is_windows, last_part, with_separator
from metarr_desktop.services.kodi_rpc import entries, part
from metarr_desktop.services.redact import redact
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.services.kodi_rpc import KodiRpc

MOST_ROWS = 5_000
STATE = ("playcount", "lastplayed", "userrating", "dateadded", "resume")
_MOVIE = ["file", *STATE, "uniqueid", "imdbnumber"]
_EPISODE = ["file", *STATE, "season", "episode"]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What people made of a film or an episode."""

    plays: int = 0
    played_at: str = ""
    rating: int = 0
    added_at: str = ""
    position: float = 0.0
    length: float = 0.0

    @property
    def worth_keeping(self) -> bool:
        """Whether anybody saw or rated it."""
        return bool(self.plays or self.rating or self.position or self.played_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One film or episode of the library; ``ids`` are a film's, by the name of who gave them."""

    id: int
    file: str
    state: State
    ids: Mapping[str, str]
    season: int | None = None
    episode: int | None = None

    def is_same(self, other: Row) -> bool | None:
        """Whether both are the same film or episode; None where nothing tells."""
        if self.season is not None and other.season is not None:
            return (self.season, self.episode) == (other.season, other.episode)
        common = [self.ids[name] == other.ids[name] for name in self.ids.keys() & other.ids.keys()]
        return any(common) if common else None


class Shelf:
    """The films or the episodes of one Kodi."""

    def __init__(self, *, rpc: KodiRpc, kind: MediaKind) -> None:
        self._rpc = rpc
        self._movies = kind is MediaKind.MOVIE
        self._noun = "Movie" if self._movies else "Episode"
        self._list, self._id = ("movies", "movieid") if self._movies else ("episodes", "episodeid")

    async def rows(self, folder: str) -> list[Row]:
        """Return what it knows in this folder and below."""
        found = await self.find({"field": "path", "operator": "startswith", "value": folder})
        # Its comparison takes "_" in a name for any letter.
        return [row for row in found if lies_in(row.file, folder)]

    async def find(self, rule: Mapping[str, Any]) -> list[Row]:
        """Return what fits a filter."""
        reply = await self._rpc.call(
            f"VideoLibrary.Get{self._noun}s",
            slow=True,
            properties=_MOVIE if self._movies else _EPISODE,
            filter=rule,
            limits={"start": 0, "end": MOST_ROWS},
        )
        return [
            self._row(each, number)
            for each in entries(reply, self._list)
            if isinstance(number := each.get(self._id), int)
        ]

    async def refresh(self, row: Row) -> None:
        """Have its NFO and pictures read anew; Kodi forgets plays and rating over it, and does it later."""
        await self._rpc.call(f"VideoLibrary.Refresh{self._noun}", ignorenfo=False, **self._named(row))

    async def remove(self, row: Row) -> None:
        """Take it out of the library; no file is touched."""
        await self._rpc.call(f"VideoLibrary.Remove{self._noun}", **self._named(row))

    async def change(self, row: Row, changes: Mapping[str, Any]) -> None:
        """Set details of it."""
        await self._rpc.call(f"VideoLibrary.Set{self._noun}Details", **self._named(row), **changes)

    def _named(self, row: Row) -> dict[str, Any]:
        return {self._id: row.id}

    def _row(self, told: Mapping[str, Any], number: int) -> Row:
        return Row(
            id=number,
            file=str(told.get("file") or ""),
            state=_state(told),
            ids=ids_of(told) if self._movies else {},
            season=None if self._movies else _whole(told.get("season"), least=-1),
            episode=None if self._movies else _whole(told.get("episode"), least=-1),
        )


def ids_of(told: Mapping[str, Any]) -> dict[str, str]:
    """Return the numbers under which others know a film."""
    given = told.get("uniqueid")
    ids = {str(key).casefold(): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
    number = told.get("imdbnumber")
    if isinstance(number, str) and number.startswith("tt"):
        ids.setdefault("imdb", number)
    return {name: value for name, value in ids.items() if name in {"imdb", "tmdb", "tvdb"} and value}


def event_ids(event: MediaEvent) -> dict[str, str]:
    """Return the numbers an event names its film by."""
    told = {"tmdb": event.tmdb_id, "imdb": event.imdb_id, "tvdb": event.tvdb_id}
    return {name: str(value) for name, value in told.items() if value}


def lies_in(file: str, folder: str) -> bool:
    """Whether a file lies in a folder, also as part of a stack, an archive or a disc image."""
    if is_inside(file, folder):
        return True
    return "://" in file and (folder in file or folder in unquote(file))


def place_of(file: str, *, folder: str, sender: str) -> str:
    """Return a file of an event, relative to the sender's folder, as Kodi writes it."""
    base = with_separator(folder)
    pieces = file.replace("\\", "/").split("/") if is_windows(sender) else file.split("/")
    return base + base[-1].join(piece for piece in pieces if piece)


def shown(folder: str) -> str:
    """Return a folder as people may read it: on one line, and without the password in its address."""
    return cut(clean(redact(folder, secrets=())), 300)


def names(files: Iterable[str]) -> set[str]:
    """Return the bare names of files, for comparison whatever the case."""
    return {last_part(file.replace("\\", "/")).casefold() for file in files}


def _state(told: Mapping[str, Any]) -> State:
    resume = told.get("resume")
    return State(
        plays=_whole(told.get("playcount")),
        played_at=_words(told.get("lastplayed")),
        rating=_whole(told.get("userrating")),
        added_at=_words(told.get("dateadded")),
        position=_number(part(resume, "position")),
        length=_number(part(resume, "total")),
    )


def _whole(value: object, *, least: int = 0) -> int:
    return value if isinstance(value, int) and least <= value < 2**31 else least


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 2**31 else 0.0


def _words(value: object) -> str:
    return value[:40] if isinstance(value, str) else ""
