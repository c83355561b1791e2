"""The players of a household: one after the other until one does it, or all at once."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from metarr_desktop.domain.errors import AuthFailed, MetarrError, NotNow, NotSetUp, Permanent, Transient
from metarr_desktop.domain.text import Text, text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.services.kodi_player import Player

    Work = Callable[[Player], Awaitable["Result"]]

Result = TypeVar("Result")
LONGEST_TURN_S = 40.0
BUSY = "Kodi is busy with another scan."
BUSY_WAIT = timedelta(minutes=1)


class Plays(Exception):  # noqa: N818 - nothing failed
    """This player shows a video, so that another one should do the work."""


@dataclass(slots=True, kw_only=True)
class _Tries:
    """What became of the players that did not do it."""

    playing: list[Player] = field(default_factory=list)
    failed: list[tuple[Player, MetarrError]] = field(default_factory=list)

    def of(self, kind: type[MetarrError]) -> list[tuple[Player, MetarrError]]:
        return [(player, error) for player, error in self.failed if isinstance(error, kind)]

    @property
    def asleep(self) -> list[tuple[Player, MetarrError]]:
        """Those that could not be reached."""
        return [(player, error) for player, error in self.failed if _is_off(error)]


class AllPlay(MetarrError):  # noqa: N818 - nothing failed
    """Every player that is awake shows a video."""

    def __init__(self, players: Sequence[Player]) -> None:
        super().__init__("Kodi is playing a video.")
        self.players = tuple(players)


class Household:
    """Knows who is off, and lets only one work with a Kodi at a time; it lives as long as the notifier."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._turns: dict[str, asyncio.Lock] = {}
        self._off: set[str] = set()
        self._rejected: dict[tuple[str, str], AuthFailed] = {}

    @asynccontextmanager
    async def turn(self, player: Player) -> AsyncIterator[None]:
        """Have this Kodi for oneself. Raises NotNow where somebody else has it for too long."""
        lock = self._turns.setdefault(player.place, asyncio.Lock())
        try:
            async with asyncio.timeout(LONGEST_TURN_S):
                await lock.acquire()
        except TimeoutError:
            raise NotNow(BUSY, until=self._clock.now() + BUSY_WAIT) from None
        try:
            yield
        finally:
            lock.release()

    def is_free(self, player: Player) -> bool:
        """Whether nobody works with this Kodi at the moment."""
        lock = self._turns.get(player.place)
        return lock is None or not lock.locked()

    async def first(self, players: Sequence[Player], work: Work[Result]) -> Result:
        """Have the first player do it that can; who was off or rejected us the last time is tried last.

        Who rejected us is not asked again as long as another one is off that may do it.
        Raises AllPlay, AuthFailed, Transient or Permanent where none can, and NotNow as soon as one does.
        """
        tries = _Tries()
        for player in sorted(players, key=self._doubts):
            known = self._rejected.get(player.login)
            if known is not None and tries.asleep:
                tries.failed.append((player, known))
                continue
            try:
                result = await work(player)
            except Plays:
                self._answered(player)
                tries.playing.append(player)
            except (Transient, Permanent, AuthFailed) as error:
                self.remember(player, error)
                tries.failed.append((player, error))
            else:
                self._answered(player)
                return result
        tries.failed.sort(key=lambda each: players.index(each[0]))
        raise _verdict(tries, several=len(players) > 1)

    async def everyone(self, players: Sequence[Player], work: Work[Result]) -> list[Result | MetarrError]:
        """Have all of them do it at once; returns what came of each, or what kept it from it."""

        async def attempt(player: Player) -> Result | MetarrError:
            try:
                result = await work(player)
            except MetarrError as error:
                self.remember(player, error)
                return error
            self._answered(player)
            return result

        return await asyncio.gather(*(attempt(player) for player in players))

    def remember(self, player: Player, error: MetarrError) -> None:
        """Note who could not be reached, and who rejected us."""
        if isinstance(error, AuthFailed):
            self._rejected[player.login] = error
        if _is_off(error):
            self._off.add(player.place)
        else:
            self._off.discard(player.place)

    def rejections(self, players: Sequence[Player]) -> tuple[Text, ...]:
        """Return who of them rejected us the last time, which nothing else says while others do the work."""
        told = ((player, self._rejected.get(player.login)) for player in players)
        return tuple(_named(player, error) for player, error in told if error is not None)

    def forget_rejections(self) -> None:
        """Ask everybody again: a person may have set it right."""
        self._rejected.clear()

    def _answered(self, player: Player) -> None:
        self._off.discard(player.place)
        self._rejected.pop(player.login, None)

    def _doubts(self, player: Player) -> int:
        """Later in turn the less it is likely to do it."""
        return 2 if player.login in self._rejected else int(player.place in self._off)


def _verdict(tries: _Tries, *, several: bool) -> MetarrError:
    """What it means that none of them did it."""
    if tries.playing:
        return AllPlay(tries.playing)
    rejected = tries.of(AuthFailed)
    if rejected and tries.asleep:
        # The one that is off can do it when it is back, without anybody's help.
        return _asleep(tries.asleep, rejected=_named(*rejected[0]))
    for player, error in rejected:
        return AuthFailed(_named(player, error)) if several else error
    passing = [(player, error) for player, error in tries.of(Transient) if not _is_off(error)]
    for player, error in passing:
        return Transient(_named(player, error)) if several and type(error) is Transient else error
    if tries.asleep:
        return _asleep(tries.asleep)
    for player, error in tries.failed:
        return Permanent(_named(player, error)) if several else error
    return NotSetUp("There is no player that is switched on. Add one in the settings of Kodi.")


def _named(player: Player, error: MetarrError) -> Text:
    return text("{player}: {detail}", player=player.name, detail=str(error))


def _is_off(error: MetarrError) -> bool:
    return isinstance(error, Transient) and error.connection


def _asleep(tries: Sequence[tuple[Player, MetarrError]], *, rejected: Text | None = None) -> Transient:
    detail = str(tries[0][1]) if rejected is None else f"{tries[0][1]} {rejected}"
    if len(tries) == 1:
        message = "{player} does not answer; it is told when it is seen again. {detail}"
        return Transient(text(message, player=tries[0][0].name, detail=detail), connection=True)
    return Transient(
        text(
            "No player answers ({players}); they are told when one is seen again. {detail}",
            players=", ".join(player.name for player, _ in tries),
            detail=detail,
        ),
        connection=True,
    )
