"""The libraries of a Plex Media Server, which it calls sections."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.events import MediaKind
from metarr_desktop.domain.paths import composed, is_inside
from metarr_desktop.services.shape import part, records, word

if TYPE_CHECKING:
    from collections.abc import Iterable

TYPES = {MediaKind.MOVIE: "movie", MediaKind.EPISODE: "show", MediaKind.ALBUM: "artist"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One library; ``type`` is movie, show, artist or photo."""

    key: str
    type: str
    title: str
    locations: tuple[str, ...]
    is_scanned: bool = False


def read_sections(reply: object) -> tuple[Section, ...] | None:
    """Read the list of sections; None where it is none. Those without a number cannot be called."""
    container = part(reply, "MediaContainer")
    if not isinstance(container, dict):
        return None
    return tuple(
        Section(
            key=word(each, "key"),
            type=word(each, "type"),
            title=word(each, "title"),
            locations=tuple(path for place in records(each.get("Location")) if (path := word(place, "path"))),
            is_scanned=each.get("refreshing") in {True, "1"}
            if isinstance(each.get("refreshing"), bool | int | str)
            else False,
        )
        for each in records(container.get("Directory"))
        if re.fullmatch(r"[0-9]{1,18}", word(each, "key"))
    )


def of_kind(sections: Iterable[Section], kind: MediaKind) -> tuple[Section, ...]:
    """Return the sections for media of one kind; none for books."""
    return tuple(section for section in sections if section.type == TYPES.get(kind))


def holding(sections: Iterable[Section], folder: str) -> tuple[Section, ...]:
    """Return every section one of whose locations holds a folder, by whole components."""
    return tuple(
        section
        for section in sections
        if any(is_inside(composed(folder), composed(location)) for location in section.locations)
    )
