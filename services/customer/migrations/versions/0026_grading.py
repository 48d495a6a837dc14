"""Grading runs, what they say of accounts, the grades of accounts; the first grading policy."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_GRADES = "'A', 'B', 'C', 'D'"
_OF_ACCOUNT = {
    "grade": _GRADES,
    "revenue_grade": _GRADES,
    "profit_grade": _GRADES,
    "tenure_class": "'long', 'short'",
}
GRADING = {
    "period": "trailing_365",
    "shares": {"a": 700000, "b": 900000, "c": 990000},
    "thresholds": None,
    "hysteresis": 50000,
    "matrix": {
        "grade_a": {"grade_a": "A", "grade_b": "A", "grade_c": "B", "grade_d": "C"},
        "grade_b": {"grade_a": "A", "grade_b": "B", "grade_c": "B", "grade_d": "C"},
        "grade_c": {"grade_a": "B", "grade_b": "B", "grade_c": "C", "grade_d": "D"},
        "grade_d": {"grade_a": "C", "grade_b": "C", "grade_c": "D", "grade_d": "D"},
    },
}
_INSTALL = """
INSERT INTO customer_policy (id, kind, policy_version, body, reason, state, created_by, valid_from, activation)
VALUES ('{id}', 'grading', 1, '{body}', 'Installed', 'active', 'system', '1900-01-01', 1)
"""
_KINDS = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE customer_policy DROP CONSTRAINT ck_customer_policy_kind,
ADD CONSTRAINT ck_customer_policy_kind CHECK (kind IN ({})) NOT VALID
"""


def upgrade() -> None:
    """Apply."""
    _allow("'sla', 'grading'")
    op.execute(_INSTALL.format(id="01989f2e-0000-7000-8000-000000000002", body=json.dumps(GRADING)))
    for name, words in _OF_ACCOUNT.items():
        check = f"CONSTRAINT ck_account_{name} CHECK ({name} IN ({words}))"
        op.execute(f"ALTER TABLE account ADD COLUMN IF NOT EXISTS {name} text {check}")
    _runs()
    _results()


def _allow(words: str) -> None:
    op.execute(_KINDS.format(words))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE customer_policy VALIDATE CONSTRAINT ck_customer_policy_kind")


def _runs() -> None:
    op.create_table(
        "grading_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("sample_size", sa.Integer(), nullable=True),
        sa.Column("changed_accounts", sa.Integer(), nullable=True),
        sa.Column("dry_reason", sa.Text(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("before_id", sa.Uuid(), nullable=True),
        sa.Column("revenue_cut", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("profit_cut", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "dry_reason IN ('dry-run', 'run-repeated', 'run-out-of-order', 'insufficient-data')",
            name=op.f("ck_grading_run_dry_reason"),
        ),
        sa.CheckConstraint("sample_size >= 0 AND changed_accounts >= 0", name=op.f("ck_grading_run_counts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grading_run")),
    )
    op.create_index("ix_grading_run_created_at_id", "grading_run", ["created_at", "id"])
    op.create_index("ix_grading_run_as_of_id", "grading_run", ["as_of", "id"])
    op.create_index(
        "uq_grading_run_counted",
        "grading_run",
        ["as_of"],
        unique=True,
        postgresql_where=sa.text("sample_size IS NOT NULL AND dry_reason IS NULL"),
    )


def _results() -> None:
    graded = ("revenue_raw", "profit_raw", "revenue_grade", "profit_grade", "grade", "former")
    op.create_table(
        "grade_result",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("first_order_date", sa.Date(), nullable=False),
        sa.Column("revenue_base", sa.BigInteger(), nullable=False),
        sa.Column("profit_base", sa.BigInteger(), nullable=True),
        sa.Column("revenue_raw", sa.Text(), nullable=False),
        sa.Column("profit_raw", sa.Text(), nullable=True),
        sa.Column("revenue_grade", sa.Text(), nullable=False),
        sa.Column("profit_grade", sa.Text(), nullable=True),
        sa.Column("grade", sa.Text(), nullable=False),
        sa.Column("former", sa.Text(), nullable=True),
        sa.Column("tenure_class", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        *(sa.CheckConstraint(f"{name} IN ({_GRADES})", name=op.f(f"ck_grade_result_{name}")) for name in graded),
        sa.CheckConstraint("tenure_class IN ('long', 'short')", name=op.f("ck_grade_result_tenure_class")),
        sa.CheckConstraint(
            "strategy IN ('key_service', 'develop', 'maintain', 'review')", name=op.f("ck_grade_result_strategy")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_grade_result_account_id_account")),
        sa.ForeignKeyConstraint(["run_id"], ["grading_run.id"], name=op.f("fk_grade_result_run_id_grading_run")),
        sa.PrimaryKeyConstraint("run_id", "account_id", name=op.f("pk_grade_result")),
    )
    op.create_index("ix_grade_result_run_id_grade_account_id", "grade_result", ["run_id", "grade", "account_id"])
    op.create_index("ix_grade_result_account_id_run_id", "grade_result", ["account_id", "run_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("grade_result")
    op.drop_table("grading_run")
    for name in _OF_ACCOUNT:
        op.drop_column("account", name)
    op.execute("DELETE FROM customer_policy WHERE kind = 'grading'")
    _allow("'sla'")
