"""Levels of partners: programmes, evaluations and their results; certificates, answers, whose fault a conflict is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from kit.db.key_migrations import build_code_index, build_key_indexes, forbid_code_twins

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_STATES = "'calculating', 'previewed', 'publishing', 'published', 'cancelled'"
_OPEN = "state IN ('calculating', 'previewed', 'publishing')"
_AT_FAULT = "ALTER TABLE conflict ADD COLUMN at_fault uuid[] NOT NULL DEFAULT '{}'"


def _owned() -> list[sa.Column[Any]]:
    now = sa.text("now()")
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
    ]


def _ids(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Uuid(), nullable=False) for name in names]


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _numbers(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), nullable=nullable) for name in names]


def _large(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _days(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date(), nullable=nullable) for name in names]


def _add_certificates() -> None:
    op.create_table(
        "partner_certificate",
        *_owned(),
        *_ids("partner_id"),
        *_text("kind", "number"),
        *_days("valid_from"),
        *_days("valid_to", nullable=True),
        sa.CheckConstraint("valid_from <= valid_to", name=op.f("ck_partner_certificate_validity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_certificate")),
        sa.UniqueConstraint("partner_id", "kind", "number", name=op.f("uq_partner_certificate_partner_id_kind_number")),
    )
    op.create_index("ix_partner_certificate_valid_from_id", "partner_certificate", ["valid_from", "id"])
    folded = sa.text('lower(number COLLATE "C")')
    op.create_index("ix_partner_certificate_number_folded_id", "partner_certificate", [folded, "id"])
    op.create_table(
        "survey_fact",
        *_ids("id", "order_id"),
        *_text("kind"),
        *_numbers("score", nullable=True),
        *_days("business_date"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_survey_fact")),
    )
    op.create_index("ix_survey_fact_business_date", "survey_fact", ["business_date"])


def _add_programmes() -> None:
    op.create_table(
        "tier_programme",
        *_owned(),
        *_text("code"),
        *_numbers("programme_version"),
        *_text("name"),
        sa.Column("levels", JSONB(), nullable=False),
        *_days("valid_from"),
        *_text("state", "created_by"),
        *_text("published_by", nullable=True),
        *_days("published_on", nullable=True),
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("is_code_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'published')", name=op.f("ck_tier_programme_state")),
        sa.CheckConstraint(
            "(state = 'published') = (published_by IS NOT NULL AND published_on IS NOT NULL)",
            name=op.f("ck_tier_programme_published"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_programme")),
        sa.UniqueConstraint("code", "programme_version", name=op.f("uq_tier_programme_code_programme_version")),
    )
    draft, published = (sa.text(f"state = '{state}'") for state in ("draft", "published"))
    op.create_index("uq_tier_programme_draft", "tier_programme", ["code"], unique=True, postgresql_where=draft)
    columns = ["code", "valid_from"]
    op.create_index("uq_tier_programme_valid_from", "tier_programme", columns, unique=True, postgresql_where=published)
    op.create_index("ix_tier_programme_valid_from_id", "tier_programme", ["valid_from", "id"])


def _add_evaluations() -> None:
    op.create_table(
        "tier_evaluation",
        *_owned(),
        *_ids("programme_id"),
        *_text("programme_code"),
        *_days("period_from", "period_to", "before_from", "before_to", "as_of"),
        *_text("state"),
        *_numbers("partners", "ups", "downs", nullable=True),
        *_days("effective_from", nullable=True),
        *_text("created_by"),
        *_text("published_by", nullable=True),
        *_days("published_on", "appeal_until", nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_tier_evaluation_state")),
        sa.CheckConstraint(
            "period_from <= period_to AND before_to < period_from", name=op.f("ck_tier_evaluation_period")
        ),
        sa.CheckConstraint(
            "state NOT IN ('publishing', 'published') OR (effective_from IS NOT NULL AND published_by IS NOT NULL)",
            name=op.f("ck_tier_evaluation_effective_from"),
        ),
        sa.CheckConstraint(
            "(state = 'published') = (published_on IS NOT NULL AND appeal_until IS NOT NULL)",
            name=op.f("ck_tier_evaluation_published"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_evaluation")),
    )
    for name, columns, where in (
        ("open", ["programme_code", "period_from", "period_to"], _OPEN),
        ("publishing", ["programme_code"], "state = 'publishing'"),
        ("published", ["programme_code", "period_to"], "state = 'published'"),
    ):
        op.create_index(
            f"uq_tier_evaluation_{name}", "tier_evaluation", columns, unique=True, postgresql_where=sa.text(where)
        )
    op.create_index("ix_tier_evaluation_created_at_id", "tier_evaluation", ["created_at", "id"])
    op.create_index("ix_tier_evaluation_period_to_id", "tier_evaluation", ["period_to", "id"])


def _add_results() -> None:
    op.create_table(
        "tier_result",
        *_owned(),
        *_ids("evaluation_id", "partner_id"),
        *_text("old_level", nullable=True),
        *_numbers("old_version"),
        *_text("found_level", "new_level", nullable=True),
        *_numbers("new_rank", nullable=True),
        *_text("move"),
        *_numbers("failures"),
        _large("revenue"),
        _large("growth", nullable=True),
        *_numbers("deals_won", nullable=True),
        *_numbers("certificates"),
        *_numbers("satisfaction", nullable=True),
        *_numbers("conflicts"),
        sa.Column("evidence", JSONB(), nullable=False),
        *_text("next_level", nullable=True),
        sa.Column("missing", JSONB(), nullable=False),
        *_text("appeal_state", "appeal_reason"),
        *_text("appealed_by", nullable=True),
        *_days("appealed_on", nullable=True),
        *_text("decided_by", nullable=True),
        *_days("decided_on", nullable=True),
        *_text("decision_note"),
        sa.CheckConstraint("move IN ('up', 'down', 'stay')", name=op.f("ck_tier_result_move")),
        sa.CheckConstraint(
            "appeal_state IN ('none', 'open', 'upheld', 'rejected')", name=op.f("ck_tier_result_appeal_state")
        ),
        sa.CheckConstraint("(appeal_state = 'none') = (appealed_by IS NULL)", name=op.f("ck_tier_result_appealed")),
        sa.CheckConstraint(
            "(appeal_state IN ('upheld', 'rejected')) = (decided_by IS NOT NULL)", name=op.f("ck_tier_result_decided")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tier_result")),
        sa.UniqueConstraint("evaluation_id", "partner_id", name=op.f("uq_tier_result_evaluation_id_partner_id")),
    )
    op.create_index("ix_tier_result_evaluation_id_move", "tier_result", ["evaluation_id", "move", "partner_id"])
    op.create_index("ix_tier_result_evaluation_id_revenue", "tier_result", ["evaluation_id", "revenue", "id"])
    op.create_index("ix_tier_result_partner_id", "tier_result", ["partner_id", "evaluation_id"])
    waits = sa.text("appeal_state = 'open'")
    op.create_index("ix_tier_result_appealed", "tier_result", ["evaluation_id"], postgresql_where=waits)
    op.create_table(
        "partner_tier",
        *_ids("evaluation_id", "partner_id"),
        sa.Column("is_correction", sa.Boolean(), nullable=False),
        *_ids("programme_id"),
        *_text("programme_code"),
        *_text("level", nullable=True),
        *_numbers("rank", nullable=True),
        *_days("effective_from"),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        *_numbers("tier_version"),
        sa.CheckConstraint("(level IS NULL) = (rank IS NULL)", name=op.f("ck_partner_tier_level")),
        sa.PrimaryKeyConstraint("evaluation_id", "partner_id", "is_correction", name=op.f("pk_partner_tier")),
    )
    op.create_index(
        "uq_partner_tier_version",
        "partner_tier",
        ["partner_id", "tier_version"],
        unique=True,
        postgresql_where=sa.text("is_live"),
    )


def upgrade() -> None:
    """Apply."""
    _add_certificates()
    _add_programmes()
    _add_evaluations()
    _add_results()
    op.execute(_AT_FAULT)
    with op.get_context().autocommit_block():
        build_key_indexes("tier_programme", "1.1", ("name", "code"))
        build_code_index("tier_programme", "code")
        forbid_code_twins("tier_programme", "code", "programme_version = 1")


def downgrade() -> None:
    """Take back."""
    op.drop_column("conflict", "at_fault")
    for table in (
        "partner_tier",
        "tier_result",
        "tier_evaluation",
        "tier_programme",
        "survey_fact",
        "partner_certificate",
    ):
        op.drop_table(table)
