"""The step of a connection test that proves the paths: every known folder lies in a library of the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.errors import Permanent
from metarr_desktop.domain.groups import DEFAULT, scope_of
from metarr_desktop.domain.paths import composed, is_inside
from metarr_desktop.domain.text import Text, text
from metarr_desktop.domain.tracing import to_here, to_service
from metarr_desktop.jobs.confirm import listed
from metarr_desktop.services.declaration import Group, ServiceConfig
from metarr_desktop.services.notifier import MediaServer, Notifier
from metarr_desktop.services.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from metarr_desktop.app.known_folders import KnownFolder, KnownFolders
    from metarr_desktop.app.snapshots import TestLine
    from metarr_desktop.domain.groups import PlayerGroup
    from metarr_desktop.domain.notification import Notification
    from metarr_desktop.services.declaration import Delivery, Service, TestStep
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.player_store import PlayerStore

AnyConfig = ServiceConfig | Group
PATHS = "Paths"
NOTHING_KNOWN = Text("No folders are known yet, so there are no paths to check.")
ALL_THERE = "Every known folder is in a library of {service}: {folders}."
ASTRAY = (
    "{folders}. {service} has: {locations}. Add a path mapping for {service}, or the folder in {service}."
)
HAS_NONE = "{service} has no library folders. Add one in {service}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    folder: KnownFolder
    path: str


class PathTrial:
    """Checks the paths of a media server, or of a group of players."""

    def __init__(self, *, folders: KnownFolders, library: LibraryStore, players: PlayerStore) -> None:
        self._folders = folders
        self._library = library
        self._players = players

    async def look(self, service: Service, server: MediaServer[Any], config: AnyConfig) -> Text:
        """Return what was found. Raises Permanent with the remedy where a folder is in no library."""
        told = await self._told(service, config)
        if not told:
            return NOTHING_KNOWN
        locations = tuple(await server.locations(config))
        if not locations:
            raise Permanent(text(HAS_NONE, service=service.title))
        astray = [each for each in told if not _is_there(each.path, locations)]
        if astray:
            raise Permanent(
                text(
                    ASTRAY,
                    folders="; ".join(_named(each, service) for each in astray),
                    service=service.title,
                    locations=listed(locations),
                )
            )
        return text(ALL_THERE, service=service.title, folders=listed([each.path for each in told]))

    async def _told(self, service: Service, config: object) -> list[_Told]:
        """Return the known folders as the server writes them."""
        mappings, group = await self._library.mappings(), await self._group(service, config)
        scope = service.key
        if service.member is not None:
            scope = scope_of(service.key, DEFAULT if group is None else group.slug)
        linked = frozenset[int]() if group is None else group.libraries
        libraries = [each.path for each in await self._library.libraries() if each.id in linked]
        told = []
        for folder in await self._folders.of_service(service):
            here = to_here(folder.path, scopes=folder.scopes, mappings=mappings)
            if linked and not any(is_inside(here.path, each) for each in libraries):
                continue
            path = to_service(folder.path, here=here, service=scope, mappings=mappings).path
            told.append(_Told(folder=folder, path=path))
        return told

    async def _group(self, service: Service, config: object) -> PlayerGroup | None:
        """Return the group of the players that are tried; None for what was not saved yet."""
        if not isinstance(config, Group):
            return None
        tried = {member.id for member in config.members}
        players = await self._players.players(service.key)
        own = {player.group_id for player in players if player.id in tried}
        groups = (await self._players.groups()).get(service.key, ())
        return next((each for each in groups if each.id in own), None)


class Proven(Notifier[AnyConfig]):
    """A media server whose test, where it passes, looks at the paths too, in what is left of the time."""

    def __init__(self, server: MediaServer[Any], *, service: Service, trial: PathTrial) -> None:
        super().__init__(server.tools)
        self._server = server
        self._service = service
        self._trial = trial

    async def send(self, config: AnyConfig, notification: Notification) -> Delivery:
        """Deliver as ever."""
        return await self._server.send(config, notification)

    async def choices(self, config: AnyConfig) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Ask the service itself."""
        return await self._server.choices(config)

    async def test(self, config: AnyConfig) -> list[TestStep]:
        """Try the settings, and then whether every known folder lies in a library."""
        began = self.clock.monotonic()
        steps = await self._server.test(config)
        if not all(step.ok for step in steps):
            return steps
        trial = Trial(clock=self.clock, began=began)
        await trial.step(PATHS, lambda: self._trial.look(self._service, self._server, config))
        return [*steps, *trial.steps]


def prove(
    notifiers: Mapping[str, Notifier[Any]], *, services: Sequence[Service], trial: PathTrial
) -> dict[str, Notifier[Any]]:
    """Return the notifiers of all services, for tests of their settings."""
    return {each.key: _proven(notifiers[each.key], each, trial) for each in services}


def _proven(notifier: Notifier[Any], service: Service, trial: PathTrial) -> Notifier[Any]:
    return Proven(notifier, service=service, trial=trial) if isinstance(notifier, MediaServer) else notifier


def takes_deliveries(lines: Collection[TestLine]) -> bool:
    """Whether a test got so far that deliveries go: what waits for a key does not wait for a path, too."""
    answered = [line for line in lines if line.name.template != PATHS]
    return bool(answered) and all(line.ok for line in answered)


def _is_there(path: str, locations: Sequence[str]) -> bool:
    """Whether a folder lies in one of a server's, or is around some of them."""
    path, places = composed(path), [composed(each) for each in locations]
    return any(is_inside(path, each) or is_inside(each, path) for each in places)


def _named(told: _Told, service: Service) -> str:
    folder = told.folder
    if told.path == folder.path:
        return f"{folder.path} of {folder.owner} is in no library of {service.title}"
    return f"{folder.path} of {folder.owner} is {told.path} there, which is in no library of {service.title}"
