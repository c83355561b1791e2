"""Players and their groups, what services remember, and the messages people wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.storage.dialect import run_script

if TYPE_CHECKING:
    import peewee

STATEMENTS = """
CREATE TABLE player_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    created_at BIGINT NOT NULL,
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


def up(_migrator: Any, db: peewee.Database) -> None:
    """Add what belongs to services."""
    run_script(db, STATEMENTS)
