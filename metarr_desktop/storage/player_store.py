"""Players of services, the groups they are in, and the library folders a group shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.domain.clock import to_ms
from metarr_desktop.domain.errors import NotFound, Refused
from metarr_desktop.domain.groups import DEFAULT, DEFAULT_NAME, Player, PlayerGroup, lane_of
from metarr_desktop.domain.media import readable
from metarr_desktop.domain.senders import LONGEST_NAME, slug
from metarr_desktop.domain.text import text
from metarr_desktop.storage.rows import read_json, write_json
from metarr_desktop.storage.service_store import SECRET_MARKER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from metarr_desktop.storage.database import Database
    from metarr_desktop.storage.sql import Sql

PLAYERS = (
    "SELECT players.id, players.group_id, player_groups.service, players.name, players.enabled,"
    " players.config, players.secrets_at FROM players JOIN player_groups"
    " ON player_groups.id = players.group_id WHERE player_groups.removed_at IS NULL"
)


class PlayerStore:
    """``player_groups``, ``players`` and ``group_libraries``, read afresh each time.

    A group that was removed is kept by its name alone: jobs of its lane still have to end.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def groups(self) -> dict[str, tuple[PlayerGroup, ...]]:
        """Return the groups of each service, in the order in which they were made."""
        return await self._database.read(_groups)

    async def lanes(self) -> dict[str, tuple[str, ...]]:
        """Return the lanes of each service's groups, those included that were removed."""
        return await self._database.read(_lanes)

    async def players(self, service: str) -> tuple[Player, ...]:
        """Return the players of a service, group by group, each in the order in which it is tried."""
        return await self._database.read(players_of, service)

    async def player(self, service: str, player_id: int) -> Player:
        """Return one player. Raises NotFound."""
        return await self._database.read(_player, service, player_id)

    async def first_group(self, service: str, *, now: datetime) -> PlayerGroup:
        """Return the group that is always there, making it where nothing asked for it before."""
        return await self._database.run(first_group, service, now)

    async def add_group(self, service: str, name: str, *, now: datetime) -> PlayerGroup:
        """Add a group. Raises Refused where its name is none, or taken."""
        return await self._database.run(_add_group, service, name, now)

    async def remove_group(self, service: str, name: str, *, now: datetime) -> tuple[Player, ...]:
        """Remove a group; returns the players that went with it. Raises NotFound or Refused."""
        return await self._database.run(_remove_group, service, name, now)

    async def group(self, service: str, name: str) -> PlayerGroup:
        """Return a group by its name or slug. Raises NotFound."""
        return await self._database.read(_group, service, name)

    async def link(self, group_id: int, library_id: int) -> None:
        """Let a group be told only of what happens in the folders it is linked to: this one too."""
        await self._database.run(_link, group_id, library_id)

    async def unlink(self, group_id: int, library_id: int) -> bool:
        """Take a link away; returns whether there was one."""
        return await self._database.run(_unlink, group_id, library_id)

    async def add_player(
        self, group_id: int, *, name: str, values: Mapping[str, Any], enabled: bool, now: datetime
    ) -> Player:
        """Add a player at the end of its group; its secrets are kept by ``save_player``."""
        return await self._database.run(add_player, group_id, name, write_json(values), enabled, now)

    async def save_player(
        self,
        player_id: int,
        *,
        name: str,
        values: Mapping[str, Any],
        kept_secrets: Collection[str],
        enabled: bool,
        now: datetime,
    ) -> None:
        """Replace what is stored of a player."""
        config = {**values, **dict.fromkeys(sorted(kept_secrets), SECRET_MARKER)}
        await self._database.run(_save_player, player_id, name, write_json(config), enabled, now)

    async def remove_player(self, player_id: int) -> None:
        """Forget a player; its secrets are the caller's to delete."""
        await self._database.run(_remove_player, player_id)


def _groups(db: Sql) -> dict[str, tuple[PlayerGroup, ...]]:
    links: dict[int, set[int]] = {}
    for group_id, library_id in db.execute("SELECT group_id, library_id FROM group_libraries").fetchall():
        links.setdefault(group_id, set()).add(library_id)
    rows = db.execute(
        "SELECT id, service, name, slug,"
        " (SELECT COUNT(*) FROM players WHERE players.group_id = player_groups.id)"
        " FROM player_groups WHERE removed_at IS NULL ORDER BY id"
    ).fetchall()
    found: dict[str, tuple[PlayerGroup, ...]] = {}
    # The first one leads, although others may have been made before it.
    for group_id, service, name, own, players in sorted(rows, key=lambda row: (row[3] != DEFAULT, row[0])):
        group = PlayerGroup(
            id=group_id,
            service=service,
            name=name,
            slug=own,
            players=players,
            libraries=frozenset(links.get(group_id, ())),
        )
        found[service] = (*found.get(service, ()), group)
    return found


def _lanes(db: Sql) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for service, own in db.execute("SELECT service, slug FROM player_groups ORDER BY id").fetchall():
        found[service] = (*found.get(service, ()), lane_of(service, own))
    return found


def players_of(db: Sql, service: str) -> tuple[Player, ...]:
    """Return the players of a service, group by group."""
    rows = db.execute(f"{PLAYERS} AND player_groups.service = ? ORDER BY players.id", (service,)).fetchall()
    order = [group.id for group in _groups(db).get(service, ())]
    return tuple(sorted(map(_read, rows), key=lambda player: (order.index(player.group_id), player.id)))


def _player(db: Sql, service: str, player_id: int) -> Player:
    row = db.execute(
        f"{PLAYERS} AND player_groups.service = ? AND players.id = ?", (service, player_id)
    ).fetchone()
    if row is None:
        raise NotFound(text("There is no player {id}.", id=player_id))
    return _read(row)


def _read(row: tuple[Any, ...]) -> Player:
    config = read_json(row[5])
    return Player(
        id=row[0],
        group_id=row[1],
        service=row[2],
        name=row[3],
        enabled=bool(row[4]),
        values={name: value for name, value in config.items() if value != SECRET_MARKER},
        kept_secrets=frozenset(name for name, value in config.items() if value == SECRET_MARKER),
        secrets_at=row[6],
    )


def first_group(db: Sql, service: str, now: datetime) -> PlayerGroup:
    """Return the group that is always there, making it where it is not."""
    db.execute(
        "INSERT INTO player_groups (service, name, slug, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (service, slug) DO UPDATE SET removed_at = NULL",
        (service, DEFAULT_NAME, DEFAULT, to_ms(now)),
    )
    return next(group for group in _groups(db)[service] if group.slug == DEFAULT)


def _add_group(db: Sql, service: str, name: str, now: datetime) -> PlayerGroup:
    name = " ".join(name.split())
    own = slug(name)
    if not own or readable(name) != name or len(name) > LONGEST_NAME:
        message = "A group has a name of at most {most} characters, with a letter from a to z or a digit."
        raise Refused(text(message, most=LONGEST_NAME))
    taken = next((group for group in _groups(db).get(service, ()) if group.slug == own), None)
    if taken is not None:
        raise Refused(text("There is a group called {name} already.", name=taken.name))
    db.execute(
        "INSERT INTO player_groups (service, name, slug, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (service, slug) DO UPDATE SET name = excluded.name, removed_at = NULL",
        (service, name, own, to_ms(now)),
    )
    db.tell("services")
    return _group(db, service, own)


def _group(db: Sql, service: str, name: str) -> PlayerGroup:
    groups = _groups(db).get(service, ())
    for group in groups:
        if name.strip() == group.name or (slug(name) == group.slug and slug(name)):
            return group
    known = ", ".join(group.name for group in groups) or "none"
    raise NotFound(text("There is no group {name}. There are: {known}.", name=readable(name), known=known))


def _remove_group(db: Sql, service: str, name: str, now: datetime) -> tuple[Player, ...]:
    group = _group(db, service, name)
    if group.slug == DEFAULT:
        raise Refused(text("The group {name} is always there. Remove its players instead.", name=group.name))
    gone = tuple(each for each in players_of(db, service) if each.group_id == group.id)
    db.execute("DELETE FROM players WHERE group_id = ?", (group.id,))
    db.execute("DELETE FROM group_libraries WHERE group_id = ?", (group.id,))
    db.execute("UPDATE player_groups SET removed_at = ? WHERE id = ?", (to_ms(now), group.id))
    db.tell("services")
    return gone


def _link(db: Sql, group_id: int, library_id: int) -> None:
    db.execute(
        "INSERT INTO group_libraries (group_id, library_id) VALUES (?, ?)"
        " ON CONFLICT (group_id, library_id) DO NOTHING",
        (group_id, library_id),
    )
    db.tell("services")


def _unlink(db: Sql, group_id: int, library_id: int) -> bool:
    gone = db.execute(
        "DELETE FROM group_libraries WHERE group_id = ? AND library_id = ?", (group_id, library_id)
    )
    db.tell("services")
    return gone.rowcount > 0


def add_player(db: Sql, group_id: int, name: str, config: str, enabled: bool, now: datetime) -> Player:
    """Add a player at the end of its group, and decide where its secrets lie."""
    service, own = db.execute("SELECT service, slug FROM player_groups WHERE id = ?", (group_id,)).fetchone()
    (player_id,) = db.execute(
        "INSERT INTO players (group_id, name, enabled, config, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
        (group_id, name, int(enabled), config, to_ms(now), to_ms(now)),
    ).fetchone()
    # The first player has its secrets where a service without players has them, and so a known variable.
    first = own == DEFAULT and all(each.secrets_at != service for each in players_of(db, service))
    at = service if first else f"{service}/{player_id}"
    db.execute("UPDATE players SET secrets_at = ? WHERE id = ?", (at, player_id))
    db.tell("services")
    return _player(db, service, player_id)


def _save_player(db: Sql, player_id: int, name: str, config: str, enabled: bool, now: datetime) -> None:
    changed = db.execute(
        "UPDATE players SET name = ?, config = ?, enabled = ?, updated_at = ? WHERE id = ?",
        (name, config, int(enabled), to_ms(now), player_id),
    )
    db.tell("services")
    if changed.rowcount == 0:
        raise NotFound(text("There is no player {id}.", id=player_id))


def _remove_player(db: Sql, player_id: int) -> None:
    db.execute("DELETE FROM players WHERE id = ?", (player_id,))
    db.tell("services")
