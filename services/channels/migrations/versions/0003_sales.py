"""Sales, accounts and exchange rates, as prices, terms and figures read them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "account_fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stream_key", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("name_key", sa.Text(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("customer_type", sa.Text(), nullable=True),
        sa.Column("is_archived", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_fact")),
    )
    op.create_index("ix_account_fact_name_key", "account_fact", ["name_key"], unique=False)
    op.create_index("ix_account_fact_region", "account_fact", ["region"], unique=False)
    op.create_table(
        "exchange_rate",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("rate", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "valid_from", name=op.f("pk_exchange_rate")),
    )
    op.create_table(
        "sale",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("deal_id", sa.Uuid(), nullable=True),
        sa.Column("quote_id", sa.Uuid(), nullable=True),
        sa.Column("region", sa.Text(), nullable=True),
        sa.Column("order_date", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("confirmed_event_id", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_sale")),
    )
    op.create_index("ix_sale_account_id_order_date", "sale", ["account_id", "order_date"], unique=False)
    op.create_index("ix_sale_channel_id_order_date", "sale", ["channel_id", "order_date"], unique=False)
    op.create_index("ix_sale_partner_id_order_date", "sale", ["partner_id", "order_date"], unique=False)
    op.create_index("ix_sale_region_order_date", "sale", ["region", "order_date"], unique=False)
    op.create_table(
        "sale_line",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("product_line", sa.Text(), nullable=True),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("net_base", sa.BigInteger(), nullable=False),
        sa.Column("returned_net_base", sa.BigInteger(), nullable=False),
        sa.Column("unit_cost_base", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("order_id", "line_no", name=op.f("pk_sale_line")),
    )
    op.create_index("ix_sale_line_sku", "sale_line", ["sku"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_sale_line_sku", table_name="sale_line")
    op.drop_table("sale_line")
    op.drop_index("ix_sale_region_order_date", table_name="sale")
    op.drop_index("ix_sale_partner_id_order_date", table_name="sale")
    op.drop_index("ix_sale_channel_id_order_date", table_name="sale")
    op.drop_index("ix_sale_account_id_order_date", table_name="sale")
    op.drop_table("sale")
    op.drop_table("exchange_rate")
    op.drop_index("ix_account_fact_region", table_name="account_fact")
    op.drop_index("ix_account_fact_name_key", table_name="account_fact")
    op.drop_table("account_fact")
