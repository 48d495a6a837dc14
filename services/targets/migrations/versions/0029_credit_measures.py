"""Credits have all measures and a channel, and results that are no order's."""

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
_BUCKET = ("member_id", "day", "unit_path", "product_line", "region", "customer_type")
_MONTH = ("month", "unit", "product_line", "region", "customer_type")
_SUBJECT = "ix_credit_line_subject_id"


def _measures(table: str, *, is_sum: bool) -> None:
    """Constant defaults are kept by the catalogue: no row is written."""
    margin = sa.Column("margin", sa.BigInteger(), nullable=True)
    if is_sum:
        margin = sa.Column("margin", sa.BigInteger(), server_default="0", nullable=False)
    op.add_column(table, margin)
    for name in _MEASURES:
        op.add_column(table, sa.Column(name, sa.BigInteger(), server_default="0", nullable=False))


def _key(table: str, columns: tuple[str, ...]) -> None:
    op.drop_constraint(f"pk_{table}", table)
    op.create_primary_key(f"pk_{table}", table, list(columns))


def upgrade() -> None:
    """Apply."""
    _measures("credit_line", is_sum=False)
    op.add_column("credit_line", sa.Column("channel_id", sa.Uuid(), nullable=True))
    op.add_column("credit_line", sa.Column("subject_id", sa.Uuid(), nullable=True))
    op.alter_column("credit_line", "order_id", existing_type=sa.Uuid(), nullable=True)
    op.alter_column("credit_line", "account_id", existing_type=sa.Uuid(), nullable=True)
    _measures("credit_bucket", is_sum=True)
    op.add_column("credit_bucket", sa.Column("channel", sa.Text(), server_default="", nullable=False))
    _key("credit_bucket", (*_BUCKET, "channel"))
    _measures("credit_month", is_sum=True)
    op.add_column("credit_month", sa.Column("channel", sa.BigInteger(), server_default="0", nullable=False))
    _key("credit_month", (*_MONTH, "channel"))
    op.add_column("product_directory", sa.Column("sku", sa.Text(), nullable=True))
    op.add_column("product_directory", sa.Column("launch_date", sa.Date(), nullable=True))
    op.create_index("ix_product_directory_sku", "product_directory", ["sku"])
    op.create_table(
        "unlaunched_line",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("line_no", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "line_no", name=op.f("pk_unlaunched_line")),
    )
    op.create_index("ix_unlaunched_line_sku", "unlaunched_line", ["sku"])
    with op.get_context().autocommit_block():
        op.create_index(
            _SUBJECT,
            "credit_line",
            ["subject_id", "sequence"],
            postgresql_where=sa.text("subject_id IS NOT NULL"),
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def downgrade() -> None:
    """Take back; what is no order's goes, and sums of several channels fall into one."""
    op.drop_index(_SUBJECT, "credit_line", if_exists=True)
    op.drop_table("unlaunched_line")
    op.drop_index("ix_product_directory_sku", "product_directory")
    op.drop_column("product_directory", "launch_date")
    op.drop_column("product_directory", "sku")
    op.execute("DELETE FROM credit_line WHERE order_id IS NULL OR account_id IS NULL")
    for table, columns in (("credit_bucket", _BUCKET), ("credit_month", _MONTH)):
        names = ", ".join(columns)
        op.execute(
            f"CREATE TEMPORARY TABLE {table}_sum ON COMMIT DROP AS "
            f"SELECT {names}, sum(amount)::bigint AS amount, sum(lines)::bigint AS lines FROM {table} GROUP BY {names}"
        )
        op.execute(f"DELETE FROM {table}")
        for name in ("channel", "margin", *_MEASURES):
            op.drop_column(table, name)
        op.create_primary_key(f"pk_{table}", table, list(columns))
        op.execute(f"INSERT INTO {table} ({names}, amount, lines) SELECT {names}, amount, lines FROM {table}_sum")
    op.alter_column("credit_line", "account_id", existing_type=sa.Uuid(), nullable=False)
    op.alter_column("credit_line", "order_id", existing_type=sa.Uuid(), nullable=False)
    for name in ("subject_id", "channel_id", "margin", *_MEASURES):
        op.drop_column("credit_line", name)
