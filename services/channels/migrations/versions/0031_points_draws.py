"""Draws of points and their tickets; what members pay for them stands in a bucket of its own."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from kit.db.key_migrations import build_code_index, build_key_indexes, forbid_code_twins

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_BUCKETS = "'granted', 'reserved', 'committed', 'issued', 'available', 'redeemed', 'expired'"
_KINDS = "'earned', 'redeemed', 'reversed', 'expired', 'adjusted'"
_WORDS = {
    ("ledger_account", "bucket"): (_BUCKETS, f"{_BUCKETS}, 'drawn'"),
    ("points_entry", "kind"): (_KINDS, f"{_KINDS}, 'drawn'"),
}
"""What was allowed, and what is."""
_WIDEN = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE {table} DROP CONSTRAINT ck_{table}_{column},
  ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({words})) NOT VALID
"""


def _allow(*, is_more: bool) -> None:
    """Nobody waits while the rows are read: they are checked in transactions of their own."""
    for (table, column), words in _WORDS.items():
        op.execute(_WIDEN.format(table=table, column=column, words=words[is_more]))
    with op.get_context().autocommit_block():
        for table, column in _WORDS:
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{column}")


def _owned() -> list[sa.Column[Any]]:
    now = sa.text("now()")
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
    ]


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _numbers(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _add_draws() -> None:
    op.create_table(
        "points_draw",
        *_owned(),
        *_text("code", "name"),
        sa.Column("points_programme_id", sa.Uuid(), nullable=False),
        *_numbers("price"),
        *_text("currency"),
        sa.Column("prizes", JSONB(), nullable=False),
        *_numbers("blanks"),
        *(sa.Column(name, sa.Date(), nullable=False) for name in ("valid_from", "valid_to")),
        *_text("state", "seed_hash", "written_by"),
        *_numbers("tickets"),
        sa.Column("won", JSONB(), nullable=False),
        *_text("sealed_seed", "seed", nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("is_code_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'open', 'closed')", name=op.f("ck_points_draw_state")),
        sa.CheckConstraint("price > 0 AND blanks >= 0 AND tickets >= 0", name=op.f("ck_points_draw_price")),
        sa.CheckConstraint("valid_to >= valid_from", name=op.f("ck_points_draw_validity")),
        sa.CheckConstraint(
            "(state = 'closed') = (seed IS NOT NULL) AND (state = 'closed') = (sealed_seed IS NULL)",
            name=op.f("ck_points_draw_seed"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_draw")),
        sa.UniqueConstraint("code", name=op.f("uq_points_draw_code")),
    )
    op.create_index("ix_points_draw_valid_from_id", "points_draw", ["valid_from", "id"])
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_points_draw_due_at", "points_draw", ["due_at"], postgresql_where=due)


def _add_tickets() -> None:
    op.create_table(
        "points_ticket",
        *_owned(),
        sa.Column("draw_id", sa.Uuid(), nullable=False),
        *_numbers("number"),
        sa.Column("points_account_id", sa.Uuid(), nullable=False),
        *_numbers("points"),
        *_text("prize_code", nullable=True),
        *_text("drawn_by"),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points_ticket")),
        sa.UniqueConstraint("draw_id", "number", name=op.f("uq_points_ticket_draw_id_number")),
    )
    op.create_index("ix_points_ticket_created_at_id", "points_ticket", ["created_at", "id"])
    op.create_index("ix_points_ticket_points_account_id", "points_ticket", ["points_account_id"])


def upgrade() -> None:
    """Apply."""
    _add_draws()
    _add_tickets()
    _allow(is_more=True)
    with op.get_context().autocommit_block():
        build_key_indexes("points_draw", "1.1", ("name", "code"))
        build_code_index("points_draw", "code")
        forbid_code_twins("points_draw", "code")


def downgrade() -> None:
    """Take back; what members paid for tickets is gone with it."""
    op.execute("DELETE FROM points_entry WHERE kind = 'drawn'")
    op.execute(
        "DELETE FROM ledger_entry WHERE txn IN (SELECT e.txn FROM ledger_entry e "
        "JOIN ledger_account a ON a.id = e.account_id WHERE a.bucket = 'drawn')"
    )
    op.execute("DELETE FROM ledger_account WHERE bucket = 'drawn'")
    _allow(is_more=False)
    for table in ("points_ticket", "points_draw"):
        op.drop_table(table)
