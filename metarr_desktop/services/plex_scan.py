"""One scan of one folder by Plex, in every library that holds it, and what is to follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import MetarrError, Permanent
from metarr_desktop.domain.events import Action
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.plex_sections import holding, of_kind
from metarr_desktop.services.server_calls import Absent, mapping_remedy
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.services.plex_calls import PlexCalls
    from metarr_desktop.services.plex_sections import Section

FIRST_LOOK_S = 1.0
POLL_S = 3.0
LONGEST_SCAN_S = 120.0
LEAVES_TRASH = frozenset({Action.UPGRADED, Action.RENAMED, Action.DELETED})
_KINDS = {"movie": "films", "episode": "series", "album": "music"}


class PlexScan:
    """Has one Plex take in one folder."""

    def __init__(self, *, calls: PlexCalls, clock: Clock, events: Sequence[MediaEvent], folder: str) -> None:
        self._calls = calls
        self._clock = clock
        self._events = events
        self._folder = folder

    async def start(self, *, everything: bool) -> tuple[Section, ...]:
        """Start the scans and return their sections; ``everything`` is for a folder that is in none.

        Raises Permanent where there is none to scan.
        """
        sections, folder = await self._chosen(everything=everything)
        try:
            await self._each(sections, lambda section: self._calls.scan(section, folder=folder))
        except Absent:
            # A library was removed, or made anew, since it was listed.
            sections, folder = await self._chosen(everything=everything)
            await self._each(sections, lambda section: self._calls.scan(section, folder=folder))
        return sections

    async def _chosen(self, *, everything: bool) -> tuple[tuple[Section, ...], str | None]:
        """Return the sections to scan, and what of them: no folder is all of it."""
        of_type = of_kind(await self._calls.sections(), self._events[0].kind)
        chosen = holding(of_type, self._folder)
        if chosen:
            return chosen, self._folder
        if not everything or not of_type:
            raise Permanent(self._in_no_library(of_type))
        return of_type, None

    def _in_no_library(self, of_type: tuple[Section, ...]) -> Text:
        kind = _KINDS[self._events[0].kind.value]
        if not of_type:
            return text("Plex has no library of {kind}. Add one in Plex.", kind=kind)
        places = ", ".join(location for section in of_type for location in section.locations)
        return text(
            "{folder} is in no Plex library of {kind}; those have: {locations}. {remedy}",
            folder=cut(clean(self._folder), 300),
            kind=kind,
            locations=cut(clean(places), 500) or "no folder",
            remedy=mapping_remedy("plex", "Plex"),
        )

    async def follow(
        self, sections: tuple[Section, ...], *, analyze: bool, empty_trash: bool
    ) -> tuple[Text, ...]:
        """Do what is to follow the end of the scans; returns what did not work, for the scan itself did.

        The trash is emptied only of what these events may have left there.
        """
        empty = empty_trash and any(event.action in LEAVES_TRASH for event in self._events)
        if not analyze and not empty:
            return ()
        try:
            if not await self._ended(sections):
                return (Text("Plex is still scanning, so nothing else was done this time."),)
            if analyze:
                await self._each(sections, self._calls.analyze)
            if empty:
                await self._each(sections, self._calls.empty_trash)
        except MetarrError as error:
            return (text("Plex scanned, but what was to follow failed: {detail}", detail=str(error)),)
        return ()

    async def _each(self, sections: tuple[Section, ...], work: Callable[[Section], Awaitable[None]]) -> None:
        for section in sections:
            await work(section)

    async def _ended(self, sections: tuple[Section, ...]) -> bool:
        keys = {section.key for section in sections}
        await self._clock.sleep(FIRST_LOOK_S)
        end = self._clock.monotonic() + LONGEST_SCAN_S
        while any(each.is_scanned for each in await self._calls.sections() if each.key in keys):
            if self._clock.monotonic() >= end:
                return False
            await self._clock.sleep(POLL_S)
        return True
