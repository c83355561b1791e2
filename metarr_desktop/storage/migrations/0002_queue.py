"""The queue at full strength: leases, merging, expiry, breakers, schedules, and counters that are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from metarr_desktop.storage.dialect import is_postgresql, run_script

if TYPE_CHECKING:
    import peewee

STATEMENTS = """
ALTER TABLE job_queue ADD COLUMN worker TEXT;
ALTER TABLE job_queue ADD COLUMN lease_until BIGINT;
ALTER TABLE job_queue ADD COLUMN cancel INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_queue ADD COLUMN left_by TEXT;
ALTER TABLE job_queue ADD COLUMN merge_key TEXT;
ALTER TABLE job_queue ADD COLUMN merged_into BIGINT;
CREATE UNIQUE INDEX job_queue_dedupe_key ON job_queue (dedupe_key)
    WHERE status = 'pending' AND dedupe_key IS NOT NULL;
CREATE INDEX job_queue_merge_key ON job_queue (lane, merge_key) WHERE merge_key IS NOT NULL;
CREATE INDEX job_queue_expires_at ON job_queue (expires_at)
    WHERE status = 'pending' AND expires_at IS NOT NULL;
CREATE INDEX job_queue_left_by ON job_queue (id) WHERE left_by IS NOT NULL;
CREATE INDEX job_queue_error ON job_queue (type, id) WHERE status = 'pending' AND error IS NOT NULL;
CREATE INDEX job_queue_waiting ON job_queue (type, created_at) WHERE status = 'pending';

ALTER TABLE lanes ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lanes ADD COLUMN trips INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lanes ADD COLUMN probe BIGINT;

CREATE TABLE merge_windows (
    lane TEXT NOT NULL,
    merge_key TEXT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (lane, merge_key)
);

CREATE TABLE workers (
    worker TEXT PRIMARY KEY,
    seen_at BIGINT NOT NULL
);

CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    last_at BIGINT,
    last_job_id BIGINT
);

CREATE TABLE job_totals (
    slot BIGINT NOT NULL,
    type TEXT NOT NULL,
    status TEXT NOT NULL,
    session BIGINT NOT NULL DEFAULT 0,
    jobs BIGINT NOT NULL,
    PRIMARY KEY (slot, type, status, session)
);

ALTER TABLE job_history ADD COLUMN dedupe_key TEXT;
ALTER TABLE job_history ADD COLUMN merge_key TEXT;
ALTER TABLE job_history ADD COLUMN source TEXT NOT NULL DEFAULT '';
UPDATE job_history SET source =
    COALESCE((SELECT source FROM webhook_events WHERE webhook_events.id = job_history.event_id), '');
DROP INDEX job_history_completed_at;
DROP INDEX job_history_status;
DROP INDEX job_history_type;
CREATE INDEX job_history_completed_at ON job_history (completed_at, id);
CREATE INDEX job_history_status ON job_history (status, completed_at, id);
CREATE INDEX job_history_type ON job_history (type, status, completed_at, id);
CREATE INDEX job_history_source ON job_history (source, type, status, completed_at, id);
INSERT INTO job_totals (slot, type, status, jobs)
    SELECT completed_at / 900000, type, status, COUNT(*) FROM job_history GROUP BY 1, 2, 3
"""

SEARCHED = """
DROP INDEX webhook_events_received_at;
CREATE INDEX webhook_events_received_at ON webhook_events (received_at, id, title);
CREATE INDEX job_history_error ON job_history (completed_at, id, status, type, source, error)
    WHERE error IS NOT NULL
"""
"""Titles and errors lie together in their indexes, so that a search does not read whole rows."""
SEARCHED_POSTGRESQL = """
CREATE INDEX job_history_error ON job_history (completed_at, id) WHERE error IS NOT NULL
"""
"""An index of PostgreSQL refuses texts beyond 2,704 bytes, and with them the row."""


def up(_migrator: Any, db: peewee.Database) -> None:
    """Add what the queue keeps beside its rows."""
    run_script(db, STATEMENTS)
    run_script(db, SEARCHED_POSTGRESQL if is_postgresql(db) else SEARCHED)
