"""Settings to send with: those of a service, or of the players of one of its groups, secrets included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from metarr_desktop.domain.errors import NothingToDo, NotSetUp, SecretsUnavailable
from metarr_desktop.domain.groups import DEFAULT, DEFAULT_NAME, slug_of
from metarr_desktop.domain.text import text
from metarr_desktop.services.declaration import Group, Member
from metarr_desktop.services.forms import build_config, secret_fields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Protocol

    from metarr_desktop.domain.groups import Player, PlayerGroup
    from metarr_desktop.services.declaration import Service, ServiceConfig
    from metarr_desktop.storage.secrets import SecretStore
    from metarr_desktop.storage.service_store import ServiceRow

    class Players(Protocol):
        """Where players are kept."""

        async def groups(self) -> dict[str, tuple[PlayerGroup, ...]]:
            """Return the groups of each service."""

        async def players(self, service: str, /) -> tuple[Player, ...]:
            """Return the players of a service in the order in which they are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberForm:
    """What is asked of one player, as a declaration of its own; errors name the service."""

    key: str
    title: str
    config: type[ServiceConfig]

    @classmethod
    def of(cls, service: Service) -> MemberForm:
        """Return the form of a service's players."""
        if service.member is None:
            message = f"{service.key} has no players"
            raise TypeError(message)
        return cls(key=service.key, title=service.title, config=service.member)


def member_fields(service: Service) -> frozenset[str]:
    """Name the fields that are each player's own; none where a service has no players."""
    return frozenset(() if service.member is None else service.member.model_fields)


def name_of(player: Player) -> str:
    """What people call a player: its name, else the first thing that is said of it, such as its host."""
    said = (value for value in player.values.values() if value and isinstance(value, str))
    return player.name or next(said, f"{player.id}")


async def load_config(service: Service, row: ServiceRow, secrets: SecretStore) -> ServiceConfig:
    """Build a service's settings with its secrets. Raises NotSetUp or SecretsUnavailable.

    The keyring is asked only for fields whose marker stands.
    """
    values = await _secrets_of(
        service, secret_fields(service), kept=row.kept_secrets, at=service.key, secrets=secrets
    )
    return build_config(service, row.values, values)


async def load_group(
    service: Service, row: ServiceRow, secrets: SecretStore, *, players: Players, lane: str
) -> Group:
    """Build the settings of the players of a lane's group.

    Raises NothingToDo where the group is gone or all its players are off, NotSetUp where it has none or one
    of them is not complete, and SecretsUnavailable.
    """
    own = slug_of(service.key, lane)
    groups = (await players.groups()).get(service.key, ())
    group = next((each for each in groups if each.slug == own), None)
    if group is None and own != DEFAULT:
        raise NothingToDo(text("This group of {service} was removed.", service=service.title))
    name = DEFAULT_NAME if group is None else group.name
    found = () if group is None else await players.players(service.key)
    within = [each for each in found if group is not None and each.group_id == group.id]
    if not within:
        raise NotSetUp(
            text("{service} has no player in the group {group} yet.", service=service.title, group=name)
        )
    awake = [each for each in within if each.enabled]
    if not awake:
        raise NothingToDo(text("All players of the group {group} are turned off.", group=name))
    members = await load_members(service, row, secrets, players=awake)
    return Group(name=name, members=members)


async def load_members(
    service: Service, row: ServiceRow, secrets: SecretStore, *, players: Iterable[Player]
) -> tuple[Member, ...]:
    """Build the settings of players, in their order. Raises NotSetUp or SecretsUnavailable."""
    own = member_fields(service)
    shared_names = [field for field in secret_fields(service) if field not in own]
    shared = await _secrets_of(service, shared_names, kept=row.kept_secrets, at=service.key, secrets=secrets)
    household = {name: value for name, value in row.values.items() if name not in own}
    fields = [field for field in secret_fields(service) if field in own]
    members = []
    for player in players:
        values = await _secrets_of(
            service, fields, kept=player.kept_secrets, at=player.secrets_at, secrets=secrets
        )
        config = build_config(service, {**household, **player.values}, {**shared, **values})
        members.append(Member(id=player.id, name=name_of(player), config=config))
    return tuple(members)


async def _secrets_of(
    service: Service, fields: Sequence[str], *, kept: frozenset[str], at: str, secrets: SecretStore
) -> dict[str, str]:
    values: dict[str, str] = {}
    for field in fields:
        name = f"{at}/{field}"
        if field in kept or secrets.provided(name):
            value = await secrets.get(name)
            if value is None:
                raise SecretsUnavailable(
                    text(
                        "The keyring has no {field} for {service} any more. Enter it again in the settings.",
                        field=field,
                        service=service.title,
                    )
                )
            values[field] = value
    return values
