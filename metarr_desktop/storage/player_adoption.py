"""What a person wrote by hand about the one Kodi, where it stood before there were players."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.storage.player_store import add_player, first_group, players_of
from metarr_desktop.storage.rows import read_json, write_json
from metarr_desktop.storage.service_store import SECRET_MARKER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerFields:
    """The fields of a service's players: each with what it is where nobody said anything, and the secrets."""

    service: str
    usual: Mapping[str, Any] = field(default_factory=dict)
    secrets: Collection[str] = ()

    def in_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return what of a service's settings is said of a player; plain secrets count nowhere."""
        said = {name: config[name] for name in self.usual if name in config}
        marked = {name: SECRET_MARKER for name in self.secrets if config.get(name) == SECRET_MARKER}
        return {**said, **marked}


class PlayerAdoption:
    """Makes ``notification_config`` as people know it say what the one player is.

    With several players it cannot be told which one is meant, and all stays as it is.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def strays(self, fields: PlayerFields) -> frozenset[str]:
        """Name the fields of a player that stand there."""
        return frozenset(await self._database.read(_strays, fields))

    async def adopt(self, fields: PlayerFields, *, now: datetime) -> bool:
        """Take over what stands there; returns whether that changed a player."""
        if not await self._database.read(_strays, fields):
            return False
        return await self._database.run(_adopt, fields, now)


def _strays(db: Sql, fields: PlayerFields) -> dict[str, Any]:
    return fields.in_config(_config(db, fields.service))


def _config(db: Sql, service: str) -> dict[str, Any]:
    row = db.execute("SELECT config FROM notification_config WHERE service = ?", (service,)).fetchone()
    return {} if row is None else dict(read_json(row[0]))


def _adopt(db: Sql, fields: PlayerFields, now: datetime) -> bool:
    service = fields.service
    config = _config(db, service)
    said = fields.in_config(config)
    players = players_of(db, service)
    if not said or len(players) > 1:
        return False
    left = {name: value for name, value in config.items() if name not in said}
    db.execute(
        "UPDATE notification_config SET config = ?, updated_at = ? WHERE service = ?",
        (write_json(left), to_ms(now), service),
    )
    db.tell("services")
    group = first_group(db, service, now)
    player = next((each for each in players if each.group_id == group.id), None)
    if player is None:
        if all(value == fields.usual.get(name) for name, value in said.items()):
            return False
        player = add_player(db, group.id, "", "{}", enabled=True, now=now)
    (stored,) = db.execute("SELECT config FROM players WHERE id = ?", (player.id,)).fetchone()
    # A marker speaks of a password that lies where those of the service do.
    own = player.secrets_at == service
    added = {name: value for name, value in said.items() if own or name not in fields.secrets}
    db.execute(
        "UPDATE players SET config = ?, updated_at = ? WHERE id = ?",
        (write_json({**read_json(stored), **added}), to_ms(now), player.id),
    )
    return True
