"""Money on account counts for credit: entries of payments, and the share of an order that has to be paid first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from kit.db.key_migrations import build_index, drop_indexes

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_CHECK = """
-- widens: two kinds more, of entries without an order, which the release before does not write
-- squawk-ignore ban-drop-constraint
ALTER TABLE exposure_entry DROP CONSTRAINT ck_exposure_entry_{name},
  ADD CONSTRAINT ck_exposure_entry_{name} CHECK ({rule}) NOT VALID
"""
_SUBJECT = """
-- widens: what the release before writes has an order
ALTER TABLE exposure_entry ADD CONSTRAINT ck_exposure_entry_subject CHECK (
  (order_id IS NULL) = (kind IN ('deposited', 'deposit_used')) AND (order_id IS NOT NULL OR payment_id IS NOT NULL)
) NOT VALID
"""
_KINDS = "'reserved', 'paid', 'returned', 'cancelled', 'superseded', 'refunded'"
_SHARE = """
-- widens: what is bounded is a column of this release
ALTER TABLE credit_profile ADD COLUMN IF NOT EXISTS deposit_share integer DEFAULT 0 NOT NULL,
  ADD CONSTRAINT ck_credit_profile_deposit_share CHECK (deposit_share BETWEEN 0 AND 1000000) NOT VALID
"""


def _check_kinds(kinds: str, up: str) -> None:
    rules = {
        "kind": f"kind IN ({kinds})",
        "amount_up": f"kind NOT IN ({up}) OR amount >= 0",
        "amount_down": f"kind IN ({up}) OR amount <= 0",
    }
    for name, rule in rules.items():
        op.execute(_CHECK.format(name=name, rule=rule))


def _validate(table: str, *names: str) -> None:
    for name in names:
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{name}")


def upgrade() -> None:
    """Apply; nobody waits while old rows are checked or the index is built."""
    op.add_column(
        "exposure_account", sa.Column("deposit_facts", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("exposure_entry", sa.Column("payment_id", sa.Uuid(), nullable=True))
    op.execute("-- squawk-ignore ban-drop-not-null\nALTER TABLE exposure_entry ALTER COLUMN order_id DROP NOT NULL")
    op.add_column(
        "credit_decision", sa.Column("deposit_share", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("credit_decision", sa.Column("cause", sa.Text(), nullable=True))
    _check_kinds(f"{_KINDS}, 'deposited', 'deposit_used'", "'reserved', 'refunded', 'deposit_used'")
    op.execute(_SUBJECT)
    op.execute(_SHARE)
    with op.get_context().autocommit_block():
        _validate("exposure_entry", "kind", "amount_up", "amount_down", "subject")
        _validate("credit_profile", "deposit_share")
        build_index(
            "ix_exposure_entry_on_account",
            "exposure_entry",
            ["payment_id", "amount"],
            postgresql_where=sa.text("order_id IS NULL"),
        )


def downgrade() -> None:
    """Take back; refused once there was money on account."""
    with op.get_context().autocommit_block():
        drop_indexes("exposure_entry", "ix_exposure_entry_on_account")
    op.execute("ALTER TABLE exposure_entry DROP CONSTRAINT ck_exposure_entry_subject")
    _check_kinds(_KINDS, "'reserved', 'refunded'")
    with op.get_context().autocommit_block():
        _validate("exposure_entry", "kind", "amount_up", "amount_down")
    op.alter_column("exposure_entry", "order_id", nullable=False)
    op.drop_column("exposure_entry", "payment_id")
    op.drop_column("exposure_account", "deposit_facts")
    op.drop_column("credit_decision", "cause")
    op.drop_column("credit_decision", "deposit_share")
    op.drop_column("credit_profile", "deposit_share")
