"""Orders name a contact, a channel and a deal, and say who placed them; their lines have cost and margin, by the dated
costs of products. Channels are a projection, filled from the log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_NAMED = ("channel_id", "contact_id", "deal_id")


def upgrade() -> None:
    """Apply; nobody waits while an index is built. Orders of before have no costs."""
    op.create_table(
        "channel_directory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("is_direct", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_directory")),
    )
    op.add_column("product_directory", sa.Column("costs", postgresql.JSONB(), nullable=True))
    for name in _NAMED:
        op.add_column("orders", sa.Column(name, sa.Uuid(), nullable=True))
    op.add_column("orders", sa.Column("placed_by", sa.Text(), nullable=True))
    for name in ("unit_cost_base", "margin_base"):
        op.add_column("order_line", sa.Column(name, sa.BigInteger(), nullable=True))
    with op.get_context().autocommit_block():
        for name in _NAMED:
            op.create_index(
                f"ix_orders_{name}",
                "orders",
                [name],
                postgresql_where=sa.text(f"{name} IS NOT NULL"),
                postgresql_concurrently=True,
                if_not_exists=True,
            )


def downgrade() -> None:
    """Take back; orders no longer say through which channel they came, nor what they cost."""
    with op.get_context().autocommit_block():
        for name in _NAMED:
            op.drop_index(f"ix_orders_{name}", table_name="orders", postgresql_concurrently=True, if_exists=True)
    for name in ("margin_base", "unit_cost_base"):
        op.drop_column("order_line", name)
    for name in ("placed_by", *reversed(_NAMED)):
        op.drop_column("orders", name)
    op.drop_column("product_directory", "costs")
    op.drop_table("channel_directory")
