"""What people watched and rated, kept while an upgrade or a rename makes Kodi see another file.

Measured on Kodi 20: a scan adds the new file as a film nobody saw, beside the old one; and
RefreshMovie forgets plays, the day of the last one and the rating.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import NotNow, Permanent
from metarr_desktop.domain.events import Action, MediaKind
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.kodi_library import Row, Shelf, State, place_of
from metarr_desktop.services.kodi_link import ADDED, LEAVING
from metarr_desktop.services.kodi_listing import unlisted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.services.kodi_player import Player
    from metarr_desktop.services.tools import Tools

KEEPS = frozenset({Action.UPGRADED, Action.RENAMED})
NOTE = "kept/{digest}"
"""Of a folder and not of a job: of several that come together, another one may lead the next time."""
LONGEST_REFRESH_S = 20.0
POLL_S = 1.0
READING = "Kodi is still reading the film anew."
STILL_READING = timedelta(minutes=1)
_CLOSE_S = 1.0


class WatchedState:
    """Saved before a scan in a note, so that nothing that happens between can lose it; given back after."""

    def __init__(
        self, *, player: Player, tools: Tools, events: Sequence[MediaEvent], folder: str, library: str
    ) -> None:
        self._player = player
        self._tools = tools
        self._events = [event for event in events if event.action in KEEPS]
        self._folder = folder
        kind = self._events[0].kind if self._events else MediaKind.MOVIE
        self._note = note_name(library, kind, folder=folder)
        self._movies = kind is MediaKind.MOVIE
        self._shelf = Shelf(rpc=player.rpc, kind=kind)
        self._new, self._old = self._ends(events)
        self._renames = [
            (self._place(event, old), self._place(event, new))
            for event in self._events
            if event.action is Action.RENAMED
            for old, new in zip(event.old_files, event.files, strict=False)
        ]
        self._saved: list[Row] = []
        self._refreshed: list[int] = []

    def _ends(self, events: Sequence[MediaEvent]) -> tuple[set[str], set[str]]:
        """Return the files that are there in the end and those that are not, of all that happened in turn."""
        new, old = set[str](), set[str]()
        for event in events:
            replaced = {self._place(event, file) for file in event.old_files}
            fresh = {self._place(event, file) for file in event.files}
            new, old = (new - replaced) | fresh, (old | replaced) - fresh
        return new, old

    @property
    def holds(self) -> bool:
        """Whether something is kept that has to be given back."""
        return bool(self._saved)

    async def save(self) -> None:
        """Take down what is known now; what an attempt before this one took down counts for more."""
        if not self._events:
            return
        note = await self._tools.notes.get(self._note)
        self._saved, self._refreshed = ([], []) if note is None else _read(note)
        known = [row.file for row in self._saved]
        rows = [row for row in await self._shelf.rows(self._folder) if self._concerns(row)]
        self._saved += [row for row in rows if row.file not in known]
        if self._saved:
            await self._write()

    async def give_back(self) -> tuple[Text, ...]:
        """Give the new items what the old ones had, and take out those whose files are gone."""
        if not self._saved:
            return ()
        rows = await self._refresh(await self._shelf.rows(self._folder))
        gone = await self._gone(rows)
        warnings: list[Text] = []
        succeeded: list[Row] = []
        for row in rows:
            before = [each for each in self._saved if self._precedes(each, row, gone=gone, rows=rows)]
            refused = await self._set(row, before)
            warnings += refused
            if not refused:
                succeeded += [each for each in before if each.file != row.file]
        await self._remove([row for row in rows if row.file in {each.file for each in succeeded}])
        await self._tools.notes.drop(self._note)
        return tuple(warnings)

    def _concerns(self, row: Row) -> bool:
        if self._movies or row.file in self._new | self._old:
            return True
        numbers = [(event.season, event.episodes) for event in self._events if event.season is not None]
        if any(row.season == season and row.episode in episodes for season, episodes in numbers):
            return True
        return not self._old and not numbers and row.state.worth_keeping

    async def _refresh(self, rows: list[Row]) -> list[Row]:
        """Have films read anew that Kodi had before: their NFO and pictures may be others now."""
        if not self._movies or not any(event.action is Action.UPGRADED for event in self._events):
            return rows
        known = [row for row in rows if row.file in {each.file for each in self._saved}]
        replaced = [row for row in known if row.file in self._new]
        again = [row for row in (replaced if self._new else known) if row.id not in self._refreshed]
        for row in again:
            self._refreshed.append(row.id)
            await self._write()
            await self._refresh_one(row)
        return await self._shelf.rows(self._folder) if again else rows

    async def _refresh_one(self, row: Row) -> None:
        if self._player.link is None:
            await self._shelf.refresh(row)
            return await self._until_read(row)
        async with self._player.link.listening(methods=LEAVING | {ADDED}) as ears:
            await self._shelf.refresh(row)
            end = self._tools.clock.monotonic() + LONGEST_REFRESH_S
            while ears.open and (left := end - self._tools.clock.monotonic()) > 0:
                heard = await ears.wait_for(LEAVING | {ADDED}, within=left)
                if heard is None or heard.method in LEAVING:
                    break
                if heard.added == "movie":
                    return None
        return await self._until_read(row)

    async def _until_read(self, row: Row) -> None:
        """Look until Kodi has read it anew, which shows where there was something to forget."""
        if not row.state.worth_keeping:
            return
        end = self._tools.clock.monotonic() + LONGEST_REFRESH_S
        while self._tools.clock.monotonic() < end:
            now = [each for each in await self._shelf.rows(self._folder) if each.file == row.file]
            if now and (now[0].id != row.id or now[0].state != row.state):
                return
            await self._tools.clock.sleep(POLL_S)
        raise NotNow(READING, until=self._tools.clock.now() + STILL_READING)

    async def _gone(self, rows: Sequence[Row]) -> set[str]:
        """Return the saved files that are not there any more, so that what they had belongs to others."""
        listed = {row.file for row in rows}
        doubtful = [
            each.file
            for each in self._saved
            if each.file in listed
            and each.file not in self._new
            and (each.file in self._old or any(each.is_same(row) for row in rows if row.file != each.file))
        ]
        away = {each.file for each in self._saved if each.file not in listed}
        return away | await unlisted(self._player.rpc, doubtful, sure=self._old)

    def _precedes(self, before: Row, row: Row, *, gone: set[str], rows: Sequence[Row]) -> bool:
        if before.file == row.file:
            # A file may hold several episodes, each with a rating of its own.
            return self._movies or before.is_same(row) is not False
        if before.file not in gone or row.file in gone:
            return False
        if any(before.file == old and row.file == new for old, new in self._renames):
            return True
        same = before.is_same(row)
        if same is not None:
            return same
        # Nothing names them: of a single film that was replaced by a single one it is plain anyway.
        return len(gone) == 1 and sum(each.file not in gone for each in rows) == 1

    async def _set(self, row: Row, before: Sequence[Row]) -> list[Text]:
        wanted = row.state
        # What it had itself comes first: a refresh may just have taken it.
        for each in sorted(before, key=lambda each: each.file != row.file):
            wanted = _together(wanted, each.state)
        changes = _changes(row.state, wanted)
        if not changes:
            return []
        try:
            await self._shelf.change(row, changes)
        except Permanent as error:
            return [text("What was watched could not be kept: {detail}", detail=str(error))]
        return []

    async def _remove(self, rows: Sequence[Row]) -> None:
        """Take out rows of files that are gone, but not the one somebody watches at this moment."""
        if not rows:
            return
        played = await self._player.played_files()
        for row in rows:
            if row.file not in played:
                await self._shelf.remove(row)

    async def _write(self) -> None:
        rows = [{**asdict(row), "ids": dict(row.ids)} for row in self._saved]
        await self._tools.notes.put(self._note, {"rows": rows, "refreshed": self._refreshed})

    def _place(self, event: MediaEvent, file: str) -> str:
        return place_of(file, folder=self._folder, sender=event.folder)


def note_name(library: str, kind: MediaKind, *, folder: str) -> str:
    """Return under which name the state of a folder is kept."""
    words = f"{library}\n{kind}\n{folder}"
    return NOTE.format(digest=sha256(words.encode("utf-8", "replace")).hexdigest()[:32])


def _together(now: State, before: State) -> State:
    """What an item has and what it should have kept; nothing that happened since is taken back."""
    resumes = not now.position and now.plays <= before.plays
    return replace(
        now,
        plays=max(now.plays, before.plays),
        played_at=max(now.played_at, before.played_at),
        rating=now.rating or before.rating,
        added_at=min(filter(None, (now.added_at, before.added_at)), default=""),
        position=before.position if resumes else now.position,
        length=before.length if resumes else now.length,
    )


def _changes(now: State, wanted: State) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if wanted.plays != now.plays:
        changes["playcount"] = wanted.plays
    if wanted.played_at != now.played_at:
        changes["lastplayed"] = wanted.played_at
    if wanted.rating != now.rating:
        changes["userrating"] = wanted.rating
    if wanted.added_at != now.added_at:
        changes["dateadded"] = wanted.added_at
    if abs(wanted.position - now.position) >= _CLOSE_S:
        changes["resume"] = {"position": wanted.position, "total": wanted.length}
    return changes


def _read(note: Mapping[str, Any]) -> tuple[list[Row], list[int]]:
    try:
        rows = [Row(**{**row, "state": State(**row["state"])}) for row in note["rows"]]
        return rows, list(note["refreshed"])
    except (KeyError, TypeError):
        return [], []
