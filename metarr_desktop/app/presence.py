"""Whether somebody is at the window, told by the window to those parts that know nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Presence:
    """Without a window nobody is there, and nothing comes up."""

    def __init__(self) -> None:
        self._is_watched: Callable[[], bool] | None = None
        self._come_up: Callable[[], None] | None = None

    @property
    def watched(self) -> bool:
        """Whether a person has the window in front."""
        return self._is_watched is not None and self._is_watched()

    def come_up(self) -> None:
        """Show the window above others."""
        if self._come_up is not None:
            self._come_up()

    def attach(self, *, is_watched: Callable[[], bool], come_up: Callable[[], None]) -> None:
        """Take the window's answers from now on."""
        self._is_watched, self._come_up = is_watched, come_up

    def detach(self) -> None:
        """The window is gone."""
        self._is_watched = self._come_up = None
