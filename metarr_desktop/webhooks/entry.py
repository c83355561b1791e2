"""Our entry among the connections of a sender: found again, and filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from metarr_desktop.webhooks.addresses import PREFIXES
from metarr_desktop.webhooks.own_address import is_here_by_name
from metarr_desktop.webhooks.sources.arr_client import WEBHOOK, field_of, with_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.domain.knowledge import Knowledge
    from metarr_desktop.domain.senders import Sender
    from metarr_desktop.webhooks.own_address import Door

OUR_NAME = "Metarr Desktop"
USER = "metarr"
POST = 1
HOST_OF_CONTAINERS = frozenset({"host.docker.internal", "host.containers.internal"})
"""What containers call the computer on which they run."""
NEVER = "onImportComplete"
"""Tells of imports once more that ``onDownload`` told file by file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose entry is looked for: this program, on this computer, for this sender."""

    sender: Sender
    known: Knowledge
    door: Door | None
    computer: str

    @property
    def own_name(self) -> str:
        """What the entry is called where another computer of the household has the plain name."""
        return f"{OUR_NAME} ({self.computer})"


def find_entry(entries: Sequence[Mapping[str, Any]], owner: Owner) -> Mapping[str, Any] | None:
    """Return our entry: the one we made, else the one that calls us, else the one of our name.

    The same program on another computer has an entry of its own, which is left alone.
    """
    webhooks = [
        each for each in entries if each.get("implementation") == WEBHOOK and isinstance(each.get("id"), int)
    ]
    made = (each for each in webhooks if _is_made_by_us(each, owner))
    calling = (each for each in webhooks if calls_us(each, owner))
    named = (each for each in webhooks if _name(each) == owner.own_name.casefold())
    return next(made, None) or next(calling, None) or next(named, None)


def free_name(entries: Sequence[Mapping[str, Any]], owner: Owner) -> str:
    """Return the name for a new entry; names are unique there, in any case."""
    taken = {_name(each) for each in entries}
    wanted = OUR_NAME if OUR_NAME.casefold() not in taken else owner.own_name
    name, number = wanted, 2
    while name.casefold() in taken:
        name, number = f"{wanted} {number}", number + 1
    return name


def filled_in(
    entry: Mapping[str, Any],
    *,
    schema: Mapping[str, Any],
    triggers: Sequence[str],
    url: str,
    password: str,
) -> dict[str, Any]:
    """Return an entry that calls us for everything that we understand and this version has."""
    switches: dict[str, Any] = {
        name: True for name in triggers if schema.get(f"supports{name[:1].upper()}{name[1:]}") is True
    }
    if NEVER in schema:
        switches[NEVER] = False
    if "onHealthIssue" in switches and "includeHealthWarnings" in schema:
        switches["includeHealthWarnings"] = True
    fields = {"url": url, "method": POST, "username": USER, "password": password}
    return with_fields({**entry, **switches}, fields)


def shown_address(entry: Mapping[str, Any]) -> str:
    """Return the address that an entry calls without what may be a key in it, to be told and stored."""
    return plain(str(field_of(entry, "url") or ""))


def plain(url: str) -> str:
    """Return an address without what may be a key: some are pasted with one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def with_query_of(url: str, before: str) -> str:
    """Return an address with the key that stood in the one of before, as a person pasted it."""
    return urlsplit(url)._replace(query=urlsplit(before).query).geturl()


def _name(entry: Mapping[str, Any]) -> str:
    return str(entry.get("name", "")).casefold()


def _is_made_by_us(entry: Mapping[str, Any], owner: Owner) -> bool:
    known, url = owner.known, str(field_of(entry, "url") or "")
    if known.webhook_url and plain(url) == known.webhook_url:
        return True
    name = _name(entry)
    if name.startswith(f"{OUR_NAME.casefold()} (") and not name.startswith(owner.own_name.casefold()):
        return False  # numbers are given anew after a sender was restored from a backup
    ours = name.startswith(OUR_NAME.casefold()) or _leads_to(url, owner)
    return known.webhook_id is not None and entry.get("id") == known.webhook_id and ours


def calls_us(entry: Mapping[str, Any], owner: Owner) -> bool:
    """Whether it calls this program here: one that a person made by hand is used as well."""
    url, door = str(field_of(entry, "url") or ""), owner.door
    if door is None or not _leads_to(url, owner):
        return False
    parts = urlsplit(url)
    host = parts.hostname or ""
    own = host in door.own_addresses - {"127.0.0.1", "::1"} or host in door.own_names
    if _is_here(owner, door):
        nearby = host in HOST_OF_CONTAINERS if owner.known.is_docker else is_here_by_name(host)
        own = own or nearby
    return (parts.port or 80) == door.port and own


def _is_here(owner: Owner, door: Door) -> bool:
    host = urlsplit(owner.sender.url).hostname or ""
    return is_here_by_name(host) or host in door.own_addresses | door.own_names


def _leads_to(url: str, owner: Owner) -> bool:
    """Whether an address has the path of this sender's webhooks, with or without its name."""
    base = "" if owner.door is None else owner.door.base_path
    try:
        path = urlsplit(url).path.rstrip("/")
        _ = urlsplit(url).port
    except ValueError:
        return False
    sender = owner.sender
    return any(
        path in {f"{base}{prefix}/{sender.type}", f"{base}{prefix}/{sender.type}/{sender.slug}"}
        for prefix in PREFIXES
    )
