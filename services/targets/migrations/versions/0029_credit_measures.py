"""Credits have all measures and a channel, and results that are no order's; products their launch."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_MEASURES = (
    "costed_net",
    "gross",
    "cash",
    "units",
    "new_product",
    "new_customers",
    "visits",
    "won",
    "lost",
    "answers",
    "csat_top",
    "promoters",
    "detractors",
)
_TABLES = ("credit_line", "credit_bucket", "credit_month")


def _measure(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def upgrade() -> None:
    """Apply; constant defaults are kept by the catalogue, so that no row is written."""
    op.add_column("credit_line", sa.Column("margin", sa.BigInteger(), nullable=True))
    op.add_column("credit_line", sa.Column("channel_id", sa.Uuid(), nullable=True))
    op.add_column("credit_line", sa.Column("subject_id", sa.Uuid(), nullable=True))
    for name in ("order_id", "account_id"):
        op.execute(f"-- squawk-ignore ban-drop-not-null\nALTER TABLE credit_line ALTER COLUMN {name} DROP NOT NULL")
    op.add_column("credit_bucket", _measure("margin"))
    op.add_column("credit_bucket", sa.Column("channel", sa.Text(), server_default="", nullable=False))
    op.add_column("credit_month", _measure("margin"))
    op.add_column("credit_month", _measure("channel"))
    for table in _TABLES:
        for name in _MEASURES:
            op.add_column(table, _measure(name))
    op.add_column("product_directory", sa.Column("sku", sa.Text(), nullable=True))
    op.add_column("product_directory", sa.Column("launch_date", sa.Date(), nullable=True))
    op.create_table(
        "unlaunched_line",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line_no", name=op.f("pk_unlaunched_line")),
    )
    op.create_index("ix_unlaunched_line_sku", "unlaunched_line", ["sku"])


def downgrade() -> None:
    """Take back; what is no order's goes."""
    op.drop_table("unlaunched_line")
    op.drop_column("product_directory", "launch_date")
    op.drop_column("product_directory", "sku")
    op.execute("DELETE FROM credit_line WHERE order_id IS NULL OR account_id IS NULL")
    op.alter_column("credit_line", "account_id", existing_type=sa.Uuid(), nullable=False)
    op.alter_column("credit_line", "order_id", existing_type=sa.Uuid(), nullable=False)
    for table in _TABLES:
        for name in (*_MEASURES, "margin"):
            op.drop_column(table, name)
    for table, name in (("credit_line", "subject_id"), ("credit_line", "channel_id")):
        op.drop_column(table, name)
    for table in ("credit_bucket", "credit_month"):
        op.drop_column(table, "channel")
