"""A hint on the screen of a Kodi that plays just what is being downloaded in a better quality."""

from __future__ import annotations

from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NothingToDo, Transient
from metarr_desktop.domain.events import MediaKind
from metarr_desktop.domain.paths import is_inside
from metarr_desktop.domain.text import text
from metarr_desktop.services.declaration import Delivery
from metarr_desktop.services.kodi_library import event_ids, ids_of
from metarr_desktop.services.kodi_player import GLANCE_S
from metarr_desktop.services.kodi_screen import LONGEST_MESSAGE, LONGEST_TITLE, SHOWN_FOR_MS
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from metarr_desktop.domain.events import MediaEvent
    from metarr_desktop.services.kodi_player import Player

PROPERTIES = ["title", "showtitle", "season", "episode", "year", "uniqueid", "imdbnumber", "file"]


class PlayingHint:
    """Looks at what one Kodi plays, and says so on its screen where it is what was grabbed."""

    def __init__(self, *, player: Player, event: MediaEvent, folder: str | None) -> None:
        self._player = player
        self._event = event
        self._folder = folder or ""

    async def show(self) -> Delivery:
        """Show the hint; raises NothingToDo where something else plays, or nothing, or Kodi is off."""
        title = cut(clean(self._event.display_title), LONGEST_MESSAGE)
        try:
            if not await self._plays():
                raise NothingToDo(text("{title} is not being played.", title=title))
            await self._player.rpc.call(
                "GUI.ShowNotification",
                within=GLANCE_S,
                title=cut(f"Upgrade downloading: {title}", LONGEST_TITLE),
                message=cut(self._message(), LONGEST_MESSAGE),
                image="info",
                displaytime=SHOWN_FOR_MS,
            )
        except Transient as error:
            raise NothingToDo(
                text("Kodi does not answer, so nobody watches {title}.", title=title)
            ) from error
        return Delivery(detail=text("Kodi shows that {title} is downloading.", title=title))

    async def _plays(self) -> bool:
        if self._event.kind not in {MediaKind.MOVIE, MediaKind.EPISODE}:
            return False
        return any(self._is_it(item) for item in await self._player.items(PROPERTIES, within=GLANCE_S))

    def _is_it(self, item: Mapping[str, Any]) -> bool:
        """Compare by ids where both know one, else by names; the folder counts in any case."""
        file = item.get("file")
        lies_there = isinstance(file, str) and bool(self._folder) and is_inside(file, self._folder)
        if self._event.kind is MediaKind.EPISODE:
            # The ids of an episode in Kodi are its own, and those of the event are its series'.
            same_series = lies_there or _name(item.get("showtitle")) == _name(self._event.title) != ""
            return same_series and _may_be_among(self._event, item)
        if lies_there:
            return True
        same = _same_ids(self._event, item)
        if same is not None:
            return same
        named = _name(item.get("title")) == _name(self._event.title) != ""
        return named and self._event.year in {None, item.get("year") or None}

    def _message(self) -> str:
        sender = clean(self._event.instance) or self._event.source.capitalize()
        quality = clean(self._event.quality)
        return f"{quality}, grabbed by {sender}" if quality else f"Grabbed by {sender}"


def _may_be_among(event: MediaEvent, item: Mapping[str, Any]) -> bool:
    """Whether the episode that plays is one of the grabbed ones, as far as both tell their numbers."""
    season, number = item.get("season"), item.get("episode")
    if event.season is None or not event.episodes or not isinstance(season, int):
        return True
    if season < 0 or not isinstance(number, int) or number < 0:  # so Kodi says that it does not know
        return True
    return season == event.season and number in event.episodes


def _same_ids(event: MediaEvent, item: Mapping[str, Any]) -> bool | None:
    """Whether an id is the same; None where there is none that both know."""
    ids = ids_of(item)
    common = [ids[name] == value for name, value in event_ids(event).items() if ids.get(name)]
    return any(common) if common else None


def _name(value: object) -> str:
    return clean(value).casefold() if isinstance(value, str) else ""
