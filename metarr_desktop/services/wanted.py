"""What an event brought, ticked off while a media server tells what it has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from metarr_desktop.domain.events import MediaEvent, MediaKind
from metarr_desktop.domain.paths import composed, is_absolute, is_inside, is_windows, last_part, parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Wanted:
    """The files of an event, in its folder as the server writes it.

    Where the event names no files, its episodes by their numbers, its album by its name, or else anything
    in the folder.
    """

    def __init__(self, event: MediaEvent, *, folder: str) -> None:
        self._folder = composed(folder)
        self._folds = is_windows(folder) or is_windows(event.folder)
        self._files = {tail for file in event.files if (tail := self._tail(file, event=event))}
        self._numbers: set[tuple[int, int]] = set()
        self._album = ""
        self._anything = False
        if not self._files:
            self._want_by_name(event)
        self.several = len(self._files) + len(self._numbers) > 1

    def _want_by_name(self, event: MediaEvent) -> None:
        if event.kind is MediaKind.EPISODE and event.season is not None and event.episodes:
            self._numbers = {(event.season, number) for number in event.episodes}
        elif event.kind is MediaKind.ALBUM and event.album:
            self._album = event.album.casefold()
        else:
            self._anything = True

    @property
    def complete(self) -> bool:
        """Whether everything was seen."""
        return not (self._files or self._numbers or self._album or self._anything)

    def take(
        self, files: Iterable[str], *, season: int | None = None, numbers: Sequence[int] = (), album: str = ""
    ) -> bool:
        """Tick off what one item is made of; returns whether it is one of those that are looked for."""
        inside = [file for each in files if is_inside(file := composed(each), self._folder)]
        if not inside or self.complete:
            return False
        before = (len(self._files), len(self._numbers), self._album, self._anything)
        for file in inside:
            below = self._pieces(file)[len(parts(self._folder)) :]
            self._files -= {tail for tail in self._files if below[-len(tail) :] == tail}
        if season is not None:
            self._numbers -= {(season, number) for number in numbers}
        if self._album == album.casefold():
            self._album = ""
        self._anything = False
        return (len(self._files), len(self._numbers), self._album, self._anything) != before

    def same_names(self, file: str) -> bool:
        """Whether a file elsewhere has the name of a wanted one, in a folder of the same name."""
        pieces = self._pieces(composed(file))
        folder = self._fold((last_part(self._folder),))
        return any(pieces[-len(tail) - 1 :] == folder + tail for tail in self._files)

    def _tail(self, file: str, *, event: MediaEvent) -> tuple[str, ...]:
        """Return the components of a file below the folder; of one told to lie elsewhere only its name."""
        if not is_absolute(file):
            separators = r"[\\/]+" if is_windows(event.folder) else r"/+"
            pieces = tuple(piece for piece in re.split(separators, file) if piece not in {"", "."})
        elif is_inside(file, event.folder):
            pieces = parts(file)[len(parts(event.folder)) :]
        else:
            pieces = (last_part(file),)
        return self._fold(tuple(composed(piece) for piece in pieces))

    def _pieces(self, file: str) -> tuple[str, ...]:
        return self._fold(parts(file))

    def _fold(self, pieces: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(piece.casefold() for piece in pieces) if self._folds else pieces
