"""What lies in a folder as Kodi sees it, for only Kodi can say whether a file of its library is there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from metarr_desktop.domain.errors import Permanent, Transient
from metarr_desktop.domain.paths import last_part
from metarr_desktop.services.kodi_rpc import entries

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from metarr_desktop.services.kodi_rpc import KodiRpc


def parent(path: str) -> str:
    """Return the folder above, with its separator; empty where there is none to speak of."""
    bare = path.rstrip("/\\")
    name = last_part(bare)
    above = bare.removesuffix(name)
    return "" if above == bare or above.endswith("://") else above


async def listing(rpc: KodiRpc, folder: str) -> list[str] | None:
    """Return the files and folders in a folder; None where Kodi cannot list it.

    Raises Transient where Kodi cannot be reached.
    """
    try:
        reply = await rpc.call("Files.GetDirectory", slow=True, directory=folder, media="files")
    except Permanent:
        return None
    except Transient as error:
        if error.connection:
            raise
        return None
    return [str(each.get("file", "")) for each in entries(reply, "files")]


async def is_gone(rpc: KodiRpc, folder: str) -> bool:
    """Whether a folder is no more; a drive that sleeps takes the folder above away as well."""
    above = parent(folder)
    beside = await listing(rpc, above) if above else None
    if not beside:
        return False
    # A listing may be written in another way than what was asked for, such as without the password or with
    # a space as %20; and whether case counts is known to the drive only. What is there is not to be taken
    # for gone, so names alone are compared.
    name = _name(folder).casefold()
    return not any(name in {own.casefold(), unquote(own).casefold()} for own in map(_name, beside))


async def unlisted(rpc: KodiRpc, files: Iterable[str], *, sure: Collection[str]) -> set[str]:
    """Return those files that are not there; where Kodi cannot list their folder, those that are ``sure``."""
    found: dict[str, list[str] | None] = {}
    missing: set[str] = set()
    for file in files:
        folder = parent(file)
        if folder not in found:
            found[folder] = await listing(rpc, folder) if folder else None
        beside = found[folder]
        if file in sure if beside is None else not _is_among(file, beside):
            missing.add(file)
    return missing


def _is_among(file: str, beside: Iterable[str]) -> bool:
    """Whether a file is listed, by its name alone: all of them lie in one folder."""
    name = _name(file)
    return any(name in {own, unquote(own)} or unquote(name) == own for own in map(_name, beside))


def _name(path: str) -> str:
    return last_part(path.rstrip("/\\"))
