"""The interface that Jellyfin and Emby share: one key, items in pages, folders to look at.

https://api.jellyfin.org, https://dev.emby.media.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from metarr_desktop import __version__
from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.text import text
from metarr_desktop.services.answer import not_understood
from metarr_desktop.services.caller import PRODUCT, Caller, computer
from metarr_desktop.services.server_calls import not_it
from metarr_desktop.services.shape import parsed, part, records, word, words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from metarr_desktop.services.server_calls import ServerCalls

MOST_ITEMS = 20_000
PAGE = 500
PAGE_WITH_FILES = 100
"""With its files an item is 10 to 40 kB: more would be too much at once, to read and while it is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavour:
    """Where the two differ. ``link`` has places for the base address, the item's and the server's id."""

    key: str
    title: str
    is_jellyfin: bool
    link: str


class EmbyCalls:
    """Calls to one Jellyfin or Emby."""

    def __init__(self, *, server: ServerCalls, flavour: Flavour, key: str, caller: Caller) -> None:
        self.server = server
        self.flavour = flavour
        self._key = key
        self._caller = caller

    async def public_info(self) -> dict[str, Any]:
        """Return what it tells everybody, without the key. Raises Permanent where it is another program."""
        told = parsed(await self.server.call("GET", "/System/Info/Public", headers={}))
        if not isinstance(told, dict) or not word(told, "Version") or not word(told, "Id"):
            raise not_it(self.server)
        is_jellyfin = "jellyfin" in word(told, "ProductName").casefold()
        if is_jellyfin != self.flavour.is_jellyfin:
            raise Permanent(
                text(
                    "What answers at {place} is {other}, not {server}. Enter it under {other}.",
                    place=self.server.place,
                    other="Jellyfin" if is_jellyfin else "Emby",
                    server=self.flavour.title,
                )
            )
        return told

    async def info(self) -> dict[str, Any]:
        """Return what it tells who has a key."""
        told = await self._get("/System/Info")
        if not isinstance(told, dict):
            raise not_understood()
        return told

    async def libraries(self) -> list[tuple[str, list[str]]]:
        """Return the names and folders of its libraries; those it made for itself are left out."""
        listed = await self._get("/Library/VirtualFolders")
        if not isinstance(listed, list):
            raise not_understood()
        own = {"boxsets", "playlists"}
        return [
            (word(each, "Name"), words(each.get("Locations")))
            for each in records(listed)
            if word(each, "CollectionType") not in own
        ]

    async def updated(self, updates: list[tuple[str, str]]) -> None:
        """Have it look at folders; each comes with what was done there."""
        body = {"Updates": [{"Path": path, "UpdateType": change} for path, change in updates]}
        answer = await self.server.call(
            "POST", "/Library/Media/Updated", headers=await self._headers(), json_body=body
        )
        if answer.body.strip():
            # The real one answers with nothing.
            raise not_understood()

    async def items(
        self,
        kinds: str,
        *,
        query: Mapping[str, str] | None = None,
        fields: str = "Path,ProviderIds",
        most: int = MOST_ITEMS,
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield items of some kinds, read in pages."""
        asked = {
            "recursive": "true",
            "includeItemTypes": kinds,
            "fields": fields,
            "enableUserData": "false",
            "enableImages": "false",
            **(query or {}),
        }
        start = 0
        while start < most:
            size = min(PAGE_WITH_FILES if "MediaSources" in fields else PAGE, most - start)
            reply = await self._get("/Items", {**asked, "startIndex": str(start), "limit": str(size)})
            listed = part(reply, "Items")
            if not isinstance(listed, list):
                raise not_understood()
            for item in records(listed[:size]):
                yield item
            start += size
            if len(listed) < size:
                return

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
        named = {self._parameter(name): value for name, value in (query or {}).items()}
        answer = await self.server.call(
            "GET", path, headers=await self._headers(), query=named, listing=path == "/Items"
        )
        return parsed(answer)

    def _parameter(self, name: str) -> str:
        return name if self.flavour.is_jellyfin else name[:1].upper() + name[1:]

    async def _headers(self) -> dict[str, str]:
        """Return the header with the key: Jellyfin 12 takes no other form than this."""
        if not self.flavour.is_jellyfin:
            return {"X-Emby-Token": self._key}
        told = {
            "Client": PRODUCT,
            "Device": computer(),
            "DeviceId": await self._caller.id(),
            "Version": __version__,
            "Token": self._key,
        }
        pairs = ", ".join(f'{name}="{escaped(value)}"' for name, value in told.items())
        return {"Authorization": f"MediaBrowser {pairs}"}


def escaped(value: str) -> str:
    """Percent-encode everything but letters, digits, dot, dash and underscore: Jellyfin decodes it."""
    return quote(value, safe="").replace("~", "%7E")
