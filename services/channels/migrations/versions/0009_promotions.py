"""Promotions, their groups, the counter of rules; due rows that failed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from kit.db.key_migrations import build_code_index, build_key_indexes, forbid_code_twins

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_REST = ("created_at", "updated_at")
_TABLES = ("promotion", "promotion_group")


def _owned() -> list[sa.Column[Any]]:
    now = sa.text("now()")
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), server_default=now, nullable=False) for name in _REST),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
    ]


def _keyed() -> list[sa.Column[Any]]:
    return [
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("is_code_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    ]


def _add_groups() -> None:
    op.create_table(
        "promotion_group",
        *_owned(),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("per", sa.Text(), nullable=False),
        *_keyed(),
        sa.CheckConstraint("phase IN ('line', 'set', 'order', 'gift')", name=op.f("ck_promotion_group_phase")),
        sa.CheckConstraint("per IN ('line', 'quote')", name=op.f("ck_promotion_group_per")),
        sa.CheckConstraint("per = 'quote' OR phase = 'line'", name=op.f("ck_promotion_group_per_line")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion_group")),
        sa.UniqueConstraint("code", name=op.f("uq_promotion_group_code")),
    )


def _terms() -> list[sa.Column[Any]]:
    documents = ("reward", "products", "audience", "windows")
    return [
        sa.Column("goal", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        *(sa.Column(name, postgresql.JSONB(astext_type=sa.Text()), nullable=False) for name in documents),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_terms_max", sa.Integer(), nullable=True),
        sa.Column("quiet_days", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("solo", "needs_coupon", "below_floor")),
        sa.Column("max_discount", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("max_times", sa.Integer(), nullable=True),
        sa.Column("budget_base", sa.BigInteger(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=True),
        sa.Column("uses_per_account", sa.Integer(), nullable=True),
        sa.Column("tasks", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("channel_notes", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("honour", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
    ]


def _add_promotions() -> None:
    kinds = (
        "'cash_off', 'prompt_payment', 'quantity', 'seasonal', 'limited_time', 'gift', 'bundle', 'nth_piece', 'spend', "
        "'first_order', 'quiet', 'high_value', 'member_price', 'coupon'"
    )
    states = "'draft', 'approved', 'scheduled', 'active', 'paused', 'ended'"
    op.create_table(
        "promotion",
        *_owned(),
        *_terms(),
        *_keyed(),
        sa.CheckConstraint("goal IN ('sales', 'share', 'brand')", name=op.f("ck_promotion_goal")),
        sa.CheckConstraint(f"kind IN ({kinds})", name=op.f("ck_promotion_kind")),
        sa.CheckConstraint(f"state IN ({states})", name=op.f("ck_promotion_state")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_promotion_validity")),
        sa.CheckConstraint("state = 'draft' OR approved_by IS NOT NULL", name=op.f("ck_promotion_approved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promotion")),
        sa.UniqueConstraint("code", name=op.f("uq_promotion_code")),
    )
    op.create_index("ix_promotion_starts_at_id", "promotion", ["starts_at", "id"])
    op.create_index("ix_promotion_due_at", "promotion", ["due_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    standing = sa.text("state NOT IN ('draft', 'ended')")
    op.create_index("ix_promotion_standing", "promotion", ["code"], postgresql_where=standing)


def _add_due_failure() -> None:
    op.create_table(
        "due_failure",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", "row_id", name=op.f("pk_due_failure")),
    )


def upgrade() -> None:
    """Apply."""
    _add_groups()
    _add_promotions()
    _add_due_failure()
    op.create_table(
        "rule_set",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        sa.Column("stamp", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_set")),
    )
    with op.get_context().autocommit_block():
        for table in _TABLES:
            build_key_indexes(table, "1.1", ("name", "code"))
            build_code_index(table, "code")
            forbid_code_twins(table, "code")


def downgrade() -> None:
    """Take back."""
    for table in ("rule_set", "due_failure", *_TABLES):
        op.drop_table(table)
