"""Players and their groups, what services remember, and the messages people wrote."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from metarr_desktop.storage.dialect import is_postgresql, run_script

if TYPE_CHECKING:
    import peewee

STATEMENTS = """
CREATE TABLE player_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    removed_at BIGINT,
    UNIQUE (service, slug)
);

CREATE TABLE players (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id BIGINT NOT NULL REFERENCES player_groups (id) ON DELETE CASCADE,
    name TEXT NOT NULL DEFAULT '',
    enabled INTEGER NOT NULL DEFAULT 1,
    config TEXT NOT NULL DEFAULT '{}',
    secrets_at TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX players_group_id ON players (group_id, id);

CREATE TABLE group_libraries (
    group_id BIGINT NOT NULL REFERENCES player_groups (id) ON DELETE CASCADE,
    library_id BIGINT NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, library_id)
);

CREATE TABLE service_notes (
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (service, name)
);
CREATE INDEX service_notes_name ON service_notes (name);
CREATE INDEX service_notes_updated_at ON service_notes (updated_at);

CREATE TABLE message_templates (
    service TEXT NOT NULL,
    event TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (service, event)
)
"""


PLAYER_FIELDS = {"host": "", "port": 8080, "username": "kodi", "password": None}
"""What was said of the one Kodi there could be, each with what it was where nobody said anything."""


def up(_migrator: Any, db: peewee.Database) -> None:
    """Add what belongs to services, and make the one Kodi there could be the first player of a group."""
    run_script(db, STATEMENTS)
    _move_kodi(db)


def _move_kodi(db: peewee.Database) -> None:
    """Move what is said of a single player; where nothing was said there is none. Its password stays."""
    found = _run(db, "SELECT config, created_at FROM notification_config WHERE service = 'kodi'").fetchone()
    config = _read(found[0]) if found is not None else {}
    player = {name: config.pop(name) for name in PLAYER_FIELDS if name in config}
    if not player:
        return
    _run(db, "UPDATE notification_config SET config = ? WHERE service = 'kodi'", json.dumps(config))
    if all(value == PLAYER_FIELDS[name] for name, value in player.items()):
        return
    created = found[1]
    group = _run(
        db,
        "INSERT INTO player_groups (service, name, slug, created_at) VALUES ('kodi', 'Default', 'default', ?)"
        " ON CONFLICT (service, slug) DO UPDATE SET removed_at = NULL RETURNING id",
        created,
    ).fetchone()[0]
    _run(
        db,
        "INSERT INTO players (group_id, config, secrets_at, created_at, updated_at)"
        " VALUES (?, ?, 'kodi', ?, ?)",
        group, json.dumps(player), created, created,
    )  # fmt: skip


def _run(db: peewee.Database, sql: str, *values: object) -> Any:
    places = sql.replace("?", "%s") if is_postgresql(db) else sql
    return db.execute_sql(places, values)  # type: ignore[no-untyped-call]


def _read(stored: str) -> dict[str, Any]:
    """Read settings; what a person damaged by hand reads as empty, and is left as it is."""
    try:
        config = json.loads(stored)
    except (ValueError, TypeError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}
