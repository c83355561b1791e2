"""Groups and players of a service, as screens and commands show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.groups import DEFAULT, DEFAULT_NAME
from metarr_desktop.jobs.recipients import MemberForm, name_of
from metarr_desktop.services.forms import field_specs, missing_fields, secret_fields

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from metarr_desktop.domain.forms import FieldSpec
    from metarr_desktop.domain.groups import Player, PlayerGroup
    from metarr_desktop.services.declaration import Service
    from metarr_desktop.storage.player_store import PlayerStore
    from metarr_desktop.storage.secrets import SecretStore


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerSnapshot:
    """One player; ``title`` is its name, or else where it is. It is ``complete`` where nothing is missing."""

    id: int
    group: str
    name: str
    title: str
    enabled: bool
    values: Mapping[str, Any]
    secrets_set: frozenset[str]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSnapshot:
    """One group, with its players in the order in which they are tried; without libraries it is told all."""

    name: str
    slug: str
    lane: str
    players: tuple[PlayerSnapshot, ...] = ()
    libraries: tuple[str, ...] = ()

    @property
    def removable(self) -> bool:
        """Whether it can be removed: the first group cannot."""
        return self.slug != DEFAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdForm:
    """The groups of a service, and what is asked of each player."""

    key: str
    title: str
    fields: tuple[FieldSpec, ...]
    groups: tuple[GroupSnapshot, ...]

    @property
    def players(self) -> tuple[PlayerSnapshot, ...]:
        """Every player, group by group."""
        return tuple(player for group in self.groups for player in group.players)

    @property
    def several(self) -> bool:
        """Whether it is more than the one player that most people have."""
        return len(self.players) > 1 or any(group.removable for group in self.groups)


def player_secrets_set(service: Service, player: Player, secrets: SecretStore) -> frozenset[str]:
    """Which secret fields of a player count as filled, told without opening the keyring."""
    return frozenset(
        field
        for field in secret_fields(MemberForm.of(service))
        if field in player.kept_secrets or secrets.provided(f"{player.secrets_at}/{field}")
    )


def player_snapshot(service: Service, player: Player, *, group: str, secrets: SecretStore) -> PlayerSnapshot:
    """Sum up one player."""
    form, filled = MemberForm.of(service), player_secrets_set(service, player, secrets)
    known = {field.name: field.default for field in field_specs(form) if field.kind != "secret"}
    stored = {name: value for name, value in player.values.items() if name in known}
    return PlayerSnapshot(
        id=player.id,
        group=group,
        name=player.name,
        title=name_of(player),
        enabled=player.enabled,
        values={**known, **stored},
        secrets_set=filled,
        complete=not missing_fields(form, player.values, filled),
    )


async def read_household(
    service: Service, *, store: PlayerStore, secrets: SecretStore, libraries: Mapping[int, str]
) -> HouseholdForm:
    """Read the groups of a service; the first one is shown although nothing asked for it yet."""
    groups = (await store.groups()).get(service.key, ())
    players = await store.players(service.key)
    found = [
        _group(service, group, players=players, secrets=secrets, libraries=libraries) for group in groups
    ]
    if not any(group.slug == DEFAULT for group in groups):
        found.insert(0, GroupSnapshot(name=DEFAULT_NAME, slug=DEFAULT, lane=service.lane))
    return HouseholdForm(
        key=service.key, title=service.title, fields=field_specs(MemberForm.of(service)), groups=tuple(found)
    )


def _group(
    service: Service,
    group: PlayerGroup,
    *,
    players: Sequence[Player],
    secrets: SecretStore,
    libraries: Mapping[int, str],
) -> GroupSnapshot:
    return GroupSnapshot(
        name=group.name,
        slug=group.slug,
        lane=group.lane,
        players=tuple(
            player_snapshot(service, player, group=group.name, secrets=secrets)
            for player in players
            if player.group_id == group.id
        ),
        libraries=tuple(sorted(libraries[each] for each in group.libraries if each in libraries)),
    )


def lane_titles(
    services: Sequence[Service], groups: Mapping[str, Collection[PlayerGroup]]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return title and service key by lane; a group is named where its service has several."""
    titles = {service.lane: service.title for service in services}
    keys = {service.lane: service.key for service in services}
    for service in services:
        found = groups.get(service.key, ())
        for group in found:
            keys[group.lane] = service.key
            titles[group.lane] = f"{service.title} ({group.name})" if len(found) > 1 else service.title
    return titles, keys
