"""Senders by name, what they imported, how they are, and what each service is told of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.storage.dialect import run_script

if TYPE_CHECKING:
    import peewee

STATEMENTS = """
CREATE TABLE sources (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    instance TEXT NOT NULL,
    slug TEXT NOT NULL UNIQUE,
    url TEXT NOT NULL DEFAULT '',
    enabled INTEGER NOT NULL DEFAULT 1,
    config TEXT NOT NULL DEFAULT '{}',
    known TEXT NOT NULL DEFAULT '{}',
    last_contact BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

ALTER TABLE webhook_events ADD COLUMN recovered BIGINT NOT NULL DEFAULT 0;
CREATE INDEX webhook_events_recovered ON webhook_events (recovered) WHERE recovered <> 0;

CREATE TABLE import_keys (
    key TEXT PRIMARY KEY,
    event_id BIGINT NOT NULL,
    shape TEXT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX import_keys_seen_at ON import_keys (seen_at);

CREATE TABLE health_issues (
    key TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    instance TEXT NOT NULL,
    type TEXT NOT NULL,
    message TEXT NOT NULL,
    level TEXT NOT NULL,
    link TEXT,
    event_id BIGINT NOT NULL,
    since BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    resolved_at BIGINT
);

CREATE TABLE routes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    service TEXT NOT NULL,
    source TEXT NOT NULL DEFAULT '',
    rule TEXT NOT NULL,
    UNIQUE (service, source)
);

ALTER TABLE movies ADD COLUMN deleted_at BIGINT;
CREATE INDEX movies_deleted_at ON movies (deleted_at) WHERE deleted_at IS NOT NULL;

ALTER TABLE libraries ADD COLUMN anchor TEXT NOT NULL DEFAULT '';
ALTER TABLE libraries ADD COLUMN needs_nfo INTEGER NOT NULL DEFAULT 0;
ALTER TABLE libraries ADD COLUMN watch TEXT NOT NULL DEFAULT 'off'
"""


def up(_migrator: Any, db: peewee.Database) -> None:
    """Add what belongs to senders, and what a library folder is asked before a scan."""
    run_script(db, STATEMENTS)
