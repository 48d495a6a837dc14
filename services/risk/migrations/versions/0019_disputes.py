"""Disputes, and what they dispute of orders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_KEYED_OF = "keyed_of IS DISTINCT FROM '1.1 ' || coalesce(title, '') || chr(10) || coalesce(number, '')"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "dispute",
        sa.Column("is_code_twin", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=True),
        sa.Column("name_sort", sa.Text(collation="C"), server_default="~", nullable=False),
        sa.Column("keyed_of", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("stream_key", sa.Uuid(), nullable=False),
        sa.Column("contract_id", sa.Uuid(), nullable=True),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("claim", sa.BigInteger(), nullable=False),
        sa.Column("known_on", sa.Date(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("limitation_on", sa.Date(), nullable=False),
        sa.Column("deadlines", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("outcome", sa.BigInteger(), nullable=True),
        sa.Column("costs", sa.BigInteger(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "state IN ('opened', 'negotiating', 'mediated', 'litigated', 'settled', 'judged', 'closed')",
            name=op.f("ck_dispute_state"),
        ),
        sa.CheckConstraint("side IN ('us', 'them')", name=op.f("ck_dispute_side")),
        sa.CheckConstraint("(account_id IS NULL) <> (partner_id IS NULL)", name=op.f("ck_dispute_party")),
        sa.CheckConstraint("known_on <= opened_on AND known_on <= limitation_on", name=op.f("ck_dispute_dates")),
        sa.CheckConstraint("claim > 0 AND costs >= 0", name=op.f("ck_dispute_amounts")),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_on IS NOT NULL) AND (closed_on IS NULL) = (outcome IS NULL) "
            "AND (closed_on IS NULL) = (costs IS NULL)",
            name=op.f("ck_dispute_closed"),
        ),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_dispute_contract_id_contract")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_dispute_incident_id_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("number", name=op.f("uq_dispute_number")),
    )
    _index_dispute()
    op.create_table(
        "dispute_order",
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_dispute_order_amount")),
        sa.CheckConstraint("opened_on <= closed_on", name=op.f("ck_dispute_order_dates")),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_dispute_order_dispute_id_dispute")),
        sa.PrimaryKeyConstraint("dispute_id", "order_id", name=op.f("pk_dispute_order")),
    )
    op.create_index("ix_dispute_order_order_id", "dispute_order", ["order_id"])
    op.create_index(
        "ix_dispute_order_standing",
        "dispute_order",
        ["order_id", "amount"],
        postgresql_where=sa.text("closed_on IS NULL"),
    )


def _index_dispute() -> None:
    folded = sa.text('lower(number COLLATE "C")')
    op.create_index("ix_dispute_account_id", "dispute", ["account_id"])
    op.create_index("ix_dispute_partner_id", "dispute", ["partner_id"])
    for name in ("contract_id", "incident_id"):
        op.create_index(f"ix_dispute_{name}", "dispute", [name], postgresql_where=sa.text(f"{name} IS NOT NULL"))
    op.create_index("ix_dispute_created_at_id", "dispute", ["created_at", "id"])
    op.create_index("ix_dispute_limitation_on_id", "dispute", ["limitation_on", "id"])
    op.create_index("ix_dispute_number_folded_id", "dispute", [folded, "id"])
    op.create_index("ix_dispute_grams", "dispute", [sa.text("text_grams(search_key)")], postgresql_using="gin")
    op.create_index("ix_dispute_name_folded", "dispute", [sa.text("split_part(search_key, chr(10), 1)")])
    op.create_index("ix_dispute_name_sort_id", "dispute", ["name_sort", "id"])
    op.create_index("ix_dispute_to_key", "dispute", ["id"], postgresql_where=sa.text(_KEYED_OF))
    op.create_index("ix_dispute_unkeyed", "dispute", ["id"], postgresql_where=sa.text("search_key IS NULL"))
    op.create_index(
        "uq_dispute_number_folded", "dispute", [folded], unique=True, postgresql_where=sa.text("NOT is_code_twin")
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("dispute_order")
    op.drop_table("dispute")
