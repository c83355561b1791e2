"""Tests the players of a service, all of them at once, each as a group of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from metarr_desktop.app.household_desk import parted_draft, says_something
from metarr_desktop.app.path_trial import takes_deliveries
from metarr_desktop.app.snapshots import TestLine
from metarr_desktop.domain.errors import MetarrError
from metarr_desktop.domain.groups import Player
from metarr_desktop.domain.text import Text, text
from metarr_desktop.jobs.recipients import load_members, name_of
from metarr_desktop.services.declaration import Group

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from metarr_desktop.domain.forms import Draft
    from metarr_desktop.services.declaration import Service, TestStep
    from metarr_desktop.services.notifier import Notifier
    from metarr_desktop.storage.secrets import KeyringState, SecretStore
    from metarr_desktop.storage.service_store import ServiceRow

UNSAVED = 0
"""Stands for a player that was not saved yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How the players answered: line by line, and the groups in which at least one is well."""

    lines: tuple[TestLine, ...]
    well: frozenset[int]


@dataclass(frozen=True, slots=True)
class Drafted:
    """The secrets of a draft before those that are kept; what was cleared is not there."""

    behind: SecretStore
    given: Mapping[str, str | None]

    @property
    def state(self) -> KeyringState:
        """How the keyring is."""
        return self.behind.state

    def provided(self, name: str) -> bool:
        """Whether a secret is there without the keyring."""
        return self.given[name] is not None if name in self.given else self.behind.provided(name)

    async def get(self, name: str) -> str | None:
        """Return a secret."""
        return self.given[name] if name in self.given else await self.behind.get(name)


async def try_players(
    service: Service,
    row: ServiceRow,
    *,
    notifier: Notifier[Any],
    secrets: SecretStore,
    players: Sequence[Player],
    draft: Draft,
    drafted: Player | None,
) -> Trial:
    """Test every player that is on; ``draft`` is laid over the service and over the one that is ``drafted``.

    Where none is stored the draft is the only one.
    """
    shared, own = parted_draft(service, draft)
    row = _over(row, shared)
    number = None if drafted is None else drafted.id
    tried = [each for each in players if each.enabled or each.id == number]
    if drafted is None and (says_something(service, own) or not tried):
        drafted = Player(id=UNSAVED, group_id=UNSAVED, service=service.key)
        tried = [drafted]
    given = {f"{service.key}/{field}": value for field, value in shared.secrets.items()}
    if drafted is not None:
        at = drafted.secrets_at or f"{service.key}/{UNSAVED}"
        given |= {f"{at}/{field}": value for field, value in own.secrets.items()}
        over = replace(
            drafted,
            secrets_at=at,
            values={**drafted.values, **own.values},
            kept_secrets=drafted.kept_secrets - own.secrets.keys(),
        )
        tried = [over if each.id == drafted.id else each for each in tried]
    store: Any = Drafted(secrets, given)
    results = await asyncio.gather(
        *(_try(service, row, notifier=notifier, secrets=store, player=player) for player in tried)
    )
    several = len(tried) > 1
    lines = tuple(
        replace(line, name=text("{player}: {step}", player=name_of(player), step=str(line.name)))
        if several
        else line
        for player, found in zip(tried, results, strict=True)
        for line in found
    )
    well = frozenset(
        player.group_id for player, found in zip(tried, results, strict=True) if takes_deliveries(found)
    )
    return Trial(lines=lines, well=well)


def _over(row: ServiceRow, draft: Draft) -> ServiceRow:
    return replace(
        row,
        values={**row.values, **draft.values},
        kept_secrets=row.kept_secrets - draft.secrets.keys(),
    )


async def _try(
    service: Service, row: ServiceRow, *, notifier: Notifier[Any], secrets: SecretStore, player: Player
) -> Collection[TestLine]:
    try:
        members = await load_members(service, row, secrets, players=[player])
        steps = await notifier.test(Group(name=name_of(player), members=members))
    except MetarrError as error:
        return (settings_line(error.text),)
    return tuple(line_of(step) for step in steps)


def settings_line(complaint: Text) -> TestLine:
    """Return the line of a test that could not begin."""
    return TestLine(name=Text("Settings"), ok=False, detail=complaint, ms=0)


def line_of(step: TestStep) -> TestLine:
    """Return the line of a step."""
    return TestLine(name=step.name, ok=step.ok, detail=step.detail, ms=step.ms)
