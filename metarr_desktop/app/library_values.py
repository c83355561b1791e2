"""The settings of a library folder as they are typed on a command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, get_args

from metarr_desktop.domain.errors import Refused
from metarr_desktop.domain.media import WatchMode
from metarr_desktop.domain.text import text

if TYPE_CHECKING:
    from collections.abc import Mapping

YES_AND_NO = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


class LibraryChanges(TypedDict, total=False):
    """What ``Commands.set_library`` takes."""

    anchor: str
    needs_nfo: bool
    watch: WatchMode


def library_changes(typed: Mapping[str, str]) -> LibraryChanges:
    """Read typed settings. Raises Refused, which names the field."""
    changes: LibraryChanges = {}
    for name, value in typed.items():
        match name:
            case "anchor":
                changes["anchor"] = value
            case "needs_nfo":
                changes["needs_nfo"] = _flag(value)
            case "watch":
                changes["watch"] = _watch(value)
            case _:
                raise Refused(
                    text("A library folder has no setting {name}, but: anchor, needs_nfo, watch.", name=name)
                )
    return changes


def _flag(value: str) -> bool:
    found = YES_AND_NO.get(value.strip().casefold())
    if found is None:
        raise Refused(text("needs_nfo is yes or no, not {value}.", value=value))
    return found


def _watch(value: str) -> WatchMode:
    mode: WatchMode
    for mode in get_args(WatchMode):
        if mode == value.strip().casefold():
            return mode
    raise Refused(text("watch is off, events or polling, not {value}.", value=value))
