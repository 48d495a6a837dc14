"""Points of members: programmes, members, adjustments; lots, lines and entries; books of points."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from kit.db.key_migrations import build_code_index, build_key_indexes, forbid_code_twins

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_BUCKETS = "bucket IN ({})"
_UNITS = "unit IN ({})"
_FORMER = ("'granted', 'reserved', 'committed'", "'money', 'use'")
_NOW = ("'granted', 'reserved', 'committed', 'issued', 'available', 'expired'", "'money', 'use', 'point'")
_WORDS = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column},
  ADD CONSTRAINT ck_{table}_{column} CHECK ({condition}) NOT VALID
"""


def _allow(buckets: str, units: str) -> None:
    """Nobody waits while the rows are read: they are checked in transactions of their own."""
    checks = (
        ("ledger_account", "bucket", _BUCKETS.format(buckets)),
        ("ledger_account", "unit", _UNITS.format(units)),
        ("ledger_entry", "unit", _UNITS.format(units)),
    )
    for table, column, condition in checks:
        op.execute(_WORDS.format(table=table, column=column, condition=condition))
    with op.get_context().autocommit_block():
        for table, column, _condition in checks:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{column}")


def _ids(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Uuid(), nullable=nullable) for name in names]


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _days(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date(), nullable=nullable) for name in names]


def _moment(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _owned() -> list[sa.Column[Any]]:
    now = sa.text("now()")
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
    ]


def _add_programmes() -> None:
    op.create_table(
        "points_programme",
        *_owned(),
        *_text("code", "name"),
        sa.Column("points", sa.Integer(), nullable=False),
        *_numbers("per_base"),
        sa.Column("factors", JSONB(), nullable=False),
        sa.Column("validity_months", sa.Integer(), nullable=False),
        sa.Column("lock_days", sa.Integer(), nullable=False),
        *_days("valid_from"),
        *_days("valid_to", nullable=True),
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("is_code_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("points > 0 AND per_base > 0", name=op.f("ck_points_programme_rate")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_points_programme_validity")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_programme")),
        sa.UniqueConstraint("code", name=op.f("uq_points_programme_code")),
    )


def _add_members() -> None:
    op.create_table(
        "points_account",
        *_owned(),
        *_ids("programme_id", "account_id"),
        _moment("joined_at"),
        *_text("joined_by"),
        _moment("due_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_account")),
        sa.UniqueConstraint("account_id", "programme_id", name=op.f("uq_points_account_account_id_programme_id")),
    )
    op.create_index("ix_points_account_joined_at_id", "points_account", ["joined_at", "id"])
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_points_account_due_at", "points_account", ["due_at"], postgresql_where=due)
    op.create_table(
        "points_adjustment",
        *_owned(),
        *_ids("points_account_id"),
        *_numbers("points"),
        *_text("reason", "state", "asked_by"),
        *_text("decided_by", nullable=True),
        sa.CheckConstraint("state IN ('pending', 'approved', 'rejected')", name=op.f("ck_points_adjustment_state")),
        sa.CheckConstraint("points <> 0", name=op.f("ck_points_adjustment_points")),
        sa.CheckConstraint("(state = 'pending') = (decided_by IS NULL)", name=op.f("ck_points_adjustment_decided_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_adjustment")),
    )
    op.create_index("ix_points_adjustment_created_at_id", "points_adjustment", ["created_at", "id"])
    op.create_index("ix_points_adjustment_points_account_id", "points_adjustment", ["points_account_id"])


def _add_ledger() -> None:
    op.create_table(
        "points_lot",
        *_ids("id", "points_account_id"),
        *_days("earned_on", "usable_from", "expires_on"),
        *_numbers("remaining"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_lot")),
    )
    left = sa.text("remaining > 0")
    op.create_index("ix_points_lot_remaining", "points_lot", ["points_account_id", "expires_on"], postgresql_where=left)
    op.create_table(
        "points_line",
        *_ids("order_id", "points_account_id"),
        sa.Column("line_no", sa.Integer(), nullable=False),
        *_text("sku"),
        *_numbers("quantity", "net_base", "factor", "points", "taken"),
        sa.CheckConstraint("points >= 0", name=op.f("ck_points_line_points")),
        sa.PrimaryKeyConstraint("order_id", "points_account_id", "line_no", name=op.f("pk_points_line")),
    )
    op.create_table(
        "points_entry",
        *_ids("id", "points_account_id"),
        *_text("kind"),
        *_numbers("points", "balance_after"),
        *_ids("order_id", nullable=True),
        *_days("business_date"),
        _moment("recorded_at"),
        sa.CheckConstraint("kind IN ('earned', 'reversed', 'expired', 'adjusted')", name=op.f("ck_points_entry_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_entry")),
    )
    columns = ["points_account_id", "recorded_at", "id"]
    op.create_index("ix_points_entry_points_account_id_recorded_at_id", "points_entry", columns)
    op.create_index("ix_points_entry_recorded_at_id", "points_entry", ["recorded_at", "id"])


def upgrade() -> None:
    """Apply."""
    _add_programmes()
    _add_members()
    _add_ledger()
    _allow(*_NOW)
    with op.get_context().autocommit_block():
        build_key_indexes("points_programme", "1.1", ("name", "code"))
        build_code_index("points_programme", "code")
        forbid_code_twins("points_programme", "code")


def downgrade() -> None:
    """Take back; what is booked of points goes with them."""
    op.execute("DELETE FROM ledger_entry WHERE unit = 'point'")
    op.execute("DELETE FROM ledger_account WHERE unit = 'point'")
    _allow(*_FORMER)
    for table in ("points_entry", "points_line", "points_lot", "points_adjustment", "points_account"):
        op.drop_table(table)
    op.drop_table("points_programme")
