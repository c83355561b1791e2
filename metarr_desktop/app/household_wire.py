"""The public JSON form of groups and players. It only ever gains keys. See docs/command-line.md."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from metarr_desktop.app.household_views import HouseholdForm


class PlayerJson(TypedDict):
    """One player of a group."""

    id: int
    name: str
    enabled: bool
    complete: bool
    values: dict[str, Any]
    secrets: list[str]


class GroupJson(TypedDict):
    """One group of players."""

    name: str
    slug: str
    libraries: list[str]
    players: list[PlayerJson]


class HouseholdJson(TypedDict):
    """The groups of a service."""

    groups: list[GroupJson]


def household_json(household: HouseholdForm) -> HouseholdJson:
    """Groups of a service, with their players in the order in which they are tried."""
    return {
        "groups": [
            {
                "name": group.name,
                "slug": group.slug,
                "libraries": list(group.libraries),
                "players": [
                    {
                        "id": player.id,
                        "name": player.title,
                        "enabled": player.enabled,
                        "complete": player.complete,
                        "values": dict(player.values),
                        "secrets": sorted(player.secrets_set),
                    }
                    for player in group.players
                ],
            }
            for group in household.groups
        ]
    }
