"""Whoever lets other working hours hold waits for those who are starting clocks, and wakes their cases, too."""

from __future__ import annotations

from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

_WAKE = """
CREATE OR REPLACE FUNCTION case_wake_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('company calendar'), 0);
    UPDATE service_case t SET due_at = least(t.due_at, NEW.updated_at)
    FROM (SELECT id FROM service_case WHERE due_at IS NOT NULL ORDER BY id FOR NO KEY UPDATE) w WHERE t.id = w.id;
    RETURN NULL;
END $$
"""
_BEFORE = """
CREATE OR REPLACE FUNCTION case_wake_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE service_case t SET due_at = NEW.updated_at
    FROM (SELECT id FROM service_case WHERE due_at > NEW.updated_at ORDER BY id FOR NO KEY UPDATE) w WHERE t.id = w.id;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    """Apply."""
    op.execute(_WAKE)


def downgrade() -> None:
    """Take back."""
    op.execute(_BEFORE)
