"""Kodi: a household's players are told which folder changed, and asked afterwards what they made of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from metarr_desktop.domain.errors import MetarrError, NothingToDo, NotSetUp, Permanent, Transient
from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind
from metarr_desktop.domain.paths import with_separator
from metarr_desktop.domain.retry import RetryPolicy
from metarr_desktop.domain.routing import EventChoice
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.declaration import LOOKS_AT_FOLDERS, Delivery, Group, Service, TestStep
from metarr_desktop.services.kodi_config import KodiConfig, KodiPlayer
from metarr_desktop.services.kodi_finder import find_kodi
from metarr_desktop.services.kodi_group import BUSY, AllPlay, Household, Plays
from metarr_desktop.services.kodi_hint import PlayingHint
from metarr_desktop.services.kodi_link import KodiLink
from metarr_desktop.services.kodi_player import GLANCE_S, Player
from metarr_desktop.services.kodi_removal import PLAYED
from metarr_desktop.services.kodi_rpc import LONGEST_PATH, KodiRpc
from metarr_desktop.services.kodi_screen import Screens
from metarr_desktop.services.kodi_sight import films, locations, sighting
from metarr_desktop.services.kodi_state import READING
from metarr_desktop.services.kodi_trial import try_all
from metarr_desktop.services.kodi_waiting import VideoWait
from metarr_desktop.services.kodi_work import LOOKS, STILL_SCANNING, FolderWork
from metarr_desktop.services.notifier import MediaServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from metarr_desktop.domain.media import KnownFilm
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Member
    from metarr_desktop.services.notifier import Sighting
    from metarr_desktop.services.tools import Tools

__all__ = ["SERVICE", "KodiConfig", "KodiNotifier", "KodiPlayer"]

LONGEST_SEND_S = 235.0
"""A job may take 5 minutes."""
TAKEN = LOOKS_AT_FOLDERS | {EventKind.GRABBED}
"""A grab is a hint on the screen, where just that plays."""
PATIENCE = frozenset({BUSY, PLAYED, READING, STILL_SCANNING})
"""Why a job waits for other reasons than that a video plays: no person can wave them away."""
Result = TypeVar("Result")


class KodiNotifier(MediaServer[Group]):
    """Tells one player of a group, since they share one library, and shows all of them what is new."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._household = Household(clock=self.clock)
        self._waiting = VideoWait(tools=tools)
        self._links: dict[str, KodiLink] = {}

    async def send(self, group: Group, notification: Notification) -> Delivery:
        """Have one player take in what happened in a folder; a grab is but a hint.

        Raises NotNow while a video plays everywhere, another scan does not end or a deleted file is watched.
        """
        events, players = _events(notification), self._players(group)
        if all(event.action is Action.GRABBED for event in events):
            return await self._hint(players, events[0], folder=notification.folder)
        job = notification.job_id
        work = FolderWork(
            tools=self.tools, events=events, folder=_folder(notification.folder), library=group.name
        )
        if not work.scans and not work.removes:
            raise NothingToDo("The files were kept, so Kodi keeps them too.")
        household = _config(group.members[0])
        waits = work.scans and household.skip_playing and not await self._waiting.is_over(job)
        played = await self._played(players) if work.removes else set()

        async def tell(player: Player) -> tuple[Player, Delivery]:
            if waits and await player.videos():
                raise Plays
            async with self._household.turn(player):
                return player, await work.run(player, played=played)

        try:
            async with asyncio.timeout(LONGEST_SEND_S):
                done_by, delivery = await self._household.first(players, tell)
        except AllPlay as error:
            raise await self._waiting.put_off(job, error.players) from None
        except TimeoutError as error:
            raise Transient(
                text("Kodi took longer than {seconds} s.", seconds=f"{LONGEST_SEND_S:g}")
            ) from error
        await self._waiting.done(job)
        screens = Screens(household=self._household, players=players)
        # What is worded is told: of several events that came together it need not be the first.
        event = notification.event if notification.event in events else events[0]
        await screens.after(notification, event, done_by=done_by, show=household.show_message)
        return replace(delivery, warnings=(*delivery.warnings, *self._household.rejections(players)))

    async def test(self, group: Group) -> list[TestStep]:
        """Ask every player who it is, whether it may scan, and what its sources are; nothing shows."""
        try:
            players = self._players(group)
        except NotSetUp as error:
            return [TestStep(name=Text("Connection"), ok=False, detail=error.text)]
        self._household.forget_rejections()
        return await try_all(players, clock=self.clock)

    async def sighting(self, group: Group, event: MediaEvent, *, folder: str) -> Sighting | None:
        """Ask the first player that answers; they share one library."""
        place = _folder(folder)
        return await self._ask(group, lambda player: sighting(player, event, folder=place))

    async def locations(self, group: Group) -> tuple[str, ...]:
        """Return the folders of the video and music sources, without the passwords in them."""
        return await self._ask(group, locations)

    async def films(self, group: Group) -> Sequence[KnownFilm]:
        """Return the films of the library, at most 20,000."""
        return await self._ask(group, films)

    async def _ask(self, group: Group, question: Callable[[Player], Awaitable[Result]]) -> Result:
        return await self._household.first(self._players(group), question)

    async def _hint(self, players: Sequence[Player], event: MediaEvent, *, folder: str | None) -> Delivery:
        """Show that something better comes wherever just that plays, on all that let us look."""

        async def show(player: Player) -> Delivery:
            return await PlayingHint(player=player, event=event, folder=folder).show()

        told = await self._household.everyone(players, show)
        failures = [result for result in told if isinstance(result, MetarrError)]
        for result in told:
            if not isinstance(result, MetarrError):
                return result
        # A hint is not worth to stop what waits for a group that can be told.
        raise next((each for each in failures if isinstance(each, NothingToDo)), failures[0])

    async def _played(self, players: Sequence[Player]) -> set[str]:
        """Files that somebody watches right now, on any player that is on."""
        shown = await self._household.everyone(players, lambda player: player.played_files(within=GLANCE_S))
        return {file for files in shown if not isinstance(files, MetarrError) for file in files}

    def _players(self, group: Group) -> list[Player]:
        if not group.members:
            raise NotSetUp(
                text("{group} has no player that is switched on. Add one in the settings.", group=group.name)
            )
        return [self._player(member) for member in group.members]

    def _player(self, member: Member) -> Player:
        config = _config(member)
        rpc = KodiRpc(
            http=self.http,
            clock=self.clock,
            host=config.host,
            port=config.port,
            username=config.username,
            password=config.password.get_secret_value(),
        )
        return Player(name=member.name, rpc=rpc, link=self._link(config))

    def _link(self, config: KodiConfig) -> KodiLink | None:
        if not config.ws_port:
            return None
        host = f"[{config.host}]" if ":" in config.host else config.host
        url = f"ws://{host}:{config.ws_port}/jsonrpc"
        if url not in self._links:
            self._links[url] = KodiLink(tools=self.tools, url=url)
        return self._links[url]


def _config(member: Member) -> KodiConfig:
    """Return the settings of one player, which are whole: those of the household are in them."""
    if not isinstance(member.config, KodiConfig):
        raise NotSetUp("These are not the settings of a Kodi.")
    return member.config


def _events(notification: Notification) -> list[MediaEvent]:
    """Return what happened to the folder. Raises NothingToDo where Kodi has no use for it."""
    told = notification.events or (notification.event,)
    events = [event for event in told if isinstance(event, MediaEvent)]
    if not events:
        raise NothingToDo("There is nothing to scan.")
    events = [event for event in events if event.kind is events[0].kind]
    if events[0].kind is MediaKind.BOOK:
        raise NothingToDo("Kodi has no books.")
    lasting = [event for event in events if event.action in LOOKS or event.action is Action.DELETED]
    return lasting or events


def _folder(folder: str | None) -> str:
    """Return the folder in the form Kodi compares: with its separator at the end."""
    folder = folder or ""
    if not folder.strip():
        raise Permanent("Kodi cannot be told what to scan: the webhook names no folder.")
    try:
        length = len(folder.encode())
    except UnicodeEncodeError:
        raise Permanent("Kodi cannot be told what to scan: the folder's name is not valid text.") from None
    if length > LONGEST_PATH:
        raise Permanent("Kodi cannot be told what to scan: the folder's path is too long.")
    return with_separator(folder)


SERVICE = Service(
    key="kodi",
    title="Kodi",
    config=KodiConfig,
    member=KodiPlayer,
    notifier=KodiNotifier,
    finder=find_kodi,
    docs="docs/services/kodi.md",
    retry=RetryPolicy(patient=True),
    waits_for_scan=True,
    merge_window=timedelta(seconds=15),
    seen_within=timedelta(minutes=5),
    events=EventChoice(takes=TAKEN, default=TAKEN),
)
