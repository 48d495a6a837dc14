"""Statements of rebates with their lines, adjustments, postings; closed periods."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

POSTED = "ix_rebate_accrual_partner_id_posting_date"
_STATES = "'calculated', 'approved', 'paid', 'disputed', 'cancelled'"
_SIDES = "'rebate_expense', 'partner_payable', 'partner_payment'"
_FUNCTION = """
CREATE OR REPLACE FUNCTION rebate_posting_sums_to_zero() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM added GROUP BY source_id HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'a posting of rebates does not sum to zero' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
"""
_TRIGGER = """
CREATE OR REPLACE TRIGGER rebate_posting_sum AFTER INSERT ON rebate_posting REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION rebate_posting_sums_to_zero()
"""

_KINDS = """
-- widens: words are added
-- squawk-ignore ban-drop-constraint
ALTER TABLE rebate_programme DROP CONSTRAINT ck_rebate_programme_kind,
  ADD CONSTRAINT ck_rebate_programme_kind CHECK (kind IN ({kinds})) NOT VALID
"""
_CHECKS = {
    "basis": "basis IN ('all', 'growth')",
    "growth": "(kind = 'growth') = (basis IS NOT NULL)",
    "mix": "(kind = 'mix') = (focus_lines IS NOT NULL)",
}
_ADDED = {
    "rebate_programme": ("basis", "baselines", "focus_lines"),
    "rebate_account": ("focus", "baseline"),
    "rebate_accrual": ("basis", "baseline", "focus_volume", "focus_before", "order_focus"),
}


def _owned() -> list[sa.Column[Any]]:
    now = sa.text("now()")
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
    ]


def _ids(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Uuid(), nullable=nullable) for name in names]


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _amounts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _days(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Date(), nullable=nullable) for name in names]


def _add_statements() -> None:
    op.execute("CREATE SEQUENCE rebate_statement_number_seq AS bigint")
    op.create_table(
        "rebate_statement",
        *_owned(),
        *_text("number"),
        *_ids("partner_id"),
        *_text("state"),
        *_days("posting_date"),
        *_text("currency"),
        *_amounts("min_payout", "entries", "carry", "accruals", "adjustments", "total", "payable", "carried"),
        *_ids("carried_to", nullable=True),
        *_text("calculated_by"),
        sa.Column("calculated_at", sa.DateTime(timezone=True), nullable=False),
        *_text("approved_by", nullable=True),
        *_days("paid_on", nullable=True),
        *_text("reason"),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_rebate_statement_state")),
        sa.CheckConstraint(
            "total = carry + accruals + adjustments AND total = payable + carried",
            name=op.f("ck_rebate_statement_total"),
        ),
        sa.CheckConstraint("min_payout >= 0 AND payable >= 0", name=op.f("ck_rebate_statement_payable")),
        sa.CheckConstraint(
            "(state IN ('approved', 'paid')) = (approved_by IS NOT NULL)",
            name=op.f("ck_rebate_statement_approved_by"),
        ),
        sa.CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name=op.f("ck_rebate_statement_paid_on")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rebate_statement")),
        sa.UniqueConstraint("number", name=op.f("uq_rebate_statement_number")),
    )
    undecided = sa.text("state IN ('calculated', 'disputed')")
    op.create_index(
        "uq_rebate_statement_open", "rebate_statement", ["partner_id"], unique=True, postgresql_where=undecided
    )
    op.create_index("ix_rebate_statement_posting_date_id", "rebate_statement", ["posting_date", "id"])
    columns = ["partner_id", "posting_date", "id"]
    op.create_index("ix_rebate_statement_partner_id_posting_date_id", "rebate_statement", columns)
    op.create_index("ix_rebate_statement_carried_to", "rebate_statement", ["carried_to"])
    op.create_table(
        "rebate_statement_line",
        *_ids("statement_id", "source_id"),
        *_text("kind"),
        *_days("posting_date"),
        *_ids("order_id", "programme_id", nullable=True),
        *_amounts("amount"),
        sa.Column("is_live", sa.Boolean(), nullable=False),
        sa.CheckConstraint("kind IN ('accrual', 'adjustment')", name=op.f("ck_rebate_statement_line_kind")),
        sa.PrimaryKeyConstraint("statement_id", "source_id", name=op.f("pk_rebate_statement_line")),
    )
    live = sa.text("is_live")
    op.create_index(
        "uq_rebate_statement_line_live", "rebate_statement_line", ["source_id"], unique=True, postgresql_where=live
    )
    op.create_index(
        "ix_rebate_statement_line_statement_id_posting_date_source_id",
        "rebate_statement_line",
        ["statement_id", "posting_date", "source_id"],
    )


def _add_adjustments() -> None:
    op.create_table(
        "rebate_adjustment",
        *_owned(),
        *_ids("partner_id"),
        *_amounts("amount"),
        *_text("currency"),
        *_days("posting_date"),
        *_text("reason", "created_by"),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_rebate_adjustment_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rebate_adjustment")),
    )
    op.create_index("ix_rebate_adjustment_posting_date_id", "rebate_adjustment", ["posting_date", "id"])
    columns = ["partner_id", "posting_date", "id"]
    op.create_index("ix_rebate_adjustment_partner_id_posting_date_id", "rebate_adjustment", columns)


def _add_postings() -> None:
    op.create_table(
        "rebate_posting",
        *_ids("source_id"),
        *_text("ledger_account", "kind"),
        *_ids("partner_id"),
        *_amounts("amount"),
        *_days("posted_on"),
        sa.CheckConstraint(f"ledger_account IN ({_SIDES})", name=op.f("ck_rebate_posting_ledger_account")),
        sa.CheckConstraint("kind IN ('adjusted', 'paid')", name=op.f("ck_rebate_posting_kind")),
        sa.PrimaryKeyConstraint("source_id", "ledger_account", name=op.f("pk_rebate_posting")),
    )
    op.create_index("ix_rebate_posting_partner_id", "rebate_posting", ["partner_id"])
    op.execute(_FUNCTION)
    op.execute(_TRIGGER)


def _allow(kinds: str) -> None:
    """Nobody waits while the rows are read: they are checked in a transaction of its own."""
    op.execute(_KINDS.format(kinds=kinds))
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE rebate_programme VALIDATE CONSTRAINT ck_rebate_programme_kind")


def _add_kinds() -> None:
    op.add_column("rebate_programme", sa.Column("basis", sa.Text(), nullable=True))
    op.add_column("rebate_programme", sa.Column("baselines", JSONB(), nullable=True))
    op.add_column("rebate_programme", sa.Column("focus_lines", sa.ARRAY(sa.Text()), nullable=True))
    for name in ("focus", "baseline"):
        op.add_column("rebate_account", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("rebate_accrual", sa.Column("basis", sa.Text(), nullable=True))
    for name in ("baseline", "focus_volume", "focus_before", "order_focus"):
        op.add_column("rebate_accrual", sa.Column(name, sa.BigInteger(), nullable=True))
    for name, condition in _CHECKS.items():
        op.execute(
            f"ALTER TABLE rebate_programme ADD CONSTRAINT ck_rebate_programme_{name} CHECK ({condition}) NOT VALID"
        )
    with op.get_context().autocommit_block():
        for name in _CHECKS:
            op.execute(f"ALTER TABLE rebate_programme VALIDATE CONSTRAINT ck_rebate_programme_{name}")
    _allow("'marginal', 'retroactive', 'flat', 'lump', 'growth', 'mix'")


def _drop_kinds() -> None:
    """Programmes of kinds that are not known then, and what they accrued, go with them."""
    former = "SELECT id FROM rebate_programme WHERE kind NOT IN ('marginal', 'retroactive')"
    op.execute(
        f"DELETE FROM rebate_entry WHERE accrual_id IN (SELECT id FROM rebate_accrual WHERE programme_id IN ({former}))"
    )
    op.execute(f"DELETE FROM rebate_accrual WHERE programme_id IN ({former})")
    op.execute(f"DELETE FROM rebate_account WHERE programme_id IN ({former})")
    op.execute("DELETE FROM rebate_programme WHERE kind NOT IN ('marginal', 'retroactive')")
    for name in _CHECKS:
        op.drop_constraint(op.f(f"ck_rebate_programme_{name}"), "rebate_programme")
    for table, names in _ADDED.items():
        for name in names:
            op.drop_column(table, name)
    _allow("'marginal', 'retroactive'")


def upgrade() -> None:
    """Apply; nobody waits for the index, which is built beside the traffic."""
    _add_statements()
    _add_adjustments()
    _add_postings()
    op.create_table(
        "rebate_close",
        *_ids("account_id", "statement_id"),
        *_days("closed_on"),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_rebate_close")),
    )
    op.add_column("rebate_accrual", sa.Column("taken_back", JSONB(), nullable=True))
    _add_kinds()
    with op.get_context().autocommit_block():
        op.create_index(
            POSTED,
            "rebate_accrual",
            ["partner_id", "posting_date"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back."""
    with op.get_context().autocommit_block():
        op.drop_index(POSTED, table_name="rebate_accrual", postgresql_concurrently=True, if_exists=True)
    op.drop_column("rebate_accrual", "taken_back")
    _drop_kinds()
    for table in ("rebate_close", "rebate_posting", "rebate_adjustment", "rebate_statement_line", "rebate_statement"):
        op.drop_table(table)
    op.execute("DROP FUNCTION rebate_posting_sums_to_zero")
    op.execute("DROP SEQUENCE rebate_statement_number_seq")
