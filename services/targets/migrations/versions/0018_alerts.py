"""Alerts of targets, how each live target was judged last, and the thresholds of the policy.

Whoever lets a target count, changes its amount or closes it, the release before too, has it judged: the database notes
it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_LEVELS = "'green', 'amber', 'red'"
_RULES = (
    ("alert_pace_amber", 950_000),
    ("alert_pace_red", 850_000),
    ("alert_pace_margin", 20_000),
    ("alert_p_hit_amber", 500_000),
    ("alert_p_hit_red", 200_000),
    ("alert_p_hit_margin", 50_000),
    ("alert_silent_share", 100_000),
)
_DUE = """
CREATE OR REPLACE FUNCTION target_judging_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'active' THEN
        INSERT INTO target_judging AS j (id, due_at, created_at, updated_at)
        VALUES (NEW.id, NEW.updated_at, NEW.updated_at, NEW.updated_at)
        ON CONFLICT (id) DO UPDATE SET due_at = least(j.due_at, EXCLUDED.due_at);
    ELSE
        UPDATE target_judging SET due_at = least(due_at, NEW.updated_at) WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END $$
"""
_ON_NEW = """
-- widens: it notes what was written and refuses nothing
CREATE OR REPLACE TRIGGER target_judging_of_new AFTER INSERT ON target
FOR EACH ROW WHEN (NEW.state = 'active' AND NEW.plan_id IS NULL AND NOT NEW.is_balancing)
EXECUTE FUNCTION target_judging_note()
"""
_ON_CHANGE = """
-- widens: it notes what was written and refuses nothing
CREATE OR REPLACE TRIGGER target_judging_of_change AFTER UPDATE OF state, amount ON target
FOR EACH ROW WHEN (
    NEW.plan_id IS NULL AND NOT NEW.is_balancing AND NEW.state IN ('active', 'closed')
    AND (OLD.state <> NEW.state OR OLD.amount <> NEW.amount)
)
EXECUTE FUNCTION target_judging_note()
"""
_OF_BEFORE = """
INSERT INTO target_judging (id, due_at) SELECT id, now() FROM target
WHERE state = 'active' AND plan_id IS NULL AND NOT is_balancing
"""


def _owned() -> list[sa.Column[Any]]:
    moments = [
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
        for name in ("created_at", "updated_at")
    ]
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *moments,
    ]


def _judgings() -> None:
    op.create_table(
        "target_judging",
        *_owned(),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("judged_on", sa.Date(), nullable=True),
        sa.Column("pace", sa.BigInteger(), nullable=True),
        sa.Column("pace_level", sa.Text(), server_default="green", nullable=False),
        sa.Column("p_hit", sa.BigInteger(), nullable=True),
        sa.Column("p_hit_as_of", sa.Date(), nullable=True),
        sa.Column("p_hit_sample", sa.BigInteger(), nullable=True),
        sa.Column("p_hit_level", sa.Text(), server_default="green", nullable=False),
        sa.CheckConstraint(f"pace_level IN ({_LEVELS})", name=op.f("ck_target_judging_pace_level")),
        sa.CheckConstraint(f"p_hit_level IN ({_LEVELS})", name=op.f("ck_target_judging_p_hit_level")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_judging")),
    )
    op.create_index(
        "ix_target_judging_due_at", "target_judging", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )


def _alerts() -> None:
    op.create_table(
        "target_alert",
        *_owned(),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("root_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("figure", sa.BigInteger(), nullable=True),
        sa.Column("threshold", sa.BigInteger(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("changed_on", sa.Date(), nullable=False),
        sa.Column("cleared_on", sa.Date(), nullable=True),
        sa.Column("cleared_by", sa.Text(), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'cleared')", name=op.f("ck_target_alert_state")),
        sa.CheckConstraint(f"level IN ({_LEVELS})", name=op.f("ck_target_alert_level")),
        sa.CheckConstraint(f"previous IN ({_LEVELS})", name=op.f("ck_target_alert_previous")),
        sa.CheckConstraint("measure IN ('pace', 'p_hit')", name=op.f("ck_target_alert_measure")),
        sa.CheckConstraint("cleared_by IN ('green', 'closed')", name=op.f("ck_target_alert_cleared_by")),
        sa.CheckConstraint("(state = 'cleared') = (level = 'green')", name=op.f("ck_target_alert_cleared")),
        sa.CheckConstraint("(state = 'cleared') = (cleared_on IS NOT NULL)", name=op.f("ck_target_alert_cleared_on")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_target_alert")),
    )
    op.create_index(
        "uq_target_alert_standing",
        "target_alert",
        ["target_id"],
        unique=True,
        postgresql_where=sa.text("state <> 'cleared'"),
    )
    op.create_index("ix_target_alert_target_id", "target_alert", ["target_id"])
    op.create_index("ix_target_alert_created_at_id", "target_alert", ["created_at", "id"])


def upgrade() -> None:
    """Apply; what counts already is judged at once."""
    for name, default in _RULES:
        op.add_column("target_policy", sa.Column(name, sa.Integer(), server_default=str(default), nullable=False))
    _judgings()
    _alerts()
    op.execute(_DUE)
    op.execute(_ON_NEW)
    op.execute(_ON_CHANGE)
    op.execute(_OF_BEFORE)


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TRIGGER IF EXISTS target_judging_of_change ON target")
    op.execute("DROP TRIGGER IF EXISTS target_judging_of_new ON target")
    op.execute("DROP FUNCTION IF EXISTS target_judging_note()")
    op.drop_table("target_alert")
    op.drop_table("target_judging")
    for name, _ in _RULES:
        op.drop_column("target_policy", name)
