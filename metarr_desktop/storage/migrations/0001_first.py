"""The first schema: everything from a webhook to the history, and the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.storage.dialect import run_script

if TYPE_CHECKING:
    import peewee

STATEMENTS = """
CREATE TABLE webhook_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    instance TEXT NOT NULL DEFAULT '',
    event_type TEXT NOT NULL,
    title TEXT NOT NULL DEFAULT '',
    received_at BIGINT NOT NULL,
    remote_address TEXT NOT NULL DEFAULT '',
    body BLOB NOT NULL,
    outcome TEXT NOT NULL DEFAULT ''
);
CREATE INDEX webhook_events_received_at ON webhook_events (received_at);

CREATE TABLE job_queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    priority INTEGER NOT NULL DEFAULT 5 CHECK (priority BETWEEN 1 AND 10),
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'processing')),
    payload TEXT NOT NULL DEFAULT '{}',
    error TEXT,
    error_text TEXT,
    reason TEXT,
    reason_text TEXT,
    retry_count INTEGER NOT NULL DEFAULT 0,
    max_retries INTEGER NOT NULL DEFAULT 3,
    starts INTEGER NOT NULL DEFAULT 0,
    deferrals INTEGER NOT NULL DEFAULT 0,
    rate_limits INTEGER NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    updated_at BIGINT NOT NULL,
    run_after BIGINT NOT NULL,
    ready INTEGER NOT NULL DEFAULT 0,
    expires_at BIGINT,
    parent_id INTEGER,
    root_id INTEGER NOT NULL DEFAULT 0,
    event_id INTEGER,
    waits_for INTEGER,
    retry_of INTEGER,
    dedupe_key TEXT,
    lane TEXT NOT NULL,
    progress TEXT
);
CREATE INDEX job_queue_claim ON job_queue (lane, priority, run_after, id) WHERE ready = 1;
CREATE INDEX job_queue_longest ON job_queue (lane, run_after, id) WHERE ready = 1;
CREATE INDEX job_queue_due ON job_queue (run_after) WHERE ready = 0 AND status = 'pending';
CREATE INDEX job_queue_processing ON job_queue (id) WHERE status = 'processing';
CREATE INDEX job_queue_waits_for ON job_queue (waits_for) WHERE waits_for IS NOT NULL;
CREATE INDEX job_queue_retry_of ON job_queue (retry_of) WHERE retry_of IS NOT NULL;
CREATE INDEX job_queue_root_id ON job_queue (root_id);
CREATE INDEX job_queue_event_id ON job_queue (event_id);

CREATE TABLE job_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id INTEGER NOT NULL UNIQUE,
    type TEXT NOT NULL,
    priority INTEGER NOT NULL,
    payload TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('completed', 'failed', 'skipped', 'cancelled')),
    error TEXT,
    error_text TEXT,
    result TEXT NOT NULL DEFAULT '{}',
    retry_count INTEGER NOT NULL DEFAULT 0,
    max_retries INTEGER NOT NULL DEFAULT 3,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    completed_at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL DEFAULT 0,
    parent_id INTEGER,
    root_id INTEGER NOT NULL,
    event_id INTEGER,
    retry_of INTEGER,
    lane TEXT NOT NULL
);
CREATE INDEX job_history_root_id ON job_history (root_id);
CREATE INDEX job_history_completed_at ON job_history (completed_at, status);
CREATE INDEX job_history_status ON job_history (status, id);
CREATE INDEX job_history_type ON job_history (type, id);
CREATE INDEX job_history_event_id ON job_history (event_id);
CREATE INDEX job_history_retry_of ON job_history (retry_of) WHERE retry_of IS NOT NULL;

CREATE TABLE job_attempts (
    job_id INTEGER NOT NULL,
    number INTEGER NOT NULL,
    started_at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT,
    detail_text TEXT,
    PRIMARY KEY (job_id, number)
);

CREATE TABLE lanes (
    lane TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    cause TEXT,
    reason TEXT NOT NULL,
    reason_text TEXT,
    since BIGINT NOT NULL,
    until BIGINT
);

CREATE TABLE notification_config (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    service TEXT NOT NULL UNIQUE,
    enabled INTEGER NOT NULL DEFAULT 0,
    config TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    checked_at BIGINT,
    check_ok INTEGER,
    check_detail TEXT,
    check_detail_text TEXT
);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE path_mappings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    scope TEXT NOT NULL,
    from_path TEXT NOT NULL,
    to_path TEXT NOT NULL,
    UNIQUE (scope, from_path)
);

CREATE TABLE libraries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL CHECK (type IN ('movies', 'tv', 'music')),
    mode TEXT NOT NULL DEFAULT 'hybrid',
    created_at BIGINT NOT NULL
);

CREATE TABLE movies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    library_id INTEGER NOT NULL REFERENCES libraries (id) ON DELETE CASCADE,
    tmdb_id BIGINT,
    imdb_id TEXT,
    title TEXT NOT NULL,
    year INTEGER,
    folder TEXT NOT NULL,
    file_path TEXT UNIQUE,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    scanned_at BIGINT
);
CREATE UNIQUE INDEX movies_tmdb_id ON movies (library_id, tmdb_id) WHERE tmdb_id > 0;
CREATE INDEX movies_imdb_id ON movies (library_id, imdb_id);
CREATE INDEX movies_folder ON movies (folder);

CREATE TABLE assets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    movie_id INTEGER NOT NULL REFERENCES movies (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    path TEXT NOT NULL,
    size BIGINT NOT NULL,
    modified_at BIGINT NOT NULL
);
CREATE INDEX assets_movie_id ON assets (movie_id)
"""


def up(_migrator: Any, db: peewee.Database) -> None:
    """Create every table and index of the first version."""
    run_script(db, STATEMENTS)
