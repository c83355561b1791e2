"""Messages of one service as a person words them: every kind at once, saved or thrown away together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from metarr_desktop.app.template_views import ServiceTemplates
    from metarr_desktop.domain.events import EventKind


@dataclass(frozen=True, slots=True)
class Words:
    """Title line and message of one kind, as they are shown."""

    title: str
    body: str


BUILT_IN = Words("{heading}", "{text}")
"""What stands in the fields where nothing was written: it reads as the built-in words do."""


class TemplateDrafts:
    """What stands in the window for each kind."""

    def __init__(self, stored: ServiceTemplates) -> None:
        self.stored = stored
        self._before = {
            kind: Words(
                stored.written[kind].title or BUILT_IN.title, stored.written[kind].body or BUILT_IN.body
            )
            if kind in stored.written
            else BUILT_IN
            for kind, _ in stored.kinds
        }
        self._drafts = dict(self._before)

    def words(self, kind: EventKind) -> Words:
        """Return what stands there for a kind."""
        return self._drafts[kind]

    def put(self, kind: EventKind, words: Words) -> None:
        """Word a kind; what is left empty is worded as without."""
        self._drafts[kind] = Words(
            words.title.strip() or BUILT_IN.title, words.body.rstrip() or BUILT_IN.body
        )

    def reset(self, kind: EventKind) -> None:
        """Go back to the built-in words of a kind."""
        self._drafts[kind] = BUILT_IN

    def is_own(self, kind: EventKind) -> bool:
        """Whether a kind has words of a person's own."""
        return self._drafts[kind] != BUILT_IN

    def restore_defaults(self) -> None:
        """No kind has words of its own."""
        self._drafts = dict.fromkeys(self._drafts, BUILT_IN)

    def differ_from_defaults(self) -> bool:
        """Whether a kind has words of its own."""
        return any(words != BUILT_IN for words in self._drafts.values())

    def changes(self) -> dict[EventKind, Words | None]:
        """Return the kinds that are to be worded, or with None reset."""
        return {
            kind: None if words == BUILT_IN else words
            for kind, words in self._drafts.items()
            if words != self._before[kind]
        }
