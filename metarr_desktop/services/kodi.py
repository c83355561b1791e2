"""Kodi: one instance is told which folder to scan, and asked afterwards what it found."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, SecretStr, field_validator

from metarr_desktop.domain.errors import NothingToDo, NotNow, Permanent, Transient
from metarr_desktop.domain.events import Action, EventKind, MediaEvent, MediaKind
from metarr_desktop.domain.paths import with_separator
from metarr_desktop.domain.routing import EventChoice
from metarr_desktop.domain.text import Text, text
from metarr_desktop.services.declaration import Delivery, MediaServerConfig, Service, ServiceConfig
from metarr_desktop.services.kodi_finder import find_kodi
from metarr_desktop.services.kodi_hint import PlayingHint
from metarr_desktop.services.kodi_rpc import LONGEST_PATH, KodiRpc
from metarr_desktop.services.kodi_scan import LibraryScan
from metarr_desktop.services.notifier import Notifier
from metarr_desktop.services.redact import redact
from metarr_desktop.services.trial import Trial
from metarr_desktop.services.wording import clean, cut

if TYPE_CHECKING:
    from datetime import datetime

    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import TestStep
    from metarr_desktop.services.tools import Tools

LONGEST_SEND_S = 235.0
"""A job may take 5 minutes."""
LOOK_AGAIN = timedelta(minutes=10)
LONGEST_WAIT = timedelta(hours=6)
REFRESHING = frozenset({EventKind.DOWNLOADED, EventKind.UPGRADED, EventKind.SCANNED})
"""Events after which Kodi has something to look at."""
TAKEN = REFRESHING | {EventKind.GRABBED}
"""A grab is a hint on the screen, where just that plays."""
_PORT_IN_HOST = re.compile(r"\[[^\]]*\]:\d+|[^:\[\]]+:\d+")


class KodiPlayer(ServiceConfig):
    """One Kodi of the household. An empty password fits a Kodi whose log-in is switched off."""

    host: Annotated[
        str,
        Field(
            title="Host",
            description="Name or address of the computer Kodi runs on.",
            max_length=253,
            json_schema_extra={"placeholder": "192.168.1.40"},
        ),
    ]
    port: Annotated[
        int,
        Field(
            title="Port",
            description="In Kodi: Settings > Services > Control > Allow remote control via HTTP.",
            ge=1,
            le=65535,
        ),
    ] = 8080
    username: Annotated[str, Field(title="User name", max_length=200)] = "kodi"
    password: Annotated[SecretStr, Field(title="Password", description="As set in Kodi beside the port.")] = (
        SecretStr("")
    )

    @field_validator("host")
    @classmethod
    def _is_host(cls, value: str) -> str:
        """Take what people paste from the browser, as long as it says nothing else than the host."""
        scheme, found, rest = value.partition("://")
        host = (rest if found else value).partition("/")[0].strip()
        if found and scheme.lower() != "http":
            raise ValueError(Text("Only http is possible here. Switch off SSL in Kodi's web server."))
        if _PORT_IN_HOST.fullmatch(host):
            raise ValueError(Text("Enter the port in its own field."))
        host = host.removeprefix("[").removesuffix("]")
        if not host or re.search(r"[\s@/?#\\\[\]\x00-\x1f]", host):
            raise ValueError(Text("Enter the name or the address of the computer Kodi runs on."))
        return host


class KodiConfig(KodiPlayer, MediaServerConfig):
    """One Kodi, with what holds for all of them."""

    skip_playing: Annotated[
        bool,
        Field(
            title="Do not scan while a video plays",
            description="Waits until the video has ended, for at most 6 hours.",
            json_schema_extra={"advanced": True},
        ),
    ] = True


class KodiNotifier(Notifier[KodiConfig]):
    """Has Kodi scan one folder at a time: a second scan would stop the running one in silence."""

    def __init__(self, tools: Tools) -> None:
        super().__init__(tools)
        self._one_at_a_time = asyncio.Lock()
        self._waiting_since: dict[str, datetime] = {}

    async def send(self, config: KodiConfig, notification: Notification) -> Delivery:
        """Scan the folder, wait for the end, and see whether a film arrived; a grab is but a hint.

        Raises NotNow while a video plays or another scan does not end.
        """
        event, rpc = notification.event, self._rpc(config)
        if not isinstance(event, MediaEvent):
            raise NothingToDo("There is nothing to scan.")
        if event.kind is MediaKind.BOOK:
            raise NothingToDo("Kodi has no books.")
        if event.action is Action.GRABBED:
            return await PlayingHint(rpc=rpc, event=event, folder=notification.folder).show()
        folder = _folder(notification)
        try:
            async with asyncio.timeout(LONGEST_SEND_S), self._one_at_a_time:
                if config.skip_playing:
                    await self._wait_for_player(rpc, folder)
                scan = LibraryScan(rpc=rpc, clock=self.clock, event=event, folder=folder)
                warnings = await scan.run()
        except TimeoutError as error:
            raise Transient(
                text("Kodi took longer than {seconds} s.", seconds=f"{LONGEST_SEND_S:g}")
            ) from error
        self._waiting_since.pop(folder, None)
        return Delivery(
            detail=text("Kodi scanned {folder}.", folder=cut(clean(folder), 300)), warnings=warnings
        )

    async def _wait_for_player(self, rpc: KodiRpc, folder: str) -> None:
        """Put the scan off while a video plays, but not for ever: some televisions never rest.

        The hours are counted from when this program first asked, since a notification has no date.
        """
        players = await rpc.call("Player.GetActivePlayers")
        listed = players if isinstance(players, list) else []
        if not any(_part(each, "type") == "video" for each in listed):
            return
        now = self.clock.now()
        self._waiting_since = {
            each: since for each, since in self._waiting_since.items() if now - since < 2 * LONGEST_WAIT
        }
        if now - self._waiting_since.setdefault(folder, now) < LONGEST_WAIT:
            raise NotNow("Kodi is playing a video.", until=now + LOOK_AGAIN)

    async def test(self, config: KodiConfig) -> list[TestStep]:
        """Ask who answers, whether it may scan, and what its sources are; nothing shows on the screen."""
        rpc = self._rpc(config)

        async def ping() -> Text:
            if await rpc.call("JSONRPC.Ping") != "pong":
                raise Permanent(text("What answers at {place} is not Kodi.", place=rpc.place))
            return Text("Kodi answers, and accepts the user name and password.")

        async def version() -> Text:
            told = _part(await rpc.call("JSONRPC.Version"), "version")
            numbers = ".".join(str(_part(told, name)) for name in ("major", "minor", "patch"))
            return text("Its remote control is version {version}.", version=numbers)

        async def permission() -> Text:
            if _part(await rpc.call("JSONRPC.Permission"), "UpdateData") is not True:
                raise Permanent("Kodi does not allow changes to its library over HTTP.")
            return Text("It may be told to scan.")

        async def sources() -> Text:
            listed = _part(await rpc.call("Files.GetSources", media="video"), "sources")
            files = [str(_part(each, "file")) for each in listed] if isinstance(listed, list) else []
            if not files:
                return Text("Kodi has no video source yet. Add one in Kodi, or it finds nothing.")
            # A source may carry its password in its address.
            return text(
                "Video sources: {sources}", sources=cut(clean(redact(", ".join(files), secrets=())), 500)
            )

        async def application() -> Text:
            told = await rpc.call("Application.GetProperties", properties=["name", "version"])
            number = _part(told, "version")
            return text(
                "Connected to {name} {version} in {ms} ms.",
                name=cut(clean(str(_part(told, "name") or "Kodi")), 80),
                version=f"{_part(number, 'major')}.{_part(number, 'minor')}",
            )

        trial = Trial(clock=self.clock)
        await trial.step("Connection", ping)
        await trial.step("Interface", version)
        await trial.step("Permission", permission)
        await trial.step("Sources", sources)
        await trial.step("Kodi", application)
        return trial.steps

    def _rpc(self, config: KodiConfig) -> KodiRpc:
        return KodiRpc(
            http=self.http,
            clock=self.clock,
            host=config.host,
            port=config.port,
            username=config.username,
            password=config.password.get_secret_value(),
        )


def _folder(notification: Notification) -> str:
    """Return the folder in the form Kodi compares: with its separator at the end."""
    folder = notification.folder or ""
    if not folder.strip():
        raise Permanent("Kodi cannot be told what to scan: the webhook names no folder.")
    try:
        length = len(folder.encode())
    except UnicodeEncodeError:
        raise Permanent("Kodi cannot be told what to scan: the folder's name is not valid text.") from None
    if length > LONGEST_PATH:
        raise Permanent("Kodi cannot be told what to scan: the folder's path is too long.")
    return with_separator(folder)


def _part(value: object, name: str) -> object:
    """Return a part of an answer; None where the answer has another shape."""
    return value.get(name) if isinstance(value, dict) else None


SERVICE = Service(
    key="kodi",
    title="Kodi",
    config=KodiConfig,
    member=KodiPlayer,
    notifier=KodiNotifier,
    finder=find_kodi,
    docs="docs/services/kodi.md",
    waits_for_scan=True,
    merge_window=timedelta(seconds=15),
    events=EventChoice(takes=TAKEN, default=TAKEN),
)
