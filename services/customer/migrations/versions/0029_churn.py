"""Fits of the model of churn and what they said of accounts, warnings of accounts; the first churn policy.

Whatever gives or takes points has the account looked at: the database notes it. A fit that has ended, and a policy,
have all accounts looked at.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
CHURN = {
    "points": {"rhythm": 30, "silence": 70, "complaint": 15, "detractor": 10, "overdue": 10},
    "warn_at": 50,
    "clear_below": 35,
}
_INSTALL = """
INSERT INTO customer_policy (id, kind, policy_version, body, reason, state, created_by, valid_from, activation)
VALUES ('{id}', 'churn', 1, '{body}', 'Installed', 'active', 'system', '1900-01-01', 1)
"""
_KINDS = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE customer_policy DROP CONSTRAINT ck_customer_policy_kind,
ADD CONSTRAINT ck_customer_policy_kind CHECK (kind IN ({})) NOT VALID
"""
_ADD_COLUMNS = """
ALTER TABLE account_lifecycle ADD COLUMN IF NOT EXISTS warned_on date,
ADD COLUMN IF NOT EXISTS score integer CONSTRAINT ck_account_lifecycle_score CHECK (score BETWEEN 0 AND 100),
ADD COLUMN IF NOT EXISTS judgement jsonb
"""
_OF_FIT = """
CREATE OR REPLACE FUNCTION lifecycle_mark_buyers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lifecycle_mark (id, account_id, due_at)
    SELECT gen_random_uuid(), id, NEW.updated_at FROM account_lifecycle WHERE last_order_date IS NOT NULL;
    RETURN NULL;
END $$
"""
_OF_CASE = """
CREATE OR REPLACE FUNCTION lifecycle_mark_complainant() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lifecycle_mark (id, account_id, due_at)
    SELECT gen_random_uuid(), id, NEW.updated_at FROM account_lifecycle WHERE id = NEW.account_id;
    RETURN NULL;
END $$
"""
_ON_FIT = """
CREATE OR REPLACE TRIGGER lifecycle_of_fit AFTER UPDATE OF r ON churn_fit
FOR EACH ROW WHEN (OLD.r IS NULL AND NEW.r IS NOT NULL) EXECUTE FUNCTION lifecycle_mark_buyers()
"""
_ON_CASE_ADDED = """
-- widens: it notes what was written and refuses nothing
CREATE OR REPLACE TRIGGER lifecycle_of_case_added AFTER INSERT ON service_case
FOR EACH ROW WHEN (NEW.account_id IS NOT NULL AND NEW.kind = 'complaint')
EXECUTE FUNCTION lifecycle_mark_complainant()
"""
_ON_CASE = """
-- widens: it notes what was written and refuses nothing
CREATE OR REPLACE TRIGGER lifecycle_of_case AFTER UPDATE OF state, severity, kind ON service_case
FOR EACH ROW WHEN (NEW.account_id IS NOT NULL
  AND (OLD.kind, OLD.severity, OLD.state = 'closed') IS DISTINCT FROM (NEW.kind, NEW.severity, NEW.state = 'closed'))
EXECUTE FUNCTION lifecycle_mark_complainant()
"""
_ON_PAID = """
-- widens: it notes what was written and refuses nothing
CREATE OR REPLACE TRIGGER lifecycle_of_paid AFTER UPDATE OF paid ON orders
FOR EACH ROW WHEN (OLD.paid <> NEW.paid) EXECUTE FUNCTION lifecycle_mark_account('updated_at')
"""
_ON_POLICY = """
-- widens: it notes what was written and refuses nothing
CREATE OR REPLACE TRIGGER lifecycle_of_policy AFTER UPDATE OF state ON customer_policy
FOR EACH ROW WHEN (NEW.state = 'active' AND OLD.state = 'draft' AND NEW.kind IN ({}))
EXECUTE FUNCTION lifecycle_mark_all()
"""
_NIGHTLY = """
INSERT INTO nightly (id, name, due_at) VALUES (gen_random_uuid(), 'churn-fits.monthly', now()) ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Apply; workers look at the accounts that have ordered."""
    _allow("'sla', 'grading', 'lifecycle', 'churn'")
    op.execute(_INSTALL.format(id="01989f2e-0000-7000-8000-000000000004", body=json.dumps(CHURN)))
    op.execute(_ADD_COLUMNS)
    _fits()
    on_policy = _ON_POLICY.format("'lifecycle', 'churn'")
    for statement in (_OF_FIT, _OF_CASE, _ON_FIT, _ON_CASE_ADDED, _ON_CASE, _ON_PAID, on_policy, _NIGHTLY):
        op.execute(statement)
    with op.get_context().autocommit_block():
        build_index(
            "ix_account_lifecycle_warned",
            "account_lifecycle",
            ["score", "id"],
            postgresql_where=sa.text("warned_on IS NOT NULL"),
        )


def _allow(words: str) -> None:
    op.execute(_KINDS.format(words))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE customer_policy VALIDATE CONSTRAINT ck_customer_policy_kind")


def _fits() -> None:
    op.create_table(
        "churn_fit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("sample_size", sa.Integer(), nullable=True),
        sa.Column("repeat_buyers", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.Double(), nullable=True) for name in ("r", "alpha", "a", "b", "log_likelihood")),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("scored_accounts", sa.Integer(), nullable=True),
        sa.Column("warned_accounts", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "sample_size >= 0 AND repeat_buyers BETWEEN 0 AND sample_size", name=op.f("ck_churn_fit_counts")
        ),
        sa.CheckConstraint("num_nulls(r, alpha, a, b, log_likelihood) IN (0, 5)", name=op.f("ck_churn_fit_parameters")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_churn_fit")),
    )
    op.create_index("ix_churn_fit_created_at_id", "churn_fit", ["created_at", "id"])
    op.create_index("ix_churn_fit_as_of_id", "churn_fit", ["as_of", "id"])
    op.create_table(
        "churn_score",
        sa.Column("fit_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("days_since", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Double(), nullable=False) for name in ("rhythm", "p_alive", "p_silent")),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("is_warned", sa.Boolean(), nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_churn_score_score")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_churn_score_account_id_account")),
        sa.ForeignKeyConstraint(["fit_id"], ["churn_fit.id"], name=op.f("fk_churn_score_fit_id_churn_fit")),
        sa.PrimaryKeyConstraint("fit_id", "account_id", name=op.f("pk_churn_score")),
    )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        drop_indexes("account_lifecycle", "ix_account_lifecycle_warned")
    op.execute(_ON_POLICY.format("'lifecycle'"))
    op.execute("DROP TRIGGER IF EXISTS lifecycle_of_paid ON orders")
    for trigger in ("lifecycle_of_case", "lifecycle_of_case_added"):
        op.execute(f"DROP TRIGGER IF EXISTS {trigger} ON service_case")
    op.drop_table("churn_score")
    op.drop_table("churn_fit")
    for function in ("lifecycle_mark_complainant()", "lifecycle_mark_buyers()"):
        op.execute(f"DROP FUNCTION IF EXISTS {function}")
    for column in ("judgement", "score", "warned_on"):
        op.drop_column("account_lifecycle", column)
    op.execute("DELETE FROM nightly WHERE name = 'churn-fits.monthly'")
    op.execute("DELETE FROM job WHERE kind LIKE 'churn-fits.%' AND state = 'queued'")
    op.execute("DELETE FROM customer_policy WHERE kind = 'churn'")
    _allow("'sla', 'grading', 'lifecycle'")
