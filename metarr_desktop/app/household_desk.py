"""Setting up groups and players: drafts, secrets, links to folders, tests, and what a change sets free."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.drafts import check_draft, keep_secrets, parse_typed
from metarr_desktop.app.household_views import player_secrets_set
from metarr_desktop.domain.changes import ServiceChanged
from metarr_desktop.domain.errors import NotFound, Refused, SecretsUnavailable
from metarr_desktop.domain.forms import Draft
from metarr_desktop.domain.groups import DEFAULT, Player
from metarr_desktop.domain.media import readable
from metarr_desktop.domain.senders import LONGEST_NAME
from metarr_desktop.domain.text import text
from metarr_desktop.jobs.recipients import MemberForm, member_fields, name_of
from metarr_desktop.services.forms import check_field, field_specs, missing_fields, secret_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from metarr_desktop.domain.bus import Bus
    from metarr_desktop.domain.clock import Clock
    from metarr_desktop.domain.forms import PlainValue
    from metarr_desktop.domain.groups import PlayerGroup
    from metarr_desktop.domain.media import LibraryFolder
    from metarr_desktop.domain.text import Text
    from metarr_desktop.jobs.group_lanes import GroupLanes
    from metarr_desktop.jobs.queue import JobQueue
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.library_store import LibraryStore
    from metarr_desktop.storage.player_store import PlayerStore
    from metarr_desktop.storage.secrets import SecretStore


class HouseholdDesk:
    """Changes groups and players of the services that have them."""

    def __init__(
        self,
        *,
        services: Sequence[Service],
        store: PlayerStore,
        library: LibraryStore,
        secrets: SecretStore,
        queue: JobQueue,
        lanes: GroupLanes,
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._services = {service.key: service for service in services}
        self._store = store
        self._library = library
        self._secrets = secrets
        self._queue = queue
        self._lanes = lanes
        self._bus = bus
        self._clock = clock

    def service(self, key: str) -> Service:
        """Return a service that has players. Raises NotFound or Refused."""
        service = self._services.get(key)
        if service is None:
            raise NotFound(text("There is no service called {service}.", service=key))
        if service.member is None:
            raise Refused(text("{service} has no players.", service=service.title))
        return service

    # Groups

    async def add_group(self, key: str, name: str) -> PlayerGroup:
        """Add a group. Raises Refused."""
        service = self.service(key)
        await self._first_group(service)
        group = await self._store.add_group(service.key, name, now=self._clock.now())
        await self._changed(service)
        return group

    async def remove_group(self, key: str, name: str) -> None:
        """Remove a group and its players with their secrets; what waits for it ends as skipped."""
        service = self.service(key)
        await self._first_group(service)
        group = await self._store.group(service.key, name)
        players = await self._store.remove_group(service.key, name, now=self._clock.now())
        for player in players:
            await self._forget_secrets(player)
        await self._changed(service, group.lane)

    async def link(self, key: str, group: str, library: str, *, linked: bool) -> None:
        """Link a group to a library folder, or take that away. Raises NotFound."""
        service = self.service(key)
        await self._first_group(service)
        found, folder = await self._store.group(service.key, group), await self._folder(library)
        if linked:
            await self._store.link(found.id, folder.id)
        elif not await self._store.unlink(found.id, folder.id):
            raise NotFound(text("{group} is not linked to {library}.", group=found.name, library=folder.name))
        await self._changed(service)

    async def _folder(self, library: str) -> LibraryFolder:
        folders = await self._library.libraries()
        wanted = library.strip()
        for folder in folders:
            if wanted in {folder.name, str(folder.id)}:
                return folder
        raise NotFound(text("There is no library folder {name}.", name=readable(library)))

    async def _first_group(self, service: Service) -> PlayerGroup:
        return await self._store.first_group(service.key, now=self._clock.now())

    # Players

    async def player(self, key: str, named: str) -> Player:
        """Return a player by its id or name. Raises NotFound or Refused."""
        service, wanted = self.service(key), named.strip()
        players = await self._store.players(service.key)
        found = [each for each in players if str(each.id) == wanted]
        found = found or [each for each in players if name_of(each).casefold() == wanted.casefold()]
        if not found:
            known = ", ".join(f"{each.id} ({name_of(each)})" for each in players) or "none"
            raise NotFound(
                text("There is no player {name}. There are: {known}.", name=readable(named), known=known)
            )
        if len(found) > 1:
            ids = ", ".join(str(each.id) for each in found)
            raise Refused(
                text("Several players are called {name}. Give the number: {ids}.", name=named, ids=ids)
            )
        return found[0]

    async def add_player(
        self, key: str, group: str, draft: Draft, *, name: str = "", until_quit: bool = False
    ) -> Player:
        """Add a player at the end of a group. Raises Refused, NotFound or SecretsUnavailable."""
        service = self.service(key)
        first = await self._first_group(service)
        found = await self._store.group(service.key, group) if group else first
        filled = {field for field, value in draft.secrets.items() if value}
        self._check(service, draft, values=draft.values, filled=filled)
        return await self._add(service, found, draft, name=_name(name), until_quit=until_quit)

    async def _add(
        self, service: Service, group: PlayerGroup, draft: Draft, *, name: str, until_quit: bool
    ) -> Player:
        now = self._clock.now()
        # It is off until its secrets are kept, whose names need its number.
        player = await self._store.add_player(
            group.id, name=name, values=draft.values, enabled=False, now=now
        )
        try:
            kept = await keep_secrets(
                self._secrets, player.secrets_at, draft, kept=frozenset(), until_quit=until_quit
            )
        except SecretsUnavailable:
            await self._store.remove_player(player.id)
            raise
        await self._store.save_player(
            player.id, name=name, values=draft.values, kept_secrets=kept, enabled=True, now=now
        )
        await self._changed(service, group.lane)
        return await self._store.player(service.key, player.id)

    async def save_player(
        self,
        key: str,
        named: str,
        draft: Draft,
        *,
        name: str | None = None,
        enabled: bool | None = None,
        until_quit: bool = False,
        complete: bool = True,
    ) -> Player:
        """Change what is said of a player and let go what waits for its group; None leaves a thing.

        With ``complete`` nothing that is required may be missing then. Raises Refused or SecretsUnavailable.
        """
        service, player = self.service(key), await self.player(key, named)
        values = {**player.values, **draft.values}
        new = {field for field, value in draft.secrets.items() if value}
        filled = (set(player_secrets_set(service, player, self._secrets)) | new) - (set(draft.secrets) - new)
        switched = enabled is not None and not (draft.values or draft.secrets)
        self._check(service, draft, values=values, filled=filled, complete=complete and not switched)
        kept = await keep_secrets(
            self._secrets, player.secrets_at, draft, kept=player.kept_secrets, until_quit=until_quit
        )
        await self._store.save_player(
            player.id,
            name=player.name if name is None else _name(name),
            values=values,
            kept_secrets=kept,
            enabled=player.enabled if enabled is None else enabled,
            now=self._clock.now(),
        )
        await self._changed(service, await self._lane(service, player))
        return await self._store.player(service.key, player.id)

    async def remove_player(self, key: str, named: str) -> None:
        """Forget a player and its secrets. Raises NotFound, or Refused where the name is not clear."""
        service, player = self.service(key), await self.player(key, named)
        lane = await self._lane(service, player)
        await self._store.remove_player(player.id)
        await self._forget_secrets(player)
        await self._changed(service, lane)

    def parse_values(self, key: str, typed: Mapping[str, str]) -> dict[str, PlainValue]:
        """Turn typed text into the values of a player. Raises Refused, also for a secret field."""
        return parse_typed(MemberForm.of(self.service(key)), typed)

    def check_field(self, key: str, field: str, value: PlainValue) -> Text | None:
        """Return what is wrong with one value of a player as typed, or None."""
        return check_field(MemberForm.of(self.service(key)), field, value)

    # What ``service set`` and a page with one player change

    async def first_player(self, service: Service) -> Player | None:
        """Return the first player of the first group; None where there is none."""
        groups = (await self._store.groups()).get(service.key, ())
        first = {group.id for group in groups if group.slug == DEFAULT}
        players = await self._store.players(service.key)
        return next((player for player in players if player.group_id in first), None)

    async def save_first(self, service: Service, draft: Draft, *, until_quit: bool) -> None:
        """Change the first player, or make it where something is said of it; it need not be complete."""
        player = await self.first_player(service)
        if player is not None:
            await self.save_player(service.key, str(player.id), draft, until_quit=until_quit, complete=False)
        elif says_something(service, draft):
            check_draft(MemberForm.of(service), draft)
            group = await self._first_group(service)
            await self._add(service, group, draft, name="", until_quit=until_quit)

    async def players(self, service: Service) -> tuple[Player, ...]:
        """Return the players of a service in the order in which they are tried."""
        return await self._store.players(service.key)

    async def lanes(self, service: Service) -> tuple[str, ...]:
        """Return every lane of a service, those of its groups included."""
        if service.member is not None:
            await self._lanes.refresh()
        return self._lanes.of(service.key)

    async def lane_by_group(self, service: Service) -> dict[int, str]:
        """Return the lanes of a service's groups by the id of the group."""
        return {group.id: group.lane for group in (await self._store.groups()).get(service.key, ())}

    async def _lane(self, service: Service, player: Player) -> str:
        return (await self.lane_by_group(service)).get(player.group_id, service.lane)

    def _check(
        self,
        service: Service,
        draft: Draft,
        *,
        values: Mapping[str, Any],
        filled: set[str],
        complete: bool = True,
    ) -> None:
        form = MemberForm.of(service)
        check_draft(form, draft)
        missing = missing_fields(form, values, filled) if complete else ()
        if missing:
            complaint = check_field(form, missing[0], "")
            raise Refused(complaint or text("Enter the {field}.", field=missing[0]))

    async def _forget_secrets(self, player: Player) -> None:
        for field in player.kept_secrets:
            with suppress(SecretsUnavailable):  # the keyring is locked: nothing reads it any more
                await self._secrets.delete(f"{player.secrets_at}/{field}")
        for field in secret_fields(MemberForm.of(self._services[player.service])):
            self._secrets.drop(f"{player.secrets_at}/{field}")

    async def _changed(self, service: Service, lane: str | None = None) -> None:
        await self._lanes.refresh()
        if lane is not None:
            await self._queue.open_lane(lane)
        self._bus.publish(ServiceChanged(service.key))


def parted_draft(service: Service, draft: Draft) -> tuple[Draft, Draft]:
    """Part what is said of the service from what is said of its first player."""
    own = member_fields(service)
    return (
        Draft(
            values={name: value for name, value in draft.values.items() if name not in own},
            secrets={name: value for name, value in draft.secrets.items() if name not in own},
        ),
        Draft(
            values={name: value for name, value in draft.values.items() if name in own},
            secrets={name: value for name, value in draft.secrets.items() if name in own},
        ),
    )


def says_something(service: Service, draft: Draft) -> bool:
    """Whether a draft of a player says more than a form that nobody filled in."""
    usual = {field.name: field.default for field in field_specs(MemberForm.of(service))}
    return any(value != usual.get(name) for name, value in draft.values.items()) or any(
        draft.secrets.values()
    )


def _name(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > LONGEST_NAME or readable(name) != name:
        raise Refused(text("A name has at most {most} characters.", most=LONGEST_NAME))
    return name
