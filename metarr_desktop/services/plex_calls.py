"""The interface of a Plex Media Server, in JSON. https://developer.plex.tv/pms/."""

from __future__ import annotations

import platform
import re
from typing import TYPE_CHECKING, Any

from metarr_desktop import __version__
from metarr_desktop.services.answer import not_understood
from metarr_desktop.services.caller import PRODUCT, Caller, computer
from metarr_desktop.services.plex_sections import read_sections
from metarr_desktop.services.server_calls import not_it
from metarr_desktop.services.shape import parsed, part, records, word

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from metarr_desktop.services.answer import Answer
    from metarr_desktop.services.plex_sections import Section
    from metarr_desktop.services.server_calls import ServerCalls

MOST_ITEMS = 20_000
PAGE = 200
"""A title is 3 to 10 kB, with its actors; everything else stands still while a page is read."""
MOVIE, SHOW, EPISODE, ARTIST, TRACK = 1, 2, 4, 8, 10
"""The numbers Plex has for the types of what it lists."""


class PlexCalls:
    """Calls to one server. Everything of ours goes in headers: addresses end up in logs."""

    def __init__(self, *, server: ServerCalls, token: str, caller: Caller) -> None:
        self.server = server
        self._token = token
        self._caller = caller

    async def identity(self) -> tuple[str, str]:
        """Return the server's id and version, which it tells everybody.

        Raises Permanent where it is another program.
        """
        told = part(parsed(await self._call("GET", "/identity", with_token=False)), "MediaContainer")
        machine = word(told, "machineIdentifier") if isinstance(told, dict) else ""
        if not isinstance(told, dict) or not machine:
            raise not_it(self.server)
        return machine, word(told, "version")

    async def sections(self) -> tuple[Section, ...]:
        """Return its libraries."""
        sections = read_sections(parsed(await self._call("GET", "/library/sections")))
        if sections is None:
            raise not_understood()
        return sections

    async def scan(self, section: Section, *, folder: str | None) -> None:
        """Start to scan one folder, or the whole section."""
        query = {} if folder is None else {"path": folder}
        await self._call("GET", f"/library/sections/{section.key}/refresh", query=query)

    async def analyze(self, section: Section) -> None:
        """Start to analyze the section."""
        await self._call("PUT", f"/library/sections/{section.key}/analyze")

    async def empty_trash(self, section: Section) -> None:
        """Forget what the section's scans no longer found."""
        await self._call("PUT", f"/library/sections/{section.key}/emptyTrash")

    def listed(
        self, section: Section, number: int, *, query: Mapping[str, str] | None = None, most: int = MOST_ITEMS
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield what a section has of a type, with its ids."""
        asked = {"type": str(number), "includeGuids": "1", **(query or {})}
        return self._pages(f"/library/sections/{section.key}/all", query=asked, most=most)

    def leaves(self, item: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """Yield the episodes of a series or the tracks of an artist."""
        return self._pages(f"/library/metadata/{rating_key(item)}/allLeaves", query={}, most=MOST_ITEMS)

    async def _pages(
        self, path: str, *, query: Mapping[str, str], most: int
    ) -> AsyncIterator[dict[str, Any]]:
        start = 0
        while start < most:
            size = min(PAGE, most - start)
            page = {"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(size)}
            answer = await self._call("GET", path, query=query, headers=page)
            container = part(parsed(answer), "MediaContainer")
            if not isinstance(container, dict):
                raise not_understood()
            # Without any item the list is absent.
            listed = container.get("Metadata")
            found = listed[:size] if isinstance(listed, list) else []
            for item in records(found):
                yield item
            start += size
            if len(found) < size:
                return

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        with_token: bool = True,
    ) -> Answer:
        ours = {
            "X-Plex-Client-Identifier": await self._caller.id(),
            "X-Plex-Product": PRODUCT,
            "X-Plex-Version": __version__,
            "X-Plex-Platform": platform.system() or "Python",
            "X-Plex-Device-Name": computer(),
        }
        if with_token:
            ours["X-Plex-Token"] = self._token
        return await self.server.call(
            method, path, headers={**ours, **(headers or {})}, query=query, listing=headers is not None
        )


def rating_key(item: Mapping[str, Any], name: str = "ratingKey") -> str:
    """Return the number of an item, as it stands in addresses; empty where it has none."""
    key = word(item, name)
    return key if re.fullmatch(r"[0-9]{1,18}", key) else ""
