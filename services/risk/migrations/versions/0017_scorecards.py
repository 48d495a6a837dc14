"""Scores of accounts, what they are made of, and the grades and terms that profiles have by them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kit.db.key_migrations import build_index, drop_indexes
from kit.ids import new_id

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_GRADES = "('AAA', 'AA', 'A', 'BBB', 'BB', 'B', 'CCC', 'D', 'NR')"
_CAUSES = "('nightly', 'asked', 'rescore')"
_COLUMNS = {
    "terms_days": "integer NOT NULL DEFAULT 30",
    "set_deposit_share": "integer",
    "set_terms_days": "integer",
    "grade": "text NOT NULL DEFAULT 'NR'",
    "score": "integer",
    "scored_on": "date",
    "scored_grade": "text NOT NULL DEFAULT 'NR'",
    "pd": "integer NOT NULL DEFAULT 50000",
    "lgd": "integer NOT NULL DEFAULT 450000",
    "set_grade": "text",
    "set_until": "date",
    "due_at": "timestamptz",
    "proposed_grade": "text",
    "proposed_until": "date",
    "proposed_by": "text",
    "dropped_from": "text",
}
_CHECKS = {
    **{
        name: f"{name} IN {_GRADES}"
        for name in ("grade", "scored_grade", "set_grade", "proposed_grade", "dropped_from")
    },
    "set": "(set_grade IS NULL) = (set_until IS NULL) AND (set_grade IS NULL) = (due_at IS NULL)",
    "proposed": "(proposed_grade IS NULL) = (proposed_until IS NULL) AND (proposed_grade IS NULL) = "
    "(proposed_by IS NULL)",
}
# Where the policy of terms was changed before anybody was scored, it already says what NR means.
_UNRATED = """
UPDATE credit_profile c SET terms_days = t.terms_days, pd = t.pd, lgd = t.lgd
FROM (
    SELECT (g->>'terms_days')::int AS terms_days, (g->>'pd')::int AS pd, (body->>'lgd')::int AS lgd
    FROM (
        SELECT body FROM risk_policy WHERE kind = 'terms' AND effective_from <= CURRENT_DATE
        ORDER BY activation DESC LIMIT 1
    ) p CROSS JOIN jsonb_array_elements(body->'grades') g WHERE g->>'grade' = 'NR'
) t WHERE (t.terms_days, t.pd, t.lgd) <> (30, 50000, 450000)
"""


def upgrade() -> None:
    """Apply; nobody waits while old rows are checked or an index is built."""
    _add_evidence()
    _add_scores()
    for name, kind in _COLUMNS.items():
        op.execute(f"ALTER TABLE credit_profile ADD COLUMN IF NOT EXISTS {name} {kind}")
    op.execute("ALTER TABLE credit_decision ADD COLUMN IF NOT EXISTS terms_days integer")
    op.execute("UPDATE credit_profile SET set_deposit_share = deposit_share WHERE deposit_share <> 0")
    op.execute(_UNRATED)
    for name, check in _CHECKS.items():
        op.execute(
            "-- widens: what the release before writes has the defaults, or nothing\n"
            f"ALTER TABLE credit_profile ADD CONSTRAINT ck_credit_profile_{name} CHECK ({check}) NOT VALID"
        )
    with op.get_context().autocommit_block():
        for name in _CHECKS:
            op.execute(f"ALTER TABLE credit_profile VALIDATE CONSTRAINT ck_credit_profile_{name}")
        build_index(
            "ix_credit_profile_due_at", "credit_profile", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL")
        )
        build_index(
            "ix_credit_profile_to_hold",
            "credit_profile",
            ["id"],
            postgresql_where=sa.text("grade = 'D' OR dropped_from IS NOT NULL"),
        )


def _add_evidence() -> None:
    op.create_table(
        "financial_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("current_assets", "current_liabilities", "equity", "total_assets", "revenue", "net_profit")
        ),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "current_assets >= 0 AND current_liabilities >= 0 AND revenue >= 0",
            name=op.f("ck_financial_statement_amounts"),
        ),
        sa.CheckConstraint("total_assets > 0", name=op.f("ck_financial_statement_total_assets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_financial_statement")),
    )
    op.create_index("ix_financial_statement_created_at_id", "financial_statement", ["created_at", "id"])
    op.create_index(
        "ix_financial_statement_latest", "financial_statement", ["account_id", "period_end", "created_at", "id"]
    )
    op.create_table(
        "credit_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("insolvency", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_credit_report_score")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_report")),
    )
    op.create_index("ix_credit_report_created_at_id", "credit_report", ["created_at", "id"])
    op.create_index("ix_credit_report_latest", "credit_report", ["account_id", "reported_on", "created_at", "id"])


def _add_scores() -> None:
    op.create_table(
        "scoring_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("applies", sa.Boolean(), nullable=False),
        sa.Column("accounts", sa.Integer(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(f"cause IN {_CAUSES}", name=op.f("ck_scoring_run_cause")),
        sa.CheckConstraint("accounts >= 0", name=op.f("ck_scoring_run_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scoring_run")),
    )
    op.create_index("ix_scoring_run_created_at_id", "scoring_run", ["created_at", "id"])
    op.create_index("ix_scoring_run_as_of_id", "scoring_run", ["as_of", "id"])
    op.create_index(
        "uq_scoring_run_night", "scoring_run", ["as_of"], unique=True, postgresql_where=sa.text("cause = 'nightly'")
    )
    op.create_table(
        "credit_score",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("scorecard_version", sa.Integer(), nullable=False),
        sa.Column("terms_version", sa.Integer(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("max_points", sa.Integer(), nullable=False),
        sa.Column("scored_grade", sa.Text(), nullable=False),
        sa.Column("insufficient_data", sa.Text(), nullable=True),
        sa.Column("default_cause", sa.Text(), nullable=True),
        sa.Column("grade_before", sa.Text(), nullable=False),
        sa.Column("grade_after", sa.Text(), nullable=False),
        sa.Column("recommended_limit", sa.BigInteger(), nullable=True),
        sa.Column("factors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("figures", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"cause IN {_CAUSES}", name=op.f("ck_credit_score_cause")),
        *(
            sa.CheckConstraint(f"{name} IN {_GRADES}", name=op.f(f"ck_credit_score_{name}"))
            for name in ("scored_grade", "grade_before", "grade_after")
        ),
        sa.CheckConstraint("insufficient_data IN ('items', 'points')", name=op.f("ck_credit_score_insufficient_data")),
        sa.CheckConstraint("default_cause IN ('uncured', 'insolvency')", name=op.f("ck_credit_score_default_cause")),
        sa.CheckConstraint("(run_id IS NULL) = (cause = 'rescore')", name=op.f("ck_credit_score_run")),
        sa.CheckConstraint("(score IS NULL) = (insufficient_data IS NOT NULL)", name=op.f("ck_credit_score_score")),
        sa.ForeignKeyConstraint(["run_id"], ["scoring_run.id"], name=op.f("fk_credit_score_run_id_scoring_run")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_score")),
        sa.UniqueConstraint("run_id", "account_id", name=op.f("uq_credit_score_run_id_account_id")),
    )
    op.create_index("ix_credit_score_scored_at_id", "credit_score", ["scored_at", "id"])
    op.create_index("ix_credit_score_account_id_as_of_id", "credit_score", ["account_id", "as_of", "id"])
    op.create_table(
        "scoring_night",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scoring_night")),
    )
    op.create_index("ix_scoring_night_due_at", "scoring_night", ["due_at"])
    op.execute(f"INSERT INTO scoring_night (id, due_at) VALUES ('{new_id()}', now())")


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        drop_indexes("credit_profile", "ix_credit_profile_due_at", "ix_credit_profile_to_hold")
    for name in _CHECKS:
        op.execute(f"ALTER TABLE credit_profile DROP CONSTRAINT ck_credit_profile_{name}")
    for name in _COLUMNS:
        op.drop_column("credit_profile", name)
    op.drop_column("credit_decision", "terms_days")
    for name in ("scoring_night", "credit_score", "scoring_run", "credit_report", "financial_statement"):
        op.drop_table(name)
