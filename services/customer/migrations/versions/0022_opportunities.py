"""Opportunities and their steps, pipelines with the default one, and the opportunity of an activity."""

from __future__ import annotations

import json
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kit.db.key_migrations import build_index, build_key_indexes

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_NOW = sa.text("now()")
_LAST = 10**13
_STAGES = (
    ("research", 100_000, "pipeline"),
    ("need_analysis", 200_000, "pipeline"),
    ("solution", 400_000, "best_case"),
    ("negotiation", 700_000, "commit"),
    ("order", 900_000, "commit"),
    ("after_sales", 950_000, "commit"),
)
_DEFAULT = UUID("01900000-0000-7000-8000-000000000001")


def _pipelines() -> None:
    op.create_table(
        "pipeline",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("stages", postgresql.JSONB(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipeline")),
        sa.UniqueConstraint("pipeline", "number", name=op.f("uq_pipeline_pipeline_number")),
    )
    op.create_index("ix_pipeline_created_at_id", "pipeline", ["created_at", "id"])
    stages = [
        {"code": code, "name": None, "probability": probability, "forecast_category": category}
        for code, probability, category in _STAGES
    ]
    op.execute(
        sa.text(
            "INSERT INTO pipeline (id, pipeline, number, valid_from, stages, created_by) "
            "VALUES (:id, 'default', 1, DATE '2000-01-01', CAST(:stages AS jsonb), 'system')"
        ).bindparams(id=_DEFAULT, stages=json.dumps(stages))
    )


def _opportunities() -> None:
    op.create_table(
        "opportunity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=_NOW, nullable=False),
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("stream_key", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_stage", sa.Text(), nullable=True),
        sa.Column("days_in_stage", sa.Integer(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_base", sa.BigInteger(), nullable=False),
        sa.Column("base_currency", sa.Text(), nullable=False),
        sa.Column("probability", sa.Integer(), nullable=False),
        sa.Column("weighted_base", sa.BigInteger(), nullable=False),
        sa.Column("forecast_category", sa.Text(), nullable=False),
        sa.Column("expected_close", sa.Date(), nullable=True),
        sa.Column("next_step", sa.Text(), nullable=True),
        sa.Column("competitors", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("deal_id", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("lost_reason", sa.Text(), nullable=True),
        sa.Column("lost_to", sa.Text(), nullable=True),
        sa.Column("external_source", sa.Text(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        *_checks(),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_opportunity_account_id_account")),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_opportunity_contact_id_contact")),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipeline.id"], name=op.f("fk_opportunity_pipeline_id_pipeline")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_opportunity_order_id_orders")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity")),
        sa.UniqueConstraint("external_source", "external_id", name=op.f("uq_opportunity_external_source_external_id")),
    )


def _checks() -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("state IN ('open', 'won', 'lost')", name=op.f("ck_opportunity_state")),
        sa.CheckConstraint(
            "forecast_category IN ('pipeline', 'best_case', 'commit', 'closed', 'omitted')",
            name=op.f("ck_opportunity_forecast_category"),
        ),
        sa.CheckConstraint(
            "(state = 'open') = (closed_at IS NULL) AND (closed_at IS NULL) = (closed_on IS NULL) "
            "AND (state = 'open') = (forecast_category <> 'closed') AND (state = 'lost') = (lost_reason IS NOT NULL) "
            "AND (lost_to IS NULL OR state = 'lost') AND (order_id IS NULL OR state = 'won')",
            name=op.f("ck_opportunity_closed"),
        ),
        sa.CheckConstraint(
            "probability BETWEEN 0 AND 1000000 AND (state <> 'won' OR probability = 1000000) "
            "AND (state <> 'lost' OR probability = 0)",
            name=op.f("ck_opportunity_probability"),
        ),
        sa.CheckConstraint(
            f"amount BETWEEN 0 AND {_LAST} AND amount_base BETWEEN 0 AND {_LAST} "
            "AND weighted_base BETWEEN 0 AND amount_base",
            name=op.f("ck_opportunity_amounts"),
        ),
        sa.CheckConstraint("(external_source IS NULL) = (external_id IS NULL)", name=op.f("ck_opportunity_external")),
    ]


def _indexes() -> None:
    op.create_index("ix_opportunity_created_at_id", "opportunity", ["created_at", "id"])
    op.create_index("ix_opportunity_owner_id_created_at_id", "opportunity", ["owner_id", "created_at", "id"])
    op.create_index("ix_opportunity_account_id_created_at_id", "opportunity", ["account_id", "created_at", "id"])
    op.create_index(
        "ix_opportunity_pipeline_stage_created_at_id", "opportunity", ["pipeline", "stage", "created_at", "id"]
    )
    op.create_index("ix_opportunity_pipeline_opened_on", "opportunity", ["pipeline", "opened_on"])
    op.create_index("ix_opportunity_amount_base_id", "opportunity", ["amount_base", "id"])
    op.create_index("ix_opportunity_expected_close_id", "opportunity", ["expected_close", "id"])
    op.create_index(
        "ix_opportunity_open", "opportunity", ["expected_close"], postgresql_where=sa.text("state = 'open'")
    )
    op.create_index(
        "ix_opportunity_order_id", "opportunity", ["order_id"], postgresql_where=sa.text("order_id IS NOT NULL")
    )


def _steps() -> None:
    op.create_table(
        "opportunity_step",
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("from_stage", sa.Text(), nullable=True),
        sa.Column("to_stage", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'won', 'lost')", name=op.f("ck_opportunity_step_state")),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunity.id"], name=op.f("fk_opportunity_step_opportunity_id_opportunity")
        ),
        sa.PrimaryKeyConstraint("opportunity_id", "seq", name=op.f("pk_opportunity_step")),
    )


_REFERS = """
-- widens: what refers is a column of this release, empty in rows of the release before
ALTER TABLE activity ADD CONSTRAINT fk_activity_opportunity_id_opportunity
FOREIGN KEY (opportunity_id) REFERENCES opportunity (id) NOT VALID
"""


def upgrade() -> None:
    """Apply; the activities are not held up while their index is built."""
    _pipelines()
    _opportunities()
    _indexes()
    _steps()
    op.add_column("activity", sa.Column("opportunity_id", sa.Uuid(), nullable=True))
    op.execute(_REFERS)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE activity VALIDATE CONSTRAINT fk_activity_opportunity_id_opportunity")
        build_key_indexes("opportunity", "1.1", ("name",), "owner_id")
        build_index(
            "ix_activity_opportunity_id_created_at_id",
            "activity",
            ["opportunity_id", "created_at", "id"],
            postgresql_where=sa.text("opportunity_id IS NOT NULL"),
        )


def downgrade() -> None:
    """Take back."""
    op.drop_column("activity", "opportunity_id")
    for table in ("opportunity_step", "opportunity", "pipeline"):
        op.drop_table(table)
