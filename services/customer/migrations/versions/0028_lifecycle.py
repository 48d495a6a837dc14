"""Where accounts stand in their life as customers, where they stood, what is still to be looked at; the first policy.

Whoever confirms an order or takes a return, the release before too, has the account looked at: the database notes it.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_STAGES = "'potential', 'new', 'active', 'at_risk', 'churned', 'won_back'"
LIFECYCLE = {"settled_days": 90, "silent_days": 180, "lost_days": 365}
_INSTALL = """
INSERT INTO customer_policy (id, kind, policy_version, body, reason, state, created_by, valid_from, activation)
VALUES ('{id}', 'lifecycle', 1, '{body}', 'Installed', 'active', 'system', '1900-01-01', 1)
"""
_KINDS = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE customer_policy DROP CONSTRAINT ck_customer_policy_kind,
ADD CONSTRAINT ck_customer_policy_kind CHECK (kind IN ({})) NOT VALID
"""
_ADD_STAGE = f"""
ALTER TABLE account ADD COLUMN IF NOT EXISTS lifecycle_stage text NOT NULL DEFAULT 'potential'
CONSTRAINT ck_account_lifecycle_stage CHECK (lifecycle_stage IN ({_STAGES}))
"""
_OF_ACCOUNT = """
CREATE OR REPLACE FUNCTION lifecycle_mark_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lifecycle_mark (id, account_id, due_at)
    VALUES (gen_random_uuid(), NEW.account_id, (to_jsonb(NEW) ->> TG_ARGV[0])::timestamptz);
    RETURN NULL;
END $$
"""
_OF_POLICY = """
CREATE OR REPLACE FUNCTION lifecycle_mark_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- by then the day has begun in every time zone
    INSERT INTO lifecycle_mark (id, account_id, due_at)
    SELECT gen_random_uuid(), id, (NEW.valid_from + time '12:00') AT TIME ZONE 'UTC' FROM account_lifecycle;
    RETURN NULL;
END $$
"""
_ON_ORDER = """
-- widens: it notes what was written and refuses nothing
CREATE OR REPLACE TRIGGER lifecycle_of_order AFTER UPDATE OF state ON orders
FOR EACH ROW WHEN (NEW.state = 'confirmed' AND OLD.state <> 'confirmed')
EXECUTE FUNCTION lifecycle_mark_account('updated_at')
"""
_ON_RETURN = """
-- widens: it notes what was written and refuses nothing
CREATE OR REPLACE TRIGGER lifecycle_of_return AFTER INSERT ON order_return
FOR EACH ROW EXECUTE FUNCTION lifecycle_mark_account('created_at')
"""
_ON_POLICY = """
-- widens: it notes what was written and refuses nothing
CREATE OR REPLACE TRIGGER lifecycle_of_policy AFTER UPDATE OF state ON customer_policy
FOR EACH ROW WHEN (NEW.state = 'active' AND OLD.state = 'draft' AND NEW.kind IN ('lifecycle'))
EXECUTE FUNCTION lifecycle_mark_all()
"""
_OF_BEFORE = """
INSERT INTO lifecycle_mark (id, account_id, due_at)
SELECT gen_random_uuid(), account_id, now() FROM orders WHERE state IN ('confirmed', 'fulfilled', 'closed')
GROUP BY account_id
"""


def upgrade() -> None:
    """Apply; workers look at the accounts that have ordered."""
    _allow("'sla', 'grading', 'lifecycle'")
    op.execute(_INSTALL.format(id="01989f2e-0000-7000-8000-000000000003", body=json.dumps(LIFECYCLE)))
    op.execute(_ADD_STAGE)
    _tables()
    for statement in (_OF_ACCOUNT, _OF_POLICY, _ON_ORDER, _ON_RETURN, _ON_POLICY, _OF_BEFORE):
        op.execute(statement)


def _allow(words: str) -> None:
    op.execute(_KINDS.format(words))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE customer_policy VALIDATE CONSTRAINT ck_customer_policy_kind")


def _tables() -> None:
    op.create_table(
        "account_lifecycle",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("order_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_order_date", sa.Date(), nullable=True),
        sa.Column("last_order_date", sa.Date(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("sequence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_check_on", sa.Date(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(f"stage IN ({_STAGES})", name=op.f("ck_account_lifecycle_stage")),
        sa.ForeignKeyConstraint(["id"], ["account.id"], name=op.f("fk_account_lifecycle_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_lifecycle")),
    )
    op.create_index(
        "ix_account_lifecycle_due_at", "account_lifecycle", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
    )
    op.create_table(
        "account_stage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"stage IN ({_STAGES})", name=op.f("ck_account_stage_stage")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_stage_account_id_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_stage")),
        sa.UniqueConstraint("account_id", "position", name=op.f("uq_account_stage_account_id_position")),
    )
    op.create_index("ix_account_stage_account_id_recorded_at_id", "account_stage", ["account_id", "recorded_at", "id"])
    op.create_table(
        "lifecycle_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lifecycle_mark")),
    )
    op.create_index("ix_lifecycle_mark_due_at", "lifecycle_mark", ["due_at"])


def downgrade() -> None:
    """Take back."""
    op.execute("DROP TRIGGER IF EXISTS lifecycle_of_policy ON customer_policy")
    op.execute("DROP TRIGGER IF EXISTS lifecycle_of_return ON order_return")
    op.execute("DROP TRIGGER IF EXISTS lifecycle_of_order ON orders")
    op.execute("DROP FUNCTION IF EXISTS lifecycle_mark_all()")
    op.execute("DROP FUNCTION IF EXISTS lifecycle_mark_account()")
    for table in ("lifecycle_mark", "account_stage", "account_lifecycle"):
        op.drop_table(table)
    op.drop_column("account", "lifecycle_stage")
    op.execute("DELETE FROM customer_policy WHERE kind = 'lifecycle'")
    _allow("'sla', 'grading'")
