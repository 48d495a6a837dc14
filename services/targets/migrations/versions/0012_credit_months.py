"""Sums of the credits by month, without the members, filled from the daily ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_DIMENSIONS = {
    "unit": "unit_path[cardinality(unit_path)]::text",
    "product_line": "nullif(product_line, '')",
    "region": "nullif(region, '')",
    "customer_type": "nullif(customer_type, '')",
}


def _label(kind: str) -> str:
    value = _DIMENSIONS[kind]
    digest = f"encode(substr(sha256(convert_to('{kind}:' || {value}, 'UTF8')), 1, 8), 'hex')"
    return f"coalesce(('x' || {digest})::bit(64)::bigint, 0)"


def _labels(kind: str) -> str:
    path = "unit_path" if kind == "unit" else "'{}'::uuid[]"
    value = _DIMENSIONS[kind]
    return f"SELECT DISTINCT {_label(kind)}, '{kind}', {value}, {path} FROM credit_bucket WHERE {value} IS NOT NULL"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "credit_label",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("path", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_label")),
    )
    op.create_table(
        "credit_month",
        sa.Column("month", sa.Date(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _DIMENSIONS),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", *_DIMENSIONS, name=op.f("pk_credit_month")),
    )
    op.create_index("ix_credit_month_unit", "credit_month", ["unit", "month"])
    op.execute(f"INSERT INTO credit_label (id, kind, value, path) {' UNION ALL '.join(map(_labels, _DIMENSIONS))}")
    op.execute(
        f"INSERT INTO credit_month (month, {', '.join(_DIMENSIONS)}, amount, lines) "
        f"SELECT date_trunc('month', day)::date, {', '.join(map(_label, _DIMENSIONS))}, "
        "sum(amount)::bigint, sum(lines)::bigint FROM credit_bucket GROUP BY 1, 2, 3, 4, 5"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("credit_month")
    op.drop_table("credit_label")
