"""Terms of placements: their answers, what orders take of promotions, the ledger; whose a quote is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_REASONS = (
    "'quote-unknown', 'quote-changed', 'quote-expired', 'promotion-ended', 'below-floor', 'uses-exhausted', "
    "'budget-exhausted'"
)
_FUNCTION = """
CREATE OR REPLACE FUNCTION ledger_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added GROUP BY txn, unit HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'a transaction of the ledger does not sum to zero' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE OR REPLACE TRIGGER ledger_entry_sum AFTER INSERT ON ledger_entry REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION ledger_sums_to_zero()
"""
INDEX = "ix_quote_order_id"


def _ids(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Uuid(), nullable=nullable) for name in names]


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _amounts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _add_ledger() -> None:
    op.create_table(
        "ledger_account",
        *_ids("id"),
        *_text("book"),
        *_ids("holder"),
        *_text("bucket", "unit"),
        *_amounts("balance"),
        sa.CheckConstraint("bucket IN ('granted', 'reserved', 'committed')", name=op.f("ck_ledger_account_bucket")),
        sa.CheckConstraint("unit IN ('money', 'use')", name=op.f("ck_ledger_account_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint("book", "holder", "unit", "bucket", name=op.f("uq_ledger_account_book_holder_unit_bucket")),
    )
    op.create_table(
        "ledger_entry",
        *_ids("txn"),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        *_ids("account_id"),
        *_text("unit"),
        *_amounts("amount"),
        _moment("recorded_at"),
        sa.CheckConstraint("unit IN ('money', 'use')", name=op.f("ck_ledger_entry_unit")),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_ledger_entry_amount")),
        sa.PrimaryKeyConstraint("txn", "ordinal", name=op.f("pk_ledger_entry")),
    )
    op.create_index("ix_ledger_entry_account_id", "ledger_entry", ["account_id"])
    op.execute(_FUNCTION)
    op.execute(_TRIGGER)


def _add_reservations() -> None:
    op.create_table(
        "terms_reservation",
        *_ids("id", "order_id"),
        sa.Column("placement", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_ids("stream_key", "account_id"),
        *_ids("owner_id", "quote_id", nullable=True),
        *_text("currency", "state"),
        *_text("reason", "detail", nullable=True),
        sa.Column("line_no", sa.Integer(), nullable=True),
        *_amounts("amount_base", "returned_base"),
        sa.Column("is_overdrawn", sa.Boolean(), nullable=False),
        sa.Column("is_returned", sa.Boolean(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        *_ids("source_event_id"),
        _moment("decided_at"),
        sa.CheckConstraint(
            "state IN ('reserved', 'refused', 'committed', 'freed')", name=op.f("ck_terms_reservation_state")
        ),
        sa.CheckConstraint(f"reason IN ({_REASONS})", name=op.f("ck_terms_reservation_reason")),
        sa.CheckConstraint("(state = 'refused') = (reason IS NOT NULL)", name=op.f("ck_terms_reservation_refused")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms_reservation")),
        sa.UniqueConstraint("order_id", "placement", name=op.f("uq_terms_reservation_order_id_placement")),
    )
    for columns in (["decided_at", "id"], ["account_id", "decided_at", "id"], ["owner_id", "decided_at", "id"]):
        op.create_index(f"ix_terms_reservation_{'_'.join(columns)}", "terms_reservation", columns)
    op.create_index("ix_terms_reservation_quote_id", "terms_reservation", ["quote_id"])
    op.create_table(
        "terms_part",
        *_ids("reservation_id"),
        sa.Column("line_no", sa.Integer(), nullable=False),
        *_ids("promotion_id"),
        *_amounts("quantity", "amount_base", "returned_base"),
        sa.CheckConstraint("amount_base >= 0 AND returned_base >= 0", name=op.f("ck_terms_part_amounts")),
        sa.PrimaryKeyConstraint("reservation_id", "line_no", "promotion_id", name=op.f("pk_terms_part")),
    )


def upgrade() -> None:
    """Apply; nobody waits for an index that is built beside the traffic."""
    _add_ledger()
    _add_reservations()
    op.add_column("quote", sa.Column("order_id", sa.Uuid(), nullable=True))
    with op.get_context().autocommit_block():
        op.create_index(
            INDEX,
            "quote",
            ["order_id"],
            postgresql_where=sa.text("order_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back; whose a quote is, is forgotten."""
    with op.get_context().autocommit_block():
        op.drop_index(INDEX, table_name="quote", postgresql_concurrently=True, if_exists=True)
    op.drop_column("quote", "order_id")
    for table in ("terms_part", "terms_reservation", "ledger_entry", "ledger_account"):
        op.drop_table(table)
    op.execute("DROP FUNCTION IF EXISTS ledger_sums_to_zero()")
