"""Groups of players: the places of a service that share one library, such as the Kodis of a household."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.events import MediaEvent
from metarr_desktop.domain.paths import is_inside
from metarr_desktop.domain.tracing import scopes_of, to_here

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from metarr_desktop.domain.events import Event
    from metarr_desktop.domain.media import LibraryFolder
    from metarr_desktop.domain.paths import PathMapping

DEFAULT = "default"
"""Slug of the group that every service with players has as soon as anything asks for it."""
DEFAULT_NAME = "Default"


def lane_of(service: str, slug: str) -> str:
    """Return the lane of a group's jobs: ``kodi/kids``; that of the first group is its service's own."""
    return service if slug == DEFAULT else f"{service}/{slug}"


def slug_of(service: str, lane: str) -> str:
    """Return which group a lane belongs to."""
    return lane.removeprefix(f"{service}/") if lane != service else DEFAULT


def scope_of(service: str, slug: str) -> str:
    """Return the scope of a group's own path mappings, which are tried before those of its service."""
    return f"{service}/{slug}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerGroup:
    """One row of ``player_groups``; ``libraries`` are the ids of the library folders it is linked to."""

    id: int
    service: str
    name: str
    slug: str
    players: int = 0
    libraries: frozenset[int] = frozenset()

    @property
    def lane(self) -> str:
        """Name of the lane that bounds and pauses its jobs."""
        return lane_of(self.service, self.slug)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldLane:
    """A lane in which something is told, and the group's name where its service has several."""

    lane: str
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """One row of ``players``: its settings without secrets, which lie in the keyring below ``secrets_at``."""

    id: int
    group_id: int
    service: str
    name: str = ""
    enabled: bool = True
    values: Mapping[str, Any] = field(default_factory=dict)
    kept_secrets: frozenset[str] = frozenset()
    secrets_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Households:
    """Every group by service, with what says where a folder lies on this computer."""

    groups: Mapping[str, tuple[PlayerGroup, ...]] = field(default_factory=dict)
    libraries: Collection[LibraryFolder] = ()
    mappings: Collection[PathMapping] = ()

    def told(self, service: str, event: Event) -> tuple[ToldLane, ...]:
        """Return the lanes in which a service with players is told: one for each group that it concerns.

        The first group counts as there, also before anything asked for it; where it has no player and others
        have, it is nobody's.
        """
        groups = self.groups.get(service, ())
        if not groups:
            return (ToldLane(lane=service),)
        inhabited = any(group.players for group in groups)
        return tuple(
            ToldLane(lane=group.lane, group=group.name if len(groups) > 1 else "")
            for group in groups
            if (group.players or group.slug != DEFAULT or not inhabited) and self._concerns(group, event)
        )

    def _concerns(self, group: PlayerGroup, event: Event) -> bool:
        """Whether it happened in a library folder that the group shares; without links all is its own.

        What a sender says of itself has no folder, and concerns everybody, and so does a drill.
        """
        if not group.libraries or not isinstance(event, MediaEvent) or event.drill:
            return True
        here = to_here(event.folder, scopes=scopes_of(event), mappings=self.mappings).path
        linked = (each.path for each in self.libraries if each.id in group.libraries)
        return "\0" not in here and any(is_inside(here, path) for path in linked)


NO_HOUSEHOLDS = Households()
